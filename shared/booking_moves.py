"""Moving a booking to another day or restaurant: two partitions, so no transaction covers both.

    1  the old row notes the new place (`moving_to`); from now on whoever wants to change the old row has to
       settle the move first, because the row's ETag has changed
    2  a row under "moves" leads the sweep to it
    3  one transaction takes the new seats, inserts the new row and its event: THE MOVE IS MADE
    4  one transaction gives the old seats back and marks the old row as moved
    5  the pointers follow, and the row under "moves" goes

Whether the new row exists decides. Whoever finds a move half done inserts a void row in the new place: if
that succeeds the move is off, since step 3 can only fail then, and the old booking stands as it was; if the
new row is there the move is made, and steps 4 and 5 are done for it. So the caller has the old table up to
step 3 and the new one from there on, never none. A crash between 3 and 4 counts both until the next who
touches the booking, or the sweep, does step 4. Each step may be done twice and by several at once.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from azure.core.exceptions import AzureError, ResourceExistsError
from azure.data.tables import TableEntity

from shared import booking_pointers as pointers
from shared import booking_rows
from shared.booking_access import own_number
from shared.booking_ledger import Ledger
from shared.booking_records import Booking
from shared.booking_rows import Change, Entry, State, Stay
from shared.ledger import TRIES, ConflictError, Place, pause

type FindStay = Callable[[], Awaitable[tuple[Stay | None, dict[int, TableEntity]]]]
"""Looks for a free table in the new partition; gives also the slot rows it was found in."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Moves:
    """Moves between partitions. Holds no state of its own; safe from many tasks and processes."""

    ledger: Ledger

    async def follow(self, entry: Entry) -> Entry:
        """The row where the booking stands now. Changes nothing."""
        while (link := entry.moved_to or entry.moving_to) is not None:
            new = await self.ledger.entry(link)
            if new is None:
                break  # begun and not made: the old row stands
            entry = new
        return entry

    async def settled(self, entry: Entry) -> Entry:
        """The row where the booking stands now, with no move of it half done.

        Raises:
            ConflictError: others kept moving it.
        """
        for _ in range(TRIES):
            if entry.moving_to is not None:
                await self._settle(entry.place, entry.moving_to)
            elif entry.moved_to is None:
                return entry
            entry = await self._reload(entry.moved_to or entry.place)
        raise ConflictError

    async def current(self, place: Place) -> Entry:
        """The row where a booking stands now that was last seen in this one; see `settled`."""
        return await self.settled(await self._reload(place))

    async def move(
        self, entry: Entry, booking: Booking, partition: str, find: FindStay, now: datetime
    ) -> bool:
        """Move a settled booking into another partition, as `booking` says.

        False when somebody else changed it meanwhile, or the last table went: read again.

        Raises:
            ConflictError: lost against too many others in a row; the old booking stands.
            azure.core.exceptions.AzureError: the store failed. The booking stands in one place or the other.
        """
        target = Place(partition, f"{entry.root}-m{entry.moves + 1}")
        intent = booking_rows.updated_row(entry, moving_to=target.text, moves=entry.moves + 1)
        if not await self.ledger.commit(entry.place.partition, [intent]):
            return False
        await pointers.note_move(self.ledger.table, entry, target, now)
        made = await self._make(entry, booking, target, find)
        try:
            await self._settle(entry.place, target)
        except (AzureError, ConflictError) as error:
            if not made:
                raise
            # The caller has the new table, and that is what they are told; the sweep does the rest.
            logger.warning("move left to the sweep: error=%s", type(error).__name__)
        return made

    async def sweep(self, before: datetime) -> int:
        """Settle every move that was begun before this moment and is half done; says how many."""
        settled = 0
        for old, target in await pointers.open_moves(self.ledger.table, before):
            with contextlib.suppress(ConflictError):  # busy now; the next sweep comes
                await self._settle(old, target)
                settled += 1
        return settled

    async def _make(self, entry: Entry, booking: Booking, target: Place, find: FindStay) -> bool:
        """Step 3; False when somebody else put the move off or no table is free."""
        sequence = entry.sequence + 1
        event = booking_rows.event(
            Change.MOVED,
            booking,
            root=entry.root,
            sequence=sequence,
            previous=entry.booking,
            follows=entry.place.partition,
        )
        await self.ledger.opens(target.partition)
        for attempt in range(TRIES):
            await pause(attempt)
            stay, rows = await find()
            if stay is None:
                return False
            insert = booking_rows.new_row(
                target, booking, stay, sequence=sequence, root=entry.root, moves=entry.moves + 1
            )
            seats = booking_rows.seat(target.partition, rows, takes=stay)
            if await self.ledger.commit(target.partition, [*seats, insert], event):
                return True
            if (row := await self.ledger.row(target)) is not None:
                return Entry.read(row) is not None  # ours, its answer lost; or void
        raise ConflictError

    async def _settle(self, old: Place, target: Place) -> None:
        """Bring a move that was begun to its end, whichever that is."""
        new = await self.ledger.entry(target)
        if new is None:
            with contextlib.suppress(ResourceExistsError):
                await self.ledger.table.create_entity(booking_rows.void_row(target))
            new = await self.ledger.entry(target)
        await self._release(old, target, made=new is not None)
        if new is not None:
            await pointers.repoint(self.ledger.table, new, own_number(new.booking.caller))
        await pointers.forget_move(self.ledger.table, target)

    async def _release(self, place: Place, target: Place, *, made: bool) -> None:
        """Step 4, or undo step 1 when the move is off."""
        for attempt in range(TRIES):
            await pause(attempt)
            old = await self.ledger.entry(place)
            if old is None or old.moving_to != target:
                return  # somebody else has done it
            operations = [booking_rows.updated_row(old, moving_to="")]
            if made:
                rows = await self.ledger.slots(place.partition)
                gone = {"state": State.MOVED.value, "moved_to": target.text, "moving_to": ""}
                operations = booking_rows.seat(place.partition, rows, leaves=old.stay)
                # Whose booking it is stands in one row only, so that it can be forgotten.
                operations.append(booking_rows.updated_row(old, **gone, **booking_rows.NOBODY))
            if await self.ledger.commit(place.partition, operations):
                return
        raise ConflictError

    async def _reload(self, place: Place) -> Entry:
        entry = await self.ledger.entry(place)
        if entry is None:
            raise ConflictError  # only whole days are deleted, long after them: somebody works on it by hand
        return entry
