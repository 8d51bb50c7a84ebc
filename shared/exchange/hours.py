"""Opening hours as others write them, turned into ours: a week where a week says it all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from shared import spoken
from shared.exchange.values import Notes, many
from shared.opening_hours import DAY, Span, wall_clock
from shared.osm_hours import spans_of_days
from shared.public_holidays import is_public_holiday

_DAYS: Final = {
    **{name.casefold(): name for name in spoken.WEEKDAYS},
    **{name[:2].casefold(): name for name in spoken.WEEKDAYS},
    **{name[:3].casefold(): name for name in spoken.WEEKDAYS},
    "publicholidays": "PublicHolidays",
    "ph": "PublicHolidays",
}

_LOOKED_AT: Final = [date(2026, 1, 1) + timedelta(days=n) for n in range(3 * 365)]
"""Hours in the grammar of OpenStreetMap that are the same every week of these years are a week."""


def written(texts: Sequence[str], country: str) -> dict[str, Any]:
    """Fields for hours in the grammar of OpenStreetMap, of which schema.org's openingHours is a part.

    Several texts add up. What is the same every week becomes openingHoursSpecification, because more can be
    done with that; anything else stays as it is written.

    Raises:
        ValueError: the grammar does not have it.
    """
    together = ", ".join(text.strip().rstrip(";,") for text in texts)
    days = spans_of_days(together, country, _LOOKED_AT[0], len(_LOOKED_AT))
    week: dict[int, tuple[Span, ...]] = {}
    holidays: set[tuple[Span, ...]] = set()
    for day, spans in days.items():
        if is_public_holiday(country, day):
            holidays.add(spans)
        elif week.setdefault(day.weekday(), spans) != spans:
            return {"openingHours": together}
    as_any_day = all(
        days[day] == week.get(day.weekday()) for day in _LOOKED_AT if is_public_holiday(country, day)
    )
    if len(holidays) > 1 and not as_any_day:
        return {"openingHours": together}
    entries = [entry for spans in _grouped(week) for entry in spans]
    if not as_any_day and holidays:
        entries += _entries(["PublicHolidays"], holidays.pop()) or [{"dayOfWeek": ["PublicHolidays"]}]
    return {"openingHoursSpecification": entries} if entries else {"openingHours": together}


def _grouped(week: dict[int, tuple[Span, ...]]) -> list[list[dict[str, Any]]]:
    """Days with the same hours together."""
    same: dict[tuple[Span, ...], list[str]] = {}
    for weekday in sorted(week):
        same.setdefault(week[weekday], []).append(spoken.WEEKDAYS[weekday])
    return [_entries(days, spans) for spans, days in same.items()]


def _entries(days: list[str], spans: Sequence[Span]) -> list[dict[str, Any]]:
    return [
        {
            "dayOfWeek": days,
            "opens": f"{wall_clock(span.opens):%H:%M}",
            "closes": f"{wall_clock(span.closes % DAY):%H:%M}",
        }
        for span in spans
    ]


def specification(
    entries: object, field: str, notes: Notes
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """openingHoursSpecification as found in the wild: weekly entries, and those of dates."""
    week: list[dict[str, Any]] = []
    special: list[dict[str, Any]] = []
    for index, entry in enumerate(many(entries)):
        where = f"{field}[{index}]"
        if not isinstance(entry, dict):
            notes.add(where, "left out: expected an object with dayOfWeek, opens and closes")
            continue
        times = _times(entry, where, notes)
        if times is None:
            continue
        days = [name for day in many(entry.get("dayOfWeek")) if (name := _day(day, where, notes))]
        if days:
            if times or days == ["PublicHolidays"]:
                week.append({"dayOfWeek": days, **times})
        elif entry.get("validFrom"):
            first = str(entry["validFrom"])[:10]
            dates = {"validFrom": first, "validThrough": str(entry.get("validThrough") or first)[:10]}
            named = {"name": entry["name"]} if entry.get("name") else {}
            special.append({**named, **dates, **times})
        elif "dayOfWeek" not in entry:
            notes.add(where, "left out: give dayOfWeek, or validFrom and validThrough")
    return week, special


def _times(entry: dict[str, Any], where: str, notes: Notes) -> dict[str, str] | None:
    """Opening and closing time; empty for closed; None when they cannot be read."""
    opens, closes = _clock(entry.get("opens")), _clock(entry.get("closes"))
    if entry.get("opens") is None and entry.get("closes") is None:
        return {}
    if opens is None or closes is None:
        notes.add(
            where, f"left out: opens {entry.get('opens')!r} and closes {entry.get('closes')!r} are not HH:MM"
        )
        return None
    if opens == closes == "00:00":
        return {}  # how search engines want a closed day to be written
    if (opens, closes) == ("00:00", "23:59"):
        closes = "00:00"  # and a whole day
    return {"opens": opens, "closes": closes}


def _clock(value: object) -> str | None:
    """HH:MM from "9:00", "T12:00:00+01:00", "24:00"."""
    digits = str(value or "").rpartition("T")[2][:8].split(":")
    if len(digits) < 2 or not all(part[:2].isdigit() for part in digits[:2]):
        return None
    hour, minute = int(digits[0][:2]), int(digits[1][:2])
    if (hour, minute) == (24, 0):
        hour = 0
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None


def _day(value: object, where: str, notes: Notes) -> str | None:
    written = value.get("@id", value.get("name", "")) if isinstance(value, dict) else str(value)
    name = _DAYS.get(str(written).rstrip("/").rpartition("/")[2].removeprefix("schema:").casefold())
    if name is None:
        notes.add(where, f"dayOfWeek {written!r} left out: use Monday to Sunday, or PublicHolidays")
    return name
