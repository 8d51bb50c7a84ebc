"""Whether there is room for another call, before it is answered. No I/O and no clock.

Each bridge reports what it holds and could hold. A call that is let in takes a channel, one of as many as the
bridges can hold together, and keeps it to its end: a channel has a number, so of two that want the last one
the store lets one have it. A channel is free again when its call ends, when its bridge has died, and when no
bridge has taken its call in time.

After a deployment the bridges of the release before go on with the calls they have, and new ones go to the
newest. From the same reports follows how many bridges each of the two needs.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FRESH = timedelta(seconds=15)
"""Age from which a report counts no more: the bridge has died, or cannot reach the store. The same for one
from as far ahead, whose clock is wrong: nobody could see that its bridge has died."""

TAKEN_WITHIN = timedelta(seconds=45)
"""How long a channel is kept for a call that no bridge has yet: the ring, and a media socket opened late."""

LATE_MS = 100
"""Half of what a bridge had to do lately came later than that: its callers hear it already."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a bridge tells of itself."""

    replica: str
    at: datetime
    calls: int
    """It may hold at once."""
    live: int
    """It holds."""
    late_ms: int
    """How late its event loop is, in the median of the last seconds."""
    sessions: int
    """Sessions of Voice Live that the quotas let it open within this minute."""
    draining: bool = False
    """It is about to stop, and takes no new calls."""
    release: str = ""
    """The deployment that it is of: of two, the later one is the greater text."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One call's right to be held by some bridge."""

    number: int
    call_id: str
    until: datetime
    """When it lapses, unless a bridge has the call."""
    replica: str = ""
    """The bridge that has the call; empty while it is on its way to one."""


class Full(StrEnum):
    """Why a call cannot be held."""

    CHANNELS = "channels"
    """The bridges hold as many calls as they can."""
    VOICE_LIVE = "voice live quota"
    """They may open no further session within this minute."""


def fresh(reports: Collection[Report], now: datetime) -> list[Report]:
    """Of the bridges that are up."""
    return [report for report in reports if abs(now - report.at) < FRESH]


def held(channels: Collection[Channel], up: Collection[Report], now: datetime) -> list[Channel]:
    """The channels that are not free; `up` are the reports of the bridges that are up."""
    names = {report.replica for report in up}
    return [one for one in channels if (one.replica in names if one.replica else now < one.until)]


def serving(up: Collection[Report]) -> list[Report]:
    """The bridges that get new calls, and share the quotas of Voice Live: of those that go on, the newest
    release. The ones before it may hold as much as they like: no new call comes there."""
    on = [report for report in up if not report.draining]
    newest = max((report.release for report in on), default="")
    return [report for report in on if report.release == newest]


def demand(
    reports: Collection[Report],
    channels: Collection[Channel],
    now: datetime,
    release: str = "",
    *,
    waiting: int = 0,
) -> int | None:
    """How many calls the bridges of a release must hold: those they have, also while they drain, and if new
    ones go there, those on their way and in line. Without a release, of all bridges.

    Args:
        waiting: callers who wait in line for a place.

    Returns:
        None when no bridge of it is up that reports: then nobody knows.
    """
    up = fresh(reports, now)
    ours = [report for report in up if not release or report.release == release]
    if not ours:
        return None
    live = sum(report.live for report in ours)
    goes_to = {report.release for report in serving(up)}
    if release and goes_to and release not in goes_to:
        return live
    return live + waiting + sum(not channel.replica for channel in held(channels, up, now))


def room(
    reports: Collection[Report], channels: Collection[Channel], now: datetime
) -> tuple[int, ...] | Full | None:
    """The numbers of the channels one of which the next call may take, or why there is none.

    Whoever sees the same gets the same numbers, and exactly as many as there is room for: so two that are
    after the last of them want the same one.

    Returns:
        None when no bridge is up that reports: then nobody knows.
    """
    up = fresh(reports, now)
    if not up:
        return None
    taken = held(channels, up, now)
    able = [one for one in serving(up) if one.late_ms < LATE_MS]
    # Those that take no more still hold what they have.
    holdable = sum(max(one.calls, one.live) if one in able else one.live for one in up)
    free = holdable - len(taken)
    # A session is counted by the bridge once it is open: those of calls on their way are still to come.
    sessions = sum(one.sessions for one in able) - sum(not one.replica for one in taken)
    if free <= 0:
        return Full.CHANNELS
    if sessions <= 0:
        return Full.VOICE_LIVE
    numbers = {one.number for one in taken}
    wanted = min(free, sessions)
    return tuple(_first_free(numbers, wanted))


def _first_free(taken: Collection[int], wanted: int) -> list[int]:
    """The lowest numbers from 0 that are not taken."""
    return [number for number in range(len(taken) + wanted) if number not in taken][:wanted]
