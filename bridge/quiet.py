"""What fills a silence: a word while a tool runs, a check when nobody speaks. No I/O, no clock."""

from __future__ import annotations

import math

from bridge.fillers import Fillers
from bridge.patience import is_due
from bridge.replies import Kind, Replies
from bridge.silence import Silence, SilenceStep
from shared.agent_config import Agent
from shared.phrases import Phrases

_UNHEARD = 1.2
"""Seconds after the media socket came back. Whoever is silent for so long has spoken while it was gone."""


class Quiet:
    """Watches for silences of one call and has `replies` say what breaks them."""

    def __init__(self, agent: Agent, replies: Replies) -> None:
        self._replies = replies
        self._fillers = Fillers(agent.fillers.after_ms / 1000)
        self._silence = Silence(agent.silence.waits)
        self._line_back = False
        """Whether nobody was heard since the media socket came back."""
        self._unheard_due: float | None = None

    def due(self) -> float | None:
        """When `on_timer` is to be called."""
        dues = (self._filler_due, self._silence.due(), self._unheard_due)
        return min((due for due in dues if due is not None), default=None)

    def on_timer(self, phrases: Phrases, now: float) -> SilenceStep | None:
        """Say what is due; returns the step of a caller's silence that was taken."""
        if is_due(self._filler_due, now):
            self._replies.say(Kind.FILLER, self._fillers.next(phrases.fillers))
        if is_due(self._unheard_due, now):
            self._line_back, self._unheard_due = False, None
            self._replies.say(Kind.NOT_HEARD, phrases.not_heard)
        step = self._silence.step(now)
        match step:
            case SilenceStep.CHECK:
                self._replies.say(Kind.CHECK, phrases.still_there)
            case SilenceStep.CHECK_AGAIN:
                self._replies.say(Kind.CHECK, phrases.still_there_again)
            case SilenceStep.GOODBYE:
                self._replies.say(Kind.GOODBYE, phrases.silence_goodbye)
            case None:
                pass
        return step

    @property
    def _filler_due(self) -> float | None:
        # While something is about to be said there is no silence to fill.
        busy = self._replies.under_way or self._replies.is_to_be_said(Kind.FILLER)
        return None if busy else self._fillers.due()

    def tool_runs(self, now: float) -> None:
        """A tool begins."""
        self._fillers.tool_runs(now)

    def caller_heard(self) -> None:
        """The caller said something, or pressed a key: the ladder of checks starts anew."""
        self._silence.ends(caller=True)

    def line_back(self) -> None:
        """The media socket broke and is back: what the caller said meanwhile, nobody has heard."""
        self._line_back = True

    def now_is(self, now: float, *, idle: bool, tools: bool, sound_until: float, caller_speaks: bool) -> None:
        """What goes on after an event.

        Args:
            idle: nobody is about to say or do anything once the agent has been heard.
            tools: a tool runs.
            sound_until: when the agent will have been heard, or was.
        """
        if idle:
            self._silence.begins(sound_until)
        else:
            self._silence.ends(caller=False)
        if not idle or sound_until > now:
            self._line_back, self._unheard_due = False, None
        elif self._line_back and self._unheard_due is None:
            self._unheard_due = now + _UNHEARD
        self._fillers.sound(math.inf if caller_speaks else sound_until)
        if not tools:
            self._fillers.tools_done()
