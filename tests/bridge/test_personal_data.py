"""Marked callers book, order, are remembered and put through; then every table is searched for the marks."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bridge.tool_order_parts import Ordering
from bridge.tools import ToolBox
from shared.agent_config import load_agent
from shared.bookings import BookingStore
from shared.call_store import CallStore
from shared.calls import Call, CallEvent, EventKind, Talk, ToolRun, TransferState, Turn, apply, derive_call_id
from shared.commands import CallCommand, Commands, Order
from shared.counter import Counter, facts_maker
from shared.insights import InsightStore
from shared.personal_data import COLUMNS, TABLES, Kind
from shared.prices import load_prices
from shared.settings import DEFAULT_AGENT_DIR
from shared.tables import Tables
from tests.bridge.test_tools_memory import TABLE, House
from tests.bridge.tool_calls import CATALOGUE, NOW, run, said
from tests.shared.canary import kinds_in_tables
from tests.shared.order_house import KITCHENS

NUMBER, NAME, WORDS, STREET, ALLERGY = (
    "+15557654321",
    "Quirrelmane",
    "xylograph",
    "14 Lantern Street",
    "peanuts",
)
MARKS = {
    Kind.NUMBER: ["5557654321"],
    Kind.NAME: [NAME],
    Kind.WORDS: [WORDS],
    Kind.ADDRESS: [STREET, "Lantern"],
    Kind.HEALTH: [ALLERGY, "peanut"],
}
NOT_HERE = {("outbox", "data"), ("tapes", "caller"), ("tapes", "agent")}
"""What no call of this test leaves: events that were given up, and sound, which cannot be searched."""
ROOT = Path(__file__).parents[2]


async def live(tables: Tables) -> None:
    """Everything that leaves something of a caller in the store."""
    house, store = House(tables), CallStore(tables)
    call = await house.ring(f"4:{NUMBER}")
    booked = await run(call.tools, "book_table", **TABLE | {"name": NAME, "requests": f"a {WORDS}"})
    assert "error" not in booked, booked
    kept = {"name": NAME, "allergies": ALLERGY, "preferences": WORDS, "usual_party": 3}
    assert "error" not in await run(call.tools, "remember", consent=True, **kept)
    kitchen = ToolBox(
        KITCHENS,
        BookingStore(tables),
        call_id=call.record.id,
        caller=call.record.caller,
        now=lambda: NOW,
        ordering=Ordering.of(tables),
    )
    where = {"restaurant": "Napoli Pizza", "address": f"{STREET}, {WORDS}"}
    await said(kitchen, "start_order", **where, allergies=[ALLERGY])
    await run(kitchen, "order_item", item="margherita-pizza", options=["large"], note=WORDS)
    await run(kitchen, "review_order")
    placed = await run(kitchen, "place_order", name=NAME)
    assert "error" not in placed, placed
    await house.settle()

    sentence = f"I am {NAME} of {STREET}, {NUMBER}, no {ALLERGY}, {WORDS}."
    for seq, role in enumerate(("agent", "caller")):
        await store.add_turn(call.record.id, Turn(seq, role, sentence, NOW, NOW + timedelta(seconds=1)))  # type: ignore[arg-type]
    await store.add_tool(
        call.record.id,
        ToolRun(3, "find_restaurants", f'{{"dish": "{WORDS}"}}', '{"total": 0, "restaurants": []}', 5, NOW),
    )
    arguments = f'{{"name": "{NAME}", "requests": "{sentence}"}}'
    await store.add_tool(call.record.id, ToolRun(2, "find_restaurants", arguments, arguments, 5, NOW))

    def ended(record: Call) -> Call:
        record = apply(record, CallEvent(EventKind.MEDIA_CONNECTED, NOW, "gpt-4.1"))
        record = replace(record, transfer=1, transfer_state=TransferState.FAILED, summary=sentence)
        return apply(record, CallEvent(EventKind.DISCONNECTED, NOW + timedelta(minutes=1)))

    await store.update(call.record.id, ended)
    talk = Talk(f"user-{NUMBER}", "https://tables.example", prompt=f"Say {WORDS}.")
    assert await store.claim(Call(derive_call_id(NOW, "a talk"), NOW, NOW, talk=talk))
    await Commands(tables).give(CallCommand(call.record.id, Order.TRANSFER, NOW, NUMBER, sentence))
    maker = facts_maker(load_agent(DEFAULT_AGENT_DIR), load_prices(DEFAULT_AGENT_DIR), CATALOGUE)
    await Counter(tables, InsightStore(tables, CATALOGUE.city.zone), maker).count_now(call.record.id)


async def test_every_mark_is_where_the_design_says_and_nowhere_else(
    tables: Tables, azurite: str, table_prefix: str
) -> None:
    await live(tables)
    found, names = await kinds_in_tables(azurite, table_prefix, MARKS)
    astray = {
        f"{table}.{column}": sorted(kinds)
        for table, columns in found.items()
        for column, kinds in columns.items()
        if not kinds <= COLUMNS.get(table, {}).get(column, frozenset())
    }
    assert astray == {}
    assert names <= TABLES
    expected = {(table, column) for table in COLUMNS for column in COLUMNS[table]} - NOT_HERE
    assert {(table, column) for table in found for column in found[table]} == expected, (
        "the design is too wide"
    )


def test_the_page_about_privacy_has_a_row_for_each_table_that_holds_something_of_a_person() -> None:
    page = (ROOT / "docs/privacy.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|]*`[^|]*) \|", page, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert set(COLUMNS) <= told
    assert set(COLUMNS) <= TABLES
