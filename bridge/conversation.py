"""The rules of a conversation: events in, commands out.

No I/O and no clock. `now` is a monotonic time in seconds; `timer` says when `on_timer` wants to be called.
Audio itself never comes here: the pumps ask `listening` and `may_play`, and report what they wrote.
"""

from __future__ import annotations

from bridge.commands import Command, HangUp, RunTool, SaveTurn, Send, StopPlayback
from bridge.goodbye import Goodbye, Reason
from bridge.playout import Heard, Playout
from bridge.replies import Replies
from bridge.turns import TurnLog
from bridge.voicelive import wire

_SETTINGS_ID = "tabletalk_session"
_SETTINGS_SECONDS = 5.0
"""How long the service may take to accept the session's settings."""

_KEY_PAUSE = 1.5
"""Seconds without a further key until the model is told the keys pressed; `#` tells it at once."""
_MOST_KEYS = 32

_ANSWER_SECONDS = 6.0
"""The longest a caller may wait for the agent's first sound; then something is wrong, and is said."""

_OVERTIME = 60.0
"""Seconds after the longest time of a call in which a goodbye may still be fitted in."""


class Conversation:
    """One caller and one model, from the session's settings to the end of the call.

    Args:
        greeting: spoken first, word for word.
        apology: spoken word for word when no reply comes.
        farewell: spoken word for word when the call reaches `limit_seconds`.
        limit_seconds: the longest a call may be.
        turns: keeps what is said.
    """

    def __init__(
        self, *, greeting: str, apology: str, farewell: str, limit_seconds: float, turns: TurnLog
    ) -> None:
        self._greeting = greeting
        self._apology = apology
        self._farewell = farewell
        self._limit_seconds = limit_seconds
        self._turns = turns
        self._playout = Playout()
        self._replies = Replies()
        self._goodbye = Goodbye()
        self._sent = 0
        self._settings_due: float | None = None
        self._greeted = False
        self._dropped: set[str] = set()
        """Responses whose audio must not be heard any more."""
        self._spoke: set[str] = set()
        """Responses of which audio was written to the carrier."""
        self._farewell_response: str | None = None
        self._farewell_asked = False
        self._tools: dict[str, str] = {}
        """Tools that run: tool call id to the response that asked."""
        self._caller_speaks = False
        self._cut_short = False
        """The agent was interrupted, and by what is not known yet."""
        self._answer_due: float | None = None
        """When the agent's first sound is overdue."""
        self._apologise = False
        """Whether the next reply is the apology."""
        self._apologised = False
        """Whether the caller's last turn has had one."""
        self._keys = ""
        self._keys_due: float | None = None
        self._limit_due: float | None = None
        self._last_due: float | None = None
        self.listening = False
        """Whether the caller's audio is to be appended. Not before the greeting begins: what is said into the
        silence before it would cancel it."""

    def begin(self, session: wire.Session, now: float) -> list[Command]:
        """The session is open: give it its settings."""
        self._settings_due = now + _SETTINGS_SECONDS
        return [Send(wire.SessionUpdate(event_id=_SETTINGS_ID, session=session))]

    def on_end(self, now: float) -> list[SaveTurn]:
        """The call is over: what was heard of a turn that was still playing."""
        cut = [self._turns.interrupted(heard, now) for heard in self._playout.stop(now)]
        return [SaveTurn(turn) for turn in cut if turn is not None and (turn.heard_ms or turn.complete)]

    # --- audio ----------------------------------------------------------------------------------------

    def caller_audio(self, seconds: float, now: float) -> None:
        """Audio of the caller, `seconds` long, arrived at `now` and is appended."""
        self._turns.caller_audio(seconds, now)

    def may_play(self, response_id: str) -> bool:
        """Whether audio of this response may still be heard."""
        return response_id not in self._dropped

    def audio_written(self, response_id: str, item_id: str, seconds: float, now: float) -> None:
        """Audio of an item was written to the carrier."""
        self._greeted = True
        self._answer_due = None
        self._spoke.add(response_id)
        starts_at = self._playout.wrote(item_id, seconds, now)
        self._turns.agent_audio(item_id, starts_at, starts_at + seconds, now)

    # --- events ---------------------------------------------------------------------------------------

    def on_event(self, event: wire.ServerEvent, now: float) -> list[Command]:
        """What to do about one event of Voice Live."""
        match event:
            case wire.SessionUpdated():
                return self._on_session_updated(now)
            case wire.SpeechStarted(item_id, audio_start_ms):
                self._turns.caller_started(item_id, audio_start_ms)
                return self._on_speech_started(now)
            case wire.SpeechStopped(item_id, audio_end_ms):
                self._turns.caller_stopped(item_id, audio_end_ms)
                self._caller_speaks = False
                self._goodbye.caller_spoke(now)
                self._answer_due, self._apologised = now + _ANSWER_SECONDS, False
                return []
            case wire.TranscriptionCompleted(item_id, transcript):
                return self._on_transcript(item_id, transcript, now)
            case wire.TranscriptionFailed():
                # The service replies all the same, having heard something; else `_answer_due` tells.
                self._goodbye.cough()
                self._cut_short = False
            case wire.ResponseCreated(response):
                return self._on_response_created(response.id)
            case wire.OutputItemAdded(response_id, item) if item.type == "message":
                self._turns.agent_item(item.id, response_id)
            case wire.AudioTranscriptDelta(_, item_id, delta):
                self._turns.agent_text_delta(item_id, delta)
            case wire.AudioTranscriptDone(_, item_id, transcript):
                self._turns.agent_text(item_id, transcript)
            case wire.FunctionCallDone():
                return self._on_function_call(event)
            case wire.ResponseDone(response):
                return self._on_response_done(response, now)
            case wire.Error(error):
                return self._on_error(error, now)
            case _:
                pass
        return []

    def on_tool_result(self, call_id: str, output: str, *, ends_call: bool, now: float) -> list[Command]:
        """A tool has ended, well or badly: `output` goes to the model, which then says something about it."""
        response_id = self._tools.pop(call_id)
        item = wire.FunctionOutputItem(call_id, output)
        commands: list[Command] = [Send(wire.ItemCreate(event_id=self._event_id(), item=item))]
        if ends_call:
            self._goodbye.wish(Reason.AGENT_ENDED, now)
        self._replies.wanted = True
        if response_id != self._replies.active:
            self._check_last_word(response_id)  # it may have said goodbye and asked to end in one breath
            self._forget_response(response_id)
        return commands + self._reply_if_due(now)

    def on_key(self, key: str, now: float) -> list[Command]:
        """The caller pressed a key of the phone."""
        if key == "#":
            return self._tell_keys(now)
        self._keys = (self._keys + key)[:_MOST_KEYS]
        self._keys_due = now + _KEY_PAUSE
        return []

    # --- time -----------------------------------------------------------------------------------------

    def timer(self) -> float | None:
        """When `on_timer` is to be called next; None for never."""
        dues = (
            self._settings_due,
            self._answer_due,
            self._keys_due,
            self._limit_due,
            self._last_due,
            self._replies.retry_at,
            None if self._in_our_way else self._goodbye.hang_up_at(self._playout.ends_at),
        )
        return min((due for due in dues if due is not None), default=None)

    def on_timer(self, now: float) -> list[Command]:
        """Do what is due at `now`."""
        if _is_due(self._settings_due, now):
            self._settings_due = None
            return [HangUp("session_not_ready", failed=True)]
        if _is_due(self._last_due, now):
            self._last_due = None
            return [HangUp(Reason.LIMIT_REACHED)]
        if not self._in_our_way and _is_due(self._goodbye.hang_up_at(self._playout.ends_at), now):
            reason = self._goodbye.reason or Reason.AGENT_ENDED
            self._goodbye = Goodbye()
            return [HangUp(reason)]
        commands: list[Command] = []
        if _is_due(self._answer_due, now):
            commands += self._on_no_answer(now)
        if _is_due(self._keys_due, now):
            commands += self._tell_keys(now)
        if _is_due(self._limit_due, now):
            self._limit_due = None
            self._goodbye.wish(Reason.LIMIT_REACHED, now)
            self._replies.wanted = True
        if _is_due(self._replies.retry_at, now):
            self._replies.retry_at = None
        return commands + self._reply_if_due(now)

    # --- inside ---------------------------------------------------------------------------------------

    @property
    def _in_our_way(self) -> bool:
        """Whether hanging up now would cut somebody off: the caller's words or a tool's work."""
        return self._caller_speaks or bool(self._tools)

    def _on_session_updated(self, now: float) -> list[Command]:
        if self._settings_due is None:
            return []
        self._settings_due = None
        self._limit_due = now + self._limit_seconds
        self._last_due = now + self._limit_seconds + _OVERTIME
        self._replies.wanted = True
        return self._reply_if_due(now)

    def _on_no_answer(self, now: float) -> list[Command]:
        """The caller hears nothing: apologise, once a turn; give the call up when even that is not heard."""
        self._answer_due = None
        if self._goodbye.reason is not None:
            return []  # the goodbye has its own patience
        if self._tools:
            self._answer_due = now + _ANSWER_SECONDS  # they have their own time limit
            return []
        if not self._greeted or self._apologised:
            return [HangUp("model_silent", failed=True)]
        self._apologise = self._apologised = self._replies.wanted = True
        self._answer_due = now + _ANSWER_SECONDS
        active = self._replies.active
        if active is None:
            return []
        self._dropped.add(active)
        return [Send(wire.ResponseCancel(event_id=self._event_id(), response_id=active))]

    def _on_speech_started(self, now: float) -> list[Command]:
        self._caller_speaks = True
        self._answer_due = None
        quiet = self._replies.active is None and not self._playout.is_playing(now)
        if quiet or self._goodbye.said:
            return []  # a "bye" over our goodbye does not cut it
        return self._interrupt(now)

    def _interrupt(self, now: float) -> list[Command]:
        """The caller talks over the agent: silence at once, and history cut to what was heard.

        The service stops generating by itself (`interrupt_response`), so no `response.cancel`: with nothing
        active that is an error. Generation ends long before playback, so this happens after `response.done`
        too.
        """
        self._cut_short = True
        self._goodbye.take_back()
        if self._replies.active is not None:
            self._dropped.add(self._replies.active)
        commands: list[Command] = [StopPlayback()]
        for heard in self._playout.stop(now):
            commands += self._cut(heard, now)
        return commands

    def _cut(self, heard: Heard, now: float) -> list[Command]:
        turn = self._turns.interrupted(heard, now)
        if turn is None:
            return []
        event_id, item_id = self._event_id(), heard.item_id
        if heard.heard_ms == 0:
            delete = Send(wire.ItemDelete(event_id=event_id, item_id=item_id))
            # A turn nobody heard a word of is no turn, unless it stands in the store already.
            return [delete, SaveTurn(turn)] if turn.complete else [delete]
        cut = wire.ItemTruncate(
            event_id=event_id, item_id=item_id, content_index=0, audio_end_ms=heard.heard_ms
        )
        return [Send(cut), SaveTurn(turn)]

    def _on_transcript(self, item_id: str, transcript: str, now: float) -> list[Command]:
        turn = self._turns.caller_text(item_id, transcript)
        cut_short, self._cut_short = self._cut_short, False
        if turn is not None:
            # The service replies to words by itself, with every tool result sent until now in its history.
            self._goodbye.take_back()
            return [SaveTurn(turn)]
        self._goodbye.cough()
        self._answer_due = None
        if cut_short:
            self._replies.wanted = True  # a cough stopped the agent: it goes on talking
        return self._reply_if_due(now)

    def _on_response_created(self, response_id: str) -> list[Command]:
        self.listening = True
        self._replies.created(response_id)
        if self._farewell_asked:
            self._farewell_asked, self._farewell_response = False, response_id
        if self._goodbye.said and not self._goodbye.may_be_answered:
            self._dropped.add(response_id)
        elif self._caller_speaks:
            # Asked for before the caller began. The service replies by itself when the caller has finished.
            self._dropped.add(response_id)
            self._replies.wanted = True
            return [Send(wire.ResponseCancel(event_id=self._event_id(), response_id=response_id))]
        return []

    def _on_function_call(self, call: wire.FunctionCallDone) -> list[Command]:
        if not self.may_play(call.response_id) or call.call_id in self._tools:
            return []
        self._tools[call.call_id] = call.response_id
        return [RunTool(self._turns.next_seq(), call.call_id, call.name, call.arguments)]

    def _on_response_done(self, response: wire.FinishedResponse, now: float) -> list[Command]:
        did_something = response.id in self._spoke or response.id in self._tools.values()
        unfinished = response.status in ("failed", "incomplete")
        self._replies.done(response.id, failed=unfinished and not did_something, now=now)
        commands: list[Command] = [SaveTurn(turn) for turn in self._turns.finished(response.id)]
        if self._replies.exhausted:
            return [*commands, HangUp("model_failed", failed=True)]
        self._check_last_word(response.id)
        self._forget_response(response.id)
        return commands + self._reply_if_due(now)

    def _check_last_word(self, response_id: str) -> None:
        """Whether a response that is generated was the goodbye.

        The model's own goodbye may be any words; at the limit it must be the farewell, not the question that
        was on its way.
        """
        if response_id not in self._spoke or not self.may_play(response_id) or self._tools:
            return
        by_agent = self._goodbye.reason is Reason.AGENT_ENDED
        by_limit = self._goodbye.reason is Reason.LIMIT_REACHED and response_id == self._farewell_response
        if by_agent or by_limit:
            self._goodbye.word_said()

    def _on_error(self, error: wire.ErrorDetails, now: float) -> list[Command]:
        """Not fatal, unless it refuses the settings: the session says so by closing."""
        if error.event_id == _SETTINGS_ID:
            return [HangUp("session_refused", failed=True)]
        if self._replies.refused(error, now):
            self.listening = True
            self._farewell_asked, self._farewell_response = False, None
            if self._replies.exhausted:
                return [HangUp("model_failed", failed=True)]
        return self._reply_if_due(now)

    def _reply_if_due(self, now: float) -> list[Command]:
        """Ask for a reply when one is wanted and nothing is in its way."""
        at_limit = self._goodbye.reason is Reason.LIMIT_REACHED
        if at_limit and self._farewell_response is None:
            self._replies.wanted = True  # whatever response came in between, the farewell is still to be said
        if self._in_our_way or self._goodbye.said or not self._replies.may_ask(now):
            return []
        self._answer_due = now + _ANSWER_SECONDS
        words = None
        if at_limit:
            self._farewell_asked = True
            words = self._farewell
        elif not self._greeted:
            words = self._greeting
        elif self._apologise:
            self._apologise = False
            words = self._apology
        return [Send(self._replies.ask(self._event_id(), words))]

    def _forget_response(self, response_id: str) -> None:
        """Drop what is known of a response once it and its tools are done: memory stays bounded."""
        if response_id not in self._tools.values():
            self._spoke.discard(response_id)
            self._dropped.discard(response_id)

    def _tell_keys(self, now: float) -> list[Command]:
        self._keys_due = None
        if not self._keys:
            return []
        text = f"(The caller pressed keys: {' '.join(self._keys)})"
        self._keys = ""
        self._replies.wanted = True
        item = wire.MessageItem("user", [wire.TextPart("input_text", text)])
        return [Send(wire.ItemCreate(event_id=self._event_id(), item=item)), *self._reply_if_due(now)]

    def _event_id(self) -> str:
        self._sent += 1
        return f"tabletalk_{self._sent}"


def _is_due(due: float | None, now: float) -> bool:
    return due is not None and now >= due
