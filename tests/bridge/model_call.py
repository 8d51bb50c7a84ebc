"""A whole call on a virtual clock: the rules between a modelled caller, carrier and service."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from bridge.commands import (
    AskForPerson,
    Command,
    DropSession,
    HandOver,
    HangUp,
    OpenSession,
    Play,
    RunTool,
    Send,
    StopPlayback,
    SwitchSession,
)
from bridge.conversation import Conversation
from bridge.turns import TurnLog
from bridge.voicelive import wire
from shared.agent_config import Agent
from shared.handover import Transfer
from tests.bridge.model_line import FRAME_SECONDS, RATE, ModelCarrier
from tests.bridge.model_referee import Referee, Spoken
from tests.bridge.model_service import Item, ModelService, Mood
from tests.bridge.model_time import CallerAudio, Timeline
from tests.bridge.talk import SESSION

SILENCE_MS = 500
"""What ends a turn of the caller."""
_BEGAN = 100.0
_UTC = 900.0
"""Seconds since 1970 at the zero of the clock."""
_GIVEN_UP = 5.0
"""Seconds without a media socket after which a call is over."""
_CONNECTS = (0.0, 0.1, 0.1, 0.5, 0.5, 2.0, 13.0)
"""Seconds that it takes to connect a session; the last is more than the rules have patience for."""
_TRANSFER = Transfer("+15550100", "Wants a person.")


@dataclass(frozen=True, slots=True)
class _Sound:
    """What the caller uttered."""

    began: float
    """In seconds of the caller's audio."""
    seconds: float
    at: float
    """The same beginning in monotonic seconds."""
    text: str | None
    partials: bool
    after: float


class ModelCall:
    """One call. `step` until `over`; an AssertionError says which rule was broken.

    Args:
        seed: of everything that is left to chance.
        agent: what the rules are configured with.
        mood: how the service behaves.
        next_mood: the same for each session after the first.
        records: whether there are recordings of the fixed phrases.
        late: seconds that timers are served late.
    """

    def __init__(
        self,
        seed: int,
        agent: Agent,
        mood: Mood,
        *,
        late: float = 0.0,
        next_mood: Callable[[], Mood] = Mood,
        records: bool = False,
    ) -> None:
        self.rng = random.Random(seed)
        self.line = Timeline(_BEGAN)
        self._audio = CallerAudio(self.line)
        self.carrier = ModelCarrier(_BEGAN, self.rng.uniform(0.0, FRAME_SECONDS))
        self._said: dict[str, Item] = {}
        self._response_of: dict[str, str] = {}
        self._mood, self._next_mood = mood, next_mood
        self._sessions: dict[int, ModelService] = {}
        self.service = self._new_service()
        self._origin = 0.0
        """Seconds of the caller's audio that the session in use has not got."""
        self._sounds: list[_Sound] = []
        self.rules = Conversation(
            agent,
            TurnLog(padding_ms=0, silence_ms=SILENCE_MS),
            is_read_only=lambda name: name.startswith(("find", "restaurant")),
            person_there=lambda: self.rng.random() < self.person_is_there,
            recorded=self._recording if records else lambda _: None,
        )
        self.over = False
        self.commands: list[Command] = []
        self.referee = Referee(self.rules, self.carrier, self.service, _BEGAN)
        self.keeps_commands = False
        self.person_is_there = 0.5
        """How often."""
        self._late = late
        self._appended = 0.0
        self._opened = False
        self._recordings = 0
        self._up_at = self._down_at = _BEGAN
        self._timer_due: float | None = None
        self._restless = 0
        self._latency = self.rng.choice([0.0, 0.02, 0.15])
        self._recognition = self.rng.choice([0.0, 0.0, 0.3])
        self.rules.caller_audio(0.0, _BEGAN)
        self._do(self.rules.begin(_BEGAN))

    @property
    def now(self) -> float:
        """Monotonic seconds."""
        return self.line.now

    # --- time -----------------------------------------------------------------------------------------

    def due(self) -> float:
        """When the next thing happens."""
        dues = [due for due in (self.line.next(), self._timer()) if due is not None]
        assert dues, "nothing will ever happen again"
        return min(dues)

    def step(self) -> None:
        """Let the next thing happen."""
        timer, other = self._timer(), self.line.next()
        self.referee.until(self.due())
        if timer is not None and (other is None or timer <= other):
            self._restless = self._restless + 1 if timer <= self.now else 0
            assert self._restless < 5, "the timer spins"
            self.line.now = timer
            self._do(self.rules.on_timer(timer))
        else:
            self._restless = 0
            self.line.step()
        self.carrier.until(self.now)

    def _timer(self) -> float | None:
        return None if self._timer_due is None else max(self._timer_due + self._late, self.now)

    # --- the caller -----------------------------------------------------------------------------------

    def caller_sounds(self, seconds: float, text: str | None, partials: bool, after: float) -> None:
        """The caller makes a sound; its words come `after` it has ended, never for None, "!" for failed."""
        if not self.rules.listening or self.over or self.carrier.is_lost:
            return
        sound = _Sound(self._audio.seconds, seconds, self.now, text, partials, after)
        self._sounds = [*self._sounds[-8:], sound]
        self.referee.caller_speaks = True

        def falls_silent() -> None:
            self.referee.caller_speaks = False

        self._audio.when_heard(sound.began + seconds + SILENCE_MS / 1000, falls_silent)
        self._detect(sound, self.service)

    def _detect(self, sound: _Sound, service: ModelService) -> None:
        """A session hears a sound, from where its audio begins."""
        origin, text = self._origin, sound.text
        began = max(sound.began, origin)
        seconds = sound.began + sound.seconds - began
        item_id = f"caller{len(self.referee.spoken) + 1}"
        spoken = Spoken(item_id, sound.at + began - sound.began, sound.at + sound.seconds)
        self.referee.spoken.append(spoken)

        def says(event: wire.ServerEvent) -> None:
            if service is self.service:
                service.tell(event)

        def recognises(delta: wire.TranscriptionDelta) -> None:
            self.line.at(self.now + self._recognition, lambda: says(delta))

        heard_at = began + min(0.1, seconds / 2)
        self._audio.when_heard(heard_at, lambda: says(wire.SpeechStarted(item_id, _ms(began - origin))))
        if sound.partials and text:
            for number, word in enumerate(text.split()):
                delta = wire.TranscriptionDelta(item_id, f" {word}" if number else word)
                at = heard_at + seconds * (number + 1) / (len(text.split()) + 1)
                self._audio.when_heard(at, lambda delta=delta: recognises(delta))  # type: ignore[misc]  # a bound argument
        ends = began + seconds + SILENCE_MS / 1000

        def stops() -> None:
            if service is self.service:
                spoken.stopped_at = self.now - SILENCE_MS / 1000
                service.heard_caller(item_id)
                says(wire.SpeechStopped(item_id, _ms(ends - origin)))

        self._audio.when_heard(ends, stops)
        if text is None:
            return

        def says_words() -> None:
            if text == "!":
                says(wire.TranscriptionFailed(item_id))
                return
            says(wire.TranscriptionCompleted(item_id, text))
            if service is self.service and not service.is_dead:
                spoken.text, spoken.known_at = text, self.now

        def recognised() -> None:
            self.line.at(self.now + max(sound.after, 0.0), says_words)

        self._audio.when_heard(max(heard_at, ends + min(sound.after, 0.0)), recognised)

    def caller_presses(self, key: str) -> None:
        """The caller presses a key of the phone."""
        if not self.over and not self.carrier.is_lost:
            self._do(self.rules.on_key(key, self.now))

    def caller_leaves(self) -> None:
        """The caller hangs up."""
        if not self.over:
            self._end()

    # --- the line -------------------------------------------------------------------------------------

    def line_breaks(self, seconds: float | None) -> None:
        """The media socket breaks for so long; None for good."""
        if self.over or self.carrier.is_lost:
            return
        heard = self._audio.seconds
        self.rules.caller_audio(heard - self._appended, self.now)
        self._appended = heard
        self._audio.line_lost()
        self.carrier.breaks(self.now)
        self._do(self.rules.on_line_lost(self.now))
        if seconds is None:
            self.line.at(self.now + _GIVEN_UP, self.caller_leaves)
        else:
            self.line.at(self.now + seconds, self._line_comes_back)
            if self.rng.random() < 0.2:  # a new socket that breaks before anything comes over it
                self.line.at(self.now + seconds / 2, self._line_breaks_again)

    def _line_breaks_again(self) -> None:
        if not self.over:
            self._do(self.rules.on_line_lost(self.now))

    def _line_comes_back(self) -> None:
        if self.over or not self._audio.lost:
            return
        self._audio.line_back()
        self.carrier.comes_back(self.now, self.rng.uniform(0.0, FRAME_SECONDS))
        self._do(self.rules.on_line_back(self.now))
        self._audio.go_on()

    # --- the service ----------------------------------------------------------------------------------

    def stray(self, event: wire.ServerEvent) -> None:
        """The service tells something that nobody waits for."""
        self.service.tell(event)

    def session_breaks(self) -> None:
        """The session in use, or one that waits, breaks."""
        alive = [service for service in self._sessions.values() if not service.gone]
        if alive and not self.over:
            self._breaks(self.rng.choice(alive), expected=False)

    def _breaks(self, service: ModelService, *, expected: bool) -> None:
        if service.gone or self.over:
            return
        service.gone = True
        if service.number == self.rules.session_id:
            self.referee.session_over(expected=expected)
        self._do(self.rules.on_session_lost(service.number, self.now))

    def _new_service(self) -> ModelService:
        number = len(self._sessions) + 1
        service = ModelService(
            self.line,
            self.rng,
            self._mood,
            self.carrier.tape,
            lambda event: self._tell(number, event),
            number=number,
            said=self._said,
            response_of=self._response_of,
            utc=_UTC,
        )
        self._sessions[number] = service
        return service

    def _recording(self, text: str) -> bytes:
        self._recordings += 1
        item_id = f"recorded-{self._recordings}"
        words = text.split()
        ends = tuple(round(len(" ".join(words[: n + 1])) / 15.0 * RATE) for n in range(len(words)))
        pcm = self.carrier.tape.record(item_id, ends[-1])
        self._said[item_id] = Item(item_id, "message", text=text, size=len(pcm), words=ends)
        self._response_of[item_id] = item_id
        return pcm

    def _connects(self) -> None:
        if self.over:
            return
        if self.rules.session_id is None and len(self._sessions) == 1 and not self._opened:
            service = self.service
        else:
            self._mood = self._next_mood()
            service = self._new_service()
        self._opened = True
        if service.ends_at is not None:
            self.line.at(service.ends_at, lambda: self._breaks(service, expected=True))
        self._do(self.rules.on_session_open(service.number, SESSION, self.now, self.now + _UTC))

    def _switch(self, command: SwitchSession) -> None:
        before, self.service = self.service, self._sessions[command.session_id]
        if before is not self.service:
            before.gone = True
            self.referee.session_over(expected=True)
        self.referee.serves(self.service)
        for event in command.tells:
            self._send(event)
        if before is not self.service:
            self._up_at = self._down_at = self.now
        self._appended = self._audio.seconds
        self._origin = self._appended - (self.now - command.hears_since)
        for sound in self._sounds:
            if sound.began + sound.seconds > self._origin + 0.03:
                self._detect(sound, self.service)

    def _tell(self, number: int, event: wire.ServerEvent) -> None:
        self._down_at = max(self._down_at, self.now + self._latency)
        self.line.at(self._down_at, lambda: self._arrives(number, event))

    def _arrives(self, number: int, event: wire.ServerEvent) -> None:
        if self.over or self.rules.session_id != number:
            return
        self.referee.told(event)
        self._do(self.rules.on_event(event, self.now))

    # --- what the rules want --------------------------------------------------------------------------

    def _do(self, commands: list[Command]) -> None:
        if self.keeps_commands:
            self.commands += commands
        self.carrier.until(self.now)
        for command in commands:
            self.referee.wanted(command, self.now)
            self._do_one(command)
            if isinstance(command, HangUp):
                break  # as a call does
        self._timer_due = self.rules.timer()
        if self.referee.seen.hung_up is not None and not self.over:
            self._end()

    def _do_one(self, command: Command) -> None:
        match command:
            case Send(event):
                self._send(event)
            case OpenSession():
                takes = self.rng.choice(_CONNECTS)
                if takes == max(_CONNECTS):
                    self.referee.session_fails()
                self.line.at(self.now + takes, self._connects)
            case SwitchSession():
                self._switch(command)
            case DropSession():
                self.service.gone = True
                self.referee.session_over(expected=False)
            case Play(pcm):
                self.referee.played(self.carrier.write(pcm))
            case StopPlayback():
                self.carrier.stop()
            case RunTool():
                self._run_tool(command)
            case AskForPerson():
                transfer = _TRANSFER if self.rng.random() < self.person_is_there else None
                self._later(self.rng.uniform(0.0, 0.5), lambda: self.rules.on_person(transfer, self.now))
            case HandOver():
                self._transfer()
            case _:
                pass

    def _send(self, event: wire.ClientEvent) -> None:
        service = self.service
        self._up_at = max(self._up_at, self.now + self._latency)
        self.line.at(self._up_at, lambda: service.take(event))

    def _run_tool(self, tool: RunTool) -> None:
        hands_over = tool.name == "transfer_to_person" and self.rng.random() < 0.7
        transfer = _TRANSFER if hands_over else None

        def ends() -> list[Command]:
            if not self.referee.tool_ends(tool.call_id):
                return []
            ends_call = tool.name == "end_call"
            # Some tools give the model other tools; no draw of chance, so that known orders stay as they are.
            commands = self.rules.on_tools_changed([]) if tool.seq % 3 == 0 else []
            return commands + self.rules.on_tool_result(
                tool.call_id, "{}", ends_call=ends_call, transfer=transfer, now=self.now
            )

        self._later(self.rng.choice([0.0, 0.05, 0.5, 2.0, 7.0]), ends)

    def _transfer(self) -> None:
        def ends() -> list[Command]:
            self.referee.seen.transferring = False
            if self.rng.random() < 0.4:
                self._end()
                return []
            return self.rules.on_hand_over_failed(self.now)

        self._later(self.rng.uniform(0.2, 12.0), ends)

    def _later(self, after: float, do: Callable[[], list[Command]]) -> None:
        self.line.at(self.now + after, lambda: None if self.over else self._do(do()))

    def _end(self) -> None:
        self.over = True
        self.carrier.until(self.now)
        for save in self.rules.on_end(self.now):
            self.referee.wanted(save, self.now)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
