"""Opening hours in the grammar of OpenStreetMap, read by the library `opening-hours-py`.

schema.org's openingHours ("Mo-Fr 12:00-14:30") is a part of that grammar. The library reads wall time; the
spans it gives go through `OpeningHours` like all others, which knows about clock changes.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from opening_hours import OpeningHours as Written
from opening_hours import ParserError, State, UnknownCountryError  # type: ignore[attr-defined]  # not in stubs

from shared.opening_hours import Span

_DAY = timedelta(days=1)


@lru_cache(maxsize=65_536)
def written_spans(text: str, country: str | None, day: date) -> tuple[Span, ...]:
    """The spans of a service day. Public holidays (PH) are those of `country`.

    Raises:
        ValueError: the text is not of the grammar.
    """
    return spans_of_days(text, country, day, 1)[day]


def spans_of_days(text: str, country: str | None, first: date, days: int) -> dict[date, tuple[Span, ...]]:
    """The spans of so many service days from `first` on.

    The library gives runs without a break. One of at most a day belongs whole to the day it begins on, past
    midnight as it may be; a longer one ("24/7") is cut at each midnight.

    Raises:
        ValueError: the text is not of the grammar.
    """
    found: dict[date, list[Span]] = {first + n * _DAY: [] for n in range(days)}
    midnight = datetime.combine(first, time())
    for begins, ends, state, _ in _read(text, country).intervals(
        midnight - _DAY, midnight + (days + 1) * _DAY
    ):
        if state != State.OPEN or ends is None:
            continue
        if ends - begins <= _DAY:
            if (of_day := found.get(begins.date())) is not None:
                of_day.append(_span(begins, ends))
            continue
        for day, of_day in found.items():
            part = max(begins, datetime.combine(day, time())), min(ends, datetime.combine(day + _DAY, time()))
            if part[0] < part[1]:
                of_day.append(_span(*part))
    return {day: tuple(spans) for day, spans in found.items()}


@lru_cache(maxsize=4096)
def _read(text: str, country: str | None) -> Written:
    try:
        return Written(text, country=country)
    except UnknownCountryError:
        return Written(text)
    except ParserError as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"openingHours {text!r} cannot be read: {reason}") from error


def _span(begins: datetime, ends: datetime) -> Span:
    midnight = datetime.combine(begins.date(), time())
    opens, closes = ((at - midnight) // timedelta(minutes=1) for at in (begins, ends))
    return Span(opens, closes)
