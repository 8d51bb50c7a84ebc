"""The store is really stopped and started again: what calls wrote meanwhile stands there, in order."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import bridge.recorder
from bridge.metrics import Metrics
from bridge.recorder import Recorder
from bridge.records import RecordWriter, TurnRecord, encode
from bridge.spill import Spill
from bridge.spill_keeper import SpillKeeper
from bridge.tools import ToolBox
from shared.bookings import BookingStore
from shared.call_store import CallStore
from shared.calls import Call, CallEvent, CallState, EventKind, ToolRun, Turn, derive_call_id
from shared.restaurants import Catalogue
from shared.retention_agenda import Agenda
from shared.settings import DEFAULT_RESTAURANTS_FILE, StoreSettings
from shared.tables import Tables
from tests.shared.own_azurite import OwnAzurite, own_azurite
from tests.shared.until import until

NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
CALL = derive_call_id(NOW, "one")
OTHER = derive_call_id(NOW, "other")


@dataclass
class House:
    """A bridge's end of a store that can be stopped."""

    azurite: OwnAzurite
    tables: Tables
    folder: Path
    metrics: Metrics

    def __post_init__(self) -> None:
        self.calls = CallStore(self.tables)
        spill = Spill.open(self.folder, 1_000_000, self.metrics.records_spilled)
        writer, agenda = RecordWriter(self.calls), Agenda(self.tables)
        self.keeper = SpillKeeper(spill, self.calls, writer, agenda, self.metrics)

    def recorder(self, call_id: str) -> Recorder:
        return Recorder(self.calls, call_id, metrics=self.metrics, keeper=self.keeper)

    def tools(self) -> ToolBox:
        catalogue = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
        return ToolBox(
            catalogue, BookingStore(self.tables), call_id=CALL, caller="4:+15550100", now=lambda: NOW
        )


@pytest.fixture(scope="module")
async def azurite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnAzurite]:
    async with own_azurite(tmp_path_factory.mktemp("tables")) as azurite:
        yield azurite


@pytest.fixture
async def house(azurite: OwnAzurite, table_prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    settings = StoreSettings(azurite.connection_string, None, table_prefix)
    async with Tables(settings) as tables:
        house = House(azurite, tables, tmp_path, Metrics(()))
        for call_id in (CALL, OTHER):
            await house.calls.claim(Call(id=call_id, rang_at=NOW, claimed_at=NOW))
            await house.calls.add_turn(call_id, turn(0))
        yield house


def turn(seq: int) -> Turn:
    return Turn(seq, "caller", f"sentence {seq}", NOW, NOW)


async def test_what_calls_write_while_it_is_stopped_stands_in_the_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call goes on past the outage, one ends in it; a tool says that it failed, and works afterwards."""
    monkeypatch.setattr(bridge.recorder, "_SHORT_DRAIN_SECONDS", 0.5)
    tomorrow = (NOW + timedelta(days=1)).date().isoformat()
    wish = json.dumps(
        {"restaurant": "Cedar Grill", "date": tomorrow, "time": "19:00", "party_size": 2, "name": "Anna"}
    )
    async with house.recorder(CALL) as going_on:
        going_on.turn(turn(1))
        await going_on.settle(20)
        await house.azurite.stop()
        async with house.recorder(OTHER) as ending:
            for seq in range(1, 30):
                ending.turn(turn(seq))
                going_on.turn(turn(seq + 1))
            ending.tool(ToolRun(30, "book_table", wish, "{}", 5, NOW))
            ending.event(CallEvent(EventKind.DISCONNECTED, NOW + timedelta(minutes=1)))
            failed = json.loads((await house.tools().run("book_table", wish)).output)
        assert "error" in failed
        assert len(house.keeper.spill.left()) == 2
        assert b"tabletalk_records_lost_total{" not in house.metrics.page()
        async with house.keeper.kept():
            await house.azurite.start()
            await until(lambda: not house.keeper.spill.left(), 60)
    for call_id, turns in ((CALL, range(31)), (OTHER, range(30))):
        assert [turn.text for turn in await house.calls.turns(call_id)] == [f"sentence {n}" for n in turns]
    assert [run.arguments for run in await house.calls.tools(OTHER)] == [wish]
    other = await house.calls.get(OTHER)
    assert other is not None
    assert other.state is CallState.ENDED
    assert b"tabletalk_records_spilled_bytes 0.0" in house.metrics.page()
    booked = json.loads((await house.tools().run("book_table", wish)).output)
    again = json.loads((await house.tools().run("book_table", wish)).output)
    assert "error" not in booked
    assert booked["code"] == again["code"]


SCRIPT = """
import asyncio, sys
from pathlib import Path
from tests.bridge.test_store_away import CALL, House, turn
from bridge.metrics import Metrics
from shared.settings import StoreSettings
from shared.tables import Tables

async def main(connection, prefix, folder):
    async with Tables(StoreSettings(connection, None, prefix)) as tables:
        async with House(None, tables, Path(folder), Metrics(())).recorder(CALL) as recorder:
            for seq in range(1, 20):
                recorder.turn(turn(seq))
            await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_bridge_that_is_killed_meanwhile_loses_nothing(
    house: House, table_prefix: str, tmp_path: Path
) -> None:
    """The next one on the same disk writes what it held."""
    await house.azurite.stop()
    arguments = (house.azurite.connection_string, table_prefix, str(tmp_path))
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", SCRIPT, *arguments)
    try:
        await until(lambda: any(path.stat().st_size > 19 * 100 for path in house.keeper.spill.left()), 60)
        (path,) = house.keeper.spill.left()
        assert house.keeper.spill.take(path) is None, "the living one holds it"
    finally:
        killed.send_signal(signal.SIGKILL)
        await killed.wait()
    await house.azurite.start()
    assert await house.keeper.write_out(CALL, within=30)
    assert [turn.seq for turn in await house.calls.turns(CALL)] == list(range(20))
    assert house.keeper.spill.left() == []


async def test_the_next_bridge_writes_what_the_one_before_left(
    house: House, table_prefix: str, tmp_path: Path
) -> None:
    """As it is started in a container: by its settings, before any call comes."""
    file = house.keeper.spill.new_file(CALL)
    file.append([encode(TurnRecord(turn(seq))) for seq in range(1, 4)])
    file.close()
    settings = {
        "TABLES_CONNECTION_STRING": house.azurite.connection_string,
        "TABLES_PREFIX": table_prefix,
        "BRIDGE_SPILL_DIR": str(tmp_path),
        "BRIDGE_HOST": "127.0.0.1",
        "BRIDGE_PORT": "0",
        "ACS_ENDPOINT": "http://127.0.0.1:9",
        "ACS_ACCESS_KEY": "YWNz",
        "ACS_RESOURCE_ID": "resource",
        "VOICE_LIVE_ENDPOINT": "http://127.0.0.1:9",
        "VOICE_LIVE_API_KEY": "key",
        "RECORD_PHRASES": "off",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bridge"), env=os.environ | settings, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await until(lambda: not house.keeper.spill.left(), 60)
    finally:
        process.send_signal(signal.SIGTERM)
        status = await process.wait()
    assert status == 0
    assert [turn.seq for turn in await house.calls.turns(CALL)] == [0, 1, 2, 3]
