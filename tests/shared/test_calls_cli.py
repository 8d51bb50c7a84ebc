"""Calls from the terminal."""

from __future__ import annotations

import asyncio
import io
import json

import pytest

from shared.call_store import CallStore
from shared.calls_cli import main
from shared.counter import Counter
from shared.insights import InsightStore
from shared.insights_cli import main as insights_main
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.shared.call_makers import a_call, booked, said
from tests.shared.test_insights import MAKER, ZONE


@pytest.fixture
async def env(azurite: str, table_prefix: str) -> dict[str, str]:
    """The settings of a store with two calls, one of them counted."""
    async with Tables(StoreSettings(azurite, None, table_prefix)) as tables:
        store = CallStore(tables)
        for name in ("a", "b"):
            await store.claim(a_call(name))
            await store.add_turn(a_call(name).id, said(0, "A table for two"))
        await store.add_tool(a_call("a").id, booked(1))
        await Counter(tables, InsightStore(tables, ZONE), MAKER).count_now(a_call("a").id)
    return {"TABLES_CONNECTION_STRING": azurite, "TABLES_PREFIX": table_prefix}


async def run(env: dict[str, str], *argv: str) -> tuple[int, str]:
    out = io.StringIO()
    return await asyncio.to_thread(main, argv, env, out), out.getvalue()


async def test_list_show_and_export(env: dict[str, str]) -> None:
    call = a_call("a")
    status, lines = await run(
        env, "list", "--from", "2026-11-19", "--to", "2026-11-20", "--outcome", "booked"
    )
    assert (status, [line.split()[0] for line in lines.splitlines()]) == (0, [call.id])
    days = ("--from", "2026-11-19", "--to", "2026-11-20")
    status, lines = await run(env, "list", *days, "--said", '"for two" tab')
    assert (status, lines.split()[0], lines.splitlines()[1].split()) == (
        0, call.id, ["caller", "A", "table", "for", "two"]
    )  # fmt: skip
    assert await run(env, "list", *days, "--said", "sushi") == (0, "")
    status, text = await run(env, "show", call.id)
    assert status == 0
    assert "A table for two" in text
    assert "book, reached" in text
    status, lines = await run(env, "export", "--from", "2026-11-19", "--to", "2026-11-20")
    exported = [json.loads(line) for line in lines.splitlines()]
    assert (status, [one["call"]["id"] for one in exported]) == (0, [call.id])
    assert exported[0]["tools"][0]["name"] == "book_table"
    assert "secret_hashes" not in exported[0]["call"]
    assert await run(env, "show", "--json", call.id) == (0, lines)


async def test_what_is_wrong_is_told(env: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert (await run(env, "show", "nothing"))[0] == 1
    assert "no call 'nothing'" in capsys.readouterr().err
    assert (await run(env, "list", "--said", "?"))[0] == 2
    assert "--said: no word" in capsys.readouterr().err
    assert (await run({}, "list"))[0] == 2
    assert "TABLES_CONNECTION_STRING" in capsys.readouterr().err


async def test_a_day_is_built_anew(env: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(insights_main, ["rebuild", "2026-11-20"], env) == 0
    assert capsys.readouterr().out == "2026-11-20: 2 calls\n"
    status, lines = await run(env, "list", "--from", "2026-11-19", "--to", "2026-11-20")
    assert (status, len(lines.splitlines())) == (0, 2)
