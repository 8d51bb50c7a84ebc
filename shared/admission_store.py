"""What bridges report, which channels are taken and who waits for one, in Table Storage.

| table | partition | row | holds |
|---|---|---|---|
| replicas | "bridge" | "replica-{name}" | what a bridge reports, every few seconds while it is up |
| replicas | "bridge" | "channel-{number}" | the call that has the channel |
| replicas | "bridge" | "waiting-{seat}" | a caller in line: `shared.waiting_store` |

One partition, so that one query sees all of it; a row takes a few hundred bytes at most, and lives as long as
its bridge or call.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode

from shared.admission import TAKEN_WITHIN, Channel, Full, Report, fresh, held, room
from shared.tables import Tables
from shared.waiting_queue import Waiting, ahead_of, on_their_way
from shared.waiting_rows import PARTITION, SEAT, to_waiting

_REPLICA: Final = "replica-"
_CHANNEL: Final = "channel-"
_TRIES: Final = 20
"""Times that others may have been quicker with a channel: each time there are fewer to be quick about."""

_LEFT_BEHIND: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """The table at one moment."""

    reports: list[Report]
    channels: dict[int, Channel]
    etags: dict[int, str]
    """Of the channels' rows."""
    waiting: list[Waiting] = field(default_factory=list)
    """In no order."""
    seat_etags: dict[int, str] = field(default_factory=dict)
    """Of their rows."""

    def room_for(self, call_id: str, now: datetime) -> tuple[int, ...] | Full | None:
        """The channels of which a call may take one, or why there is none; None when nobody knows.

        Those who wait in line before it have the first choice.
        """
        numbers = room(self.reports, self.channels.values(), now)
        if not isinstance(numbers, tuple):
            return numbers
        return numbers[ahead_of(call_id, self.waiting, self._placed, now) :] or Full.CHANNELS

    def places(self, now: datetime) -> int:
        """How many of those in line can be called."""
        numbers = room(self.reports, self.channels.values(), now)
        free = len(numbers) if isinstance(numbers, tuple) else 0
        return free - len(on_their_way(self.waiting, self._placed))

    @property
    def _placed(self) -> set[str]:
        return {channel.call_id for channel in self.channels.values()}


class AdmissionStore:
    """Reports and channels. Safe to use from several tasks and processes at once.

    Every method raises azure.core.exceptions.AzureError when the store cannot be reached or refuses.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def admit(self, call_id: str, now: datetime) -> Channel | Full | None:
        """Take a channel for a call; the one it has, when it has one.

        Returns:
            why there is none; None when no bridge reports, so that nobody can tell.
        """
        for _ in range(_TRIES):
            seen = await self.seen()
            up = fresh(seen.reports, now)
            for mine in held(seen.channels.values(), up, now):
                if mine.call_id == call_id:
                    return mine
            numbers = seen.room_for(call_id, now)
            if numbers is None or isinstance(numbers, Full):
                return numbers
            number = random.choice(numbers)  # noqa: S311 - spreads those that come at once, no secret
            channel = Channel(number, call_id, now + TAKEN_WITHIN)
            if await self._take(channel, seen.etags.get(number)):
                return channel
        return Full.CHANNELS

    async def give_back(self, channel: Channel) -> None:
        """The call has ended, or will not be held after all. Nothing happens when another call or bridge has
        the channel by now."""
        table = await self._tables.table("replicas")
        try:
            row = await table.get_entity(PARTITION, _channel_key(channel.number))
            if (row["call_id"], row["replica"]) == (channel.call_id, channel.replica):
                await table.delete_entity(
                    row, etag=row.metadata["etag"], match_condition=MatchConditions.IfNotModified
                )
        except (ResourceNotFoundError, ResourceModifiedError):
            return

    async def report(self, report: Report) -> None:
        """In place of what this replica reported before."""
        table = await self._tables.table("replicas")
        await table.upsert_entity(
            {
                "PartitionKey": PARTITION,
                "RowKey": _REPLICA + report.replica,
                "at": report.at,
                "calls": report.calls,
                "live": report.live,
                "late_ms": report.late_ms,
                "sessions": report.sessions,
                "draining": report.draining,
                "release": report.release,
            },
            mode=UpdateMode.REPLACE,
        )

    async def forget(self, replica: str) -> None:
        """The replica ends."""
        table = await self._tables.table("replicas")
        await table.delete_entity(PARTITION, _REPLICA + replica)

    async def hold(self, replica: str, call_ids: Collection[str], now: datetime, seen: Seen) -> list[Channel]:
        """Write down which bridge has these calls.

        A call that came without a channel gets one: it cannot be sent away any more, and fills the place of
        another.

        Args:
            seen: the table as it was read just now.

        Returns:
            their channels, but for one that somebody else was about to change: that is for the next time.
        """
        by_call = {channel.call_id: channel for channel in seen.channels.values()}
        unused = (number for number in itertools.count() if number not in seen.channels)
        got: list[Channel] = []
        for call_id in call_ids:
            known = by_call.get(call_id)
            number = next(unused) if known is None else known.number
            channel = Channel(number, call_id, now, replica)
            if await self._take(channel, seen.etags.get(number)):
                got.append(channel)
        return got

    async def tidy(self, now: datetime) -> None:
        """Remove what bridges and calls left behind that died without a word."""
        table = await self._tables.table("replicas")
        seen = await self.seen()
        for report in seen.reports:
            if report.at < now - _LEFT_BEHIND:
                await table.delete_entity(PARTITION, _REPLICA + report.replica)
        up = {channel.number for channel in held(seen.channels.values(), fresh(seen.reports, now), now)}
        for number, channel in seen.channels.items():
            if number not in up and channel.until < now - _LEFT_BEHIND:
                await self.give_back(channel)

    async def seen(self) -> Seen:
        """Everything that is there now."""
        table = await self._tables.table("replicas")
        seen = Seen([], {}, {})
        async for row in table.query_entities(
            "PartitionKey eq @partition", parameters={"partition": PARTITION}
        ):
            if row["RowKey"].startswith(_REPLICA):
                seen.reports.append(_to_report(row))
            elif row["RowKey"].startswith(_CHANNEL):
                channel = _to_channel(row)
                seen.channels[channel.number] = channel
                seen.etags[channel.number] = str(row.metadata["etag"])
            elif row["RowKey"].startswith(SEAT):
                one = to_waiting(row)
                seen.waiting.append(one)
                seen.seat_etags[one.seat] = str(row.metadata["etag"])
        return seen

    async def _take(self, channel: Channel, etag: str | None) -> bool:
        """Write a channel where there is none, or in place of the one with this etag; whether it was so."""
        table = await self._tables.table("replicas")
        row = {
            "PartitionKey": PARTITION,
            "RowKey": _channel_key(channel.number),
            "call_id": channel.call_id,
            "until": channel.until,
            "replica": channel.replica,
        }
        try:
            if etag is None:
                await table.create_entity(row)
            else:
                await table.update_entity(
                    row, mode=UpdateMode.REPLACE, etag=etag, match_condition=MatchConditions.IfNotModified
                )
        except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
            return False
        return True


def _channel_key(number: int) -> str:
    return f"{_CHANNEL}{number:06d}"


def _to_report(row: Mapping[str, Any]) -> Report:
    return Report(
        replica=row["RowKey"].removeprefix(_REPLICA),
        at=row["at"],
        calls=row["calls"],
        live=row["live"],
        late_ms=row["late_ms"],
        sessions=row["sessions"],
        draining=row["draining"],
        release=row.get("release", ""),  # written by a bridge of before there were releases
    )


def _to_channel(row: Mapping[str, Any]) -> Channel:
    return Channel(int(row["RowKey"].removeprefix(_CHANNEL)), row["call_id"], row["until"], row["replica"])
