"""A conversation on a virtual clock, told as a talk."""

from __future__ import annotations

from bridge.commands import Command, Send
from bridge.conversation import Conversation
from bridge.turns import TurnLog
from bridge.voicelive import wire

SESSION = wire.Session(
    instructions="Be brief.",
    voice=wire.Voice(type="azure-standard", name="Ava"),
    turn_detection=wire.TurnDetection(type="server_vad", create_response=True, interrupt_response=True),
    input_audio_transcription=wire.Transcription(model="azure-speech"),
    tools=[],
    modalities=("text", "audio"),
    input_audio_format="pcm16",
    output_audio_format="pcm16",
    input_audio_sampling_rate=24_000,
)


class Talk:
    """A conversation with a clock in the test's hand, and what it commanded so far."""

    def __init__(self) -> None:
        self.now = 100.0
        self.commands: list[Command] = []
        self.conversation = Conversation(
            greeting="Hello.",
            apology="Sorry, again please?",
            farewell="Time is up. Goodbye.",
            limit_seconds=600,
            turns=TurnLog(padding_ms=0, silence_ms=500),
        )
        self.conversation.caller_audio(0.0, self.now)

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
        self.commands += self.conversation.begin(SESSION, self.now)
        self.took()
        return self.hears(wire.SessionUpdated())

    def agent_says(self, response: str, text: str, seconds: float, *, done: bool = True) -> Talk:
        """A response with one spoken item `item-{response}`, written to the carrier if it may play."""
        item = f"item-{response}"
        self.hears(
            wire.ResponseCreated(wire.ResponseId(response)),
            wire.OutputItemAdded(response, wire.OutputItem(item, "message")),
            wire.AudioTranscriptDone(response, item, text),
        )
        if self.conversation.may_play(response):
            self.conversation.audio_written(response, item, seconds, self.now)
        return self.done(response) if done else self

    def done(self, response: str, status: str = "completed") -> Talk:
        return self.hears(wire.ResponseDone(wire.FinishedResponse(response, status)))

    def caller_says(self, item: str, text: str, seconds: float = 1.0) -> Talk:
        """A whole turn of the caller: starts now, ends `seconds` later, noticed 500 ms after that."""
        start_ms = round((self.now - 100.0) * 1000)
        self.hears(wire.SpeechStarted(item, start_ms)).after(seconds + 0.5)
        end_ms = start_ms + round(seconds * 1000) + 500
        return self.hears(wire.SpeechStopped(item, end_ms), wire.TranscriptionCompleted(item, text))

    def tool_done(self, call_id: str, *, ends_call: bool = False) -> Talk:
        self.commands += self.conversation.on_tool_result(call_id, "{}", ends_call=ends_call, now=self.now)
        return self

    def took(self) -> list[Command]:
        """The commands since the last look."""
        commands, self.commands = self.commands, []
        return commands

    def sent(self) -> list[str]:
        """The types of events sent since the last look."""
        return [type(c.event).__name__ for c in self.took() if isinstance(c, Send)]


def asks_tool(response: str, call_id: str) -> tuple[wire.ServerEvent, ...]:
    """A response that does nothing but call a tool."""
    return (
        wire.ResponseCreated(wire.ResponseId(response)),
        wire.FunctionCallDone(response, f"item-{response}", call_id, "find", "{}"),
    )
