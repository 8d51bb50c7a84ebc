"""The store of callers against a real Azurite."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.caller_key import CallerKeys
from shared.caller_memory import Memory, Told, begun, with_told
from shared.callers import CALL, TABLE, CallerRemoval, CallerStore
from shared.calls import derive_call_id
from shared.settings import SettingError, caller_keys
from shared.tables import Tables

NUMBER, OTHER = "+15550100", "+15550111"
OLD, NEW = b"o" * 32, b"n" * 32
NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)


@pytest.fixture
def store(tables: Tables) -> CallerStore:
    return CallerStore(tables, CallerKeys(NEW))


async def all_rows(tables: Tables, name: str = TABLE) -> list[dict[str, object]]:
    table = await tables.table(name)
    return [dict(row) async for row in table.list_entities()]


def call(at: datetime, number: int = 1) -> str:
    return derive_call_id(at, f"c{number}")


def told(**what: object) -> Memory:
    return with_told(begun(NOW.date()), msgspec.convert(what, Told))


class TestNames:
    @given(st.integers(10**6, 10**14))
    def test_a_name_holds_nothing_of_the_number(self, digits: int) -> None:
        keys = CallerKeys(NEW, [OLD])
        number = f"+{digits}"
        name = keys.name(number)
        assert len(name) == 32
        assert str(digits) not in name
        assert name not in keys.earlier_names(number)
        assert name == CallerKeys(NEW).name(number)

    def test_the_keys_are_in_no_text(self) -> None:
        assert repr(CallerKeys(b"secret" * 8, [OLD])) == "CallerKeys(<current>, 1 previous)"

    def test_a_key_that_comes_back_is_not_its_own_predecessor(self) -> None:
        assert CallerKeys(NEW, [NEW, OLD, OLD]).earlier_names(NUMBER) == [CallerKeys(OLD).name(NUMBER)]


class TestSettings:
    KEY = base64.b64encode(NEW).decode()

    def test_without_a_key_there_is_no_memory(self) -> None:
        assert caller_keys({}) is None

    def test_previous_keys_follow_each_other(self) -> None:
        old = base64.b64encode(OLD).decode()
        keys = caller_keys({"CALLER_KEY": self.KEY, "CALLER_PREVIOUS_KEYS": f"{old} {self.KEY}"})
        assert keys is not None
        assert keys.earlier_names(NUMBER) == [CallerKeys(OLD).name(NUMBER)]

    @pytest.mark.parametrize(
        ("env", "message"),
        [
            ({"CALLER_KEY": "c2hvcnQ="}, r"^CALLER_KEY: 5 bytes are too few; make one with `openssl rand"),
            ({"CALLER_KEY": "no base64"}, r"^CALLER_KEY: not base64"),
            ({"CALLER_KEY": KEY, "CALLER_PREVIOUS_KEYS": "x"}, r"^CALLER_PREVIOUS_KEYS: not base64"),
            (
                {"CALLER_PREVIOUS_KEYS": KEY},
                r"^CALLER_KEY: missing; set it, or leave CALLER_PREVIOUS_KEYS out",
            ),
        ],
    )
    def test_a_wrong_key_is_named_and_not_shown(self, env: dict[str, str], message: str) -> None:
        with pytest.raises(SettingError, match=message) as raised:
            caller_keys(env)
        assert "c2hvcnQ" not in str(raised.value)


class TestLook:
    async def test_of_an_unknown_caller_nothing_is_known(self, store: CallerStore) -> None:
        known = await store.look(NUMBER, NOW)
        assert (known.memory, known.refused, known.calls) == (None, False, ())

    async def test_calls_of_today_and_yesterday_the_latest_first(self, store: CallerStore) -> None:
        times = [NOW - timedelta(hours=hours) for hours in (0, 1, 20, 30, 72)]
        for at in times:
            await store.called(NUMBER, call(at), at)
        assert (await store.look(NUMBER, NOW)).calls == tuple(call(at) for at in times[:4])
        assert len(await store.calls(NUMBER)) == 5

    async def test_no_number_is_in_any_row(self, store: CallerStore, tables: Tables) -> None:
        await store.called(NUMBER, call(NOW), NOW)
        await store.change(NUMBER, lambda _: told(name="Anna"), NOW)
        await store.refuse(OTHER, NOW)
        stored = str([*await all_rows(tables), *await all_rows(tables, "retention")])
        assert "memory" in stored
        assert "5550100" not in stored
        assert "5550111" not in stored


class TestChange:
    async def test_many_at_once_lose_nothing(self, store: CallerStore) -> None:
        """Ten notes from ten calls of a family that shares a number."""
        notes = [f"note {n}" for n in range(10)]
        await store.change(NUMBER, lambda _: told(), NOW)

        async def add(note: str) -> None:
            await store.change(
                NUMBER, lambda memory: memory and with_told(memory, Told(preferences=(note,))), NOW
            )

        await asyncio.gather(*(add(note) for note in notes[:4]))
        for note in notes[4:]:
            await add(note)
        memory = (await store.look(NUMBER, NOW)).memory
        assert memory is not None
        assert sorted(memory.preferences) == notes

    async def test_what_is_noted_by_the_way_makes_no_memory(self, store: CallerStore, tables: Tables) -> None:
        assert await store.change(NUMBER, lambda memory: memory, NOW) is None
        assert await all_rows(tables) == []

    async def test_a_yes_takes_an_earlier_no_away(self, store: CallerStore) -> None:
        await store.refuse(NUMBER, NOW)
        assert (await store.look(NUMBER, NOW)).refused
        await store.change(NUMBER, lambda _: told(), NOW)
        assert not (await store.look(NUMBER, NOW)).refused

    async def test_each_call_makes_the_memory_last_longer(self, store: CallerStore, tables: Tables) -> None:
        await store.change(NUMBER, lambda _: told(), NOW)
        later = NOW + timedelta(days=300)
        await store.called(NUMBER, call(later), later)
        name, removal = CallerKeys(NEW).name(NUMBER), CallerRemoval(tables)
        await removal.drop_memory(name, later.date())
        assert (await store.look(NUMBER, later)).memory is not None
        await removal.drop_memory(name, later.date() + timedelta(days=1))
        assert (await store.look(NUMBER, later)).memory is None

    async def test_a_memory_of_a_later_version_is_read(self, store: CallerStore, tables: Tables) -> None:
        await store.change(NUMBER, lambda _: told(name="Anna"), NOW)
        table = await tables.table(TABLE)
        (row,) = [row async for row in table.list_entities()]
        row["memory"] = row["memory"].replace("{", '{"colour":"red",', 1)
        await table.upsert_entity(row)
        memory = (await store.look(NUMBER, NOW)).memory
        assert memory is not None
        assert memory.name == "Anna"


class TestRotation:
    async def test_a_caller_of_the_previous_key_is_known_and_named_anew(self, tables: Tables) -> None:
        before = CallerStore(tables, CallerKeys(OLD))
        await before.called(NUMBER, call(NOW), NOW)
        await before.change(NUMBER, lambda _: told(name="Anna"), NOW)
        await before.called(OTHER, call(NOW, 2), NOW)
        await before.refuse(OTHER, NOW)

        between = CallerStore(tables, CallerKeys(NEW, [OLD]))
        known = await between.look(NUMBER, NOW)
        assert known.memory is not None
        assert known.calls == (call(NOW),)
        later = NOW + timedelta(hours=1)
        await between.called(NUMBER, call(later), later)
        await between.called(OTHER, call(later, 2), later)
        assert {row["PartitionKey"] for row in await all_rows(tables)} == {
            CallerKeys(NEW).name(NUMBER),
            CallerKeys(NEW).name(OTHER),
        }

        after = CallerStore(tables, CallerKeys(NEW))
        known = await after.look(NUMBER, later)
        assert known.memory is not None
        assert known.calls == (call(later), call(NOW))
        assert (await after.look(OTHER, later)).refused

    async def test_what_the_new_key_has_already_stays(self, tables: Tables) -> None:
        """A container that still had the old key wrote after one that had the new one."""
        await CallerStore(tables, CallerKeys(NEW)).change(NUMBER, lambda _: told(name="new"), NOW)
        await CallerStore(tables, CallerKeys(OLD)).change(NUMBER, lambda _: told(name="old"), NOW)
        between = CallerStore(tables, CallerKeys(NEW, [OLD]))
        for _ in range(2):
            memory = (await between.look(NUMBER, NOW)).memory
            assert memory is not None
            assert memory.name == "new"
            await between.called(NUMBER, call(NOW), NOW)

    async def test_forgetting_reaches_what_the_previous_key_has(self, tables: Tables) -> None:
        await CallerStore(tables, CallerKeys(OLD)).change(NUMBER, lambda _: told(), NOW)
        await CallerStore(tables, CallerKeys(NEW, [OLD])).forget(NUMBER)
        assert await all_rows(tables) == []


async def test_forgetting_takes_all_rows_of_one_caller(store: CallerStore, tables: Tables) -> None:
    """More than fit into one transaction."""
    table = await tables.table(TABLE)
    name = CallerKeys(NEW).name(NUMBER)
    keys = [f"{CALL}{call(NOW - timedelta(hours=n))}" for n in range(120)]
    for begin in (0, 60):
        await table.submit_transaction(
            [("create", {"PartitionKey": name, "RowKey": key}) for key in keys[begin : begin + 60]]
        )
    await store.change(OTHER, lambda _: told(), NOW)
    await store.forget(NUMBER)
    await store.forget(NUMBER)
    assert [row["PartitionKey"] for row in await all_rows(tables)] == [CallerKeys(NEW).name(OTHER)]
