"""What must hold in every call, whatever happens in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.backchannels import has_words, is_backchannel
from bridge.commands import (
    CancelTool,
    Command,
    HandOver,
    HangUp,
    Play,
    RunTool,
    SaveTurn,
    Send,
    StopPlayback,
    SwitchSession,
)
from bridge.conversation import Conversation
from bridge.playout import LEAD
from bridge.turns import AgentTurn, CallerTurn
from bridge.voicelive import wire
from tests.bridge.model_line import FRAME_SECONDS, RATE, ModelCarrier
from tests.bridge.model_service import ModelService
from tests.bridge.talk import PHRASES, words

_DEAD_AIR = 30.0
"""Seconds that a caller may hear nothing while nobody works or speaks: all patience of the rules together."""
_DEAD_SERVICE = 67.0
"""The same with a service fallen silent, which does not even tell that the caller has stopped speaking."""
_ROUNDED = RATE // 500
"""Samples: what times lose by being told in milliseconds."""
_NO_NOISE = 1e-6
"""What numbers lose by being added up."""
_CHECKS = {PHRASES.still_there, PHRASES.still_there_again}
_SHORTEST_WAIT = 2.0
"""Seconds of silence before a check, the shortest that the agents of the orders have."""
_ASIDES = {*PHRASES.fillers, *_CHECKS}


@dataclass(slots=True)
class Spoken:
    """One stretch of the caller's sound."""

    item_id: str
    began_at: float
    stopped_at: float
    text: str = ""
    known_at: float | None = None
    """When its words were told."""


@dataclass(slots=True)
class Seen:
    """What the rules have been told and have asked for."""

    asked: str | None = None
    """The request that nothing has come of yet."""
    active: str | None = None
    """The response that is being generated."""
    given_up: set[str] = field(default_factory=set)
    """Responses that are cancelled."""
    tools: dict[str, bool] = field(default_factory=dict)
    """Tool calls that were run, and whether they have their output."""
    at_work: set[str] = field(default_factory=set)
    """Tools that still run."""
    requests: list[tuple[float, str]] = field(default_factory=list)
    """When responses were asked for, and their fixed words."""
    transferring: bool = False
    hung_up: HangUp | None = None
    texts: dict[str, str] = field(default_factory=dict)
    """What is known of the agent's words, by item."""
    timed: dict[str, list[int]] = field(default_factory=dict)
    """By item, when its words are over as far as that was told, in milliseconds."""
    cut: set[str] = field(default_factory=set)
    """Items saved as interrupted."""


class Referee:
    """Watches one call. An AssertionError says which rule was broken.

    Args:
        began: when the call did, monotonic seconds.
    """

    def __init__(
        self, rules: Conversation, carrier: ModelCarrier, service: ModelService, began: float
    ) -> None:
        self.seen = Seen()
        self.spoken: list[Spoken] = []
        self.caller_speaks = False
        self.ill = False
        """Whether Voice Live has not done all that it should."""
        self.dead = False
        """Whether a session has fallen silent for good, or was lost."""
        self._rules = rules
        self._carrier = carrier
        self.serves(service)
        self._last_busy = began

    def serves(self, service: ModelService) -> None:
        """Another session is in use."""
        self._service = service
        self.ill = self.ill or not service.mood.is_well
        self.dead = self.dead or service.mood.dead_at is not None

    def session_over(self, *, expected: bool) -> None:
        """The session in use is no more."""
        self.seen.asked = self.seen.active = None
        if not expected:
            self.session_fails()

    def session_fails(self) -> None:
        """Voice Live does not do what it should."""
        self.ill = self.dead = True

    # --- what the rules are told ----------------------------------------------------------------------

    def told(self, event: wire.ServerEvent) -> None:
        """An event is about to be given to the rules."""
        seen = self.seen
        match event:
            case wire.ResponseCreated(response):
                seen.asked, seen.active = None, response.id
            case wire.ResponseDone(response) if response.id == seen.active:
                seen.active = None
            case wire.Error(error) if error.event_id == seen.asked:
                seen.asked = None
            case wire.AudioTranscriptDelta(_, item_id, text):
                seen.texts[item_id] = seen.texts.get(item_id, "") + text
            case wire.AudioTranscriptDone(_, item_id, text):
                seen.texts[item_id] = text
            case wire.AudioTimestamp(item_id, offset_ms, duration_ms, _):
                seen.timed.setdefault(item_id, []).append(offset_ms + duration_ms)
            case _:
                pass

    def until(self, now: float) -> None:
        """Time passes, and nobody is left on a silent line."""
        self._carrier.until(now)
        voice = self._rules._voice
        held = voice.playout.paused and voice.playout.is_playing(now)
        assert not held or self._carrier.is_lost or self._rules._hearing.undecided, "held back for nothing"
        if self.seen.at_work or self.seen.transferring or self.caller_speaks or self._carrier.is_lost:
            self._last_busy = now
        quiet_since = max(self._last_busy, self._carrier.last_sound)
        most = _DEAD_SERVICE if self.dead else _DEAD_AIR
        assert now - quiet_since < most, "the caller is left on a silent line"

    def tool_ends(self, call_id: str) -> bool:
        """A tool has done its work; False when it was given up meanwhile."""
        runs = call_id in self.seen.at_work
        self.seen.at_work.discard(call_id)
        return runs

    # --- what they want -------------------------------------------------------------------------------

    def wanted(self, command: Command, now: float) -> None:
        """A command is about to be carried out."""
        seen = self.seen
        assert seen.hung_up is None or isinstance(command, SaveTurn), (
            "something is to be done after hanging up"
        )
        match command:
            case Send(event):
                self._sent(event, now)
            case SwitchSession(tells=tells):
                self._told_all(tells)
            case RunTool(call_id=call_id):
                assert call_id not in seen.tools, "a tool is run twice"
                seen.tools[call_id] = False
                seen.at_work.add(call_id)
            case CancelTool(call_id):
                assert call_id in seen.at_work, "a tool is given up that does not run"
                seen.at_work.remove(call_id)
            case Play() | StopPlayback():
                assert not self._carrier.is_lost, "something is written to a line that is lost"
            case HandOver():
                assert not self._carrier.is_lost, "handed over before the caller has heard of it"
                assert not seen.transferring, "a second transfer while one is made"
                seen.transferring = True
            case SaveTurn(turn):
                if isinstance(turn, AgentTurn):
                    self._saved(turn)
                else:
                    self._saved_caller(turn)
            case HangUp():
                self._hung_up(command, now)
                seen.hung_up = command
            case _:
                pass

    def played(self, item_id: str) -> None:
        """Audio of an item was written."""
        assert self._service.response_of[item_id] not in self.seen.given_up, "audio of a cancelled response"
        # How a sound is judged is for the rules to say; that they keep to it is not.
        assert not self._rules._hearing.undecided, "audio while it is open who has the floor"
        assert not self._rules._voice.playout.paused, "audio while paused"
        assert not self.seen.transferring, "audio while a person takes over"
        assert self._carrier.seconds_left <= LEAD + 2 * FRAME_SECONDS, "too much audio is with the carrier"

    def _sent(self, event: wire.ClientEvent, now: float) -> None:
        seen = self.seen
        match event:
            case wire.ResponseCreate():
                self._requested(event, now)
            case wire.ResponseCancel(response_id=response_id):
                assert response_id == seen.active, "what is not active is cancelled"
                seen.given_up.add(response_id)
            case wire.ItemCreate(item=wire.FunctionOutputItem(call_id)):
                assert seen.tools.get(call_id) is False, "an output for no call, or a second one"
                seen.tools[call_id] = True
            case wire.ItemTruncate(item_id=item_id, audio_end_ms=cut_ms):
                heard_ms = self._heard(item_id) * 1000
                # 40 ms, and what is less than one.
                assert heard_ms - 41.0 <= cut_ms <= heard_ms + _NO_NOISE, f"{cut_ms} of {heard_ms} ms"
            case wire.ItemDelete(item_id=item_id):
                self._deleted(item_id)
            case _:
                pass

    def _told_all(self, tells: Sequence[wire.ClientEvent]) -> None:
        """A new session is told of every tool call, and of what came of it once."""
        items = [event.item for event in tells if isinstance(event, wire.ItemCreate)]
        calls = [item.call_id for item in items if isinstance(item, wire.FunctionCallItem)]
        outputs = [item.call_id for item in items if isinstance(item, wire.FunctionOutputItem)]
        assert sorted(calls) == sorted(self.seen.tools), "a tool call is kept from the next session"
        assert len(set(outputs)) == len(outputs), "an output is told twice"
        for call_id, given in self.seen.tools.items():
            assert not given or call_id in outputs, "an output got lost"
        self.seen.tools = {call_id: call_id in outputs for call_id in calls}

    def _requested(self, request: wire.ResponseCreate, now: float) -> None:
        seen, text = self.seen, words(request)
        assert seen.asked is None, "asked for a response while one is asked for"
        assert seen.active is None, "asked for a response while one is active"
        seen.asked = request.event_id
        seen.requests.append((now, text))
        if text in _ASIDES:
            assert not self._carrier.is_lost, "an aside to a caller who cannot hear it"
        if text == PHRASES.greeting:
            greetings = [item for item in self._service.said.values() if item.text == text]
            heard = [self._heard(item.item_id) * RATE >= item.words[-1] for item in greetings]
            assert not any(heard), "greeted again"
        if text in _CHECKS and not self.ill:
            assert now - self._carrier.back_at >= _SHORTEST_WAIT - _NO_NOISE, "a check right after the return"
        if text == PHRASES.apology:
            assert self.ill, "an apology for a service that is well"
        if not text:
            assert all(seen.tools.values()), "a reply is asked for before a tool's result is given"

    def _deleted(self, item_id: str) -> None:
        heard = self._heard(item_id)
        assert heard <= 0.04 + _NO_NOISE, f"{item_id} is deleted, of which {heard} s were heard"
        text = next((spoken.text for spoken in self.spoken if spoken.item_id == item_id), "")
        assert not _is_speech(text), f"words are deleted: {text}"

    def _saved(self, turn: AgentTurn) -> None:
        item = self._service.said[turn.item_id]
        saved = turn.text.split()
        assert saved == item.text.split()[: len(saved)], f"{turn.text} was not said"
        if turn.interrupted or turn.over:
            samples = self._carrier.heard.get(turn.item_id, 0)
            heard = sum(1 for ends in item.words if ends <= samples + _ROUNDED)
            assert len(saved) <= heard, f"{turn.text}: only {heard} words were heard"
        if turn.interrupted and turn.item_id not in self.seen.cut:
            self.seen.cut.add(turn.item_id)
            timed = [ends for ends in self.seen.timed.get(turn.item_id, ()) if ends <= (turn.heard_ms or 0)]
            known = self.seen.texts.get(turn.item_id, "").split()
            assert len(saved) >= min(len(timed), len(known)), f"{turn.text}: {len(timed)} words were heard"

    def _saved_caller(self, turn: CallerTurn) -> None:
        began = [spoken.began_at for spoken in self.spoken if spoken.item_id == turn.item_id]
        assert all(turn.started_at >= at - _ROUNDED / RATE for at in began), f"{turn.item_id} began too early"

    def _hung_up(self, command: HangUp, now: float) -> None:
        if command.failed:
            assert self.ill, f"{command.reason} with a service that is well"
            return
        if command.reason == "limit_reached":
            return  # by force, if need be
        assert not self._carrier.is_lost, "hung up on a caller who may come back"
        assert self._carrier.seconds_left <= FRAME_SECONDS, "a goodbye is cut"
        assert not self._rules._hearing.speaking, "hung up on a caller who speaks"
        assert not self.seen.at_work, "hung up on a tool at work"
        assert not self.seen.transferring, "hung up while a person is called"
        for spoken in self.spoken:
            if spoken.known_at is not None and _is_speech(spoken.text):
                self._check_answered(spoken, spoken.known_at, now)

    def _check_answered(self, spoken: Spoken, known_at: float, now: float) -> None:
        """Who spoke words is answered, or the call ends over them, or the service owes the answer."""
        owes = self.seen.asked is not None or self.seen.active is not None
        since = min(spoken.stopped_at, known_at)
        answers = [at for at, text in self.seen.requests if at >= since and text not in _ASIDES]
        assert answers or owes or now < known_at + 15.0, f"{spoken.text} was not answered"

    def _heard(self, item_id: str) -> float:
        return self._carrier.heard.get(item_id, 0) / RATE


def _is_speech(text: str) -> bool:
    return has_words(text) and not is_backchannel(text, "en-US")
