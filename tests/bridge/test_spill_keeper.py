"""What is on disk gets to the store: in order, by one process, and nothing of callers who were forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

import bridge.spill_keeper
from bridge.metrics import Metrics
from bridge.records import (
    CallNoted,
    EventRecord,
    Record,
    RecordWriter,
    Recount,
    ToolRecord,
    TurnRecord,
    encode,
)
from bridge.spill import Spill
from bridge.spill_keeper import SpillKeeper
from shared.call_removal import CallRemoval
from shared.call_store import CallStore
from shared.caller_key import CallerKeys
from shared.callers import CallerStore
from shared.calls import Call, CallEvent, CallState, EventKind, ToolRun, Turn, apply, derive_call_id
from shared.retention_agenda import Agenda, Kind
from shared.settings import StoreSettings
from shared.tables import Tables

NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
CALL = derive_call_id(NOW, "one")
CALLER = "+15550100"


class Writer(RecordWriter):
    """Writes to a real store that is away for a while, or refuses some records."""

    def __init__(self, calls: CallStore, callers: CallerStore) -> None:
        super().__init__(calls, callers)
        self.fails: dict[int, Exception] = {}
        """What happens to the nth write, from 1; 0 for all."""
        self.written: list[Record] = []
        self.tried = 0

    async def write(self, call_id: str, record: Record) -> None:
        self.tried += 1
        if error := self.fails.get(0) or self.fails.get(self.tried):
            raise error
        await super().write(call_id, record)
        self.written.append(record)


class House:
    """A store, a disk and a keeper."""

    def __init__(self, tables: Tables, folder: Path) -> None:
        self.tables = tables
        self.folder = folder
        self.calls = CallStore(tables)
        self.callers = CallerStore(tables, CallerKeys(b"k" * 32))
        self.writer = Writer(self.calls, self.callers)
        self.agenda = Agenda(tables)
        self.metrics = Metrics(())
        self.keeper = self.another()

    def another(self) -> SpillKeeper:
        """A keeper as another process would have it."""
        spill = Spill.open(self.folder, 100_000)
        return SpillKeeper(spill, self.calls, self.writer, self.agenda, self.metrics)

    def leave(self, *records: Record, call_id: str = CALL) -> Path:
        file = self.keeper.spill.new_file(call_id)
        file.append([encode(record) for record in records])
        file.close()
        return self.keeper.spill.left(call_id)[-1]

    async def is_written(self) -> bool:
        return await self.keeper.write_out(within=20)


@pytest.fixture
async def house(
    azurite: str, table_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    monkeypatch.setattr(bridge.spill_keeper, "_PAUSE", 0.0)
    async with Tables(StoreSettings(azurite, None, table_prefix)) as tables:
        house = House(tables, tmp_path)
        await house.calls.claim(Call(id=CALL, rang_at=NOW, claimed_at=NOW, caller=f"4:{CALLER}"))
        yield house


def turn(seq: int, text: str = "a table for two") -> TurnRecord:
    return TurnRecord(Turn(seq, "caller", text, NOW, NOW))


ALL = (
    CallNoted(NOW),
    EventRecord(CallEvent(EventKind.MEDIA_CONNECTED, NOW, "gpt")),
    turn(0, "a table"),
    turn(0, "a table for two"),
    ToolRecord(ToolRun(1, "book_table", "{}", "", 0, NOW)),
    ToolRecord(ToolRun(1, "book_table", "{}", '{"code": 1}', 5, NOW)),
    EventRecord(CallEvent(EventKind.DISCONNECTED, NOW + timedelta(minutes=1))),
    Recount(),
)


async def stands(house: House) -> None:
    """The store has what `ALL` says, each row once."""
    call = await house.calls.get(CALL)
    assert call is not None
    assert (call.state, call.model, call.ended_at) == (CallState.ENDED, "gpt", NOW + timedelta(minutes=1))
    assert [turn.text for turn in await house.calls.turns(CALL)] == ["a table for two"]
    assert [run.result for run in await house.calls.tools(CALL)] == ['{"code": 1}']
    assert await house.callers.calls(CALLER) == [CALL]


async def test_what_was_left_is_written_in_order_and_then_gone(house: House) -> None:
    house.leave(*ALL)
    assert await house.is_written()
    assert house.writer.written == list(ALL)
    assert house.keeper.spill.left() == []
    await stands(house)


@pytest.mark.parametrize("dies_at", range(1, len(ALL) + 1))
async def test_one_that_dies_half_way_is_followed_by_one_that_does_it_all(house: House, dies_at: int) -> None:
    """Twice is once: nothing is doubled, and what stands at last is the newest."""
    house.leave(*ALL)
    house.writer.fails = {dies_at: asyncio.CancelledError()}  # type: ignore[dict-item]  # as a process ends
    with pytest.raises(asyncio.CancelledError):
        await house.keeper.write_out(within=20)
    house.writer.fails = {}
    assert await house.another().write_out(within=20)
    await stands(house)


async def test_a_store_that_is_away_leaves_everything_where_it_is(house: House) -> None:
    path = house.leave(*ALL)
    house.writer.fails = {0: ServiceRequestError("away")}
    assert not await house.keeper.write_out(within=0.05)
    assert house.keeper.spill.left() == [path]
    house.writer.fails = {house.writer.tried + 3: ServiceRequestError("away again")}
    assert await house.is_written()
    await stands(house)


async def test_a_record_that_the_store_refuses_costs_itself_only(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.leave(turn(0), turn(1), turn(2))
    refusal = HttpResponseError("no")
    refusal.status_code = 400
    house.writer.fails = dict.fromkeys(range(2, 6), refusal)
    assert await house.is_written()
    assert [turn.seq for turn in await house.calls.turns(CALL)] == [0, 2]
    assert "record given up" in caplog.text
    assert b'records_lost_total{why="refused"} 1.0' in house.metrics.page()


async def test_a_record_of_another_version_costs_itself_only(house: House) -> None:
    file = house.keeper.spill.new_file(CALL)
    file.append([b'{"type":"sound"}', encode(turn(1))])
    file.close()
    assert await house.is_written()
    assert [turn.seq for turn in await house.calls.turns(CALL)] == [1]


async def test_two_processes_do_not_write_the_same(house: House) -> None:
    for _ in range(5):
        house.leave(turn(1))
    others = [house.another() for _ in range(4)]
    await asyncio.gather(*(keeper.write_out(within=20) for keeper in others))
    assert len(house.writer.written) == 5


async def test_a_file_that_its_call_still_uses_is_left_alone(house: House) -> None:
    file = house.keeper.spill.new_file(CALL)
    file.append([encode(turn(1))])
    assert await house.is_written()
    assert house.writer.tried == 0
    file.close()
    assert await house.is_written()
    assert house.writer.tried == 1


async def test_a_call_that_was_deleted_does_not_come_back(house: House) -> None:
    gone = derive_call_id(NOW, "gone")
    house.leave(turn(1), EventRecord(CallEvent(EventKind.CONNECTED, NOW)), call_id=gone)
    assert await house.is_written()
    assert (await house.calls.get(gone), await house.calls.turns(gone)) == (None, [])


async def test_words_of_a_caller_who_was_forgotten_do_not_come_back(house: House) -> None:
    await house.calls.update(CALL, lambda call: apply(call, CallEvent(EventKind.DISCONNECTED, NOW)))
    assert await CallRemoval(house.tables).make_nobodys(CALL, NOW + timedelta(hours=3))
    summary = CallEvent(EventKind.TRANSFER_STARTED, NOW, transfer=1, summary="Anna wants a person")
    house.leave(*ALL, EventRecord(summary))
    assert await house.is_written()
    call = await house.calls.get(CALL)
    assert call is not None
    assert (call.caller, call.summary, call.transfer) == ("", "", 0)
    assert (await house.calls.turns(CALL), await house.calls.tools(CALL)) == ([], [])
    assert await house.callers.calls(CALLER) == []


async def test_one_who_is_forgotten_while_it_is_written_is_forgotten_again(house: House) -> None:
    class Forgetting(Writer):
        async def write(self, call_id: str, record: Record) -> None:
            await CallRemoval(house.tables).make_nobodys(CALL, NOW + timedelta(hours=3))
            await super().write(call_id, record)

    house.writer = Forgetting(house.calls, house.callers)
    house.keeper = house.another()
    house.leave(turn(1))
    assert await house.is_written()
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert [entry.target async for entry in house.agenda.before(Kind.FORGET_CALL, tomorrow)] == [CALL]


async def test_what_waits_for_longer_than_anything_may_be_kept_is_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.leave(turn(1))
    house.writer.fails = {0: ServiceRequestError("away")}
    assert not await house.keeper.write_out(within=0.05)
    monkeypatch.setattr(bridge.spill_keeper, "_LONGEST", 0.0)
    await house.keeper.write_out(within=5)
    assert house.keeper.spill.left() == []
    assert b'records_lost_total{why="too old"} 1.0' in house.metrics.page()


async def test_who_gives_up_waiting_leaves_the_file_to_the_next_one(house: House) -> None:
    path = house.leave(turn(1))
    house.writer.fails = {0: ServiceRequestError("away")}
    for steps in range(60):
        waiting = asyncio.create_task(house.keeper.write_out(within=60))
        for _ in range(steps):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        file = house.keeper.spill.take(path)
        assert file is not None, f"held after {steps} steps"
        file.close()


async def test_it_looks_by_itself_when_a_call_has_left_something(house: House) -> None:
    done = asyncio.Event()

    class Telling(Writer):
        async def write(self, call_id: str, record: Record) -> None:
            await super().write(call_id, record)
            done.set()

    house.writer = Telling(house.calls, house.callers)
    house.keeper = house.another()
    async with house.keeper.kept():
        house.leave(turn(1))
        house.keeper.left()
        async with asyncio.timeout(20):
            await done.wait()


def test_records_are_kept_no_longer_than_the_shortest_retention() -> None:
    assert timedelta(seconds=bridge.spill_keeper._LONGEST) <= date(2026, 1, 2) - date(2026, 1, 1)
