"""The rules of a conversation: events in, commands out.

No I/O and no clock. `now` is a monotonic time in seconds; `timer` says when `on_timer` wants to be called.
Audio itself never comes here: the pumps ask `may_play` and report what they wrote.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.playout import Heard, Playout
from bridge.turns import AgentTurn, CallerTurn, TurnLog
from bridge.voicelive import wire

_KEY_PAUSE = 1.5
"""Seconds without a further key until the model is told the keys pressed; `#` tells it at once."""

_LAST_WORD_MARGIN = 0.3
"""Seconds between the end of the goodbye and hanging up: carriers play a little later than we write."""

_GOODBYE_PATIENCE = 8.0
"""Seconds that the model has to say goodbye once the call is to end."""

_RESPONSE_FAILURES = 3
"""Responses that may fail in a row; then the call ends rather than stay silent."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send this event to Voice Live."""

    event: wire.ClientEvent


@dataclass(frozen=True, slots=True)
class StopPlayback:
    """Tell the carrier to drop what it has queued."""


@dataclass(frozen=True, slots=True)
class RunTool:
    """Run a tool beside the pumps and report to `on_tool_result`. `arguments` is JSON text of the model."""

    seq: int
    """Its place among the turns."""
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class SaveTurn:
    """Write this turn to the store; a later one with the same `seq` replaces it."""

    turn: CallerTurn | AgentTurn


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the phone call."""

    reason: str


Command = Send | StopPlayback | RunTool | SaveTurn | HangUp


class Conversation:
    """One caller and one model, from `session.updated` to the end.

    Args:
        greeting: spoken first, word for word.
        farewell: spoken word for word when the call reaches `limit_seconds`.
        silence_ms: the silence after which the service takes a turn as ended; part of `audio_end_ms`.
        limit_seconds: the longest a call may be.
    """

    def __init__(self, *, greeting: str, farewell: str, silence_ms: int, limit_seconds: float) -> None:
        self._greeting = greeting
        self._farewell = farewell
        self._limit_seconds = limit_seconds
        self._playout = Playout()
        self._turns = TurnLog(silence_ms)
        self._sent = 0
        self._greeted = False
        self._active: str | None = None
        """The response being generated."""
        self._request = ""
        """The event id of the last `response.create`."""
        self._requested = False
        """Whether that one has not been answered yet."""
        self._dropped: set[str] = set()
        """Responses whose audio must not be heard any more."""
        self._spoke: set[str] = set()
        """Responses of which audio was written to the carrier."""
        self._tools: dict[str, str] = {}
        """Tools that run: tool call id to the response that asked."""
        self._reply_wanted = False
        self._caller_speaks = False
        self._failures = 0
        self._keys = ""
        self._keys_due: float | None = None
        self._limit_due: float | None = None
        self._ending: str | None = None
        """Why the call is to end after the goodbye."""
        self._goodbye_due: float | None = None
        self._last_word_said = False

    # --- audio ----------------------------------------------------------------------------------------

    def caller_audio(self, seconds: float, now: float) -> None:
        """Audio of the caller, `seconds` long, arrived at `now` and is appended."""
        self._turns.caller_audio(seconds, now)

    def may_play(self, response_id: str) -> bool:
        """Whether audio of this response may still be heard."""
        return response_id not in self._dropped

    def audio_written(self, response_id: str, item_id: str, seconds: float, now: float) -> None:
        """Audio of an item was written to the carrier."""
        starts_at = self._playout.wrote(item_id, seconds, now)
        self._spoke.add(response_id)
        self._turns.agent_audio(item_id, starts_at, starts_at + seconds, now)

    # --- events ---------------------------------------------------------------------------------------

    def on_event(self, event: wire.ServerEvent, now: float) -> list[Command]:
        """What to do about one event of Voice Live."""
        match event:
            case wire.SessionUpdated():
                return self._on_session_updated(now)
            case wire.SpeechStarted():
                return self._on_speech_started(event, now)
            case wire.SpeechStopped(item_id, audio_end_ms):
                self._caller_speaks = False
                self._turns.caller_stopped(item_id, audio_end_ms)
                return []
            case wire.TranscriptionCompleted(item_id, transcript):
                turn = self._turns.caller_text(item_id, transcript)
                return [*([SaveTurn(turn)] if turn else []), *self._reply_if_due()]
            case wire.TranscriptionFailed():
                return self._reply_if_due()
            case wire.ResponseCreated(response):
                return self._on_response_created(response.id)
            case wire.OutputItemAdded(response_id, item):
                if item.type == "message":
                    self._turns.agent_item(item.id, response_id)
                return []
            case wire.AudioTranscriptDelta(_, item_id, delta):
                self._turns.agent_text_delta(item_id, delta)
                return []
            case wire.AudioTranscriptDone(_, item_id, transcript):
                self._turns.agent_text(item_id, transcript)
                return []
            case wire.FunctionCallDone(response_id, _, call_id, name, arguments):
                if not self.may_play(response_id) or call_id in self._tools:
                    return []
                self._tools[call_id] = response_id
                return [RunTool(self._turns.next_seq(), call_id, name, arguments)]
            case wire.ResponseDone(response):
                return self._on_response_done(response, now)
            case wire.Error(error):
                return self._on_error(error)
            case _:
                return []

    def on_tool_result(self, call_id: str, output: str, *, ends_call: bool, now: float) -> list[Command]:
        """A tool has ended, well or badly: `output` goes to the model, which then says something about it."""
        response_id = self._tools.pop(call_id)
        item = wire.FunctionOutputItem(call_id, output)
        commands: list[Command] = [Send(wire.ItemCreate(event_id=self._event_id(), item=item))]
        if ends_call:
            self._end("agent_ended", now)
            if response_id in self._spoke:
                self._say_no_more()  # it said goodbye and asked to end in one breath
        self._forget_response(response_id)
        self._reply_wanted = True
        return commands + self._reply_if_due()

    def on_key(self, key: str, now: float) -> list[Command]:
        """The caller pressed a key of the phone."""
        if key != "#":
            self._keys += key
            self._keys_due = now + _KEY_PAUSE
            return []
        return self._tell_keys()

    # --- time -----------------------------------------------------------------------------------------

    def timer(self) -> float | None:
        """When `on_timer` is to be called next; None for never."""
        hang_up_at = self._playout.ends_at + _LAST_WORD_MARGIN if self._last_word_said else None
        dues = (self._keys_due, self._limit_due, self._goodbye_due, hang_up_at)
        return min((due for due in dues if due is not None), default=None)

    def on_timer(self, now: float) -> list[Command]:
        """Do what is due at `now`."""
        commands: list[Command] = []
        if self._keys_due is not None and now >= self._keys_due:
            commands += self._tell_keys()
        if self._limit_due is not None and now >= self._limit_due:
            self._limit_due = None
            self._end("limit_reached", now)
            commands += self._reply_if_due()
        last_word_heard = self._last_word_said and now >= self._playout.ends_at + _LAST_WORD_MARGIN
        patience_over = self._goodbye_due is not None and now >= self._goodbye_due
        if last_word_heard or patience_over:
            self._last_word_said = False
            self._goodbye_due = None
            commands.append(HangUp(self._ending or "agent_ended"))
        return commands

    # --- inside ---------------------------------------------------------------------------------------

    def _on_session_updated(self, now: float) -> list[Command]:
        if self._greeted:
            return []
        self._greeted = True
        self._limit_due = now + self._limit_seconds
        return [self._say(self._greeting)]

    def _on_speech_started(self, event: wire.SpeechStarted, now: float) -> list[Command]:
        self._caller_speaks = True
        self._turns.caller_started(event.item_id, event.audio_start_ms)
        if self._last_word_said:
            return []  # a "bye" over our goodbye does not cut it
        if self._active is None and not self._playout.is_playing(now):
            return []
        return self._interrupt(now)

    def _interrupt(self, now: float) -> list[Command]:
        """The caller talks over the agent: silence at once, and history cut to what was heard.

        The service stops generating by itself (`interrupt_response`), so no `response.cancel`: with nothing
        active that is an error. Generation ends long before playback, so this happens after `response.done`
        too.
        """
        if self._active is not None:
            self._dropped.add(self._active)
        commands: list[Command] = [StopPlayback()]
        for heard in self._playout.stop(now):
            commands += self._cut(heard, now)
        return commands

    def _cut(self, heard: Heard, now: float) -> list[Command]:
        turn = self._turns.interrupted(heard, now)
        if turn is None:
            return []
        event_id = self._event_id()
        change: wire.ClientEvent = (
            wire.ItemTruncate(
                event_id=event_id, item_id=heard.item_id, content_index=0, audio_end_ms=heard.heard_ms
            )
            if heard.heard_ms > 0
            else wire.ItemDelete(event_id=event_id, item_id=heard.item_id)
        )
        return [Send(change), SaveTurn(turn)]

    def _on_response_created(self, response_id: str) -> list[Command]:
        self._active = response_id
        self._requested = False
        self._reply_wanted = False  # tool results sent before now are in its history
        if self._last_word_said:
            self._dropped.add(response_id)
        elif self._caller_speaks:
            # Asked for before the caller began. The service replies by itself when the caller has finished.
            self._dropped.add(response_id)
            self._reply_wanted = True
            return [Send(wire.ResponseCancel(event_id=self._event_id(), response_id=response_id))]
        return []

    def _on_response_done(self, response: wire.FinishedResponse, now: float) -> list[Command]:
        if response.id == self._active:
            self._active = None
        commands: list[Command] = [SaveTurn(turn) for turn in self._turns.finished(response.id)]
        self._failures = self._failures + 1 if response.status == "failed" else 0
        if self._failures >= _RESPONSE_FAILURES:
            return [*commands, HangUp("model_failed")]
        if self._failures:
            self._reply_wanted = True
        spoke = response.id in self._spoke and self.may_play(response.id)
        if self._ending is not None and spoke and response.id not in self._tools.values():
            self._say_no_more()
        self._forget_response(response.id)
        return commands + self._reply_if_due()

    def _on_error(self, error: wire.ErrorDetails) -> list[Command]:
        """Not fatal: the session says so by closing.

        A request for a reply that crosses with a response the service began by itself is refused, and made
        again when that one is done: it may have begun before the tool's result was there.
        """
        if error.event_id == self._request:
            self._requested = False
            self._reply_wanted = error.code == "conversation_already_has_active_response"
        return self._reply_if_due()

    def _reply_if_due(self) -> list[Command]:
        """Ask for a reply when one is wanted and nothing is in its way: one response at a time."""
        busy = self._active is not None or self._requested or bool(self._tools)
        if busy or self._caller_speaks or not self._reply_wanted or self._last_word_said:
            return []
        if self._ending == "limit_reached":
            return [self._say(self._farewell)]
        return [self._ask_for_reply(None)]

    def _forget_response(self, response_id: str) -> None:
        """Drop what is known of a response once it and its tools are done: memory stays bounded."""
        if response_id != self._active and response_id not in self._tools.values():
            self._spoke.discard(response_id)
            self._dropped.discard(response_id)

    def _say(self, text: str) -> Command:
        """Have `text` spoken word for word."""
        message = wire.MessageItem("assistant", [wire.TextPart("text", text)])
        return self._ask_for_reply(wire.ResponseOptions(pre_generated_assistant_message=message))

    def _ask_for_reply(self, options: wire.ResponseOptions | None) -> Command:
        self._reply_wanted = False
        self._requested = True
        self._request = self._event_id()
        return Send(wire.ResponseCreate(event_id=self._request, response=options))

    def _tell_keys(self) -> list[Command]:
        self._keys_due = None
        if not self._keys:
            return []
        text = f"The caller pressed these keys on the phone: {' '.join(self._keys)}"
        self._keys = ""
        self._reply_wanted = True
        item = wire.MessageItem("user", [wire.TextPart("input_text", text)])
        return [Send(wire.ItemCreate(event_id=self._event_id(), item=item)), *self._reply_if_due()]

    def _end(self, reason: str, now: float) -> None:
        if self._ending is None:
            self._ending = reason
            self._goodbye_due = now + _GOODBYE_PATIENCE
            self._reply_wanted = True

    def _say_no_more(self) -> None:
        """The goodbye is said: what is left is to let it be heard."""
        self._last_word_said = True
        self._goodbye_due = None

    def _event_id(self) -> str:
        self._sent += 1
        return f"tabletalk_{self._sent}"
