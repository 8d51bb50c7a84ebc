"""What a call costs, by a table of prices. An estimate: the bill is what the cloud says.

`prices.toml` stands beside the agent's files; docs/configure.md explains its keys.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Final

import msgspec

from shared import config_check
from shared.config_check import Table

FILE: Final = "prices.toml"

type Price = Annotated[float, msgspec.Meta(ge=0, le=100_000)]
type Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}\Z", description='a currency such as "USD"')]
type Source = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
type Day = Annotated[
    str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}\Z", description='a day such as "2026-10-03"')
]


class PricesError(ValueError):
    """The prices cannot be used; the message names the file, the key, the value and what is allowed."""


def check_day(as_of: str) -> None:
    """Refuse a day that there is not.

    Raises:
        ValueError
    """
    try:
        date.fromisoformat(as_of)
    except ValueError:
        raise ValueError(f'as_of: "{as_of}" is no day of the calendar') from None


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tokens of a call, as its turns tell them."""

    input_tokens: int = 0
    """Cached ones included."""
    cached_tokens: int = 0
    output_tokens: int = 0


class ModelPrices(Table, frozen=True, kw_only=True):
    """One model, a million tokens each."""

    input: Price
    cached: Price
    output: Price


class Minute(Table, frozen=True, kw_only=True):
    """A minute of a call, whatever is said in it."""

    phone: Price = 0.0
    """What the telephone network takes."""
    streaming: Price = 0.0
    """What the streaming of its audio takes."""
    voice: Price = 0.0
    """What recognising and speaking take, where they are charged by time."""


class Prices(Table, frozen=True, kw_only=True):
    """The table."""

    currency: Currency
    source: Source
    as_of: Day
    minute: Minute = Minute()
    models: dict[str, ModelPrices] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        check_day(self.as_of)

    def cost(self, model: str, usage: Usage, seconds: int, *, phone: bool) -> int | None:
        """Millionths of the currency; None when the model is not in the table."""
        if seconds == 0 and not usage.input_tokens and not usage.output_tokens:
            return 0  # nothing was used, whatever the model would have been
        prices = self.models.get(model)
        if prices is None:
            return None
        fresh = max(0, usage.input_tokens - usage.cached_tokens)
        tokens = (
            fresh * prices.input + usage.cached_tokens * prices.cached + usage.output_tokens * prices.output
        )
        minute = self.minute.voice + (self.minute.phone + self.minute.streaming if phone else 0.0)
        return round(
            tokens + seconds / 60 * minute * 1_000_000
        )  # a price a million tokens is millionths a token


def load_prices(folder: Path) -> Prices:
    """Read `prices.toml`.

    Raises:
        PricesError
    """
    return read_table(folder, FILE, Prices)


def read_table[T: Table](folder: Path, name: str, kind: type[T]) -> T:
    """A file of prices.

    Raises:
        PricesError
    """
    path = folder / name
    try:
        return config_check.convert(tomllib.loads(path.read_text("utf-8")), kind)
    except (OSError, UnicodeDecodeError) as error:
        raise PricesError(f"{path}: cannot be read: {error}") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PricesError(f"{name}: not TOML: {error}") from error
    except config_check.ConfigError as error:
        raise PricesError(f"{name}: {error}") from error
