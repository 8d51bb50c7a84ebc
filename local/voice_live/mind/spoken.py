"""Values in words for the ear."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from local.voice_live.mind.dates import MONTHS, WEEKDAYS
from local.voice_live.mind.schema import Kind, Parameter
from local.voice_live.mind.words import CARDINALS, ORDINALS

_CARDINAL_NAMES = {number: name for name, number in CARDINALS.items()}
_ORDINAL_NAMES = {number: name for name, number in ORDINALS.items()}
_PAST = {5: "five past", 10: "ten past", 15: "quarter past", 20: "twenty past", 30: "half past"}
_TO = {40: "twenty to", 45: "quarter to", 50: "ten to", 55: "five to"}


def number_words(value: int) -> str:
    """4 gives "four", 27 "twenty-seven"; from 100 on, and below 0, digits."""
    if value in _CARDINAL_NAMES:
        return _CARDINAL_NAMES[value]
    if 20 < value < 100:
        return f"{_CARDINAL_NAMES[value // 10 * 10]}-{_CARDINAL_NAMES[value % 10]}"
    return str(value)


def ordinal_words(value: int) -> str:
    """1 gives "first", 27 "twenty-seventh"; for the days of a month."""
    if value in _ORDINAL_NAMES:
        return _ORDINAL_NAMES[value]
    if 20 < value < 100:
        return f"{_CARDINAL_NAMES[value // 10 * 10]}-{_ORDINAL_NAMES[value % 10]}"
    return str(value)


def date_words(day: date) -> str:
    """ "Friday the twenty-seventh of November"."""
    weekday, month = WEEKDAYS[day.weekday()].capitalize(), MONTHS[day.month - 1].capitalize()
    return f"{weekday} the {ordinal_words(day.day)} of {month}"


def time_words(clock: time) -> str:
    """ "half past seven"; the part of day is said where a meal is unusual."""
    if clock in (time(0), time(12)):
        return "noon" if clock.hour else "midnight"
    hour, minute = clock.hour, clock.minute
    shown = (hour + (1 if minute in _TO else 0)) % 12 or 12
    name = _CARDINAL_NAMES[shown]
    if minute == 0:
        words = f"{name} o'clock"
    elif minute in _PAST or minute in _TO:
        words = f"{_PAST.get(minute) or _TO[minute]} {name}"
    else:
        words = f"{_CARDINAL_NAMES[shown]} {'oh ' if minute < 10 else ''}{number_words(minute)}"
    part = " at night" if hour < 5 or hour >= 22 else " in the morning" if hour < 12 else ""
    return words + part


def party_words(count: int) -> str:
    """ "four people", "one person"."""
    return f"{number_words(count)} {'person' if count == 1 else 'people'}"


def join_words(parts: Sequence[str], last: str = "and") -> str:
    """ "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def value_words(parameter: Parameter, value: object) -> str:
    """The value of a parameter as it is read back."""
    text = str(value)
    try:
        if parameter.kind is Kind.DATE:
            return date_words(date.fromisoformat(text))
        if parameter.kind is Kind.TIME:
            return time_words(time.fromisoformat(text))
        if parameter.kind is Kind.MOMENT:
            moment = datetime.fromisoformat(text)
            return f"{date_words(moment.date())} at {time_words(moment.time())}"
    except ValueError:
        return text
    if parameter.kind is Kind.PARTY and isinstance(value, int):
        return party_words(value)
    return text.replace("_", " ")
