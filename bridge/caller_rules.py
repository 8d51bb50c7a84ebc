"""The rules for what the caller does: speaks, is recognised, presses keys. No I/O, no clock."""

from __future__ import annotations

import math
from collections.abc import Iterable

from bridge.backchannels import has_words
from bridge.commands import AskForPerson, CancelTool, Command, SaveTurn
from bridge.goodbye import Reason
from bridge.hearing import Step
from bridge.keypad import AskPerson, Pressed
from bridge.parts import Parts
from bridge.replies import Kind
from bridge.tool_runs import SPOKEN_ON, SPOKEN_OVER
from shared.languages import detect


class CallerRules:
    """What follows from what the caller of one conversation does."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._agent = parts.agent
        self._turns = parts.turns
        self._voice = parts.voice
        self._replies = parts.replies
        self._hearing = parts.hearing
        self._tools = parts.tools
        self._quiet = parts.quiet
        self._clarifying = parts.clarifying
        self._handing_over = parts.handing_over
        self._goodbye = parts.goodbye
        self._patience = parts.patience

    def started(self, item_id: str, audio_start_ms: int, now: float) -> list[Command]:
        """The caller begins to make a sound."""
        self._turns.caller_started(item_id, audio_start_ms)
        self._replies.somebody_speaks()
        self._patience.answer_due = None
        # A "bye" over our goodbye does not cut it, and during a hand-over there is nobody to be cut.
        closed = self._goodbye.said or self._handing_over.under_way
        # Who waits for a tool or a person and says "okay" does not want it given up.
        waits = self._tools.running or self._handing_over.announcing
        unheard = self._voice.unheard(now)
        if waits or (unheard > 0 and self._replies.active is not None):
            unheard = math.inf  # nobody knows how much is still to come
        steps = self._hearing.started(
            item_id,
            now,
            over_agent=(waits or self._voice.busy(now)) and not closed,
            asked=self._voice.asked(now),
            unheard=unheard,
            language=self._parts.heard_language,
        )
        return self.take(steps, now, item_id)

    def stopped(self, item_id: str, audio_end_ms: int, now: float) -> list[Command]:
        """The caller has been quiet for long enough."""
        seconds = self._turns.caller_stopped(item_id, audio_end_ms)
        self._goodbye.caller_spoke(now)
        return self.take(self._hearing.stopped(item_id, seconds, now), now, item_id)

    def words(self, item_id: str, text: str, now: float) -> list[Command]:
        """All words of a sound are known; none when nothing was understood."""
        steps = self._hearing.transcript(item_id, text, self._parts.heard_language)
        if has_words(text):
            self._quiet.caller_heard()
            if (language := detect(text, self._agent.languages.spoken)) is not None:
                self._parts.language, self._parts.language_known = language, True
        else:
            text = ""
            self._goodbye.cough()
        if Step.FORGET in steps:
            self._turns.caller_dismissed(item_id)
        turn = self._turns.caller_text(item_id, text, now)
        commands: list[Command] = [] if turn is None else [SaveTurn(turn)]
        if turn is not None and Step.FORGET not in steps:
            self._goodbye.take_back()
            hints = self._clarifying.caller_said(text, self._parts.language, self._parts.phrases)
            commands += hints
            if hints or self._replies.next_kind is Kind.NOT_HEARD:
                commands += self._reply_anew(now)
        return commands + self.take(steps, now, item_id)

    def take(self, steps: Iterable[Step], now: float, item_id: str = "") -> list[Command]:
        """Do what the caller's sound `item_id` asks for."""
        commands: list[Command] = []
        for step in steps:
            match step:
                case Step.HOLD:
                    commands += self._voice.hold(now)
                case Step.GO_ON:
                    commands += self._voice.go_on(now)
                case Step.GIVE_WAY:
                    commands += self._give_way(now)
                case Step.ANSWER:
                    commands += self._keep_caller() + self._give_up_lookups(now)
                    self._parts.want_reply(now)
                case Step.NOT_HEARD:
                    commands += self._on_not_heard(item_id, now)
                case Step.FORGET:
                    commands.append(self._voice.delete(item_id))
        return commands

    def keys(self, entry: Pressed | AskPerson | None, now: float) -> list[Command]:
        """Keys that belong together, if any."""
        if entry is None or self._parts.no_model:
            return []
        if isinstance(entry, AskPerson):
            return [AskForPerson()]
        commands = self._give_way(now) if self._voice.busy(now) else []
        self._parts.want_reply(now)
        return [*commands, self._clarifying.pressed(entry.keys)]

    # --- inside ---------------------------------------------------------------------------------------

    def _give_way(self, now: float) -> list[Command]:
        """The caller takes over. Not the service cancels, we do: it was told not to interrupt."""
        if self._goodbye.reason is Reason.CALLER_SILENT:
            self._quiet.caller_heard()
        self._goodbye.take_back()
        return self._voice.give_way(now) + self._give_up_lookups(now) + self._keep_caller()

    def _keep_caller(self) -> list[Command]:
        """Who speaks while being told of a person is listened to instead."""
        self._replies.unsay(Kind.HAND_OVER)
        call_id = self._handing_over.over() if self._handing_over.announcing else None
        return [] if call_id is None else [self._tools.output(call_id, SPOKEN_OVER)]

    def _give_up_lookups(self, now: float) -> list[Command]:
        """The caller has spoken on: a search that still runs may be for what they no longer want."""
        commands: list[Command] = []
        for call_id in self._tools.lookups():
            self._turns.tool_done(call_id, now)
            self._tools.over(call_id)
            commands += [CancelTool(call_id), self._tools.output(call_id, SPOKEN_ON)]
        return commands

    def _reply_anew(self, now: float) -> list[Command]:
        """The reply on its way was asked for too early: have another, unless it is heard already."""
        if not self._replies.replying or self._voice.playout.is_playing(now):
            return []
        self._replies.wanted = True
        return self._voice.call_off()

    def _on_not_heard(self, item_id: str, now: float) -> list[Command]:
        if self._voice.playout.is_playing(now):
            return []  # the model has understood it, and is heard answering
        commands: list[Command] = [self._voice.delete(item_id)]
        if self._replies.replying:
            commands += self._voice.call_off()  # a reply to words that nobody understood
        return commands + self._clarifying.not_heard(self._parts.phrases)
