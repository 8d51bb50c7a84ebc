"""Orders of events, made from seeds: what kind of service, what kind of caller, and when who does what."""

from __future__ import annotations

import random
from functools import cache

from bridge.voicelive import wire
from shared.agent_config import Agent
from shared.agent_tables import Limits, Silence
from tests.bridge.model_call import ModelCall
from tests.bridge.model_service import Mood
from tests.bridge.talk import agent

_WORDS = (
    "I want sushi tonight",
    "a table for two please",
    "no wait",
    "what do you mean",
    "sorry?",
    "yes",
    "and are you open on Sundays",
)
_MURMURS = ("mm-hm", "okay", "yeah right", "uh huh")
_LATENESS = (0.0, 0.0, 0.001, 0.015, 0.06)
_STRAYS = (
    wire.Error(wire.ErrorDetails(message="odd", code="server_error")),
    wire.Error(wire.ErrorDetails(message="odd", code="invalid_value", event_id="conversation.item.delete-0")),
    wire.ServiceWarning(wire.ErrorDetails(message="odd")),
    wire.SessionUpdated(),
    wire.TranscriptionCompleted("nobody", "hello"),
    wire.SpeechStopped("nobody", 0),
    wire.AudioTranscriptDone("nothing", "nothing", "hello"),
)


@cache
def _agent(interruption: str, minutes: int) -> Agent:
    """The agent of the tests, whose patience with a silent caller is short."""
    detection = agent().turn_detection
    changed = type(detection)(
        **{name: getattr(detection, name) for name in detection.__struct_fields__}
        | {"interruption": interruption}
    )
    return agent(
        turn_detection=changed,
        silence=Silence(waits=(3.0, 3.0, 2.0)),
        limits=Limits(max_call_minutes=minutes),
    )


def _mood(rng: random.Random) -> Mood:
    """Half of the services are well."""
    chance = rng.random()
    if chance < 0.5:
        lives = rng.choice([None, None, None, rng.uniform(8.0, 40.0)])
        return Mood(tools=rng.choice([0.0, 0.3, 0.7]), tells_words=rng.random() < 0.5, lives=lives)
    if chance < 0.55:
        return Mood(dead_at=100.0 + rng.uniform(0.0, 15.0))
    if chance < 0.57:
        return Mood(settings=rng.choice(["refused", "ignored"]))
    refuses, ignores, fails, hangs, deaf = (rng.choice([0.0, 0.0, 0.0, 0.1, 0.3]) for _ in range(5))
    return Mood(
        refuses=refuses,
        ignores=ignores,
        fails=fails,
        hangs=hangs,
        deaf=deaf,
        tools=rng.choice([0.0, 0.4]),
        tells_words=rng.random() < 0.5,
    )


class Order:
    """One call after a seed; `run` takes it to its end.

    Args:
        mood: of the service; left out, any.
        actions: how often the caller does something; left out, a few times.
        minutes: the longest that the call may be; left out, any.
        pace: seconds between what the caller does, on average; left out, any.
    """

    def __init__(
        self,
        seed: int,
        *,
        mood: Mood | None = None,
        actions: int | None = None,
        minutes: int | None = None,
        pace: float | None = None,
    ) -> None:
        self._rng = rng = random.Random(seed)
        mode = rng.choice(["adaptive", "adaptive", "adaptive", "immediate", "off"])
        agent = _agent(mode, minutes or rng.choice([1, 10, 10, 10]))
        self._breaks = mood is None and rng.random() < 0.4
        self.call = ModelCall(
            seed,
            agent,
            mood or _mood(rng),
            late=rng.choice(_LATENESS),
            records=rng.random() < 0.5,
            next_mood=(lambda: mood) if mood else (lambda: _mood(rng)),
        )
        self._actions = rng.randint(0, 10) if actions is None else actions
        self._partials = rng.random() < 0.7
        self._leaves = rng.choices(["", "hangs up", "is cut off"], [9, 1, 1])[0]
        self._pace = pace or rng.choice([0.5, 1.5, 3.0])
        self._next()

    def run(self) -> None:
        """Let everything happen, until the call is over."""
        while not self.call.over:
            self.call.step()

    def _next(self) -> None:
        call = self.call
        call.line.at(call.now + self._rng.expovariate(1 / self._pace), self._act)

    def _act(self) -> None:
        if self._actions == 0:
            match self._leaves:
                case "hangs up":
                    self.call.caller_leaves()
                case "is cut off":
                    self.call.line_breaks(None)
            return
        self._actions -= 1
        busy_until = self._do_something()
        self.call.line.at(busy_until, self._next)

    def _do_something(self) -> float:
        """One thing that a caller may do; returns when the next one may begin."""
        rng, call = self._rng, self.call
        happens = ["words", "murmur", "noise", "keys", "stray", "reconnect", "session"]
        what = rng.choices(happens, [8, 3, 3, 2, 1, 2, 5 if self._breaks else 0])[0]
        match what:
            case "session":
                call.line.at(call.now + rng.choice([0.0, 0.2, 1.0, 3.0]), call.session_breaks)
                return call.now
            case "keys":
                call.caller_presses(rng.choice("0123456789#*AD"))
                return call.now
            case "stray":
                call.stray(rng.choice(_STRAYS))
                return call.now
            case "reconnect":
                return self._line_breaks()
            case "words":
                text = rng.choice(_WORDS)
                seconds = max(0.3, len(text) / 15.0)
            case "murmur":
                text = rng.choice(_MURMURS)
                seconds = rng.uniform(0.2, 0.8)
            case _:
                text = rng.choice(["", "", "!", "you"])
                seconds = rng.choice([rng.uniform(0.05, 0.4), rng.uniform(0.4, 3.0)])
        told = None if rng.random() < 0.07 else "!" if rng.random() < 0.05 else text
        after = rng.choice([-0.6, -0.1, 0.1, 0.4, 1.0, 3.0])
        call.caller_sounds(seconds, told, self._partials and rng.random() < 0.8, after)
        return call.now + seconds + 0.5 + rng.choice([0.01, 0.01, 1.0])

    def _line_breaks(self) -> float:
        """Also while the caller still speaks, whose words may come before the line does."""
        rng, call = self._rng, self.call
        away = rng.choice([rng.uniform(0.0, 0.1), rng.uniform(0.1, 1.0), rng.uniform(1.0, 4.0)])
        call.line.at(call.now + rng.choice([0.0, 0.3, 1.0, 3.0]), lambda: call.line_breaks(away))
        return call.now + rng.choice([0.0, 0.05, away])


def broken_orders(seeds: tuple[int, ...]) -> dict[int, str]:
    """Runs the orders of these seeds; returns which broke a rule, and what is wrong."""
    broken = {}
    for seed in seeds:
        try:
            Order(seed).run()
        except AssertionError as error:
            broken[seed] = str(error)
    return broken
