"""What the rules of one conversation share. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable

from bridge.agent_voice import AgentVoice
from bridge.clarifying import Clarifying
from bridge.goodbye import Goodbye
from bridge.handing_over import HandingOver
from bridge.hearing import Hearing
from bridge.history import History
from bridge.notice import Notice
from bridge.own_ear import OwnEar
from bridge.patience import Patience
from bridge.quiet import Quiet
from bridge.tool_runs import ToolRuns
from bridge.turns import TurnLog
from shared.agent_config import Agent
from shared.phrases import Phrases

_ENDS_WITHIN = 1.8
"""Seconds after the caller's last word in which Voice Live has told that they have finished ..."""
_ENDS_LATE = 0.3
"""... and so much later than it may wait for more, by its settings, where that is longer."""

_LEAST = 20.0
"""Seconds that a call has at least: nobody hears a goodbye as the first thing after a break."""


class Parts:
    """The parts of a conversation, each with rules of its own, and what several of them need to know.

    Args:
        agent: how it behaves and what it says word for word.
        turns: keeps what is said.
        is_read_only: tells the tools that change nothing.
        person_there: tells whether the caller could be handed over to somebody now.
        language: of the greeting, and of the fixed phrases until the caller has spoken.
        goes_on: the call goes on with an earlier one that was cut off.
        spent: seconds that it has been going already.
        notice: what the caller knows and wants of being recorded.
    """

    def __init__(
        self,
        agent: Agent,
        turns: TurnLog,
        is_read_only: Callable[[str], bool],
        language: str,
        *,
        person_there: Callable[[], bool],
        goes_on: bool = False,
        spent: float = 0.0,
        notice: Notice | None = None,
    ) -> None:
        self._sent = 0
        self.agent = agent
        self.turns = turns
        self.voice = AgentVoice(turns, self.event_id)
        self.replies = self.voice.replies
        self.hearing = Hearing(agent.turn_detection.interruption)
        self.ear = OwnEar(_turn_ends_within(agent))
        self.tools = ToolRuns(is_read_only, self.event_id)
        self.quiet = Quiet(agent, self.replies)
        self.clarifying = Clarifying(agent.keypad, self.replies, self.event_id, person_there=person_there)
        self.handing_over = HandingOver()
        self.goodbye = Goodbye()
        self.patience = Patience(max(_LEAST, agent.limits.max_call_minutes * 60.0 - spent))
        self.notice = notice or Notice()
        self.goes_on = goes_on
        self.language = language
        """Of the fixed phrases: the caller's, once they have spoken."""
        self.language_known = False
        """Whether the caller has spoken enough to tell."""
        self.history = History(self.event_id)
        self.no_model = False
        """Whether the call goes to its end without a model: nobody can do what the caller asks for."""
        self.heard_caller = False
        """Whether any audio of the caller has been taken."""
        self.replaced = False
        """Whether the caller's last turn has already cost a session."""
        self.greeted = False
        """Whether the agent has been heard."""
        self.owes_answer = False
        """Whether the caller has said something that no reply has been asked for yet."""
        self.apologised = False
        """Whether the caller's last turn has had an apology."""

    @property
    def phrases(self) -> Phrases:
        """The fixed phrases in the caller's language."""
        return self.agent.phrases_for(self.language)

    @property
    def greeting(self) -> str:
        """What is said first."""
        phrases = self.phrases
        return self.notice.opening(phrases.welcome_back if self.goes_on else phrases.greeting, phrases)

    @property
    def heard_language(self) -> str:
        """What the caller's words may be in: one BCP-47 tag, or several with commas."""
        return self.language if self.language_known else ",".join(self.agent.languages.spoken)

    @property
    def in_our_way(self) -> bool:
        """Whether to go on now would cut somebody off: the caller's words, a tool's work, a broken line."""
        return self.hearing.speaking or self.hearing.undecided or self.tools.running or self.voice.lost

    def want_reply(self, now: float) -> None:
        """The model is to reply to something new."""
        self.replies.wanted = self.owes_answer = True
        self.apologised = self.replaced = False
        self.wait_for_sound(now)

    def wait_for_sound(self, now: float) -> None:
        """Something is to be heard once what is there has been."""
        self.patience.wait_for_sound(max(now, self.voice.ends_at))

    def event_id(self, event_type: str) -> str:
        """An id of a client event that names its cause: an error brings it back."""
        self._sent += 1
        return f"{event_type}-{self._sent}"


def _turn_ends_within(agent: Agent) -> float:
    """Seconds that Voice Live may take to tell that the caller has finished."""
    detection = agent.turn_detection
    end = detection.end_of_utterance
    waits_ms = detection.silence_duration_ms + (0 if end is None else end.timeout_ms)
    return max(_ENDS_WITHIN, waits_ms / 1000 + _ENDS_LATE)
