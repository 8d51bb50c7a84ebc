"""Tapes against a real Azurite: written in pieces, read anywhere, and gone when they have to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import AzureError

from shared.call_store import CallStore
from shared.caller_erasure import Erasure
from shared.caller_key import CallerKeys
from shared.callers import CallerStore
from shared.calls import CallEvent, EventKind, apply, derive_call_id
from shared.g711 import RATE, SILENT
from shared.retention import Retention
from shared.settings import RetentionSettings
from shared.tables import Tables
from shared.tapes import PIECE, Extent, Piece, Span, Tape, TapeState, TapeStore, extent
from tests.shared.call_makers import a_call
from tests.shared.faulty_tables import Fault, FaultyTables

NOW = datetime(2026, 11, 27, 19, 30, tzinfo=UTC)
CALL = derive_call_id(NOW, "tape")
NUMBER = "+15550100"


@pytest.fixture
def tapes(tables: Tables) -> TapeStore:
    return TapeStore(tables)


def piece(number: int, *, samples: int = PIECE, last: bool = False) -> Piece:
    """The piece of this number; its sound is made of that."""
    return Piece(number * PIECE, samples, bytes([number]) * samples, bytes([100 + number]) * samples, last)


async def taped(tapes: TapeStore, call_id: str = CALL, at: datetime = NOW) -> None:
    """A call of twelve seconds."""
    await tapes.begin(call_id, at)
    for number in (0, 1):
        await tapes.add(call_id, piece(number))
    await tapes.add(call_id, piece(2, samples=2 * RATE, last=True))


async def count(tables: Tables) -> int:
    table = await tables.table("tapes")
    return len([row async for row in table.list_entities()])


class TestPieces:
    async def test_come_back_from_any_place_to_any_other(self, tapes: TapeStore) -> None:
        await taped(tapes)
        caller, agent = await tapes.read(CALL, PIECE - 2, PIECE + 3)
        assert caller == bytes([0, 0, 1, 1, 1])
        assert agent == bytes([100, 100, 101, 101, 101])
        caller, agent = await tapes.read(CALL, 0, 12 * RATE)
        assert caller == bytes([0]) * PIECE + bytes([1]) * PIECE + bytes([2]) * (2 * RATE)
        assert await tapes.spans(CALL) == [
            Span(0, PIECE),
            Span(PIECE, PIECE),
            Span(2 * PIECE, 2 * RATE, last=True),
        ]

    async def test_written_again_are_the_same(self, tapes: TapeStore) -> None:
        await taped(tapes)
        before = await tapes.read(CALL, 0, 12 * RATE)
        await taped(tapes)
        assert await tapes.read(CALL, 0, 12 * RATE) == before
        assert extent(await tapes.spans(CALL)) == Extent(12 * RATE, complete=True)

    async def test_that_are_missing_are_silence_of_their_length(self, tapes: TapeStore) -> None:
        """A bridge died between the first and the last, and another went on."""
        await tapes.begin(CALL, NOW)
        await tapes.add(CALL, piece(0))
        later = Piece(3 * PIECE + 77, 100, b"\x07" * 100, b"", last=True)
        await tapes.add(CALL, later)
        caller, agent = await tapes.read(CALL, 0, later.start + 100)
        assert caller == bytes(PIECE) + bytes([SILENT]) * (later.start - PIECE) + b"\x07" * 100
        assert agent[PIECE:] == bytes([SILENT]) * (later.start - PIECE + 100)
        assert not extent(await tapes.spans(CALL)).complete

    async def test_of_other_calls_are_not_heard(self, tapes: TapeStore) -> None:
        await taped(tapes, derive_call_id(NOW, "other"))
        await tapes.begin(CALL, NOW)
        assert await tapes.spans(CALL) == []
        assert set(b"".join(await tapes.read(CALL, 0, 50))) == {SILENT}

    async def test_a_second_bridge_finds_where_the_first_began(self, tapes: TapeStore) -> None:
        tape = Tape(TapeState.ON, NOW)
        assert await tapes.begin(CALL, NOW) == tape
        assert await tapes.begin(CALL, NOW + timedelta(seconds=30)) == tape
        assert await tapes.find(CALL) == tape
        assert await tapes.find(derive_call_id(NOW, "none")) is None


class TestANo:
    async def test_leaves_nothing_but_itself(self, tapes: TapeStore, tables: Tables) -> None:
        await taped(tapes)
        await tapes.refuse(CALL, NOW + timedelta(seconds=9))
        assert await count(tables) == 1
        found = await tapes.find(CALL)
        assert found is not None
        assert found.state is TapeState.REFUSED
        assert await tapes.begin(CALL, NOW) == found  # a bridge that does not know of it
        assert await tapes.find(CALL) == found

    @pytest.mark.parametrize("fault", [Fault.NEVER_SENT, Fault.ANSWER_LOST])
    async def test_is_carried_out_later_when_the_store_fails_half_way(
        self, tables: Tables, fault: Fault
    ) -> None:
        """At whichever request it fails once the wish is on the agenda."""
        counting = FaultyTables(tables)
        await taped(TapeStore(tables))
        await TapeStore(counting).refuse(CALL, NOW)
        for at in range(3, counting.requests + 1):
            call_id = derive_call_id(NOW, f"{fault}-{at}")
            await taped(TapeStore(tables), call_id)
            faulty = FaultyTables(tables, fault, at)
            with pytest.raises(AzureError):
                await TapeStore(faulty).refuse(call_id, NOW)
            await faulty.settle()
            await Retention(tables, RetentionSettings.from_env({})).forget(NOW)
            assert await TapeStore(tables).spans(call_id) == []


class TestRetention:
    async def test_old_tapes_go_and_newer_ones_stay(self, tapes: TapeStore, tables: Tables) -> None:
        days = (0, 13, 14, 15, 20)
        calls = [derive_call_id(NOW - timedelta(days=ago), "tape") for ago in days]
        for call_id, ago in zip(calls, days, strict=True):
            await taped(tapes, call_id, NOW - timedelta(days=ago))
        swept = await Retention(tables, RetentionSettings.from_env({})).sweep(NOW)
        assert swept.tapes == 2
        assert [call_id for call_id in calls if await tapes.find(call_id)] == calls[:3]
        assert await count(tables) == 3 * 4
        assert not await Retention(tables, RetentionSettings.from_env({})).sweep(NOW)

    async def test_a_tape_goes_with_its_call_at_the_latest(self, tapes: TapeStore, tables: Tables) -> None:
        old = NOW - timedelta(days=40)
        record = a_call("tape", old)
        await CallStore(tables).claim(record)
        await taped(tapes, record.id, old)
        settings = RetentionSettings.from_env({"RETENTION_RECORDING_DAYS": "365"})
        swept = await Retention(tables, settings).sweep(NOW)
        assert (swept.calls, swept.tapes) == (1, 0)
        assert await count(tables) == 0


async def test_forget_me_takes_the_sound_of_all_calls(tapes: TapeStore, tables: Tables) -> None:
    callers = CallerStore(tables, CallerKeys(b"k" * 32))
    calls = []
    for number in range(2):
        record = a_call(f"tape-{number}", NOW - timedelta(days=number))
        record = apply(record, CallEvent(EventKind.DISCONNECTED, record.rang_at + timedelta(minutes=1)))
        await CallStore(tables).claim(record)
        await callers.called(NUMBER, record.id, record.rang_at)
        await taped(tapes, record.id, record.rang_at)
        calls.append(record.id)
    await Erasure(tables, callers).forget(NUMBER, None, NOW)
    await Retention(tables, RetentionSettings.from_env({})).forget(NOW + timedelta(minutes=10))
    assert [await tapes.spans(call_id) for call_id in calls] == [[], []]
