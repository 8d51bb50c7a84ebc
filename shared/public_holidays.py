"""Public holidays of a country: the dates come from the `holidays` library, a year at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

_ANY_YEAR = 2024


def is_known_country(country: str) -> bool:
    """Whether the holidays of a country (ISO 3166-1, such as IE) are known."""
    return bool(_of_year(country, _ANY_YEAR))


def public_holiday(country: str | None, day: date) -> str | None:
    """The name of the holiday that `day` is in a country; None when it is none, or nobody knows."""
    return None if country is None else _of_year(country, day.year).get(day)


@lru_cache(maxsize=256)
def _of_year(country: str, year: int) -> Mapping[date, str]:
    """A plain copy: the library computes years it was not asked for on look-up.

    Imported here, because the library takes a tenth of a second to load, and who has no catalogue (the
    Functions app) should not wait for it at its start.
    """
    import holidays

    try:
        return dict(holidays.country_holidays(country, years=year, language="en_US"))
    except NotImplementedError:  # a country that the library does not know
        return {}
