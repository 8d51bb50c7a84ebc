"""The queue of callers who wait for a place, in Table Storage: see `shared.admission_store` for its rows.

A seat is a row with a number, so the queue is never longer than there are seats, however many come at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode

from shared.admission_store import AdmissionStore, Seen
from shared.tables import Tables
from shared.waiting_queue import Waiting
from shared.waiting_rows import PARTITION, from_waiting, seat_key, to_waiting

_TRIES: Final = 10
_PAUSE: Final = 0.02
"""Seconds; the pause before try n is random between 0 and n times this."""


class WaitingStore:
    """Who waits in line. Safe to use from several tasks and processes at once.

    Every method raises azure.core.exceptions.AzureError when the store cannot be reached or refuses.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._admission = AdmissionStore(tables)

    async def join(self, one: Waiting, seats: int) -> Waiting | None:
        """Give a caller one of so many seats, or the one they have.

        Returns:
            the row with its seat; None when all are taken.
        """
        seen = await self._admission.seen()
        for known in seen.waiting:
            if known.call_id == one.call_id:
                return known
        taken = {known.seat for known in seen.waiting}
        for seat in range(seats):
            if seat not in taken and await self._create(seated := replace(one, seat=seat)):
                return seated
        return None

    async def find(self, call_id: str) -> Waiting | None:
        """The row of a call; None when it is not in line."""
        seen = await self._admission.seen()
        return next((one for one in seen.waiting if one.call_id == call_id), None)

    async def change(self, seen: Seen, before: Waiting, after: Waiting) -> bool:
        """Put `after` in place of `before`, unless somebody has changed it since it was seen; whether so."""
        return await self._replace(after, seen.seat_etags[before.seat])

    async def update(self, call_id: str, to: Callable[[Waiting], Waiting]) -> Waiting | None:
        """Change the row of a call, whoever else does so at the same time.

        `to` is pure and may run several times.

        Returns:
            the row as it now stands; None when the call is not in line.
        """
        for tried in range(_TRIES):
            await asyncio.sleep(tried * _PAUSE * random.random())  # noqa: S311 - spreads writers, no secret
            seen = await self._admission.seen()
            before = next((one for one in seen.waiting if one.call_id == call_id), None)
            if before is None or (after := to(before)) == before:
                return before
            if await self._replace(after, seen.seat_etags[before.seat]):
                return after
        return await self.find(call_id)

    async def forget(self, seen: Seen, one: Waiting) -> None:
        """Free the seat, unless anything has been heard of the call since it was seen."""
        table = await self._tables.table("replicas")
        with contextlib.suppress(ResourceNotFoundError, ResourceModifiedError):
            await table.delete_entity(
                PARTITION,
                seat_key(one.seat),
                etag=seen.seat_etags[one.seat],
                match_condition=MatchConditions.IfNotModified,
            )

    async def leave(self, one: Waiting) -> None:
        """Free the seat, if it is still this call's."""
        table = await self._tables.table("replicas")
        try:
            row = await table.get_entity(PARTITION, seat_key(one.seat))
            if to_waiting(row).call_id == one.call_id:
                await table.delete_entity(
                    row, etag=row.metadata["etag"], match_condition=MatchConditions.IfNotModified
                )
        except ResourceNotFoundError:
            return
        except ResourceModifiedError:
            await self.leave(one)

    async def _create(self, one: Waiting) -> bool:
        table = await self._tables.table("replicas")
        try:
            await table.create_entity(from_waiting(one))
        except ResourceExistsError:
            return False
        return True

    async def _replace(self, one: Waiting, etag: str) -> bool:
        table = await self._tables.table("replicas")
        try:
            await table.update_entity(
                from_waiting(one),
                mode=UpdateMode.REPLACE,
                etag=etag,
                match_condition=MatchConditions.IfNotModified,
            )
        except (ResourceModifiedError, ResourceNotFoundError):
            return False
        return True
