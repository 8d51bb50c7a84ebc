"""Writers, relays, crashes and time in whatever order hypothesis thinks of: no event is lost or early."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.outbox import SETTLE, Outbox, row
from shared.outbox_relay import Relay
from shared.outbox_rows import OutboxRows
from shared.outbox_topic import Verdict
from tests.shared.outbox_steps import Steps, World, Writer

HOMES = ["monday", "tuesday"]
ANSWERS = [
    (Verdict.ACCEPTED, True),
    (Verdict.ACCEPTED, True),
    (Verdict.FAILED, True),  # it arrived and the answer was lost
    (Verdict.FAILED, False),
    (Verdict.DOWN, False),
]
WAITS = [timedelta(seconds=20), SETTLE - timedelta(seconds=1), SETTLE * 2]

bookings = st.lists(st.lists(st.sampled_from(HOMES), min_size=1, max_size=4), min_size=1, max_size=3)
step = st.tuples(st.just("step"), st.integers(0, 11), st.sampled_from(ANSWERS))
relay_start = st.tuples(st.just("relay"), st.none(), st.none())
crash = st.tuples(st.just("crash"), st.integers(0, 3), st.none())
wait = st.tuples(st.just("wait"), st.sampled_from(WAITS), st.none())
happenings = st.lists(
    st.one_of(step, step, step, step, step, relay_start, crash, wait), min_size=50, max_size=120
)
"""Short lists would seldom get as far as a send that fails."""


class Play:
    """One course of events."""

    def __init__(self, bookings: list[list[str]], settle: timedelta = SETTLE) -> None:
        self.steps = Steps()
        self.world = World(self.steps)
        self.settle = settle
        outbox = Outbox(self.world.opened())
        self.writers = [Writer(self.world, f"bookings/{n}", homes) for n, homes in enumerate(bookings)]
        self.writing = [asyncio.create_task(writer.run(outbox.announce, row)) for writer in self.writers]
        self.relays: list[asyncio.Task[object]] = []

    def start_relay(self) -> None:
        relay = Relay(
            OutboxRows(self.world.opened()),
            self.world,
            max_attempts=1_000,
            settle=self.settle,
            clock=lambda: self.world.now,
        )
        self.relays.append(asyncio.create_task(relay.run()))

    async def crash(self, index: int) -> None:
        alive = [relay for relay in self.relays if not relay.done()]
        if alive:
            alive[index % len(alive)].cancel()
            await self.steps.rest()

    async def wait(self, how_long: timedelta) -> None:
        """Time passes. A transaction that takes longer than is allowed for was given up on the way."""
        for writer, writing in zip(self.writers, self.writing, strict=True):
            if writer.would_be_late(how_long, SETTLE):
                writing.cancel()
        await self.steps.rest()
        self.world.now += how_long

    async def run_out(self) -> None:
        """Everybody goes on to the end; then the relay runs alone until nothing is left."""
        while self.steps.waiting:
            await self.steps.let(0)
        for _ in range(40):
            await self.wait(SETTLE * 4)
            self.start_relay()
            await self.steps.let(0)
            while self.steps.waiting:
                await self.steps.let(0)
            if not self.world.pointers():
                return

    def check(self) -> None:
        committed = [event_id for writer in self.writers for event_id in writer.committed]
        arrived = [event.id for event in self.world.accepted]
        first = list(dict.fromkeys(arrived))
        assert sorted(first) == sorted(committed), "what was committed went out, and nothing else"
        for writer in self.writers:
            own = [event_id for event_id in first if event_id in writer.committed]
            assert own == writer.committed, "in order, repetitions left out"
        assert self.world.rows("bookings", "outbox-") == []
        assert self.world.pointers() == []


async def play(bookings: list[list[str]], happenings: list[tuple[str, object, object]]) -> None:
    course = Play(bookings)
    for what, first, second in happenings:
        match what, first:
            case "relay", _ if sum(not relay.done() for relay in course.relays) < 2:
                course.start_relay()
            case "step", int(index):
                await course.steps.let(index, second)
            case "crash", int(index):
                await course.crash(index)
            case "wait", timedelta() as how_long:
                await course.wait(how_long)
    await course.run_out()
    await asyncio.gather(*course.relays, *course.writing, return_exceptions=True)
    course.check()


@settings(max_examples=300, deadline=None)
@given(bookings, happenings)
def test_no_event_is_lost_or_early(
    bookings: list[list[str]], happenings: list[tuple[str, object, object]]
) -> None:
    asyncio.run(play(bookings, happenings))


async def race(settle: timedelta) -> Play:
    """A writer has announced; the relay finds nothing and retires what it may; then the writer commits."""
    course = Play([["monday"]], settle)
    await course.steps.let(0)  # announced
    course.world.now += SETTLE - timedelta(seconds=1)
    course.start_relay()
    await course.steps.rest()
    while len(course.steps.waiting) > 1:  # the writer waits first, the relay behind it
        await course.steps.let(1)
    await course.steps.let(0)
    return course


async def test_a_transaction_on_its_way_keeps_its_pointer() -> None:
    course = await race(SETTLE)
    assert course.writers[0].committed == ["bookings/0-0"]
    assert len(course.world.pointers()) == 1
    await course.run_out()
    course.check()


async def test_a_pointer_retired_too_soon_would_lose_the_event() -> None:
    """What the test above would see if the relay did not wait."""
    course = await race(timedelta(0))
    assert course.writers[0].committed == ["bookings/0-0"]
    assert course.world.pointers() == []


async def test_rows_read_too_early_retire_nothing() -> None:
    """The relay reads no rows just in time for a commit; their answer comes when all seems settled."""
    course = Play([["monday"]])
    await course.steps.let(0)  # announced
    course.world.now += SETTLE - timedelta(seconds=1)
    course.start_relay()
    await course.steps.go_on(1, until="read on")  # the rows are read: none
    await course.steps.let(0)  # committed
    course.world.now += timedelta(seconds=2)
    await course.run_out()
    course.check()


async def test_a_new_announcement_saves_an_old_pointer() -> None:
    """The relay has read an old pointer and found nothing; before it retires it, somebody announces again."""
    course = Play([["monday"]])
    await course.steps.let(0)
    course.writing[0].cancel()
    await course.wait(SETTLE * 2)
    course.start_relay()
    await course.steps.go_on(0, until="delete")
    writer = Writer(course.world, "bookings/9", ["monday"])
    course.writers.append(writer)
    course.writing.append(asyncio.create_task(writer.run(Outbox(course.world.opened()).announce, row)))
    await course.steps.let(1)  # announced
    await course.steps.let(0)  # the relay's delete
    assert len(course.world.pointers()) == 1
    await course.run_out()
    course.check()
    assert writer.committed == ["bookings/9-0"]
