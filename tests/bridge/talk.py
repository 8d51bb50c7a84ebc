"""A conversation on a virtual clock, told as a talk."""

from __future__ import annotations

from typing import Any

import msgspec

from bridge.agent_voice import RECORDED
from bridge.carriers import SAMPLE_RATE
from bridge.commands import Command, Play, SaveTurn, Send, SwitchSession
from bridge.conversation import Conversation
from bridge.notice import Notice
from bridge.turns import TurnLog
from bridge.voicelive import wire
from bridge.voicelive.session_settings import SessionSettings, Transcription, TurnDetection, Voice
from shared.agent_config import Agent, load_agent
from shared.agent_tables import Keypad, Languages, Limits
from shared.handover import Transfer
from shared.phrases import Phrases
from shared.settings import DEFAULT_AGENT_DIR

SESSION = SessionSettings(
    instructions="Be brief.",
    voice=Voice(type="azure-standard", name="Ava"),
    turn_detection=TurnDetection(type="server_vad", create_response=False, interrupt_response=False),
    input_audio_transcription=Transcription(model="azure-speech"),
    tools=[],
    modalities=("text", "audio"),
    input_audio_format="pcm16",
    output_audio_format="pcm16",
    input_audio_sampling_rate=SAMPLE_RATE,
)

PHRASES = Phrases(
    greeting="Hello, AI here.",
    welcome_back="Hello again, AI here. Go on?",
    apology="Sorry, again please?",
    farewell="Time is up. Goodbye.",
    still_there="Are you there?",
    still_there_again="Hello, are you there?",
    silence_goodbye="Nobody there. Goodbye.",
    not_heard="I did not hear that.",
    not_heard_again="Food or a table?",
    press_a_key="Press 1 for food.",
    press_zero="Or 0 for a person.",
    fillers=("One moment.", "Still looking."),
    transferring="I put you through.",
    transfer_failed="Nobody answers. Can I help?",
    no_person="Nobody is there now. Can I help?",
    trouble="Something is wrong. Goodbye.",
    waiting="All lines are taken.",
    waiting_place="You are number {place}.",
    waiting_goodbye="All lines are still taken. Goodbye.",
    recording_notice="This is recorded; say no if you like.",
    recording_question="May this be recorded?",
)


def agent(**changes: Any) -> Agent:
    """The shipped agent with short phrases, English only, calls of ten minutes, and these keys changed."""
    defaults: dict[str, Any] = {
        "phrases": {"en": PHRASES},
        "languages": Languages(),
        "limits": Limits(max_call_minutes=10),
        "keypad": Keypad(menu={"1": "find a restaurant"}),
    }
    return msgspec.structs.replace(load_agent(DEFAULT_AGENT_DIR), **defaults | changes)


class Talk:
    """A conversation with a clock in the test's hand, and what it commanded so far.

    Args:
        recorded: seconds of each fixed phrase that is recorded; 0 when none is.
        resumed: seconds that the call has been going at another bridge.
    """

    def __init__(
        self, agent: Agent | None = None, *, recorded: float = 0.0, resumed: float | None = None
    ) -> None:
        self.now = 100.0
        self.commands: list[Command] = []
        self.person_there = (agent or _AGENT).transfer.any
        """Whether somebody is there now to hand the caller over to."""
        self.notice = Notice((agent or _AGENT).recording.mode, resumed=resumed is not None)
        self.conversation = Conversation(
            agent if agent is not None else _AGENT,
            TurnLog(padding_ms=0, silence_ms=500),
            is_read_only=lambda name: name.startswith("find"),
            person_there=lambda: self.person_there,
            resumed=resumed,
            recorded=lambda _: bytes(2 * round(recorded * SAMPLE_RATE)),
            notice=self.notice,
        )
        self._heard: set[str] = set()
        self.audio_began = self.now
        """Where the session's count of the caller's audio begins."""

    def after(self, seconds: float) -> Talk:
        """Let time pass, with timers firing when they are due."""
        end = self.now + seconds
        while (due := self.conversation.timer()) is not None and due <= end:
            self.now = max(self.now, due)
            self.commands += self.conversation.on_timer(self.now)
        self.now = end
        return self

    def hears(self, *events: wire.ServerEvent) -> Talk:
        """Events from Voice Live."""
        for event in events:
            self.commands += self.conversation.on_event(event, self.now)
        return self

    def starts(self) -> Talk:
        """The session is open and has taken its settings."""
        self.commands += self.conversation.begin(self.now)
        return self.another(1)

    def another(self, session: int, expires_at: float | None = None) -> Talk:
        """Another session is connected and takes its settings."""
        self.connects(session)
        self.took()
        return self.hears(wire.SessionUpdated(wire.SessionLife(expires_at)))

    def connects(self, session: int) -> Talk:
        """Another session is connected."""
        opened = self.conversation.on_session_open(session, SESSION, self.now, utc=900.0 + self.now)
        self.commands += opened
        for command in opened:
            if isinstance(command, SwitchSession) and session > 1:
                self.audio_began = command.hears_since
        self.conversation.caller_audio(0.0, self.now)
        return self

    def loses(self, session: int) -> Talk:
        """That session breaks."""
        self.commands += self.conversation.on_session_lost(session, self.now)
        return self

    def greeted(self, seconds: float = 1.0) -> Talk:
        """The session has started, and the greeting has been heard to its end."""
        talk = self.starts().agent_says("r0", "Hello.", seconds).after(seconds + 0.1)
        talk.took()
        return talk

    def agent_says(self, response: str, text: str, seconds: float, *, done: bool = True) -> Talk:
        """A response with one spoken item `item-{response}`."""
        item = f"item-{response}"
        self.hears(
            wire.ResponseCreated(wire.ResponseId(response)),
            wire.OutputItemAdded(response, wire.OutputItem(item, "message")),
            wire.AudioTranscriptDone(response, item, text),
            sound(response, item, seconds),
        )
        return self.done(response) if done else self

    def done(self, response: str, status: str = "completed") -> Talk:
        return self.hears(wire.ResponseDone(wire.FinishedResponse(response, status)))

    def caller_starts(self, item: str) -> Talk:
        """The caller begins to make a sound."""
        return self.hears(wire.SpeechStarted(item, round((self.now - self.audio_began) * 1000)))

    def caller_stops(self, item: str, text: str | None = None) -> Talk:
        """The caller was last heard half a second ago; with `text`, these are the words."""
        stopped = wire.SpeechStopped(item, round((self.now - self.audio_began) * 1000))
        self.hears(stopped, wire.InputCommitted(item))
        return self if text is None else self.hears(wire.TranscriptionCompleted(item, text))

    def caller_says(self, item: str, text: str, seconds: float = 1.0) -> Talk:
        """A whole turn of the caller: starts now, ends `seconds` later, noticed 500 ms after that."""
        return self.caller_starts(item).after(seconds + 0.5).caller_stops(item, text)

    def tool_done(self, call_id: str, *, ends_call: bool = False, transfer: Transfer | None = None) -> Talk:
        self.commands += self.conversation.on_tool_result(
            call_id, "{}", ends_call=ends_call, transfer=transfer, now=self.now
        )
        return self

    def presses(self, keys: str) -> Talk:
        for key in keys:
            self.commands += self.conversation.on_key(key, self.now)
        return self

    def took(self) -> list[Command]:
        """The commands since the last look."""
        commands, self.commands = self.commands, []
        return commands

    def events(self) -> list[wire.ClientEvent]:
        """The events sent since the last look."""
        sent: list[wire.ClientEvent] = []
        for command in self.took():
            match command:
                case Send(event):
                    sent.append(event)
                case SwitchSession(tells=tells):
                    sent += tells
                case _:
                    pass
        return sent

    def sent(self) -> list[str]:
        """The types of events sent since the last look."""
        return [type(event).__name__ for event in self.events()]

    def said(self) -> list[str]:
        """What was asked for since the last look: fixed words, or "" for the model's own."""
        return [words(event) for event in self.events() if isinstance(event, wire.ResponseCreate)]

    def recordings(self) -> list[str]:
        """What began to be heard of recordings since the last look."""
        turns = [command.turn for command in self.took() if isinstance(command, SaveTurn)]
        fresh = [
            turn for turn in turns if turn.item_id.startswith(RECORDED) and turn.item_id not in self._heard
        ]
        self._heard |= {turn.item_id for turn in fresh}
        return list(dict.fromkeys(turn.text for turn in fresh))

    def played(self) -> float:
        """Seconds of audio written since the last look."""
        pcm = b"".join(command.pcm for command in self.took() if isinstance(command, Play))
        return len(pcm) / 2 / SAMPLE_RATE


_AGENT = agent()


def sound(response: str, item: str, seconds: float) -> wire.AudioDelta:
    """Audio of an item."""
    return wire.AudioDelta(response, item, bytes(2 * round(seconds * SAMPLE_RATE)))


def words(event: wire.ResponseCreate) -> str:
    """The fixed words that a request asks for; "" when it asks for the model's own."""
    message = event.response and event.response.pre_generated_assistant_message
    return message.content[0].text if message else ""


def asks_tool(response: str, call_id: str, name: str = "find") -> tuple[wire.ServerEvent, ...]:
    """A response that does nothing but call a tool."""
    item = f"item-{response}"
    return (
        wire.ResponseCreated(wire.ResponseId(response)),
        wire.OutputItemAdded(response, wire.OutputItem(item, "function_call")),
        wire.FunctionCallDone(response, item, call_id, name, "{}"),
    )
