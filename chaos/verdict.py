"""What became of the calls of each fault, held against what is promised, as a table."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from chaos.measuring import Silence, longest, silences
from chaos.run import Placed, Window
from local.ear import RATE
from local.measure import bookings_of
from local.services import Addresses
from shared.call_store import CallStore
from shared.calls import Call
from shared.restaurants import Catalogue
from shared.settings import StoreSettings
from shared.settings.services import DEFAULT_RESTAURANTS_FILE
from shared.tables import Tables

SETTLED_WITHIN_S = 240.0
"""A call whose end nobody told is closed by the sweep, within two minutes of its ring and one more."""
FOUND_OUT_S = 190.0
"""After its end: the same of a call of the least length."""
_EARLY_S = 10.0
"""By so much a record may end before the call, of which the phone hears last."""
_ENDS = ("caller_hung_up", "agent_hung_up")
"""Reasons of an end that somebody wanted."""
_MANY = 10_000
"""More calls than are placed in a day of chaos."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store holds of a call."""

    record: Call | None
    bookings: int
    booked_for: datetime | None = None
    """When the table is booked for, in the restaurants' zone."""


class Row(msgspec.Struct):
    """What one fault did."""

    fault: str
    about: str
    calls: int
    """That were going on, or rang meanwhile."""
    survived: int
    """That went on after it, or came to their end in order."""
    longest_silence_s: float
    """At the phone of a caller who waited for the agent."""
    allowed_s: float
    moved: int
    """Of these calls: those that another bridge has gone on with."""
    bookings_expected: int
    """Of these calls: those whose caller was told of it."""
    bookings_found: int
    broken: list[str]
    """Promises that were not kept, in words."""


async def settle(addresses: Addresses, calls: Sequence[Placed]) -> dict[int, Kept]:
    """What the store holds of each call, by its number, once all are closed there or time is up."""
    deadline = time.monotonic() + SETTLED_WITHIN_S
    async with Tables(StoreSettings(addresses.tables, endpoint=None, prefix="")) as tables:
        store = CallStore(tables)
        while True:
            records = await _records(store)
            found = {call.number: records.get(call.progress.correlation_id) for call in calls}
            open_ones = [found[call.number] for call in calls if not _was_busy(call)]
            done = all(one is not None and one.outcome is not None for one in open_ones)
            if done or time.monotonic() > deadline:
                break
            await asyncio.sleep(1.0)
        zone = Catalogue.load(DEFAULT_RESTAURANTS_FILE).zone
        return {number: await _kept(tables, record, zone) for number, record in found.items()}


async def _kept(tables: Tables, record: Call | None, zone: ZoneInfo) -> Kept:
    rows = [] if record is None else await bookings_of(tables, record.id)
    whens = [datetime.fromisoformat(f"{row['on']}T{row['at']}").replace(tzinfo=zone) for row in rows]
    return Kept(record, len(rows), whens[-1] if whens else None)


def judge(windows: Sequence[Window], calls: Sequence[Placed], kept: Mapping[int, Kept]) -> list[Row]:
    """One row for each fault."""
    heard = {call.number: waits(call) for call in calls}
    # How a call ended is held against the last fault that it went through, and against no earlier one.
    last = {number: window for window in windows for number in window.begins}
    return [
        _row(window, calls, kept, heard, {number for number, its in last.items() if its is window})
        for window in windows
    ]


def waits(call: Placed) -> list[Silence]:
    """The silences in which the caller of a call waited."""
    caller = call.caller
    return silences(caller.caller.spans, caller.agent.spans, caller.asked_again, caller.agent.now)


def _row(
    window: Window,
    calls: Sequence[Placed],
    kept: Mapping[int, Kept],
    heard: Mapping[int, Sequence[Silence]],
    ended: Collection[int],
) -> Row:
    fault = window.fault
    own = [call for call in calls if call.number in window.begins]
    quiet = {
        call.number: longest(heard[call.number], window.begins[call.number], window.ends[call.number]) / RATE
        for call in own
    }
    broken = [window.not_kept] if window.not_kept else []
    survived = 0
    for call in own:
        if fault.may_be_busy and _was_busy(call):
            survived += 1
            continue
        end = _end_trouble(call, may_end=fault.may_end)
        survived += call.number in window.outlived or not end
        troubles = [end] if end and call.number in ended else []
        troubles += call_troubles(call, kept[call.number])
        if quiet[call.number] > fault.silence_s:
            troubles.append(f"a silence of {quiet[call.number]:.1f} s")
        broken += [f"call {call.number}: {trouble}" for trouble in troubles]
    return Row(
        fault=fault.name,
        about=fault.about,
        calls=len(own),
        survived=survived,
        longest_silence_s=round(max(quiet.values(), default=0.0), 1),
        allowed_s=fault.silence_s,
        moved=sum(_has_moved(kept[call.number]) for call in own),
        bookings_expected=sum(call.caller.booker.told for call in own),
        bookings_found=sum(kept[call.number].bookings for call in own),
        broken=broken,
    )


def call_troubles(call: Placed, kept: Kept) -> list[str]:
    """What was not as promised in a call, whatever became of it in the end."""
    booker = call.caller.booker
    troubles: list[str] = []
    if booker.greeted != 1 and call.progress.answered_at is not None:
        troubles.append(f"the greeting was heard {booker.greeted} times")
    if booker.told and kept.bookings != 1:
        troubles.append(f"told of a booking, {kept.bookings} in the store")
    if not booker.told and kept.bookings > 1:
        troubles.append(f"{kept.bookings} bookings")
    if booker.told and kept.booked_for is not None:
        # The caller's day is that of this machine's clock, which no fault moves.
        wanted = booker.wants(datetime.fromtimestamp(call.progress.dialled_at, kept.booked_for.tzinfo))
        if wanted != kept.booked_for:
            troubles.append(
                f"wanted a table on {wanted:%d %B %H:%M}, has one on {kept.booked_for:%d %B %H:%M}"
            )
    if kept.record is None:
        troubles.append("not in the store")
    elif kept.record.outcome is None:
        troubles.append("its record was not closed")
    else:
        troubles += _end_time_trouble(call, kept.record)
    return troubles


def _end_time_trouble(call: Placed, record: Call) -> list[str]:
    """Whether the record's end is when the call ended, by this machine's clock."""
    if call.progress.answered_at is None or record.ended_at is None:
        return []
    off = record.ended_at.timestamp() - call.progress.answered_at - call.caller.now_s
    return [] if -_EARLY_S < off < FOUND_OUT_S else [f"its record ends {off:.0f} s after the call"]


def _was_busy(call: Placed) -> bool:
    return call.progress.answered_at is None and call.progress.ended == "rejected"


def _has_moved(kept: Kept) -> bool:
    return kept.record is not None and kept.record.media_epoch > 1


def _end_trouble(call: Placed, *, may_end: bool) -> str:
    """Why a call did not come to its end in order; empty if it did."""
    booker, progress = call.caller.booker, call.progress
    if call.trouble:
        return f"the line broke: {call.trouble}"
    if progress.answered_at is None:
        return f"never answered: {progress.ended}"
    if progress.ended not in _ENDS:
        return f"ended by {progress.ended}"
    if booker.told or (may_end and booker.sent_away):
        return ""
    return "sent away without a table" if booker.sent_away else "the caller got no table"


def table(rows: Sequence[Row]) -> str:
    """The rows for people, and under them what was not kept."""
    head = ("fault", "calls", "survived", "longest silence", "allowed", "bookings expected", "found", "")
    lines = [
        (
            row.fault,
            str(row.calls),
            str(row.survived),
            f"{row.longest_silence_s:.1f} s",
            f"{row.allowed_s:.1f} s",
            str(row.bookings_expected),
            str(row.bookings_found),
            "NOT KEPT" if row.broken else "kept",
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in (head, *lines)) for column in range(len(head))]
    text = [
        "  ".join(
            cell.ljust(width) if not column else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in (head, *lines)
    ]
    return "\n".join([*text, *(f"{row.fault}: {trouble}" for row in rows for trouble in row.broken)])


async def _records(store: CallStore) -> dict[str, Call]:
    """The calls of today and of the day before, by correlation id."""
    today = datetime.now(UTC).date()
    return {
        call.correlation_id: call
        for day in (today - timedelta(days=1), today)
        for call in await store.day(day, _MANY)
    }
