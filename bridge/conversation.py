"""The rules of a conversation: events in, commands out.

No I/O and no clock. `now` is a monotonic time in seconds; `timer` says when `on_timer` wants to be called.
This takes what happens and decides what comes next. What follows from the caller's doings stands in
`CallerRules`, from the model's in `ModelRules`; how things are done, their parts know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bridge.caller_rules import CallerRules
from bridge.commands import Command, HandOver, HangUp, Record, SaveTurn, Send, Why
from bridge.dead_air import DeadAir
from bridge.goodbye import Reason
from bridge.keypad import Keypad
from bridge.last_resort import LastResort
from bridge.model_rules import ModelRules
from bridge.notice import Notice
from bridge.parts import Parts
from bridge.patience import is_due
from bridge.replies import BESIDE, Kind
from bridge.session_rules import SessionRules
from bridge.silence import SilenceStep
from bridge.stopgap import Recorded, Stopgap
from bridge.tool_results import not_reached
from bridge.turns import AgentTurn, TurnLog
from bridge.voicelive import wire
from bridge.voicelive.session_settings import SessionSettings
from shared.agent_config import Agent
from shared.handover import Transfer


class Conversation:
    """One caller and one model, from the session's settings to the end of the call.

    Args:
        agent: how it behaves and what it says word for word.
        turns: keeps what is said.
        is_read_only: tells the tools that change nothing: they are given up when the caller has spoken on.
        person_there: tells whether the caller could be handed over to somebody now.
        language: of the greeting (BCP-47); left out, the agent's default.
        history: what the model is to know as said and done before the greeting.
        goes_on: the call goes on with an earlier one that was cut off, and the greeting asks so.
        recorded: gives recordings of fixed phrases in the agent's voice, for when no session can say them.
        resumed: for so many seconds the call has been going at another bridge: nobody is greeted.
        notice: what the caller knows and wants of being recorded.
    """

    def __init__(
        self,
        agent: Agent,
        turns: TurnLog,
        *,
        is_read_only: Callable[[str], bool],
        person_there: Callable[[], bool],
        language: str | None = None,
        history: Sequence[wire.HistoryItem] = (),
        goes_on: bool = False,
        resumed: float | None = None,
        recorded: Recorded = lambda _: None,
        notice: Notice | None = None,
    ) -> None:
        parts = Parts(
            agent,
            turns,
            is_read_only,
            language or agent.languages.default,
            person_there=person_there,
            goes_on=goes_on,
            spent=resumed or 0.0,
            notice=notice,
        )
        parts.history.begins_with(history)
        self._parts = parts
        self._turns = parts.turns
        self._voice = parts.voice
        self._replies = parts.replies
        self._hearing = parts.hearing
        self._ear = parts.ear
        self._tools = parts.tools
        self._quiet = parts.quiet
        self._handing_over = parts.handing_over
        self._goodbye = parts.goodbye
        self._patience = parts.patience
        self._caller = CallerRules(parts)
        self._stopgap = Stopgap(parts, recorded)
        self._last_resort = LastResort(parts, self._stopgap)
        self._sessions = SessionRules(parts, self._last_resort)
        self._dead_air = DeadAir(parts, self._sessions, self._stopgap, self._last_resort)
        self._model = ModelRules(parts, self._sessions, self._stopgap)
        self._keypad = Keypad(agent.keypad.pause_ms / 1000)
        if resumed is not None:
            self._model.resume()

    def begin(self, now: float) -> list[Command]:
        """The call begins."""
        return self._decided(self._sessions.begin(now), now)

    def on_session_open(
        self, session_id: int, session: SessionSettings, now: float, utc: float
    ) -> list[Command]:
        """A session is connected, that `OpenSession` asked for, to be given these settings.

        Args:
            session_id: tells it from the others of the call.
            utc: now in seconds since 1970.
        """
        self._patience.session_opened(now, utc)
        return self._decided(self._sessions.opened(session_id, session, now), now)

    def on_session_lost(self, session_id: int, now: float, still_since: float | None = None) -> list[Command]:
        """A session is gone, the one that counts or another.

        Args:
            still_since: when it gave its last sign of life, if it stands still and its socket is open.
        """
        return self._decided(self._sessions.gone(session_id, now, still_since), now)

    def on_doubt(self, since: float | None, now: float) -> list[Command]:
        """The session in use has given no sign of life since then, though it was asked for one. With None it
        has after all."""
        self._sessions.still_since = since
        return self._decided([], now)

    @property
    def session_id(self) -> int | None:
        """The session whose events count; None while there is none."""
        return self._sessions.id

    @property
    def phrases_language(self) -> str:
        """The language of the fixed phrases: the caller's, as far as it is known."""
        return self._parts.language

    def caller_audio(self, seconds: float, now: float) -> None:
        """Audio of the caller, `seconds` long, arrived at `now` and goes to the session, now or later."""
        self._parts.heard_caller = True
        self._turns.caller_audio(seconds, now)

    def keeps_audio_since(self, now: float) -> float:
        """From when on (monotonic seconds) the caller's audio may be wanted again by `SwitchSession`."""
        return self._sessions.keeps_audio_since(now)

    def listen(self, base64: str, now: float) -> list[Command] | None:
        """The same audio itself: PCM16LE 24 kHz mono. None when nothing follows from it, now or later."""
        changed = self._ear.hear(base64, now)
        steps = self._hearing.audio(base64, now)
        return self._decided(self._caller.take(steps, now), now) if steps or changed else None

    @property
    def spoken_language(self) -> str | None:
        """What the caller speaks (BCP-47); None while that is not known."""
        return self._parts.language if self._parts.language_known else None

    @property
    def listening(self) -> bool:
        """Whether the caller's audio is to be appended. Not before the greeting begins: what is said into the
        silence before it would cancel it."""
        return self._model.begun or self._parts.greeted

    # --- what happens ---------------------------------------------------------------------------------

    def on_event(self, event: wire.ServerEvent, now: float) -> list[Command]:
        """What to do about one event of Voice Live."""
        commands: list[Command] = []
        match event:
            case wire.SessionUpdated(session):
                self._model.session_ready(session, now)
            case wire.SpeechStarted(item_id, audio_start_ms):
                commands = self._caller.started(item_id, audio_start_ms, now)
            case wire.SpeechStopped(item_id, audio_end_ms):
                commands = self._caller.stopped(item_id, audio_end_ms, now)
            case wire.InputCommitted(item_id):
                commands = self._caller.take(self._hearing.committed(item_id), now, item_id)
            case wire.TranscriptionDelta(item_id, delta):
                commands = self._caller.take(self._hearing.partial(item_id, delta, now), now, item_id)
            case wire.TranscriptionCompleted(item_id, transcript):
                commands = self._caller.words(item_id, transcript, now)
            case wire.TranscriptionFailed(item_id):
                commands = self._caller.words(item_id, "", now)
            case wire.ResponseCreated(response):
                commands = self._model.response_created(response.id)
            case wire.OutputItemAdded(response_id, item):
                self._voice.item_added(response_id, item)
            case wire.AudioDelta():
                commands = self._voice.audio(event, now)
                self._model.sound(event.response_id)
            case wire.AudioDone(response_id, item_id):
                self._voice.audio_done(response_id, item_id)
            case wire.AudioTimestamp(item_id, offset_ms, duration_ms, word):
                self._turns.agent_word(item_id, word, offset_ms + duration_ms)
            case wire.AudioTranscriptDelta(_, item_id, delta):
                self._turns.agent_text_delta(item_id, delta)
            case wire.AudioTranscriptDone(response_id, item_id, transcript):
                self._turns.agent_text(item_id, transcript)
                commands = self._model.words(response_id, transcript)
            case wire.FunctionCallDone():
                commands = self._model.function_call(event, now)
            case wire.ResponseDone(response):
                commands = self._model.response_done(response, now)
            case wire.Error(error):
                commands = self._model.error(error, now)
            case _:
                pass
        return self._decided(commands, now)

    def on_tools_changed(self, tools: list[dict[str, Any]]) -> list[Command]:
        """The model has other tools from now on: they name the dishes of a menu. Comes before the result."""
        return list(self._sessions.addressed(self._model.tools_changed(tools)))

    def on_tool_result(
        self, call_id: str, output: str, *, ends_call: bool, transfer: Transfer | None, now: float
    ) -> list[Command]:
        """A tool has ended, well or badly: `output` goes to the model, which then says something about it.

        With `transfer` the output waits for what comes of it.
        """
        late = transfer if self._last_resort.taken and self._handing_over.transfer is None else None
        if late is not None:  # no session is left that could say so
            transfer = None
        commands = self._model.tool_result(call_id, output, ends_call=ends_call, transfer=transfer, now=now)
        if late is not None:
            commands += self._last_resort.person(late, now)
        return self._decided(commands, now)

    def on_person(self, transfer: Transfer | None, now: float) -> list[Command]:
        """The answer to `AskForPerson`: whom to hand the call over to; None when nobody can be reached."""
        if self._handing_over.transfer is not None:
            return []
        if self._last_resort.taken:
            return self._decided(self._last_resort.person(transfer, now), now)
        commands = self._voice.give_way(now) if self._voice.busy(now) else []
        self._quiet.caller_heard()
        self._goodbye.take_back()
        if transfer is not None:
            self._model.hand_over(transfer, None)
        else:
            self._replies.say(Kind.NO_PERSON, self._parts.phrases.no_person)
        return self._decided(commands, now)

    def on_hand_over_failed(self, now: float) -> list[Command]:
        """The person did not take the call: the agent is back."""
        self._patience.answer_due = None
        call_id = self._handing_over.over()
        if self._last_resort.taken:
            return self._decided(self._last_resort.nobody(now), now)
        if call_id is None:
            self._replies.say(Kind.NO_PERSON, self._parts.phrases.transfer_failed)
            return self._decided([], now)
        self._replies.wanted = True
        return self._decided([self._tools.output(call_id, not_reached().output)], now)

    def on_key(self, key: str, now: float) -> list[Command]:
        """The caller pressed a key of the phone."""
        self._quiet.caller_heard()
        return self._decided(self._caller.keys(self._keypad.press(key, now), now), now)

    def on_line_lost(self, now: float) -> list[Command]:
        """The media socket broke: nobody hears or is heard until `on_line_back`."""
        self._voice.line_lost(now)
        return self._decided([], now)

    def on_line_back(self, now: float) -> list[Command]:
        """There is a media socket again: the agent goes on where the caller stopped hearing."""
        self._voice.line_back(now)
        self._quiet.line_back()
        self._turns.caller_back(now)
        commands = [] if self._hearing.undecided else self._voice.go_on(now)
        return self._decided(commands, now)

    def on_end(self, now: float) -> list[SaveTurn]:
        """The call is over: what was heard of turns that were still playing."""
        return self._voice.ended(now)

    # --- time -----------------------------------------------------------------------------------------

    def timer(self) -> float | None:
        """When `on_timer` is to be called next; None for never."""
        dues = (
            self._patience.due(),
            self._keypad.due(),
            self._hearing.due(),
            self._quiet.due(),
            self._replies.retry_at,
            self._voice.due(),
            None if self._parts.in_our_way else self._handing_over.due(self._voice.ends_at),
            self._hang_up_due,
            self._sessions.due(),
            self._stopgap.due(),
            self._dead_air.useless_due,
            self._dead_air.untold_due,
        )
        return min((due for due in dues if due is not None), default=None)

    def on_timer(self, now: float) -> list[Command]:
        """Do what is due at `now`."""
        patience = self._patience
        if is_due(patience.settings_due, now):
            patience.settings_due = None
            return self._decided(self._sessions.useless(Why.SILENT, now), now)
        if is_due(patience.last_due, now):
            patience.last_due = None
            return [HangUp(Reason.LIMIT_REACHED)]
        if is_due(self._hang_up_due, now):
            reason = self._goodbye.done()
            return [HangUp(reason, failed=reason.is_failure)]
        if is_due(self._dead_air.useless_due, now):
            self._parts.replaced = True
            return self._decided(self._sessions.useless(Why.SILENT, now), now)
        commands = self._voice.play(now)
        commands += self._sessions.on_timer(now)
        commands += self._stopgap.on_timer(now)
        commands += self._caller.keys(self._keypad.on_timer(now), now)
        commands += self._caller.take(self._hearing.on_timer(now), now)
        if is_due(self._dead_air.untold_due, now):
            commands += self._caller.take(self._dead_air.untold(), now)
        if is_due(patience.answer_due, now):
            commands += self._model.no_answer(now)
        if is_due(patience.limit_due, now):
            patience.limit_due = None
            self._goodbye.wish(Reason.LIMIT_REACHED, now)
        if not self._parts.in_our_way and is_due(self._handing_over.due(self._voice.ends_at), now):
            self._replies.unsay(*Kind)  # what waits is out of date when the caller comes back
            transfer = self._handing_over.send()
            commands += [] if transfer is None else [HandOver(transfer.target, transfer.summary)]
        if is_due(self._replies.retry_at, now):
            self._replies.retry_at = None
        if self._quiet.on_timer(self._parts.phrases, now) is SilenceStep.GOODBYE:
            self._goodbye.wish(Reason.CALLER_SILENT, now)
        return self._decided(commands + self._dead_air.filler(now), now)

    # --- what comes next ------------------------------------------------------------------------------

    @property
    def _hang_up_due(self) -> float | None:
        if self._parts.in_our_way or self._handing_over.under_way:
            return None
        return self._goodbye.hang_up_at(self._voice.ends_at)

    def _decided(self, commands: list[Command], now: float) -> list[Command]:
        """What the rules decided, with what comes next, for the session that there is."""
        commands = [*commands, *self._told(commands)]
        commands += self._next(now)
        if self.is_in_a_pause(now):
            commands += self._sessions.in_a_pause(now)
        return list(self._sessions.addressed(commands))

    def is_in_a_pause(self, now: float) -> bool:
        """Whether nobody has anything to say or do, so that nothing is heard of what happens behind."""
        parts = self._parts
        busy = parts.in_our_way or self._replies.pending or self._voice.busy(now)
        ending = self._goodbye.reason is not None or self._handing_over.transfer is not None
        heard_all = not self._hearing.open_sounds(answered=False)
        return self._replies.connected and heard_all and not busy and not ending

    def _next(self, now: float) -> list[Command]:
        """Ask for what is to be said when nothing is in its way, and see whether it is silent."""
        commands: list[Command] = [SaveTurn(turn) for turn in self._voice.heard_out(now)]
        commands += self._told(commands)
        if self._replies.wanted and (words := self._parts.notice.to_say(self._parts.phrases)) is not None:
            self._replies.say(Kind.NOTICE, words)
        if self._goodbye.reason is Reason.LIMIT_REACHED and not self._goodbye.said:
            self._replies.say_at_last(self._parts.phrases.farewell)  # whatever came in between
        if not self._tools.running or self._voice.lost:
            self._replies.unsay(Kind.FILLER)
        if self._may_ask(now):
            self._parts.owes_answer &= self._replies.next_kind in BESIDE
            commands.append(Send(self._replies.ask(self._parts.event_id("response.create"))))
        connected = self._replies.connected
        waits = connected and self._replies.pending and not self._parts.in_our_way
        if waits and self._patience.answer_due is None:
            self._parts.wait_for_sound(now)
        waiting = self._parts.in_our_way or self._replies.pending or not connected
        self._dead_air.look(now)
        ending = self._goodbye.reason is not None or self._handing_over.transfer is not None
        self._quiet.now_is(
            now,
            idle=self._patience.last_due is not None and not waiting and not ending,
            tools=self._tools.running,
            sound_until=self._voice.ends_at,
            # Fillers would pile up unheard, or fall into words of the caller that nobody knows yet.
            caller_speaks=self._hearing.speaking or self._hearing.undecided or self._voice.lost,
        )
        return commands

    def _told(self, commands: Sequence[Command]) -> list[Command]:
        """What follows from turns that are over with these commands: the caller may have heard that the call
        is recorded."""
        if self._parts.notice.mode == "off":
            return []
        turns = [command.turn for command in commands if isinstance(command, SaveTurn)]
        heard = [turn.text for turn in turns if isinstance(turn, AgentTurn) and turn.over]
        return [Record()] if self._parts.notice.heard(heard, self._parts.phrases) else []

    def _may_ask(self, now: float) -> bool:
        """Whether the agent may speak: a filler beside tools, everything else after them."""
        waits_for_tools = self._tools.running and self._replies.next_kind is not Kind.FILLER
        caller_has_floor = self._hearing.speaking or self._hearing.undecided
        closed = self._goodbye.said or self._handing_over.told
        waits_for_person = (
            self._handing_over.tool_call_id is not None and self._replies.next_kind is Kind.REPLY
        )
        return not (
            waits_for_tools or waits_for_person or caller_has_floor or closed
        ) and self._replies.may_ask(now)
