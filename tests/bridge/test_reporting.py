"""What a bridge reports of itself, with real calls on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from azure.core.exceptions import ServiceRequestError

from bridge import reporting
from bridge.carriers.acs import AcsCarrier
from bridge.reporting import Load, Reporter
from shared.admission import FRESH, Channel, Report
from shared.admission_store import AdmissionStore, Seen
from shared.waiting_queue import Waiting
from shared.waiting_store import WaitingStore
from tests.bridge.stage import Stage, open_stage, soon


@pytest.fixture
async def stage(azurite: str, table_prefix: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(AcsCarrier, "quiet_seconds", 60.0)  # these callers send only what a test is about
    async with open_stage(azurite, table_prefix) as opened:
        yield opened


async def test_a_call_has_its_channel_from_the_ring_to_the_end(stage: Stage) -> None:
    store, server = AdmissionStore(stage.services.tables), stage.server
    reporter = Reporter(store, "a", server.load, release="20261127T090000Z")
    await reporter.report(datetime.now(UTC))
    [report] = (await store.seen()).reports
    assert (report.calls, report.live, report.sessions, report.draining) == (3, 0, 30, False)
    assert report.release == "20261127T090000Z"

    call, caller, _ = await stage.talk()
    admitted = await store.admit(call.id, datetime.now(UTC))
    await reporter.report(datetime.now(UTC))
    seen = await store.seen()
    assert [(one.live, one.sessions) for one in seen.reports] == [(1, 29)]
    assert isinstance(admitted, Channel)
    [channel] = seen.channels.values()
    assert (channel.number, channel.call_id, channel.replica) == (admitted.number, call.id, "a")

    await caller.socket.close()
    await soon(stage.hung_up(call))
    await soon(server.drain(5))
    await reporter.report(datetime.now(UTC))
    seen = await store.seen()
    assert seen.channels == {}
    assert [one.draining for one in seen.reports] == [True]


class Remembering(AdmissionStore):
    """Keeps reports to itself; the first finds the store away."""

    def __init__(self) -> None:
        self.reports: asyncio.Queue[Report] = asyncio.Queue()
        self.away = True
        self.forgotten: list[str] = []

    async def report(self, report: Report) -> None:
        if self.away:
            self.away = False
            raise ServiceRequestError("no store")
        self.reports.put_nowait(report)

    async def seen(self) -> Seen:
        return Seen([Report("a", datetime.now(UTC), calls=3, live=0, late_ms=0, sessions=0)], {}, {})

    async def tidy(self, now: datetime) -> None:
        pass

    async def forget(self, replica: str) -> None:
        self.forgotten.append(replica)


async def test_it_goes_on_when_the_store_comes_back_and_says_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "EVERY", 0)
    store = Remembering()
    others: list[int] = []
    async with reporting.reporting(
        store, "a", lambda: Load((), 3, 30, draining=False), asyncio.Event(), others.append
    ):
        first, second = await soon(store.reports.get()), await soon(store.reports.get())
    assert first.at < second.at
    assert store.forgotten == ["a"]
    assert set(others) == {1}


async def test_a_place_is_free_again_as_soon_as_its_call_has_ended(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "EVERY", 3600)
    store, server = AdmissionStore(stage.services.tables), stage.server
    async with reporting.reporting(store, "a", server.load, server.freed):
        call, caller, _ = await stage.talk()
        server.freed.set()  # a report is due
        await _held(store, 1)
        await caller.socket.close()
        await soon(stage.hung_up(call))
        await _held(store, 0)  # nothing but the end of the call asks for another report


async def _held(store: AdmissionStore, count: int) -> None:
    """Wait until so many channels are taken."""
    for _ in range(1_000):
        if len((await store.seen()).channels) == count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("that never came")


async def test_who_was_thought_dead_gets_channels_for_its_calls_again(stage: Stage) -> None:
    store, began = AdmissionStore(stage.services.tables), datetime.now(UTC)
    reporter = Reporter(store, "a", lambda: Load(("old",), 3, 30, draining=False))
    await reporter.report(began)

    later = began + FRESH  # the store did not hear of it for so long
    await store.report(Report("b", later, calls=3, live=0, late_ms=0, sessions=30))
    for call_id in (
        "one",
        "two",
        "three",
    ):  # all there is: "old" loses its own
        assert isinstance(await store.admit(call_id, later), Channel)

    await reporter.report(later)
    assert _holders((await store.seen()).channels) == {"old": "a", "one": "", "two": "", "three": ""}


async def test_a_call_that_another_bridge_has_taken_is_left_to_it(stage: Stage) -> None:
    """For a moment both have it."""
    store, now = AdmissionStore(stage.services.tables), datetime.now(UTC)
    first, second = (
        Reporter(store, name, lambda: Load(("call",), 3, 30, draining=False)) for name in ("a", "b")
    )
    for reporter in (first, second, first):
        await reporter.report(now)
    assert _holders((await store.seen()).channels) == {"call": "b"}


def _holders(channels: dict[int, Channel]) -> dict[str, str]:
    """Of each call the bridge that has it."""
    return {channel.call_id: channel.replica for channel in channels.values()}


async def test_several_bridges_share_the_quota(stage: Stage) -> None:
    store, pool = AdmissionStore(stage.services.tables), stage.services.voice_live.pool
    now = datetime.now(UTC)
    for name, draining in (("b", False), ("c", False), ("stops", True)):
        await store.report(Report(name, now, calls=3, live=0, late_ms=0, sessions=30, draining=draining))
    reporter = Reporter(store, "a", stage.server.load, pool.share)
    await reporter.report(now)
    await reporter.report(now)
    [mine] = [one for one in (await store.seen()).reports if one.replica == "a"]
    assert mine.sessions == 10


async def test_half_of_the_lags_decide() -> None:
    store = Remembering()
    store.away = False
    reporter = Reporter(store, "a", lambda: Load((), 3, 30, draining=False))
    for seconds in (0.0, 0.2, 0.3, 0.001, 0.15):
        reporter.late(seconds)
    await reporter.report(datetime.now(UTC))
    assert store.reports.get_nowait().late_ms == 150


async def test_how_many_wait_in_line_is_told_with_each_report(stage: Stage) -> None:
    tables, now = stage.services.tables, datetime.now(UTC)
    told: list[int] = []
    reporter = Reporter(AdmissionStore(tables), "a", stage.server.load, waiting=told.append)
    await reporter.report(now)
    one = Waiting(0, "call", since=now, language="en", secret="s", due_at=now)
    assert await WaitingStore(tables).join(one, seats=3)
    await reporter.report(now)
    assert told == [0, 1]
