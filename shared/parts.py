"""What all parts of the catalogue's data share: strict structs, texts and amounts."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

type Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
type Slug = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\Z", max_length=60)]
"""An id in lower case, fit for row keys and addresses."""


class Part(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """Base of all parts: unknown fields are refused, because a misspelt field is a lost fact."""


def amount(value: Decimal, *, least: str = "0.01") -> Decimal:
    """`value` when it is an amount of money from `least` to 999.99.

    Raises:
        ValueError: it is not.
    """
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -2 or not Decimal(least) <= value < 1000:
        raise ValueError(f"{value} is not an amount from {least} to 999.99 with at most two decimals")
    return value


def once(names: list[str], what: str) -> None:
    """Refuse a name that stands twice.

    Raises:
        ValueError: names the first that does.
    """
    if len(set(names)) != len(names):
        twice = next(name for index, name in enumerate(names) if name in names[:index])
        raise ValueError(f"two {what} are called {twice!r}; give each a name of its own")
