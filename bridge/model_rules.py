"""The rules for what the model does: replies, calls tools, fails. No I/O, no clock."""

from __future__ import annotations

from typing import Any

from bridge.commands import Command, RunTool, Send, Why
from bridge.goodbye import Reason
from bridge.parts import Parts
from bridge.replies import Kind
from bridge.session_rules import SessionRules
from bridge.stopgap import Stopgap
from bridge.voicelive import wire
from bridge.voicelive.session_settings import SessionTools
from shared.handover import Transfer

_ASIDES = {Kind.FILLER: True, Kind.CHECK: False, Kind.NOTICE: False}
"""Words that answer nobody, and whether they bridge a wait."""


_BACK = (
    "(The line was interrupted for a few seconds: your last words may not have been heard, nor the caller's. "
    "Say in a word that you are back and go on: answer what is unanswered, or say again what matters of "
    "your last words. Do not greet.)"
)


class ModelRules:
    """What follows from what the model of one conversation does."""

    def __init__(self, parts: Parts, sessions: SessionRules, stopgap: Stopgap) -> None:
        self._stopgap = stopgap
        self._parts = parts
        self._turns = parts.turns
        self._voice = parts.voice
        self._replies = parts.replies
        self._tools = parts.tools
        self._quiet = parts.quiet
        self._clarifying = parts.clarifying
        self._handing_over = parts.handing_over
        self._goodbye = parts.goodbye
        self._patience = parts.patience
        self._sessions = sessions
        self._welcomed = False
        """Whether the greeting has been asked for."""
        self.begun = False
        """Whether the model has begun to answer anything."""

    def resume(self) -> None:
        """The call has been going elsewhere, and broke off there: the agent says that it is back."""
        self._welcomed = self.begun = self._parts.greeted = True
        self._stopgap.has_waited = True
        self._parts.history.note("system", _BACK)
        self._replies.wanted = True

    def session_ready(self, session: wire.SessionLife, now: float) -> None:
        """The session has taken its settings: the first one greets."""
        if self._patience.settings_due is None:
            return
        self._patience.session_ready(now)
        self._sessions.ready(session, now)
        self._voice.ends_at = max(self._voice.ends_at, now)
        if self._welcomed or self._parts.greeted:
            return
        self._welcomed = True
        self._replies.say(Kind.GREETING, self._parts.greeting)

    def response_created(self, response_id: str) -> list[Command]:
        """A response begins."""
        self.begun = True
        commands = self._voice.created(response_id)
        kind = self._replies.kind(response_id)
        if kind in _ASIDES:
            self._turns.aside(response_id, filler=_ASIDES[kind])
        return commands

    def sound(self, response_id: str) -> None:
        """Audio of a response came."""
        if self._voice.spoke(response_id):
            self._parts.greeted = True
            self._patience.answer_due = None
            self._stopgap.heard()

    def words(self, response_id: str, text: str) -> list[Command]:
        """All words of one of its items are known."""
        if self._replies.kind(response_id) is not Kind.REPLY or self._voice.is_dropped(response_id):
            return []
        return self._clarifying.agent_said(text, self._parts.phrases)

    def function_call(self, call: wire.FunctionCallDone, now: float) -> list[Command]:
        """The model calls a tool."""
        if self._voice.is_dropped(call.response_id) or not self._tools.begin(call):
            return []
        self._voice.acted(call.response_id, call.item_id)
        self._turns.tool_runs(call.call_id, now)
        self._quiet.tool_runs(now)
        self._patience.answer_due = None  # a tool has its own patience, and a filler bridges it
        return [RunTool(self._turns.next_seq(), call.call_id, call.name, call.arguments)]

    def response_done(self, response: wire.FinishedResponse, now: float) -> list[Command]:
        """A response is generated, failed or cancelled."""
        commands = self._voice.done(response, acted=self._tools.run_for(response.id), now=now)
        if self._replies.exhausted:
            return commands + self._on_exhausted(now)
        said = self._voice.spoke(response.id) and not self._voice.is_dropped(response.id)
        if said or self._replies.kind(response.id) in _ASIDES:
            self._patience.answer_due = None  # nothing more is owed to the caller
        told = said or (response.status == "completed" and not self._voice.is_dropped(response.id))
        if told and self._replies.kind(response.id) is Kind.HAND_OVER:
            self._handing_over.announced()  # also when it made no sound: the caller is not to wait in vain
        self._check_last_word(response.id)
        self._forget_response(response.id)
        return commands

    def no_answer(self, now: float) -> list[Command]:
        """The caller hears nothing: have another session, then apologise, once a turn; give the call up when
        even that is not heard."""
        self._patience.answer_due = None
        if self._goodbye.reason is not None or self._handing_over.under_way or self._voice.lost:
            return []  # they have their own patience
        if not self._replies.connected:
            return []  # so has the wait for a session
        if self._tools.running:
            self._parts.wait_for_sound(now)  # they have their own time limit
            return []
        if self._handing_over.announcing:
            self._handing_over.announced()  # who cannot be told is put through all the same
            return self._voice.call_off()
        if not self._parts.replaced:
            self._parts.replaced = True
            return self._sessions.useless(Why.SILENT, now)
        if not self._parts.greeted or self._parts.apologised:
            return self._sessions.give_up(Reason.MODEL_SILENT, now)
        self._parts.apologised = True
        self._parts.wait_for_sound(now)
        self._replies.say(Kind.APOLOGY, self._parts.phrases.apology)
        return self._voice.call_off()

    def error(self, error: wire.ErrorDetails, now: float) -> list[Command]:
        """Not fatal, unless it refuses the settings: the session says so by closing."""
        if error.event_id == self._sessions.settings_id:
            return self._sessions.give_up(Reason.REFUSED, now)
        if self._replies.refused(error, now):
            self.begun = True
            if self._replies.exhausted:
                return self._on_exhausted(now)
        return []

    def tools_changed(self, tools: list[dict[str, Any]]) -> list[Command]:
        """The model has other tools from now on. When the service refuses them, it goes on with the old."""
        if self._parts.agent.foundry_agent is not None:
            return []  # it keeps its own
        update = SessionTools(tools=tools)
        return [Send(wire.SessionUpdate(event_id=self._parts.event_id("session.update"), session=update))]

    def tool_result(
        self, call_id: str, output: str, *, ends_call: bool, transfer: Transfer | None, now: float
    ) -> list[Command]:
        """A tool has ended, well or badly: `output` goes to the model, which then says something about it.

        With `transfer` the output waits for what comes of it.
        """
        response_id = self._tools.over(call_id)
        if response_id is None:
            return []  # given up meanwhile
        self._turns.tool_done(call_id, now)
        self._goodbye.tool_done(now)
        commands: list[Command] = []
        if transfer is not None and self._handing_over.transfer is None:
            self.hand_over(transfer, call_id)
        else:
            commands.append(self._tools.output(call_id, output))
            self._replies.wanted = True
        # Who spoke over the goodbye is answered first; the model may end the call again.
        if ends_call and self._handing_over.transfer is None and not self._parts.owes_answer:
            self._goodbye.wish(Reason.AGENT_ENDED, now)
        if response_id != self._replies.active:
            self._check_last_word(response_id)  # it may have said goodbye and asked to end in one breath
            self._forget_response(response_id)
        return commands

    def hand_over(self, transfer: Transfer, call_id: str | None) -> None:
        """Tell the caller, then hand over; for the tool call `call_id`, if one asked for it."""
        self._goodbye.take_back()
        self._handing_over.begin(transfer, call_id)
        self._replies.say(Kind.HAND_OVER, self._parts.phrases.transferring)

    # --- inside ---------------------------------------------------------------------------------------

    def _on_exhausted(self, now: float) -> list[Command]:
        """The model fails again and again. Fixed words need none: they may still be heard."""
        if not self._parts.replaced:
            self._parts.replaced = True
            return self._sessions.useless(Why.FAILED, now)
        if self._goodbye.reason is Reason.MODEL_FAILED:
            return self._sessions.give_up(Reason.MODEL_FAILED, now)
        self._goodbye.take_back()
        self._goodbye.wish(Reason.MODEL_FAILED, now)
        self._replies.try_once_more()
        self._replies.say_at_last(self._parts.phrases.trouble)
        return []

    def _check_last_word(self, response_id: str) -> None:
        """Whether a response that is generated was the goodbye. The model's own may be any words."""
        if not self._voice.spoke(response_id) or self._voice.is_dropped(response_id) or self._tools.running:
            return
        by_agent = self._goodbye.reason is Reason.AGENT_ENDED
        if by_agent or (self._goodbye.reason and self._replies.kind(response_id) is Kind.GOODBYE):
            self._goodbye.word_said()

    def _forget_response(self, response_id: str) -> None:
        if not self._tools.run_for(response_id):
            self._voice.forget(response_id)
