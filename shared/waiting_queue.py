"""The queue of callers for whom there is no place yet. No I/O and no clock.

A call that finds no place is answered without its audio, takes a seat in the queue, and hears announcements
that Call Automation plays. Whoever looks at the queue works out what is due with `steps`, changes the row of
a seat from `before` to `after`, and does the act only if nobody else has changed it meanwhile: so each act
has one who does it. A row says until when that may take (`due_at`); one who dies meanwhile is stood in for by
the next to look.

First in, first out: a place that becomes free is the first's, and a phone that rings has to leave as many
places as there are callers in line.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

ANSWERED_WITHIN: Final = timedelta(seconds=15)
"""A call that has a seat is up by then, or it never was answered."""
DONE_WITHIN: Final = timedelta(seconds=30)
"""An act is done by then: it makes up to three requests to Call Automation, each of which has 8 s."""
TAKEN_WITHIN: Final = timedelta(seconds=70)
"""Somebody has picked up by then, or nobody does: the service gives up after 60 s."""
SPOKEN_WITHIN: Final = timedelta(seconds=20)
"""The words of an announcement are over by then, and the callback that says so has come."""
FORGOTTEN_AFTER: Final = timedelta(minutes=1)
"""A seat that was due so long ago keeps nobody out: nothing looks after the queue any more."""

MOST_FAILURES: Final = 3
"""Announcements in a row that cannot be played, and tries to begin the audio. Nobody is left on a silent
line."""
_PAUSE: Final = timedelta(seconds=2)
"""After one of them."""

_CONTEXT: Final = re.compile(r"waiting-(\d{1,5}|goodbye|person)")


class Stage(StrEnum):
    """How far a caller in line has come."""

    ANSWERING = "answering"
    """The call is not up yet."""
    WAITING = "waiting"
    CALLED = "called"
    """It has a place: its audio is about to begin."""
    HANDED_OVER = "handed over"
    """It waited too long or asked for it, and hears that a person is called."""
    RINGING = "ringing"
    """That person is called."""
    GOODBYE = "goodbye"
    """It waited too long, and hears a goodbye."""


class Act(StrEnum):
    """What is to be done about a caller in line."""

    ANNOUNCE = "announce"
    CALL = "call"
    """Begin the audio."""
    HAND_OVER = "hand over"
    """Say that a person is called."""
    RING = "ring"
    """Call the person."""
    RETURN = "return"
    """Nothing: nobody took the call, and the caller is in line again, where they were."""
    GOODBYE = "goodbye"
    HANG_UP = "hang up"
    FORGET = "forget"
    """Take the seat away: the call never came about."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator wants of the queue."""

    longest: timedelta
    """Somebody waits, from the ring on."""
    every: timedelta
    """From the end of an announcement to the next."""
    person: bool
    """Whether who has waited so long is handed over to a person; else they hear a goodbye."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller in line."""

    seat: int
    call_id: str
    since: datetime
    """When it rang."""
    language: str
    """Of the announcements."""
    secret: str = field(repr=False)
    """Part of the address of the announcements."""
    due_at: datetime
    """When something is to be done about it, unless it is heard of before."""
    stage: Stage = Stage.ANSWERING
    connection: str = ""
    """Call connection id, once it is known."""
    rounds: int = 0
    """Announcements that were begun."""
    failures: int = 0
    """Announcements in a row that could not be played, or tries to begin the audio."""
    offers_person: bool = False
    """Whether they are told that a key puts them through to a person."""
    wants_person: bool = False
    """Whether they have pressed it."""


class News(StrEnum):
    """What is heard of a caller in line."""

    CONNECTED = "connected"
    """The call is up."""
    PLAYED = "played"
    """What was played is over, or was broken off."""
    NOT_PLAYED = "not played"
    NOT_BEGUN = "not begun"
    """The audio could not be begun."""
    PRESSED = "pressed"
    """The key for a person."""
    NOBODY_THERE = "nobody there"
    """The person did not take the call."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is due: the row of a seat, as it is and as it is to be, and what is done then."""

    act: Act
    before: Waiting
    after: Waiting
    place: int
    """In line, from 1; 0 for one who has left it."""


def in_line(rows: Collection[Waiting]) -> list[Waiting]:
    """Who waits, the first first."""
    waiting = [one for one in rows if one.stage in (Stage.ANSWERING, Stage.WAITING)]
    return sorted(waiting, key=lambda one: (one.since, one.call_id))


def on_their_way(rows: Collection[Waiting], placed: Collection[str]) -> list[Waiting]:
    """Who was called and has not taken the place yet.

    Args:
        placed: the calls that have their place already.
    """
    return [one for one in rows if one.stage is Stage.CALLED and one.call_id not in placed]


def ahead_of(call_id: str, rows: Collection[Waiting], placed: Collection[str], now: datetime) -> int:
    """How many places are to be left to others when `call_id` wants one; `placed` as for `on_their_way`."""
    looked_after = [one for one in rows if now < one.due_at + FORGOTTEN_AFTER]
    if any(one.call_id == call_id and one.stage is Stage.CALLED for one in looked_after):
        return 0
    queue = [one.call_id for one in [*on_their_way(looked_after, placed), *in_line(looked_after)]]
    return queue.index(call_id) if call_id in queue else len(queue)


def steps(rows: Collection[Waiting], places: int, now: datetime, rules: Rules) -> list[Step]:
    """What is due at `now`, when so many further calls can be held besides those that are on their way."""
    due = [
        step
        for place, one in enumerate(in_line(rows), 1)
        if (step := _in_line(one, place, places, now, rules)) is not None
    ]
    due += [step for one in rows if now >= one.due_at and (step := _under_way(one, now, rules)) is not None]
    return due


def _in_line(one: Waiting, place: int, places: int, now: datetime, rules: Rules) -> Step | None:
    up = one.stage is Stage.WAITING
    if up and place <= places:
        called = replace(one, stage=Stage.CALLED, due_at=now + DONE_WITHIN, failures=0)
        return Step(Act.CALL, one, called, place)
    if up and one.wants_person:
        return _hand_over(one, place, now)
    if up and now >= one.since + rules.longest:
        return _hand_over(one, place, now) if rules.person else _goodbye(one, place, now)
    if now < one.due_at:
        return None
    if not up and not one.connection:
        return Step(Act.FORGET, one, one, place)
    # Its connection is known, and that it is up was not told: that is found out by speaking.
    announced = replace(
        one, stage=Stage.WAITING, rounds=one.rounds + 1, due_at=now + rules.every + SPOKEN_WITHIN
    )
    return Step(Act.ANNOUNCE, one, announced, place)


def _hand_over(one: Waiting, place: int, now: datetime) -> Step:
    handed_over = replace(one, stage=Stage.HANDED_OVER, wants_person=False, due_at=now + SPOKEN_WITHIN)
    return Step(Act.HAND_OVER, one, handed_over, place)


def _goodbye(one: Waiting, place: int, now: datetime) -> Step:
    return Step(Act.GOODBYE, one, replace(one, stage=Stage.GOODBYE, due_at=now + SPOKEN_WITHIN), place)


def _under_way(one: Waiting, now: datetime, rules: Rules) -> Step | None:
    """What comes next for one who has left the queue, or comes again because nobody lived to do it."""
    match one.stage:
        case Stage.CALLED if one.failures < MOST_FAILURES:
            return Step(Act.CALL, one, replace(one, due_at=now + DONE_WITHIN), 0)
        case Stage.HANDED_OVER:
            ringing = replace(one, stage=Stage.RINGING, due_at=now + TAKEN_WITHIN)
            return Step(Act.RING, one, ringing, 0)
        case Stage.RINGING if now < one.since + rules.longest:
            return Step(Act.RETURN, one, replace(one, stage=Stage.WAITING, due_at=now), 0)
        case Stage.CALLED | Stage.RINGING:
            return _goodbye(one, 0, now)
        case Stage.GOODBYE:
            return Step(Act.HANG_UP, one, replace(one, due_at=now + DONE_WITHIN), 0)
    return None


def put_back(step: Step, now: datetime) -> Waiting:
    """The row of who was called, and whose place somebody else has got: in line, with what was due before."""
    if step.before.stage is Stage.WAITING:
        return step.before
    return replace(step.before, stage=Stage.WAITING, failures=0, due_at=now)


def heard(one: Waiting, news: News, now: datetime, *, context: str = "", connection: str = "") -> Waiting:
    """The row after some news, which may come late, twice or in any order.

    Args:
        context: of what was played, as `context_of` gives it: news of what was played before means nothing.
    """
    one = replace(one, connection=one.connection or connection)
    match news:
        case News.CONNECTED if one.stage is Stage.ANSWERING:
            return replace(one, stage=Stage.WAITING, due_at=now)
        case News.PLAYED if context == context_of(one):
            return replace(one, failures=0, due_at=now)
        case News.NOT_PLAYED if context == context_of(one):
            return _not_played(one, now)
        case News.NOT_BEGUN if one.stage is Stage.CALLED:
            return replace(one, failures=one.failures + 1, due_at=now + _PAUSE)
        case News.PRESSED if one.stage is Stage.WAITING and one.offers_person:
            return replace(one, wants_person=True)
        case News.NOBODY_THERE if one.stage is Stage.RINGING:
            return replace(one, due_at=now)
    return one


def _not_played(one: Waiting, now: datetime) -> Waiting:
    if one.stage is not Stage.WAITING:
        return replace(one, due_at=now)  # then without the words
    failures = one.failures + 1
    if failures >= MOST_FAILURES:
        return replace(one, stage=Stage.GOODBYE, failures=failures, due_at=now)
    return replace(one, failures=failures, due_at=now + _PAUSE)


def context_of(one: Waiting) -> str:
    """The operation context of what is played to a caller now; empty when nothing is."""
    match one.stage:
        case Stage.WAITING:
            return f"waiting-{one.rounds}"
        case Stage.HANDED_OVER:
            return "waiting-person"
        case Stage.GOODBYE:
            return "waiting-goodbye"
    return ""


def is_context(text: str) -> bool:
    """Whether an operation context is one of `context_of`."""
    return _CONTEXT.fullmatch(text) is not None
