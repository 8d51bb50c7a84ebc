"""Opening hours in the grammar of OpenStreetMap, read by the library `opening-hours-py`.

schema.org's openingHours ("Mo-Fr 12:00-14:30") is a part of that grammar. The library reads wall time; the
spans it gives go through `OpeningHours` like all others, which knows about clock changes.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from opening_hours import OpeningHours as Written
from opening_hours import ParserError, State, UnknownCountryError  # type: ignore[attr-defined]  # not in its stubs

from shared.opening_hours import DAY, Span


def written_spans(text: str, country: str | None, day: date) -> tuple[Span, ...]:
    """The spans of a service day. Public holidays (PH) are those of `country`.

    Raises:
        ValueError: the text is not of the grammar.
    """
    return _spans(text, country, day)


@lru_cache(maxsize=4096)
def _read(text: str, country: str | None) -> Written:
    try:
        return Written(text, country=country)
    except UnknownCountryError:
        return Written(text)
    except ParserError as error:
        reason = str(error).strip().replace("\n", " ")
        raise ValueError(f"openingHours {text!r} cannot be read: {reason}") from error


@lru_cache(maxsize=65_536)
def _spans(text: str, country: str | None, day: date) -> tuple[Span, ...]:
    midnight = datetime.combine(day, time())
    found: list[Span] = []
    for start, end, state, _ in _read(text, country).intervals(midnight, midnight + timedelta(days=2)):
        if state != State.OPEN:
            continue
        opens = _minute(start, midnight)
        closes = 2 * DAY if end is None else _minute(end, midnight)
        begins_before = _reaches_back(text, country, midnight) if opens == 0 else False
        if begins_before and closes < DAY:
            continue  # the end of yesterday's evening
        if closes - opens > DAY or begins_before:
            closes = min(closes, DAY)  # open day and night: cut at midnight
        if opens < DAY:
            found.append(Span(opens, closes))
    return tuple(found)


def _reaches_back(text: str, country: str | None, midnight: datetime) -> bool:
    """Whether it was open just before this midnight."""
    return _read(text, country).is_open(midnight - timedelta(minutes=1))


def _minute(at: datetime, midnight: datetime) -> int:
    return int((at - midnight).total_seconds() // 60)
