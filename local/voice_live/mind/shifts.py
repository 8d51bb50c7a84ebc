"""Changes said as a difference: "an hour later", "one more person", "two of us cannot come"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from local.voice_live.mind.schema import Kind, Tool
from local.voice_live.mind.words import CARDINALS, plain

_NUMBER = rf"\d{{1,2}}|an?|{'|'.join(CARDINALS)}"
_LATER = r"later|back|after that|further back"
_EARLIER = r"earlier|sooner|forward|before that|forwards"
_LENGTH = (
    rf"(?:by )?(?:about |just |only )?(?:(?P<half>half an hour|(?:a )?quarter of an hour)"
    rf"|(?P<count>{_NUMBER}) (?P<unit>hours?|minutes?|mins?|days?|weeks?)(?P<and_half> and a half)?)"
)
_TIMES = (
    re.compile(rf"\b{_LENGTH} (?P<way>{_LATER}|{_EARLIER})\b"),
    re.compile(rf"\b(?P<way>{_LATER}|{_EARLIER}) {_LENGTH}\b"),
)
_PEOPLE = r"person|people|guests?|adults?|chairs?|seats?|places?|of us|friends?|child|children|kids?"
_NOT_COMING = (
    r"(?:cant|cannot|can not|wont|will not|couldnt|arent|isnt|is not|are not) "
    r"(?:come|coming|make it|be coming|be there|be able to come|able to come)"
)
_MORE = (
    rf"\b(?:add |with |for )?(?P<count>{_NUMBER}|another)(?: (?P<second>{_NUMBER}))? "
    rf"(?P<way>more|extra|additional|fewer|less)\b(?: (?:{_PEOPLE}))?",
    rf"\b(?:add |with |for )?(?:(?:an )?extra|another|additional) (?P<second>{_NUMBER})?\b ?(?:{_PEOPLE})\b",
    rf"\badd (?P<count>{_NUMBER}) (?:{_PEOPLE})\b",
    rf"\b(?P<count>{_NUMBER}) (?:person|people|guests?) (?P<way>fewer|less|more)\b",
    rf"\b(?P<count>{_NUMBER}) (?:of us|of them|people|person|guests?) (?P<way>{_NOT_COMING})\b",
)
_COUNTS = tuple(re.compile(pattern) for pattern in _MORE)
_SMALLEST, _LARGEST = 1, 200


@dataclass(frozen=True, slots=True)
class Shift:
    """By how much a value of some kind changes: minutes of a TIME, days of a DATE, people of a PARTY."""

    kind: Kind
    amount: int


def read_shifts(text: str) -> tuple[tuple[Shift, ...], str]:
    """The differences that a sentence states, and the sentence without them."""
    rest = plain(text)
    found: list[Shift] = []
    for pattern in _TIMES:
        if match := pattern.search(rest):
            found.append(_of_time(match))
            rest = f"{rest[: match.start()]} {rest[match.end() :]}"
            break
    for pattern in _COUNTS:
        if match := pattern.search(rest):
            found.append(Shift(Kind.PARTY, _people(match)))
            rest = f"{rest[: match.start()]} {rest[match.end() :]}"
            break
    return tuple(found), " ".join(rest.split()) if found else text


def _count(said: str | None) -> int:
    if not said or said in ("a", "an", "another"):
        return 1
    return int(said) if said.isdecimal() else CARDINALS.get(said, 1)


def _of_time(match: re.Match[str]) -> Shift:
    sign = -1 if re.fullmatch(_EARLIER, match["way"]) else 1
    if match["half"]:
        return Shift(Kind.TIME, sign * (30 if match["half"].startswith("half") else 15))
    count, unit = _count(match["count"]), match["unit"]
    if unit.startswith(("day", "week")):
        return Shift(Kind.DATE, sign * count * (7 if unit.startswith("week") else 1))
    minutes = count if unit.startswith("min") else 60 * count + (30 if match["and_half"] else 0)
    return Shift(Kind.TIME, sign * minutes)


def _people(match: re.Match[str]) -> int:
    groups = match.groupdict()
    count = _count(groups.get("second") or groups.get("count"))
    return count if (groups.get("way") or "more") in ("more", "extra", "additional") else -count


def shifted(given: Mapping[str, Any], tool: Tool, shifts: Sequence[Shift]) -> dict[str, Any]:
    """The new values of what is `given`, by parameter; nothing for what is not known yet."""
    new: dict[str, Any] = {}
    for shift in shifts:
        parameter = tool.of_kind(shift.kind)
        before = given.get(parameter.name) if parameter is not None else None
        value = _moved(before, shift)
        if parameter is not None and value is not None:
            new[parameter.name] = value
    return new


def _moved(before: object, shift: Shift) -> object:
    try:
        if shift.kind is Kind.PARTY and isinstance(before, int):
            return min(max(before + shift.amount, _SMALLEST), _LARGEST)
        if shift.kind is Kind.DATE and isinstance(before, str):
            return (date.fromisoformat(before) + timedelta(days=shift.amount)).isoformat()
        if shift.kind is Kind.TIME and isinstance(before, str):
            at = datetime.combine(date.min + timedelta(days=1), time.fromisoformat(before))
            return f"{at + timedelta(minutes=shift.amount):%H:%M}"
    except ValueError:
        return None
    return None
