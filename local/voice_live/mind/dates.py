"""Spoken dates, relative to the day the instructions state."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from local.voice_live.mind.spans import Found, at, texts
from local.voice_live.mind.words import Token

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip

_WEEKDAY = {name: n for n, name in enumerate(WEEKDAYS)} | {
    "mon": 0, "tue": 1, "tues": 1, "wed": 2, "weds": 2, "wensday": 2, "wednsday": 2, "thu": 3, "thur": 3,
    "thurs": 3, "thirsday": 3, "fri": 4, "fryday": 4, "sat": 5, "saterday": 5, "sun": 6,
}  # fmt: skip
_MONTH = {name: n for n, name in enumerate(MONTHS, start=1)} | {
    name[:3]: n for n, name in enumerate(MONTHS, start=1) if name != "may"
}
_NAMED = {
    ("christmas", "eve"): (12, 24), ("christmas", "day"): (12, 25), ("boxing", "day"): (12, 26),
    ("new", "years", "eve"): (12, 31), ("new", "years", "day"): (1, 1), ("valentines", "day"): (2, 14),
    ("halloween",): (10, 31), ("christmas",): (12, 25),
}  # fmt: skip
_PARTS_OF_DAY = ("evening", "afternoon", "morning", "lunchtime", "night", "lunch")
_AFTER_WE_WOULD = frozenset(
    {"like", "love", "prefer", "rather", "want", "be", "quite", "really", "just", "need"}
)
_AFTER_AN_ORDINAL = frozenset(
    {"one", "ones", "option", "restaurant", "place", "choice", "two", "thing", "name"}
)


def stated_now(instructions: str) -> datetime | None:
    """The day and clock time that the instructions state, or None when they name no day.

    Reads "Today is Sunday 22 November 2026. It is 18:04.", "Current date: 2026-11-22 18:04", "November
    22, 2026" and the like. A sentence with "today" or "date" in it counts before others. No time stated
    means noon.
    """
    sentences = re.split(r"(?<=[.!?])\s+|\n+", instructions)
    telling = [s for s in sentences if re.search(r"\b(today|date|now)\b", s, re.IGNORECASE)]
    for index, sentence in enumerate([*telling, *sentences]):
        day = _written_date(sentence)
        if day is None:
            continue
        where = sentences.index(sentence) if index < len(telling) else index - len(telling)
        clock = _written_time(" ".join(sentences[where : where + 3]))
        return datetime(day.year, day.month, day.day, *(clock or (12, 0)))  # noqa: DTZ001 - local wall time
    return None


def _written_date(text: str) -> date | None:
    if found := re.search(r"\b(\d{4})-(\d{2})-(\d{2})", text):
        return _safe_date(int(found[1]), int(found[2]), int(found[3]))
    names = "|".join(MONTHS)
    if found := re.search(
        rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({names}),? (\d{{4}})", text, re.IGNORECASE
    ):
        return _safe_date(int(found[3]), MONTHS.index(found[2].lower()) + 1, int(found[1]))
    if found := re.search(rf"\b({names}) (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})", text, re.IGNORECASE):
        return _safe_date(int(found[3]), MONTHS.index(found[1].lower()) + 1, int(found[2]))
    return None


def _written_time(text: str) -> tuple[int, int] | None:
    found = re.search(r"(?:\b|T)([01]?\d|2[0-3]):([0-5]\d)(?::\d\d)?\s*([ap]\.?m)?", text, re.IGNORECASE)
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2])
    if found[3] and hour <= 12:
        hour = hour % 12 + (12 if found[3].lower().startswith("p") else 0)
    return hour, minute


def find_dates(tokens: Sequence[Token], today: date) -> list[Found[date]]:
    """Every date named in a sentence, in order, each as the next such day from `today` on."""
    words = texts(tokens)
    found: list[Found[date]] = []
    index = 0
    while index < len(tokens):
        one = (
            _iso(tokens, index)
            or _weekday(tokens, words, index, today)
            or _day_of_month(tokens, words, index, today)
            or _relative(tokens, words, index, today)
            or _named_day(words, index, today)
        )
        if one is None:
            index += 1
        else:
            found.append(one)
            index = one.end
    return found


def _iso(tokens: Sequence[Token], i: int) -> Found[date] | None:
    match = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", tokens[i].text)
    day = _safe_date(int(match[1]), int(match[2]), int(match[3])) if match else None
    return Found(day, i, i + 1) if day else None


def _weekday(tokens: Sequence[Token], words: list[str], i: int, today: date) -> Found[date] | None:
    """ "Friday", "this Friday", "next Friday", "a week on Friday", "Friday week", "Friday the 27th"."""
    name = words[i]
    number = _WEEKDAY.get(name) if name in _WEEKDAY else _WEEKDAY.get(name.removesuffix("s"))
    if number is None or not _means_a_day(tokens, words, i):
        return None
    before, start, end = at(words, i - 1), i, i + 1
    ahead = (number - today.weekday()) % 7
    if before == "next":
        # "next Friday" is the Friday of the next calendar week, which starts on Monday.
        ahead, start = number - today.weekday() + 7, i - 1
    elif before == "this":
        start = i - 1
    elif ahead == 0:
        ahead = 7  # who means today says "today"
    if words[max(0, i - 3) : i] == ["a", "week", "on"]:
        ahead, start = (number - today.weekday()) % 7 + 7, i - 3
    elif at(words, end) == "week":  # "Friday week": the Friday after the coming one
        ahead, end = (number - today.weekday()) % 7 + 7, end + 1
    elif words[end : end + 2] == ["next", "week"]:
        ahead, end = number - today.weekday() + 7, end + 2
    exact = _day_of_month(tokens, words, end, today) if end < len(tokens) else None
    denied = "not" in words[max(0, start - 2) : start]  # "not Friday, the fifth of December": two days
    if exact is not None and not (denied and exact.value.weekday() != number):
        return Found(exact.value, start, exact.end)
    return Found(today + timedelta(days=ahead), start, _past_part_of_day(words, end))


def _means_a_day(tokens: Sequence[Token], words: list[str], i: int) -> bool:
    """False for the "wed" of "we'd like", and for "sun" and "sat" where they are no days."""
    if words[i] in ("sun", "sat", "mon"):
        return at(words, i - 1) in ("on", "this", "next")
    return words[i] != "wed" or ("'" not in tokens[i].raw and at(words, i + 1) not in _AFTER_WE_WOULD)


def _past_part_of_day(words: list[str], end: int) -> int:
    return end + 1 if at(words, end) in _PARTS_OF_DAY else end


def _day_of_month(tokens: Sequence[Token], words: list[str], i: int, today: date) -> Found[date] | None:
    """ "the fifth", "5 December", "the fifth of December", "December the 5th", with or without a year."""
    the = 1 if words[i] in ("the", "on") else 0
    the += 1 if the and words[i] == "on" and at(words, i + 1) == "the" else 0
    j = i + the
    if j >= len(tokens):
        return None
    if month := _MONTH.get(words[j]):
        k = j + 1 + (1 if at(words, j + 1) == "the" else 0)
        day = tokens[k].number if k < len(tokens) else None
        if day is None or not 1 <= day <= 31 or _clock_follows(tokens, words, k):
            return None
        return _dated(tokens, i, k + 1, day, month, today)
    day = tokens[j].number
    if day is None or not 1 <= day <= 31:
        return None
    k = j + 1 + (1 if at(words, j + 1) == "of" else 0)
    if (month := _MONTH.get(at(words, k))) and not _counts(tokens, words, j, k):
        return _dated(tokens, i, k + 1, day, month, today)
    if tokens[j].ordinal and the and at(words, j + 1) not in _AFTER_AN_ORDINAL and words[j] != "second":
        return Found(_next_day_numbered(day, today), i, j + 1) if day <= 31 else None
    return None


def _counts(tokens: Sequence[Token], words: list[str], j: int, k: int) -> bool:
    """ "for two December third": the number counts people, and the day comes after the month."""
    after = k + 1 + (1 if at(words, k + 1) == "the" else 0)
    dated = after < len(tokens) and tokens[after].ordinal
    return dated and not tokens[j].ordinal


def _clock_follows(tokens: Sequence[Token], words: list[str], k: int) -> bool:
    """ "May 7 pm": the number is a time, not a day."""
    return not tokens[k].ordinal and at(words, k + 1) in ("am", "pm", "oclock")


def _dated(
    tokens: Sequence[Token], start: int, end: int, day: int, month: int, today: date
) -> Found[date] | None:
    year = tokens[end].number if end < len(tokens) else None
    if year is not None and 2000 <= year <= 2100:
        exact = _safe_date(year, month, day)
        return Found(exact, start, end + 1) if exact else None
    value = _safe_date(today.year, month, day)
    if value is None or value < today:
        value = _safe_date(today.year + 1, month, day) or value
    return Found(value, start, end) if value else None


def _next_day_numbered(day: int, today: date) -> date:
    """The next date with that day of the month, today included; any up to 31 comes within 62 days."""
    return next(d for d in (today + timedelta(days=n) for n in range(63)) if d.day == day)


def _relative(tokens: Sequence[Token], words: list[str], i: int, today: date) -> Found[date] | None:
    word, following = words[i], at(words, i + 1)
    if word in ("today", "tonight", "tonite"):
        return Found(today, i, i + 1)
    if word == "this" and following in _PARTS_OF_DAY:
        return Found(today, i, i + 2)
    if word in ("tomorrow", "tomorow"):
        return Found(today + timedelta(days=1), i, _past_part_of_day(words, i + 1))
    if words[i : i + 3] == ["day", "after", "tomorrow"]:
        return Found(today + timedelta(days=2), i, i + 3)
    if words[i : i + 2] == ["a", "week"] and (day := at(words, i + 2)) in ("today", "tomorrow"):
        return Found(today + timedelta(days=7 + (day == "tomorrow")), i, i + 3)
    if words[i : i + 4] == ["a", "week", "from", "today"] or words[i : i + 3] == ["in", "a", "week"]:
        return Found(today + timedelta(days=7), i, i + (4 if word == "a" else 3))
    if word == "in" and i + 1 < len(tokens) and (count := tokens[i + 1].cardinal) is not None and count <= 60:
        unit = {"day": 1, "days": 1, "week": 7, "weeks": 7}.get(at(words, i + 2))
        if unit:
            return Found(today + timedelta(days=unit * count), i, i + 3)
    return None


def _named_day(words: list[str], i: int, today: date) -> Found[date] | None:
    for name, (month, day) in _NAMED.items():
        if tuple(words[i : i + len(name)]) == name:
            value = date(today.year, month, day)
            return Found(value if value >= today else date(today.year + 1, month, day), i, i + len(name))
    return None


def _safe_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
