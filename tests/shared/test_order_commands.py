"""`python -m shared.orders`: what a restaurant types."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from shared.order_carts import CartStore
from shared.order_commands import main
from shared.order_records import Order, Status
from shared.order_sold_out import SoldOut
from shared.orders import OrderStore
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.shared.order_house import NOW, cart, placement


@pytest.fixture
def store(azurite: str, table_prefix: str, monkeypatch: pytest.MonkeyPatch) -> StoreSettings:
    monkeypatch.setenv("TABLES_CONNECTION_STRING", azurite)
    monkeypatch.setenv("TABLES_PREFIX", table_prefix)
    monkeypatch.delenv("TABLES_ENDPOINT", raising=False)
    return StoreSettings(azurite, None, table_prefix)


def ask[T](store: StoreSettings, act: Callable[[Tables], Awaitable[T]]) -> T:
    async def run() -> T:
        async with Tables(store) as tables:
            return await act(tables)

    return asyncio.run(run())


async def placed(tables: Tables) -> Order:
    entry = await CartStore(tables).begin("call", cart, NOW)
    return await OrderStore(tables).place(entry, placement(entry), NOW)


def test_a_status_is_said_by_the_code(store: StoreSettings, capsys: pytest.CaptureFixture[str]) -> None:
    code = ask(store, placed).code
    assert main(["status", " ".join(code), "accepted"]) == 0
    assert capsys.readouterr().out == f"{code}: accepted\n"
    seen = ask(store, lambda tables: OrderStore(tables).get(code))
    assert seen is not None
    assert seen.status is Status.ACCEPTED
    assert main(["status", code, "delivered"]) == 0
    assert main(["status", code, "preparing"]) == 1
    assert capsys.readouterr().err == f"{code}: the order is delivered; it cannot become preparing\n"


@pytest.mark.parametrize("code", ["HHHHH", "not a code"])
def test_an_unknown_code_is_named(
    store: StoreSettings, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    assert main(["status", code, "accepted"]) == 1
    assert capsys.readouterr().err == f"{code}: no order has this code\n"


def test_what_is_sold_out_comes_back_by_itself_or_when_told(
    store: StoreSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    def out() -> set[str]:
        return set(ask(store, lambda tables: SoldOut(tables).of("napoli-pizza", datetime.now(UTC))))

    assert main(["sold-out", "Napoli Pizza", "tiramisu"]) == 0
    assert main(["sold-out", "napoli-pizza", "margherita-pizza", "--until", "2999-01-01T12:00"]) == 0
    assert main(["sold-out", "napoli-pizza", "marinara-pizza", "--until-told"]) == 0
    assert out() == {"tiramisu", "margherita-pizza", "marinara-pizza"}
    capsys.readouterr()
    assert main(["list-sold-out", "napoli-pizza"]) == 0
    listed = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert listed["tiramisu"].endswith("T05:00"), "back when the kitchen has been to the market"
    assert (listed["margherita-pizza"], listed["marinara-pizza"]) == ("2999-01-01T12:00", "told")
    for dish in listed:
        assert main(["available", "napoli-pizza", dish]) == 0
    assert out() == set()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sold-out", "no such place", "tiramisu"], "no restaurant is clearly meant by 'no such place'"),
        (["sold-out", "napoli-pizza", "a motor car"], "no such dish at napoli-pizza; there is"),
        (["sold-out", "napoli-pizza", "tiramisu", "--until", "tonight"], "--until: 'tonight' is not"),
        (["sold-out", "napoli-pizza", "tiramisu", "--until", "2020-01-01T12:00"], "has passed"),
    ],
)
def test_what_is_wrong_is_named(
    store: StoreSettings, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_a_store_that_fails_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = (
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;"
    )
    monkeypatch.setenv("TABLES_CONNECTION_STRING", nowhere)
    monkeypatch.delenv("TABLES_ENDPOINT", raising=False)
    assert main(["status", "HHHHH", "accepted"]) == 1
    assert capsys.readouterr().err.startswith("the store failed: ")
    monkeypatch.delenv("TABLES_CONNECTION_STRING")
    assert main(["status", "HHHHH", "accepted"]) == 2
    assert "TABLES_CONNECTION_STRING" in capsys.readouterr().err
