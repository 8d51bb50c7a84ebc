"""`python -m shared.orders`: what a restaurant says of its orders and its kitchen, from a command line."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from azure.core.exceptions import AzureError

from shared.booking_code import read_code
from shared.ledger import ConflictError
from shared.menu import Dish
from shared.order_meaning import UnknownItemError, dish_meant
from shared.order_records import Status
from shared.order_sold_out import FOREVER, SoldOut, tonight
from shared.orders import OrderStore, StatusError
from shared.restaurant import Restaurant
from shared.restaurants import Catalogue, CatalogueError, UnknownRestaurantError
from shared.settings import DEFAULT_RESTAURANTS_FILE, SettingError, StoreSettings
from shared.tables import Tables

_SET = [status.value for status in Status if status is not Status.RECEIVED]


class _UsageError(ValueError):
    """What was asked for cannot be done as it is; the message says what to do instead."""


def main(argv: Sequence[str]) -> int:
    """The command. Exit status 0; 1 when the store failed or what was named is not there; 2 for a wrong
    setting or argument."""
    options = _parser().parse_args(argv)
    try:
        return asyncio.run(_run(options, StoreSettings.from_env(os.environ)))
    except (SettingError, CatalogueError, _UsageError) as error:
        print(error, file=sys.stderr)
        return 2
    except StatusError as error:
        print(f"{options.code}: {error}", file=sys.stderr)
        return 1
    except (AzureError, ConflictError) as error:
        print(f"the store failed: {type(error).__name__}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m shared.orders",
        description="What a restaurant says of its orders, and of what it has run out of.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    status = commands.add_parser("status", help="say how far an order is")
    status.add_argument("code", help="the order code")
    status.add_argument("status", choices=_SET)
    sold_out = commands.add_parser("sold-out", help="take a dish off the menu for a while")
    available = commands.add_parser("available", help="put it back")
    for command in (sold_out, available):
        command.add_argument("restaurant", help="@id or name")
        command.add_argument("item", help="@id or name of the dish")
    until = sold_out.add_mutually_exclusive_group()
    until.add_argument("--until", help="YYYY-MM-DDTHH:MM, wall time; left out: five in the morning")
    until.add_argument("--until-told", action="store_true", help="until it is made available again")
    listed = commands.add_parser("list-sold-out", help="one line each: dish, until when")
    listed.add_argument("restaurant", help="@id or name")
    return parser


async def _run(options: argparse.Namespace, settings: StoreSettings) -> int:
    now = datetime.now(UTC)
    async with Tables(settings) as tables:
        if options.command == "status":
            return await _status(OrderStore(tables), options.code, Status(options.status))
        catalogue = Catalogue.load(Path(os.environ.get("RESTAURANTS_FILE") or DEFAULT_RESTAURANTS_FILE))
        restaurant = _restaurant(catalogue, options.restaurant)
        sold_out = SoldOut(tables)
        if options.command == "list-sold-out":
            for item, until in sorted((await sold_out.of(restaurant.id, now)).items()):
                print(item, _until(until, catalogue.zone))
            return 0
        dish = _dish(restaurant, options.item)
        until = now if options.command == "available" else _end(options, now, catalogue.zone)
        await sold_out.mark(restaurant.id, dish.id, until)
        what = "available" if until <= now else f"sold out until {_until(until, catalogue.zone)}"
        print(f"{restaurant.id}: {dish.id}: {what}")
        return 0


async def _status(orders: OrderStore, said: str, status: Status) -> int:
    code = read_code(said)
    order = None if code is None else await orders.set_status(code, status)
    if order is None:
        print(f"{said}: no order has this code", file=sys.stderr)
        return 1
    print(f"{order.code}: {order.status}")
    return 0


def _end(options: argparse.Namespace, now: datetime, zone: ZoneInfo) -> datetime:
    if options.until_told:
        return FOREVER
    if options.until is None:
        return tonight(now, zone)
    try:
        until = datetime.fromisoformat(options.until)
    except ValueError:
        raise _UsageError(f"--until: {options.until!r} is not YYYY-MM-DDTHH:MM") from None
    until = until if until.tzinfo is not None else until.replace(tzinfo=zone)
    if until <= now:
        raise _UsageError(f"--until: {options.until} has passed")
    return until


def _until(until: datetime, zone: ZoneInfo) -> str:
    return "told" if until >= FOREVER else f"{until.astimezone(zone):%Y-%m-%dT%H:%M}"


def _restaurant(catalogue: Catalogue, said: str) -> Restaurant:
    try:
        return catalogue.get(said)
    except UnknownRestaurantError as error:
        raise _UsageError(str(error)) from error


def _dish(restaurant: Restaurant, said: str) -> Dish:
    try:
        return dish_meant(restaurant, said)
    except UnknownItemError as error:
        nearest = ", ".join(dish.id for dish in error.nearest or restaurant.dishes)
        raise _UsageError(f"{said!r}: no such dish at {restaurant.id}; there is {nearest}") from error
