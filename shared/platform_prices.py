"""What the platform around a call costs: the table that `shared/costs.py` reckons with.

`platform.toml` stands beside `prices.toml`; docs/costs.md explains its keys.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec

from shared.config_check import Table
from shared.prices import Currency, Day, Price, Source, check_day, read_table

FILE: Final = "platform.toml"

type Free = Annotated[float, msgspec.Meta(ge=0, le=1_000_000_000)]
"""What costs nothing, in units of the meter."""


class Part(Table, frozen=True, kw_only=True):
    """The prices of one service, and where they are from."""

    source: Source
    as_of: Day

    def __post_init__(self) -> None:
        check_day(self.as_of)


class ContainerApps(Part, frozen=True, kw_only=True):
    """The bridge."""

    vcpu: Price
    """A core, a second."""
    vcpu_idle: Price
    """The same while the platform counts the replica as idle."""
    memory: Price
    """A GiB, a second."""
    free_vcpu_seconds: Free = 0.0
    free_memory_seconds: Free = 0.0


class Functions(Part, frozen=True, kw_only=True):
    """The Functions app, on Flex Consumption."""

    time: Price
    """A GB, a second, on demand."""
    executions: Price
    """A million."""
    ready_baseline: Price
    """A GB, a second, of an instance that is kept warm."""
    ready_time: Price
    """A GB, a second, while such an instance works."""
    free_time: Free = 0.0
    """GB-seconds on demand."""
    free_executions: Free = 0.0


class Storage(Part, frozen=True, kw_only=True):
    """Table Storage."""

    stored: Price
    """A GB, a month."""
    operations: Price
    """Ten thousand."""


class EventGrid(Part, frozen=True, kw_only=True):
    """Calls announced, bookings and orders published."""

    operations: Price
    """A million."""
    free_operations: Free = 0.0


class Logs(Part, frozen=True, kw_only=True):
    """Log Analytics and Application Insights."""

    taken_in: Price
    """A GB."""
    free: Free = 0.0
    """GB a month."""


class Registry(Part, frozen=True, kw_only=True):
    """Container registry."""

    day: Price


class PhoneNumbers(Part, frozen=True, kw_only=True):
    """The fee of each number."""

    month: Price


class PrivateEndpoints(Part, frozen=True, kw_only=True):
    """Each private endpoint."""

    hour: Price


class PlatformPrices(Table, frozen=True, kw_only=True):
    """The table. Free amounts are those of a subscription in a month."""

    currency: Currency
    container_apps: ContainerApps
    functions: Functions
    storage: Storage
    event_grid: EventGrid
    logs: Logs
    registry: Registry
    phone_numbers: PhoneNumbers
    private_endpoints: PrivateEndpoints


def load_platform_prices(folder: Path) -> PlatformPrices:
    """Read `platform.toml`.

    Raises:
        PricesError
    """
    return read_table(folder, FILE, PlatformPrices)
