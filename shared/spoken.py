"""Words for the ear: numbers, times, dates, money and lists as a person says them.

Speech synthesis reads "19:30" and "12.50" in ways nobody talks, so facts leave the tools already in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""English whatever the locale of the machine; 0 is Monday."""
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_QUARTERS = {
    5: "five past",
    10: "ten past",
    15: "quarter past",
    20: "twenty past",
    25: "twenty-five past",
    30: "half past",
    35: "twenty-five to",
    40: "twenty to",
    45: "quarter to",
    50: "ten to",
    55: "five to",
}
CURRENCIES = {"EUR": ("euro", "cent"), "GBP": ("pound", "pence"), "USD": ("dollar", "cent")}
"""Currency code (ISO 4217) to the words of its whole and its hundredth."""


def number(n: int) -> str:
    """A whole number from 0 to 9999 in words.

    Raises:
        ValueError: `n` is outside that range.
    """
    if not 0 <= n <= 9999:
        raise ValueError(f"{n} is not a number from 0 to 9999")
    if n < 20:
        return _ONES[n]
    if n < 100:
        tens, ones = divmod(n, 10)
        return _TENS[tens - 2] + (f"-{_ONES[ones]}" if ones else "")
    unit, name = (100, "hundred") if n < 1000 else (1000, "thousand")
    head, rest = divmod(n, unit)
    joint = " and " if rest < 100 else " "
    return f"{number(head)} {name}" + (f"{joint}{number(rest)}" if rest else "")


def ordinal(n: int) -> str:
    """1 -> "first", 22 -> "twenty-second"; for days of a month."""
    head, dash, last = number(n).rpartition("-")
    if last in _ORDINALS:
        return head + dash + _ORDINALS[last]
    return head + dash + (last.removesuffix("y") + "ieth" if last.endswith("y") else last + "th")


def clock(at: time) -> str:
    """A time of day without its part of day: "half past seven", "noon", "seven thirty-two"."""
    if at.minute == 0:
        return {0: "midnight", 12: "noon"}.get(at.hour, f"{_hour(at.hour)} o'clock")
    if phrase := _QUARTERS.get(at.minute):
        return f"{phrase} {_hour(at.hour + (at.minute > 30))}"
    minutes = number(at.minute) if at.minute > 9 else f"oh {number(at.minute)}"
    return f"{_hour(at.hour)} {minutes}"


def clock_of_day(at: time) -> str:
    """A time of day that cannot be mistaken: "half past seven in the evening"."""
    return " ".join(filter(None, (clock(at), _part_of_day(at))))


def clocks_of_day(times: Sequence[time]) -> str:
    """Times to choose from, the part of day said once where it can be: "six o'clock or nine o'clock at
    night"."""
    if len({_part_of_day(at) for at in times}) == 1:
        return " ".join(filter(None, (listing([clock(at) for at in times], "or"), _part_of_day(times[0]))))
    return listing([clock_of_day(at) for at in times], "or")


def day(on: date, today: date) -> str:
    """A date as said on `today`: "today", "tomorrow", "Friday", or "Friday the fourth of December"."""
    ahead = (on - today).days
    if ahead in (0, 1):
        return ("today", "tomorrow")[ahead]
    weekday = WEEKDAYS[on.weekday()]
    return weekday if 1 < ahead < 7 else f"{weekday} the {ordinal(on.day)} of {_MONTHS[on.month - 1]}"


def full_date(on: date) -> str:
    """A date in writing order with digits, for instructions: "Sunday 22 November 2026"."""
    return f"{WEEKDAYS[on.weekday()]} {on.day} {_MONTHS[on.month - 1]} {on.year}"


def weekday(on: date) -> str:
    """The English name of the day, whatever the machine's locale."""
    return WEEKDAYS[on.weekday()]


def money(amount: Decimal, currency: str) -> str:
    """A price: 12.50 -> "twelve fifty", 12 -> "twelve euros", 0.80 -> "eighty cents".

    Raises:
        ValueError: negative, above 9999.99 or finer than a hundredth.
    """
    hundredths = amount * 100
    if hundredths != hundredths.to_integral_value():
        raise ValueError(f"{amount} is finer than a hundredth")
    whole, part = divmod(int(hundredths), 100)
    unit, small = CURRENCIES[currency]
    if part == 0:
        return f"{number(whole)} {unit}{'' if whole == 1 else 's'}"
    if whole == 0:
        return f"{number(part)} {small}{'' if part == 1 or small == 'pence' else 's'}"
    return f"{number(whole)} {'oh ' if part < 10 else ''}{number(part)}"


def decimal(value: float) -> str:
    """A number with one decimal place: 4.6 -> "four point six"."""
    whole, part = divmod(round(value * 10), 10)
    return number(whole) + (f" point {number(part)}" if part else "")


def digits(text: str) -> str:
    """A phone number digit by digit, with a pause between its groups."""
    groups = text.replace("+", "plus ").split()
    said = (
        "plus" if group == "plus" else " ".join(_ONES[int(d)] for d in group if d.isdigit())
        for group in groups
    )
    return ", ".join(said).replace("plus,", "plus")


def letters(code: str) -> str:
    """A booking code letter by letter, with a pause after each: "K, M, R, T, W"."""
    return ", ".join(code)


def listing(items: Sequence[str], joint: str = "and") -> str:
    """["a", "b", "c"] -> "a, b and c"; an empty list gives an empty text."""
    *head, last = items or [""]
    return f"{', '.join(head)} {joint} {last}" if head else last


def count(n: int, singular: str, plural: str | None = None) -> str:
    """1, "place" -> "one place"; 3, "dish", "dishes" -> "three dishes"."""
    return f"{number(n)} {singular if n == 1 else plural or singular + 's'}"


def _part_of_day(at: time) -> str:
    if at.minute == 0 and at.hour in (0, 12):
        return ""  # midnight and noon say it themselves
    if not 0 < at.hour < 22:
        return "at night"
    return "in the morning" if at.hour < 12 else "in the afternoon" if at.hour < 17 else "in the evening"


def _hour(hour: int) -> str:
    return number(hour % 12 or 12)
