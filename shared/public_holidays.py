"""Public holidays of a country, as the library `opening-hours-py` knows them."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import lru_cache

from opening_hours import OpeningHours as Written
from opening_hours import UnknownCountryError  # type: ignore[attr-defined]  # missing from its stubs


def is_public_holiday(country: str | None, day: date) -> bool:
    """Whether `day` is a public holiday in a country (ISO 3166-1, such as IE); False when nobody knows."""
    found = None if country is None else _holidays(country)
    return found is not None and found.is_open(datetime.combine(day, time(12)))


@lru_cache(maxsize=64)
def _holidays(country: str) -> Written | None:
    try:
        return Written("PH", country=country)
    except UnknownCountryError:
        return None
