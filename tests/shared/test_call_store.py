"""The store of calls against a real Azurite."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import ResourceModifiedError

from shared.call_store import CallStore, UpdateConflictError
from shared.calls import (
    Call,
    CallEvent,
    CallState,
    EventKind,
    Outcome,
    ToolRun,
    TransferState,
    Turn,
    apply,
    derive_call_id,
    partition_of,
)
from shared.tables import Tables
from tests.shared.call_makers import open_calls

RANG = datetime(2026, 11, 22, 18, 4, 5, 123456, tzinfo=UTC)


@pytest.fixture
def store(tables: Tables) -> CallStore:
    return CallStore(tables)


def a_call(correlation: str = "c", rang_at: datetime = RANG) -> Call:
    return Call(
        id=derive_call_id(rang_at, correlation),
        rang_at=rang_at,
        claimed_at=rang_at,
        caller="4:+15550100",
        called="8:acs:0_1",
        correlation_id=correlation,
        server_call_id="aHR0cHM6Ly9h",
        secret_hashes=("a" * 64, "b" * 64),
    )


def ended(call: Call) -> Call:
    return apply(call, CallEvent(EventKind.RING_ENDED, call.rang_at + timedelta(seconds=30)))


class TestClaim:
    async def test_of_many_at_once_one_gets_the_call(self, tables: Tables) -> None:
        call = a_call()
        claims = await asyncio.gather(*(CallStore(tables).claim(call) for _ in range(20)))
        assert sorted(claims) == [False] * 19 + [True]

    async def test_the_loser_does_not_touch_the_record(self, store: CallStore) -> None:
        await store.claim(a_call())
        await store.claim(replace(a_call(), secret_hashes=("other",)))
        assert await store.get(a_call().id) == a_call()

    async def test_an_unknown_call_is_none(self, store: CallStore) -> None:
        assert await store.get(a_call().id) is None


class TestRecord:
    async def test_every_field_comes_back(self, store: CallStore) -> None:
        call = replace(
            a_call(),
            state=CallState.ENDED,
            outcome=Outcome.COMPLETED,
            answered_at=RANG + timedelta(seconds=1),
            connected_at=RANG + timedelta(seconds=2),
            media_connected_at=RANG + timedelta(seconds=3),
            ended_at=RANG + timedelta(microseconds=1),
            end_reason="hung_up: goodbye",
            call_connection_id="connection-1",
            greeting_ms=640,
            transfer=2,
            transfer_state=TransferState.FAILED,
            transfer_detail="480/10037",
            transferred_at=RANG + timedelta(seconds=4),
            summary="wants to change a booking 🍣",
        )
        await store.claim(call)
        read = await store.get(call.id)
        assert read == call
        assert read is not None
        assert type(read.rang_at) is datetime

    async def test_a_call_lies_in_its_partition_under_its_id(self, store: CallStore, tables: Tables) -> None:
        call = a_call()
        await store.claim(call)
        calls = await tables.table("calls")
        row = await calls.get_entity(partition_of(call.id), call.id)
        assert row["state"] == "claimed"

    async def test_a_row_from_before_hand_overs_is_read(self, store: CallStore, tables: Tables) -> None:
        """Rows lie in the table for as long as the operator keeps them."""
        await store.claim(a_call())
        calls = await tables.table("calls")
        row = await calls.get_entity(partition_of(a_call().id), a_call().id)
        assert not {"transfer", "transfer_state", "summary", "greeting_ms"} & set(row)
        assert await store.get(a_call().id) == a_call()

    async def test_an_accepted_hand_over_that_names_no_number_is_kept(self, store: CallStore) -> None:
        """The number is nought then, and the state still something."""
        await store.claim(a_call())
        event = CallEvent(EventKind.TRANSFER_ACCEPTED, RANG)
        changed = await store.update(a_call().id, lambda call: apply(call, event))
        assert await store.get(a_call().id) == changed == apply(a_call(), event)


class TestUpdate:
    async def test_changes_by_many_at_once_are_all_kept(self, tables: Tables) -> None:
        call = a_call()
        await CallStore(tables).claim(call)

        async def change(n: int) -> None:
            def add(known: Call) -> Call:
                return replace(known, secret_hashes=(*known.secret_hashes, str(n)))

            await CallStore(tables).update(call.id, add)

        await asyncio.gather(*(change(n) for n in range(5)))
        stored = await CallStore(tables).get(call.id)
        assert stored is not None
        assert sorted(stored.secret_hashes[2:]) == ["0", "1", "2", "3", "4"]

    async def test_what_was_cleared_stays_cleared(self, store: CallStore) -> None:
        call = replace(a_call(), answered_at=RANG)
        await store.claim(call)
        await store.update(call.id, lambda known: replace(known, answered_at=None))
        assert await store.get(call.id) == replace(call, answered_at=None)

    async def test_no_change_is_not_written(self, store: CallStore, tables: Tables) -> None:
        call = a_call()
        await store.claim(call)
        calls = await tables.table("calls")
        before = (await calls.get_entity(partition_of(call.id), call.id)).metadata["etag"]
        assert await store.update(call.id, lambda known: known) == call
        assert (await calls.get_entity(partition_of(call.id), call.id)).metadata["etag"] == before

    async def test_an_unknown_call_is_none(self, store: CallStore) -> None:
        assert await store.update(a_call().id, lambda known: known) is None

    async def test_gives_up_when_others_always_win(
        self, store: CallStore, tables: Tables, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        call = a_call()
        await store.claim(call)
        calls = await tables.table("calls")

        async def beaten(*_: Any, **__: Any) -> None:
            raise ResourceModifiedError("412")

        monkeypatch.setattr(calls, "update_entity", beaten)
        monkeypatch.setattr("shared.call_store._UPDATE_PAUSE", 0)
        with pytest.raises(UpdateConflictError, match=call.id):
            await store.update(call.id, lambda known: replace(known, end_reason="lost"))


class TestDay:
    async def test_the_newest_first_across_partitions(self, store: CallStore) -> None:
        rang = [RANG + timedelta(seconds=n) for n in (5, 1, 9, 3, 7, 2)]
        calls = [a_call(f"c{n}", at) for n, at in enumerate(rang)]
        assert len({partition_of(call.id) for call in calls}) > 2
        await asyncio.gather(*(store.claim(call) for call in calls))
        listed = await store.day(RANG.date())
        assert [call.rang_at for call in listed] == sorted(rang, reverse=True)

    async def test_limit_keeps_the_newest(self, store: CallStore) -> None:
        calls = [a_call(f"c{n}", RANG + timedelta(seconds=n)) for n in range(6)]
        await asyncio.gather(*(store.claim(call) for call in calls))
        listed = await store.day(RANG.date(), limit=2)
        assert [call.id for call in listed] == [calls[5].id, calls[4].id]

    async def test_other_days_are_not_listed(self, store: CallStore) -> None:
        await store.claim(a_call())
        assert await store.day(date(2026, 11, 21)) == []


class TestOpenCalls:
    BORDER = RANG + timedelta(minutes=1)

    async def test_only_open_and_old_enough(self, store: CallStore) -> None:
        old, over = a_call("old"), a_call("over")
        young = a_call("young", self.BORDER)
        yesterday = a_call("yesterday", RANG - timedelta(days=1, hours=3))
        tomorrow = a_call("tomorrow", RANG + timedelta(days=1) - timedelta(hours=3))
        for call in (old, over, young, yesterday, tomorrow):
            await store.claim(call)
        await store.update(over.id, ended)
        found = {call.id for call in await open_calls(store, self.BORDER)}
        assert found == {old.id, yesterday.id}

    async def test_a_call_that_ends_leaves_the_index(self, store: CallStore, tables: Tables) -> None:
        await store.claim(a_call())
        assert await index_rows(tables) == 1
        await store.update(a_call().id, ended)
        assert await index_rows(tables) == 0

    async def test_a_call_stored_as_ended_never_enters_it(self, store: CallStore, tables: Tables) -> None:
        await store.claim(ended(a_call()))
        assert await index_rows(tables) == 0

    async def test_index_rows_left_by_a_crash_are_removed(self, store: CallStore, tables: Tables) -> None:
        calls = await tables.table("calls")
        never_claimed = derive_call_id(RANG, "never claimed")
        partition = f"open-{partition_of(never_claimed)[-1]}"
        await calls.create_entity({"PartitionKey": partition, "RowKey": never_claimed})
        await store.claim(a_call())
        await store.update(a_call().id, ended)
        await store.claim(a_call())  # the event once more: its index row comes back
        assert await index_rows(tables) == 2
        assert await open_calls(store, self.BORDER) == []
        assert await index_rows(tables) == 0


class TestTurnsAndTools:
    TURN = Turn(3, "caller", "a table for four 🍣", RANG, RANG + timedelta(seconds=2), item_id="item_1")

    async def test_turns_come_back_by_seq(self, store: CallStore) -> None:
        agent = Turn(10, "agent", "for when?", RANG, RANG, 640, interrupted=True, heard_ms=300, item_id="i2")
        await store.add_turn("call", agent)
        await store.add_turn("call", self.TURN)
        assert await store.turns("call") == [self.TURN, agent]

    async def test_what_was_measured_comes_back(self, store: CallStore) -> None:
        measured = replace(
            self.TURN,
            role="agent",
            first_audio_ms=310,
            transcript_ms=200,
            tool_ms=1200,
            filler=True,
            interrupted_ms=900,
            input_tokens=1500,
            output_tokens=80,
            cached_tokens=0,
        )
        await store.add_turn("call", measured)
        assert await store.turns("call") == [measured]

    async def test_a_turn_from_before_measures_is_read(self, store: CallStore, tables: Tables) -> None:
        await store.add_turn("call", self.TURN)
        turns = await tables.table("turns")
        row = await turns.get_entity("call", "turn-00003")
        assert not {"first_audio_ms", "transcript_ms", "filler", "input_tokens"} & set(row)
        assert await store.turns("call") == [self.TURN]

    async def test_the_same_turn_again_replaces_it(self, store: CallStore) -> None:
        await store.add_turn("call", self.TURN)
        corrected = replace(self.TURN, text="a table for five")
        await store.add_turn("call", corrected)
        assert await store.turns("call") == [corrected]

    async def test_tools_stand_beside_turns(self, store: CallStore) -> None:
        run = ToolRun(4, "find_restaurants", '{"cuisine":"sushi"}', '{"restaurants":[]}', 12, RANG)
        await store.add_turn("call", self.TURN)
        await store.add_tool("call", run)
        await store.add_tool("call", run)
        await store.add_tool("other call", run)
        assert await store.tools("call") == [run]
        assert await store.turns("call") == [self.TURN]

    async def test_text_is_cut_to_what_a_property_holds(self, store: CallStore) -> None:
        await store.add_turn("call", replace(self.TURN, text="🍣" * 40_000))
        [stored] = await store.turns("call")
        assert stored.text == "🍣" * 16_000


async def index_rows(tables: Tables) -> int:
    calls = await tables.table("calls")
    rows = calls.query_entities("PartitionKey ge 'open-' and PartitionKey lt 'open.'")
    return len([row async for row in rows])
