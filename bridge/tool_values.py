"""Dates, times and names as models write them, read leniently and refused in words that help."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bridge.tool_schema import ToolArgumentError

_YEARS = range(2000, 2100)
"""Beyond these it is a slip, and arithmetic on dates may run out of them."""

_TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?(?::\d{2})?\s*([ap])?\.?(?:m\.?)?", re.IGNORECASE)


def read_date(text: str) -> date:
    """YYYY-MM-DD, also with a time behind it, which is ignored.

    Raises:
        ToolArgumentError: not a date.
    """
    problem = f"date {text!r} is not YYYY-MM-DD. Work it out from today's date, or ask the caller which day."
    try:
        found = date.fromisoformat(text.strip()[:10])
    except ValueError as error:
        raise ToolArgumentError(problem) from error
    if found.year not in _YEARS:
        raise ToolArgumentError(problem)
    return found


def read_time(text: str) -> time:
    """HH:MM in 24 hours; "7:30 pm" and "19:30:00" are understood.

    Raises:
        ToolArgumentError: not a time of day.
    """
    problem = f"time {text!r} is not HH:MM in 24 hours. Work it out, or ask the caller at what time."
    found = _TIME.fullmatch(text.strip())
    if found is None or (found[2] is None and found[3] is None):
        raise ToolArgumentError(problem)
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        if not 1 <= hour <= 12:
            raise ToolArgumentError(problem)
        hour = hour % 12 + (12 if found[3].lower() == "p" else 0)
    if hour > 23 or minute > 59:
        raise ToolArgumentError(problem)
    return time(hour, minute)


def read_moment(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """ "now", YYYY-MM-DD HH:MM, or HH:MM today, as an aware time in `zone`.

    Raises:
        ToolArgumentError: none of these.
    """
    local = now.astimezone(zone)
    said = text.strip()
    if said.lower() == "now":
        return local
    day, _, clock = said.replace("T", " ").rpartition(" ") if "-" in said else ("", "", said)
    on = read_date(day) if day else local.date()
    return datetime.combine(on, read_time(clock), zone)


def read_name(text: str) -> str:
    """A person's name without stray blanks.

    Raises:
        ToolArgumentError: it has no letter.
    """
    name = " ".join(text.split())
    if not any(letter.isalpha() for letter in name):
        raise ToolArgumentError(f"name {text!r} has no letters. Ask the caller what name the booking is for.")
    return name
