"""Opening hours in the grammar of OpenStreetMap, read by the library `opening-hours-py`.

schema.org's openingHours ("Mo-Fr 12:00-14:30") is a part of that grammar. The library reads wall time; the
spans it gives go through `OpeningHours` like all others, which knows about clock changes.

A text is rules with ";" between them, and for a day the last one holds that is about it. The library lets
the rule of a day also end the evening before at midnight ("Fr 18:00-02:00; Sa 18:00-02:00"), which nobody
means who writes it; so each rule is read by itself, and the choice among them is made here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from opening_hours import OpeningHours as Written
from opening_hours import ParserError, State, UnknownCountryError  # type: ignore[attr-defined]  # not in stubs

from shared.opening_hours import Span

_DAY = timedelta(days=1)
_OFF = re.compile(r"\s*\b(off|closed)\s*$", re.IGNORECASE)
_NOT_BY_RULES = re.compile(r"\|\||\"|\bunknown\b|:\d\d\s+(off|closed)\b", re.IGNORECASE)
"""Fallbacks, comments and a part of a day that is closed are about more than one rule."""


@lru_cache(maxsize=65_536)
def written_spans(text: str, country: str | None, day: date) -> tuple[Span, ...]:
    """The spans of a service day. Public holidays (PH) are those of `country`.

    Raises:
        ValueError: the text is not of the grammar.
    """
    return spans_of_days(text, country, day, 1)[day]


def spans_of_days(text: str, country: str | None, first: date, days: int) -> dict[date, tuple[Span, ...]]:
    """The spans of so many service days from `first` on.

    Raises:
        ValueError: the text is not of the grammar.
    """
    found: dict[date, tuple[Span, ...]] = {}
    for rule in reversed(_rules(text, country)):
        for day, spans in _runs_by_day(rule.hours, first, days).items():
            if spans:  # the rule is about this day
                found.setdefault(day, () if rule.closes else spans)
    return {day: found.get(day, ()) for day in (first + n * _DAY for n in range(days))}


@dataclass(frozen=True, slots=True)
class _Rule:
    hours: Written
    closes: bool
    """It says when it is closed; `hours` are these days."""


@lru_cache(maxsize=4096)
def _rules(text: str, country: str | None) -> tuple[_Rule, ...]:
    _read(text, country)  # the message of a mistake then shows all of it
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if _NOT_BY_RULES.search(text):
        parts = [text]
    found = []
    for part in parts:
        closes = len(parts) > 1 and _OFF.search(part) is not None
        days = (_OFF.sub("", part) or "24/7") if closes else part
        found.append(_Rule(_read(days, country), closes))
    return tuple(found)


def _read(text: str, country: str | None) -> Written:
    try:
        return Written(text, country=country)
    except UnknownCountryError:
        return Written(text)
    except ParserError as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"openingHours {text!r} cannot be read: {reason}") from error


def _runs_by_day(hours: Written, first: date, days: int) -> dict[date, tuple[Span, ...]]:
    """The library gives runs without a break. One of at most a day belongs whole to the day it begins on,
    past midnight as it may be; a longer one ("24/7") is cut at each midnight."""
    found: dict[date, list[Span]] = {first + n * _DAY: [] for n in range(days)}
    midnight = datetime.combine(first, time())
    for begins, ends, state, _ in hours.intervals(midnight - _DAY, midnight + (days + 1) * _DAY):
        if state != State.OPEN or ends is None:
            continue
        if ends - begins <= _DAY:
            if (of_day := found.get(begins.date())) is not None:
                of_day.append(_span(begins, ends))
            continue
        day = max(begins.date(), first)
        while day <= ends.date() and (of_day := found.get(day)) is not None:
            start = datetime.combine(day, time())
            if max(begins, start) < min(ends, start + _DAY):
                of_day.append(_span(max(begins, start), min(ends, start + _DAY)))
            day += _DAY
    return {day: tuple(spans) for day, spans in found.items()}


def _span(begins: datetime, ends: datetime) -> Span:
    midnight = datetime.combine(begins.date(), time())
    opens, closes = ((at - midnight) // timedelta(minutes=1) for at in (begins, ends))
    return Span(opens, closes)
