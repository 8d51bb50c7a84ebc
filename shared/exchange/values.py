"""Values as others write them, read into ours: texts, numbers, telephone numbers, prices.

What cannot be read is left out with a note that names the field, or refused where nothing works without it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

_MOST_TEXT: Final = 200
_MOST_ID: Final = 60

_CALLING_CODES: Final = {
    "AT": "43",
    "AU": "61",
    "BE": "32",
    "CA": "1",
    "CH": "41",
    "DE": "49",
    "DK": "45",
    "ES": "34",
    "FI": "358",
    "FR": "33",
    "GB": "44",
    "IE": "353",
    "IT": "39",
    "NL": "31",
    "NO": "47",
    "NZ": "64",
    "PL": "48",
    "PT": "351",
    "SE": "46",
    "US": "1",
}
"""For numbers that are written as within their country."""

_KEEPS_ZERO: Final = frozenset({"IT"})
"""Where the zero of the area stays when the number is dialled from abroad."""


class Notes:
    """What was left out or changed while reading one item; for the report."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, field: str, what: str) -> None:
        self.lines.append(f"{field}: {what}")


def many(value: object) -> list[Any]:
    """A value that may stand alone, in a list, or not at all."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def text(value: object, field: str, notes: Notes) -> str | None:
    """A text on one line, of at most 200 characters, cut between words."""
    if isinstance(value, dict):
        value = value.get("@value", value.get("name"))
    values = [one for one in many(value) if isinstance(one, str | int | float) and not isinstance(one, bool)]
    plain = " ".join(str(values[0]).split()) if values else ""
    if len(plain) <= _MOST_TEXT:
        return plain or None
    notes.add(field, f"cut to {_MOST_TEXT} characters; shorten it, it is read aloud")
    return plain[: _MOST_TEXT - 1].rpartition(" ")[0] or plain[:_MOST_TEXT]


def texts(value: object, separators: str = ",;") -> list[str]:
    """Texts in a list, or in one text with separators; each once, in order."""
    parts = re.split(f"[{separators}]", value) if isinstance(value, str) else many(value)
    found = [" ".join(str(part).split()) for part in parts]
    return list(dict.fromkeys(part for part in found if part))


def slug(value: str) -> str:
    """An id from any text: "Luigi's Café" -> "luigis-cafe"."""
    plain = unicodedata.normalize("NFKD", value.casefold().replace("&", " and "))
    plain = "".join(c for c in plain if not unicodedata.combining(c) and c not in "'\u2019")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_MOST_ID].strip("-")


def unused(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or with the first number behind it that nobody has."""
    used, found, number = set(taken), wanted, 2
    while found in used:
        found = f"{wanted[: _MOST_ID - 4]}-{number}"
        number += 1
    return found


def is_slug(value: object) -> bool:
    """Whether it can stand as an id as it is."""
    return isinstance(value, str) and len(value) <= _MOST_ID and slug(value) == value != ""


def number(value: object) -> Decimal | None:
    """The first number in a value: 12.5, "12,50 EUR", "EUR 12.50"."""
    if isinstance(value, bool) or value is None:
        return None
    found = re.search(r"-?\d+(?:[.,]\d+)?", str(value).replace("\u00a0", " "))
    try:
        return None if found is None else Decimal(found[0].replace(",", "."))
    except InvalidOperation:
        return None


def telephone(value: object, country: str, notes: Notes) -> str | None:
    """A number with its country code: "+353 20 913 0114"."""
    written = texts(value, ";,/")
    if not written:
        return None
    plain = re.sub(r"\(0\)", "", written[0])
    digits = " ".join(re.sub(r"[^\d+]+", " ", plain).split())
    digits = re.sub(r"^00 ?", "+", digits)
    if not digits.startswith("+") and (code := _CALLING_CODES.get(country)) is not None:
        local = digits if country in _KEEPS_ZERO else digits.removeprefix("0")
        digits = f"+{code} {local}"
    if re.fullmatch(r"\+\d[\d ]{6,18}", digits):
        return digits
    notes.add(
        "telephone", f"{written[0]!r} left out: write it with its country code, such as +353 20 913 0114"
    )
    return None


def price_level(value: object, notes: Notes) -> str | None:
    """One to four signs: "$$", "EE", "moderate", "10-20 EUR"."""
    written = text(value, "priceRange", notes)
    if written is None:
        return None
    signs = re.sub(r"\s", "", written)
    if 1 <= len(signs) <= 4 and len(set(signs)) == 1 and unicodedata.category(signs[0]) == "Sc":
        return "€" * len(signs)
    named = {"cheap": 1, "inexpensive": 1, "moderate": 2, "expensive": 3, "veryexpensive": 4}
    if (level := named.get(signs.casefold())) is not None:
        return "€" * level
    amounts = [Decimal(found.replace(",", ".")) for found in re.findall(r"\d+(?:[.,]\d+)?", written)]
    if amounts:
        middle = sum(amounts) / len(amounts)
        return "€" * (1 if middle < 15 else 2 if middle < 25 else 3 if middle < 45 else 4)
    notes.add("priceRange", f"{written!r} left out: write one to four of the sign €")
    return None
