"""What can go wrong: one entry a fault, what it does to the system, and what the caller may notice of it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from chaos.house import BRIDGES, House

VOICE_LIVE_S = 2.5
"""A caller waits no longer than this for a voice, whatever Voice Live does."""
BRIDGE_S = 5.0
"""Nor than this for the other bridge to go on."""
STORE_S = 5.0
"""Nor than this for another word while a tool waits for the store: those come every four seconds."""


class NotKeptError(Exception):
    """A promise was not kept; the text says which."""


class Trial(Protocol):
    """What a fault has to work with."""

    @property
    def house(self) -> House: ...

    @property
    def calls_up(self) -> int:
        """Calls that go on now."""

    async def ring(self) -> None:
        """Place one more call, and return once it is answered. It books a table like the others."""

    async def rung_out(self) -> None:
        """Wait until the calls placed by `ring` have ended."""

    async def agent_speaks(self) -> None:
        """Return while some caller hears the agent."""

    async def fill(self, rings: int) -> tuple[int, int]:
        """Let so many phones ring at once; how many were answered, and how many heard that it is busy."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong."""

    name: str
    about: str
    act: Callable[[Trial], Awaitable[None]]
    """Makes it happen, and undoes it."""
    lasts_s: float
    """About how long that takes."""
    silence_s: float = VOICE_LIVE_S
    """The longest silence a caller may hear."""
    may_end: bool = False
    """Whether a call may end in order with an apology: nothing can answer."""
    may_be_busy: bool = False
    """Whether a phone that rings meanwhile may be told that it is busy, and no record made: as it is set
    for a store that is away."""


# --- Event Grid and callbacks


async def _events_twice(trial: Trial) -> None:
    await trial.house.event_grid(duplicate=1)
    await trial.ring()


async def _events_late(trial: Trial) -> None:
    await trial.house.event_grid(delay=1, delay_ms=5_000)
    await trial.ring()


async def _events_reordered(trial: Trial) -> None:
    await trial.house.event_grid(delay=1, delay_ms=3_000, duplicate=2)
    async with asyncio.TaskGroup() as group:
        group.create_task(trial.ring())
        group.create_task(trial.ring())


async def _callbacks(trial: Trial, **fault: int) -> None:
    await trial.house.acs(**fault)
    try:
        await trial.ring()
        await trial.rung_out()
    finally:
        await trial.house.acs()


async def _callbacks_twice(trial: Trial) -> None:
    await _callbacks(trial, callback_duplicate=100)


async def _callbacks_reordered(trial: Trial) -> None:
    await _callbacks(trial, callback_reorder=100)


async def _callbacks_late(trial: Trial) -> None:
    await _callbacks(trial, callback_delay_ms=4_000)


async def _callbacks_missing(trial: Trial) -> None:
    await _callbacks(trial, callback_drop=1_000)


# --- Voice Live


def _sessions_break(**then: object) -> Callable[[Trial], Awaitable[None]]:
    """All sessions break off, and this is what becomes of the next one of each call."""

    async def act(trial: Trial) -> None:
        await trial.agent_speaks()
        await trial.house.voice_live(**then, sessions=max(trial.calls_up, 1), drop_now=True)

    return act


async def _voice_live_drops(trial: Trial) -> None:
    await trial.agent_speaks()
    await trial.house.voice_live(drop_now=True)


async def _voice_live_gone(trial: Trial) -> None:
    async with trial.house.stack.without("voice-live", killed=True):
        await asyncio.sleep(20.0)


async def _voice_live_stands_still(trial: Trial) -> None:
    with trial.house.frozen(["voice-live"]):
        await asyncio.sleep(6.0)


# --- bridges and media


async def _bridge_killed(trial: Trial) -> None:
    await _end_bridge(trial, BRIDGES[0], signal.SIGKILL)


async def _bridge_drained(trial: Trial) -> None:
    await _end_bridge(trial, BRIDGES[1], signal.SIGTERM)


async def _rolling_restart(trial: Trial) -> None:
    for bridge in BRIDGES:
        await _end_bridge(trial, bridge, signal.SIGTERM)


async def _end_bridge(trial: Trial, name: str, number: signal.Signals) -> None:
    before = trial.house.stack.service(name)
    trial.house.send(name, number)
    await trial.house.back(name, before)


async def _media_cut(trial: Trial) -> None:
    await trial.agent_speaks()
    await trial.house.acs(media_reset=True)


# --- control plane and store


async def _functions_killed(trial: Trial) -> None:
    async with trial.house.stack.without("functions", killed=True):
        await asyncio.sleep(3.0)


async def _store_down(trial: Trial) -> None:
    async with trial.house.stack.without("azurite"):
        await asyncio.sleep(30.0)


async def _store_stands_still(trial: Trial) -> None:
    with trial.house.frozen(["azurite"]):
        await asyncio.sleep(12.0)


async def _full_house(trial: Trial) -> None:
    before = trial.calls_up
    rings = trial.house.places
    answered, busy = await trial.fill(rings)
    if answered + busy != rings:
        raise NotKeptError(f"of {rings} rings {answered} were answered and {busy} heard the busy tone")
    if answered > trial.house.places - min(before, trial.calls_up):
        raise NotKeptError(
            f"{answered} more calls were answered beside {before}, for {trial.house.places} places"
        )
    if before and not busy:
        raise NotKeptError("nobody heard the busy tone")


# --- time

ASLEEP_S = 12.0
_HOUR_S = 3600.0
_WRONG_S = 15.0
"""For which a clock is wrong: `shared.admission.FRESH`, and what is judged by it begins to matter."""


async def _bridge_asleep(trial: Trial) -> None:
    with trial.house.frozen(BRIDGES[:1]):
        await asyncio.sleep(ASLEEP_S)


async def _all_asleep(trial: Trial) -> None:
    with trial.house.frozen(trial.house.stack.names):
        await asyncio.sleep(ASLEEP_S)


async def _clock_ahead(trial: Trial) -> None:
    await trial.agent_speaks()
    with trial.house.clocks({BRIDGES[0]: _HOUR_S}):
        await trial.ring()
        await asyncio.sleep(_WRONG_S)


async def _clock_back(trial: Trial) -> None:
    await trial.agent_speaks()
    with trial.house.clocks(dict.fromkeys(BRIDGES, -_HOUR_S)):
        await trial.ring()
        await asyncio.sleep(_WRONG_S)


async def _clocks_apart(trial: Trial) -> None:
    with trial.house.clocks({BRIDGES[0]: 90.0, BRIDGES[1]: -90.0, "functions": 280.0}):
        await trial.ring()
        await trial.rung_out()
        await _full_house(trial)


async def _clock_wrong_day(trial: Trial) -> None:
    with trial.house.clocks(dict.fromkeys(BRIDGES, 26 * _HOUR_S)):
        await trial.ring()
        await trial.rung_out()


async def _clock_wrong_from_start(trial: Trial) -> None:
    with trial.house.clocks({BRIDGES[1]: 26 * _HOUR_S, "functions": _HOUR_S}):
        await _functions_killed(trial)
        await _end_bridge(trial, BRIDGES[1], signal.SIGKILL)
        await trial.ring()
        await trial.rung_out()


async def _clock_of_timers(trial: Trial) -> None:
    await trial.house.acs(callback_drop=1_000)
    try:
        with trial.house.clocks({"functions": _HOUR_S}):
            await trial.ring()
            await asyncio.sleep(_WRONG_S)
            with trial.house.clocks({"functions": -_HOUR_S}):
                await trial.rung_out()
    finally:
        await trial.house.acs()


FAULTS = (
    Fault("events-twice", "Event Grid delivers the ring twice", _events_twice, 3),
    Fault("events-late", "the ring comes 5 s late", _events_late, 8),
    Fault("events-reordered", "of two rings the second comes first, each twice", _events_reordered, 6),
    Fault("callbacks-twice", "every callback comes twice", _callbacks_twice, 35),
    Fault("callbacks-reordered", "callbacks overtake each other", _callbacks_reordered, 35),
    Fault("callbacks-late", "every callback comes 4 s late", _callbacks_late, 40),
    Fault("callbacks-missing", "no callback comes: the sweep closes the call", _callbacks_missing, 35),
    Fault(
        "model-refused", "sessions break, the next ones are refused", _sessions_break(refuse_status=503), 3
    ),
    Fault(
        "model-429",
        "sessions break, the next ones are refused for now",
        _sessions_break(refuse_status=429),
        3,
    ),
    Fault("model-slow", "sessions break, the next ones take 4 s", _sessions_break(connect_delay_ms=4_000), 6),
    Fault("model-dropped", "sessions break in the middle of a sentence", _voice_live_drops, 2),
    Fault(
        "model-dropped-again",
        "sessions break, the next ones in their first sentence",
        _sessions_break(drop_after_audio_deltas=4),
        4,
    ),
    Fault(
        "model-quota",
        "sessions break, the next ones have no quota left",
        _sessions_break(error_code="insufficient_quota"),
        4,
    ),
    Fault(
        "model-expires",
        "sessions break, the next ones last 14 s",
        _sessions_break(expire_after_ms=14_000),
        16,
    ),
    Fault("model-silent", "sessions break, the next ones say nothing", _sessions_break(no_reply=True), 12),
    Fault("model-still", "Voice Live stands still for 6 s", _voice_live_stands_still, 6),
    Fault("model-gone", "every endpoint is gone for 20 s", _voice_live_gone, 26, may_end=True),
    Fault("bridge-killed", "one of two bridges is killed", _bridge_killed, 5, BRIDGE_S),
    Fault("bridge-drained", "one of two bridges is told to stop", _bridge_drained, 10, BRIDGE_S),
    Fault("rolling-restart", "one bridge after the other is restarted", _rolling_restart, 20, BRIDGE_S),
    Fault("media-cut", "the media sockets of all calls break", _media_cut, 2, BRIDGE_S),
    Fault("functions-killed", "the Functions app is killed and comes back", _functions_killed, 8),
    Fault("store-down", "the store is away for 30 s", _store_down, 33, STORE_S, may_be_busy=True),
    Fault("store-still", "the store does not answer for 12 s", _store_stands_still, 12, STORE_S),
    Fault("full-house", "more calls come than there are places", _full_house, 10),
    Fault("bridge-asleep", "a bridge gets no time for 12 s", _bridge_asleep, ASLEEP_S, ASLEEP_S + BRIDGE_S),
    Fault("all-asleep", "the whole machine sleeps for 12 s", _all_asleep, ASLEEP_S),
    Fault("clock-ahead", "a bridge's clock leaps an hour ahead, and back", _clock_ahead, 20),
    Fault("clock-back", "the clocks of both bridges leap an hour back, and ahead", _clock_back, 20),
    Fault("clocks-apart", "the clocks of bridges and Functions app are minutes apart", _clocks_apart, 60),
    Fault("clock-wrong-day", "the bridges think it is a day later", _clock_wrong_day, 55),
    Fault(
        "clock-wrong-start",
        "Functions app and a bridge are killed, and come back an hour and a day ahead",
        _clock_wrong_from_start,
        60,
        BRIDGE_S,
    ),
    Fault(
        "clock-of-timers",
        "the Functions app's clock leaps an hour ahead, and two back, and no callback comes",
        _clock_of_timers,
        50,
    ),
)
BY_NAME = {fault.name: fault for fault in FAULTS}
SHORT = ("events-twice", "model-dropped", "bridge-killed", "media-cut")
"""What `make test` tries."""
SHORT_CLOCKS = {BRIDGES[1]: 26 * _HOUR_S, "functions": -_HOUR_S}
"""Seconds by which clocks are off all the while when it does."""
