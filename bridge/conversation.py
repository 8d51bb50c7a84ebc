"""The rules of a conversation: events in, commands out.

No I/O and no clock. `now` is a monotonic time in seconds; `timer` says when `on_timer` wants to be called.
This decides who has the floor and what comes next; the parts know how: `Hearing` what the caller's sound is,
`AgentVoice` what the agent says of it, `ToolRuns`, `HandingOver`, `Goodbye` and the ladders theirs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from bridge.agent_voice import AgentVoice
from bridge.backchannels import has_words
from bridge.clarifying import Clarifying
from bridge.commands import AskForPerson, CancelTool, Command, HandOver, HangUp, RunTool, SaveTurn, Send
from bridge.goodbye import Goodbye, Reason
from bridge.handing_over import HandingOver
from bridge.hearing import Hearing, Step
from bridge.keypad import AskPerson, Keypad, Pressed
from bridge.patience import Patience, is_due
from bridge.quiet import Quiet
from bridge.replies import Kind
from bridge.silence import SilenceStep
from bridge.tool_runs import SPOKEN_ON, SPOKEN_OVER, ToolRuns
from bridge.tools import not_reached
from bridge.turns import TurnLog
from bridge.voicelive import wire
from shared.agent_config import Agent
from shared.handover import Transfer
from shared.languages import detect
from shared.phrases import Phrases

_ASIDES = {Kind.FILLER: True, Kind.CHECK: False}
"""Words that answer nobody, and whether they bridge a wait."""


class Conversation:
    """One caller and one model, from the session's settings to the end of the call.

    Args:
        agent: how it behaves and what it says word for word.
        turns: keeps what is said.
        is_read_only: tells the tools that change nothing: they are given up when the caller has spoken on.
    """

    def __init__(self, agent: Agent, turns: TurnLog, *, is_read_only: Callable[[str], bool]) -> None:
        self._agent = agent
        self._turns = turns
        self._sent = 0
        self._voice = AgentVoice(turns, self._event_id)
        self._replies = self._voice.replies
        self._hearing = Hearing(agent.turn_detection.interruption)
        self._tools = ToolRuns(is_read_only, self._event_id)
        self._quiet = Quiet(agent, self._replies)
        self._clarifying = Clarifying(agent.keypad, self._replies, self._event_id)
        self._keypad = Keypad(agent.keypad.pause_ms / 1000)
        self._handing_over = HandingOver()
        self._goodbye = Goodbye()
        self._patience = Patience(agent.limits.max_call_minutes * 60.0)
        self._language = agent.languages.default
        self._settings_id = ""
        self._greeted = False
        self._apologised = False
        """Whether the caller's last turn has had an apology."""
        self.listening = False
        """Whether the caller's audio is to be appended. Not before the greeting begins: what is said into the
        silence before it would cancel it."""

    def begin(self, session: wire.Session, now: float, utc: float) -> list[Command]:
        """The session is open: give it its settings. `utc` is now in seconds since 1970."""
        self._patience.session_opened(now, utc)
        self._settings_id = self._event_id("session.update")
        return [Send(wire.SessionUpdate(event_id=self._settings_id, session=session))]

    def caller_audio(self, seconds: float, now: float) -> None:
        """Audio of the caller, `seconds` long, arrived at `now` and is appended."""
        self._turns.caller_audio(seconds, now)

    def listen(self, base64: str, now: float) -> list[Command]:
        """The same audio itself: PCM16LE 24 kHz mono."""
        steps = self._hearing.audio(base64, now)
        return self._take(steps, now) + self._next(now) if steps else []

    # --- what happens ---------------------------------------------------------------------------------

    def on_event(self, event: wire.ServerEvent, now: float) -> list[Command]:
        """What to do about one event of Voice Live."""
        commands: list[Command] = []
        match event:
            case wire.SessionUpdated(session):
                self._on_session_updated(session, now)
            case wire.SpeechStarted(item_id, audio_start_ms):
                commands = self._on_speech_started(item_id, audio_start_ms, now)
            case wire.SpeechStopped(item_id, audio_end_ms):
                commands = self._on_speech_stopped(item_id, audio_end_ms, now)
            case wire.TranscriptionDelta(item_id, delta):
                commands = self._take(self._hearing.partial(item_id, delta, now), now, item_id)
            case wire.TranscriptionCompleted(item_id, transcript):
                commands = self._on_words(item_id, transcript, now)
            case wire.TranscriptionFailed(item_id):
                commands = self._on_words(item_id, "", now)
            case wire.ResponseCreated(response):
                commands = self._on_response_created(response.id)
            case wire.OutputItemAdded(response_id, item):
                self._voice.item_added(response_id, item)
            case wire.AudioDelta():
                commands = self._voice.audio(event, now)
                self._on_sound(event.response_id)
            case wire.AudioTranscriptDelta(_, item_id, delta):
                self._turns.agent_text_delta(item_id, delta)
            case wire.AudioTranscriptDone(response_id, item_id, transcript):
                self._turns.agent_text(item_id, transcript)
                commands = self._on_agent_words(response_id, transcript)
            case wire.FunctionCallDone():
                commands = self._on_function_call(event, now)
            case wire.ResponseDone(response):
                commands = self._on_response_done(response, now)
            case wire.Error(error):
                commands = self._on_error(error, now)
            case _:
                pass
        return commands + self._next(now)

    def on_tool_result(
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
            self._hand_over(transfer, call_id)
        else:
            commands.append(self._tools.output(call_id, output))
            self._replies.wanted = True
        if ends_call and self._handing_over.transfer is None:
            self._goodbye.wish(Reason.AGENT_ENDED, now)
        if response_id != self._replies.active:
            self._check_last_word(response_id)  # it may have said goodbye and asked to end in one breath
            self._forget_response(response_id)
        return commands + self._next(now)

    def on_person(self, transfer: Transfer | None, now: float) -> list[Command]:
        """The answer to `AskForPerson`: whom to hand the call over to; None when nobody can be reached."""
        if self._handing_over.transfer is not None:
            return []
        commands = self._voice.give_way(now) if self._voice.busy(now) else []
        if transfer is not None:
            self._hand_over(transfer, None)
        else:
            self._replies.say(Kind.NO_PERSON, self._phrases.no_person)
        return commands + self._next(now)

    def on_hand_over_failed(self, now: float) -> list[Command]:
        """The person did not take the call: the agent is back."""
        self._patience.answer_due = None
        call_id = self._handing_over.over()
        if call_id is None:
            self._replies.say(Kind.NO_PERSON, self._phrases.transfer_failed)
            return self._next(now)
        self._replies.wanted = True
        return [self._tools.output(call_id, not_reached().output), *self._next(now)]

    def on_key(self, key: str, now: float) -> list[Command]:
        """The caller pressed a key of the phone."""
        self._quiet.caller_heard()
        return self._on_keys(self._keypad.press(key, now), now) + self._next(now)

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
            None if self._in_our_way else self._handing_over.due(self._voice.ends_at),
            self._hang_up_due,
        )
        return min((due for due in dues if due is not None), default=None)

    def on_timer(self, now: float) -> list[Command]:
        """Do what is due at `now`."""
        patience = self._patience
        if is_due(patience.settings_due, now):
            patience.settings_due = None
            return [HangUp("session_not_ready", failed=True)]
        if is_due(patience.last_due, now):
            patience.last_due = None
            return [HangUp(Reason.LIMIT_REACHED)]
        if is_due(self._hang_up_due, now):
            reason = self._goodbye.reason or Reason.AGENT_ENDED
            self._goodbye = Goodbye()
            return [HangUp(reason)]
        commands = self._voice.play(now)
        commands += self._on_keys(self._keypad.on_timer(now), now)
        commands += self._take(self._hearing.on_timer(now), now)
        if is_due(patience.answer_due, now):
            commands += self._on_no_answer(now)
        if is_due(patience.limit_due, now):
            patience.limit_due = None
            self._goodbye.wish(Reason.LIMIT_REACHED, now)
        if not self._in_our_way and is_due(self._handing_over.due(self._voice.ends_at), now):
            self._replies.unsay(*Kind)  # what waits is out of date when the caller comes back
            transfer = self._handing_over.send()
            commands += [] if transfer is None else [HandOver(transfer.target, transfer.summary)]
        if is_due(self._replies.retry_at, now):
            self._replies.retry_at = None
        if self._quiet.on_timer(self._phrases, now) is SilenceStep.GOODBYE:
            self._goodbye.wish(Reason.CALLER_SILENT, now)
        return commands + self._next(now)

    # --- the caller -----------------------------------------------------------------------------------

    def _on_speech_started(self, item_id: str, audio_start_ms: int, now: float) -> list[Command]:
        self._turns.caller_started(item_id, audio_start_ms)
        self._replies.somebody_speaks()
        self._patience.answer_due = None
        # A "bye" over our goodbye does not cut it, and during a hand-over there is nobody to be cut.
        closed = self._goodbye.said or self._handing_over.under_way
        # Who waits for a tool and says "okay" does not want it given up.
        over_agent = (self._voice.busy(now) or self._tools.running) and not closed
        steps = self._hearing.started(
            item_id,
            now,
            over_agent=over_agent,
            asked=self._voice.asked(now),
            unheard=math.inf if self._tools.running else self._voice.unheard(now),
            language=self._language,
        )
        return self._take(steps, now, item_id)

    def _on_speech_stopped(self, item_id: str, audio_end_ms: int, now: float) -> list[Command]:
        seconds = self._turns.caller_stopped(item_id, audio_end_ms)
        self._goodbye.caller_spoke(now)
        return self._take(self._hearing.stopped(item_id, seconds, now), now, item_id)

    def _on_words(self, item_id: str, text: str, now: float) -> list[Command]:
        steps = self._hearing.transcript(item_id, text, self._language, now)
        if has_words(text):
            self._quiet.caller_heard()
            self._language = detect(text, self._agent.languages.spoken) or self._language
        else:
            text = ""
            self._goodbye.cough()
        if Step.FORGET in steps:
            self._turns.caller_dismissed(item_id)
        turn = self._turns.caller_text(item_id, text, now)
        commands: list[Command] = [] if turn is None else [SaveTurn(turn)]
        if turn is not None and Step.FORGET not in steps:
            self._goodbye.take_back()
            hints = self._clarifying.caller_said(text, self._language, self._phrases)
            commands += hints
            if hints or self._replies.next_kind is Kind.NOT_HEARD:
                commands += self._reply_anew(now)
        return commands + self._take(steps, now, item_id)

    def _take(self, steps: Iterable[Step], now: float, item_id: str = "") -> list[Command]:
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
                    self._want_reply(now)
                case Step.NOT_HEARD:
                    commands += self._on_not_heard(item_id, now)
                case Step.FORGET:
                    commands.append(self._delete(item_id))
        return commands

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
        commands: list[Command] = [self._delete(item_id)]
        if self._replies.replying and not self._voice.playout.is_playing(now):
            commands += self._voice.call_off()  # a reply to words that nobody understood
        return commands + self._clarifying.not_heard(self._phrases)

    def _on_keys(self, entry: Pressed | AskPerson | None, now: float) -> list[Command]:
        if entry is None:
            return []
        if isinstance(entry, AskPerson):
            return [AskForPerson()]
        commands = self._give_way(now) if self._voice.busy(now) else []
        self._want_reply(now)
        return [*commands, self._clarifying.pressed(entry.keys)]

    # --- the agent ------------------------------------------------------------------------------------

    def _on_session_updated(self, session: wire.SessionLife, now: float) -> None:
        if self._patience.settings_due is None:
            return
        self._patience.session_ready(session.expires_at, now)
        self._voice.ends_at = now
        self._replies.say(Kind.GREETING, self._phrases.greeting)

    def _on_response_created(self, response_id: str) -> list[Command]:
        self.listening = True
        commands = self._voice.created(response_id)
        kind = self._replies.kind(response_id)
        if kind in _ASIDES:
            self._turns.aside(response_id, filler=_ASIDES[kind])
        return commands

    def _on_sound(self, response_id: str) -> None:
        if self._voice.spoke(response_id):
            self._greeted = True
            self._patience.answer_due = None

    def _on_agent_words(self, response_id: str, text: str) -> list[Command]:
        if self._replies.kind(response_id) is not Kind.REPLY or self._voice.is_dropped(response_id):
            return []
        return self._clarifying.agent_said(text, self._phrases)

    def _on_function_call(self, call: wire.FunctionCallDone, now: float) -> list[Command]:
        if self._voice.is_dropped(call.response_id) or not self._tools.begin(call):
            return []
        self._voice.acted(call.response_id, call.item_id)
        self._turns.tool_runs(call.call_id, now)
        self._quiet.tool_runs(now)
        self._patience.answer_due = None  # a tool has its own patience, and a filler bridges it
        return [RunTool(self._turns.next_seq(), call.call_id, call.name, call.arguments)]

    def _on_response_done(self, response: wire.FinishedResponse, now: float) -> list[Command]:
        commands = self._voice.done(response, acted=self._tools.run_for(response.id), now=now)
        if self._replies.exhausted:
            return [*commands, HangUp("model_failed", failed=True)]
        said = self._voice.spoke(response.id) and not self._voice.is_dropped(response.id)
        if said or self._replies.kind(response.id) in _ASIDES:
            self._patience.answer_due = None  # nothing more is owed to the caller
        told = said or (response.status == "completed" and not self._voice.is_dropped(response.id))
        if told and self._replies.kind(response.id) is Kind.HAND_OVER:
            self._handing_over.announced()  # also when it made no sound: the caller is not to wait in vain
        self._check_last_word(response.id)
        self._forget_response(response.id)
        return commands

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

    def _on_no_answer(self, now: float) -> list[Command]:
        """The caller hears nothing: apologise, once a turn; give the call up when even that is not heard."""
        self._patience.answer_due = None
        if self._goodbye.reason is not None or self._handing_over.under_way:
            return []  # they have their own patience
        if self._tools.running:
            self._wait_for_sound(now)  # they have their own time limit
            return []
        if self._handing_over.announcing:
            self._handing_over.announced()  # who cannot be told is put through all the same
            return self._voice.call_off()
        if not self._greeted or self._apologised:
            return [HangUp("model_silent", failed=True)]
        self._apologised = True
        self._wait_for_sound(now)
        self._replies.say(Kind.APOLOGY, self._phrases.apology)
        return self._voice.call_off()

    def _on_error(self, error: wire.ErrorDetails, now: float) -> list[Command]:
        """Not fatal, unless it refuses the settings: the session says so by closing."""
        if error.event_id == self._settings_id:
            return [HangUp("session_refused", failed=True)]
        if self._replies.refused(error, now):
            self.listening = True
            if self._replies.exhausted:
                return [HangUp("model_failed", failed=True)]
        return []

    # --- a person -------------------------------------------------------------------------------------

    def _hand_over(self, transfer: Transfer, call_id: str | None) -> None:
        self._goodbye.take_back()
        self._handing_over.begin(transfer, call_id)
        self._replies.say(Kind.HAND_OVER, self._phrases.transferring)

    # --- what comes next ------------------------------------------------------------------------------

    @property
    def _phrases(self) -> Phrases:
        return self._agent.phrases_for(self._language)

    @property
    def _in_our_way(self) -> bool:
        """Whether to go on now would cut somebody off: the caller's words or a tool's work."""
        return self._hearing.speaking or self._hearing.undecided or self._tools.running

    @property
    def _hang_up_due(self) -> float | None:
        if self._in_our_way or self._handing_over.under_way:
            return None
        return self._goodbye.hang_up_at(self._voice.ends_at)

    def _want_reply(self, now: float) -> None:
        self._replies.wanted = True
        self._apologised = False
        self._wait_for_sound(now)

    def _wait_for_sound(self, now: float) -> None:
        """Something is to be heard once what is there has been."""
        self._patience.wait_for_sound(max(now, self._voice.ends_at))

    def _next(self, now: float) -> list[Command]:
        """Ask for what is to be said when nothing is in its way, and see whether it is silent."""
        commands: list[Command] = [SaveTurn(turn) for turn in self._voice.heard_out(now)]
        if self._goodbye.reason is Reason.LIMIT_REACHED and not self._goodbye.said:
            self._replies.say_at_last(self._phrases.farewell)  # whatever came in between
        if not self._tools.running:
            self._replies.unsay(Kind.FILLER)
        if self._may_ask(now):
            commands.append(Send(self._replies.ask(self._event_id("response.create"))))
        if self._replies.pending and not self._in_our_way and self._patience.answer_due is None:
            self._wait_for_sound(now)
        waiting = self._in_our_way or self._replies.pending
        ending = self._goodbye.reason is not None or self._handing_over.transfer is not None
        self._quiet.now_is(
            idle=self._patience.last_due is not None and not waiting and not ending,
            tools=self._tools.running,
            sound_until=self._voice.ends_at,
            caller_speaks=self._hearing.speaking,
        )
        return commands

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

    def _delete(self, item_id: str) -> Command:
        event_id = self._event_id("conversation.item.delete")
        return Send(wire.ItemDelete(event_id=event_id, item_id=item_id))

    def _event_id(self, event_type: str) -> str:
        """An id that names its cause: an error brings it back."""
        self._sent += 1
        return f"{event_type}-{self._sent}"
