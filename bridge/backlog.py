"""The records of one call that wait for the store: which are in memory, which on disk, which next. No I/O.

While the store answers all of them are in memory. Once it does not (`save`) each is to be saved as well, so
that it survives the process; and when memory is full the newest are on disk alone, to be read from there when
it is their turn. Whoever owns a backlog does the saving and the reading, and tells it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence


class Backlog[T]:
    """Items in the order in which they came.

    Args:
        most: items in memory.
        can_save: whether there is a disk.
        is_saved: whether an item goes to disk at all; one that does not waits in memory only.
    """

    def __init__(self, most: int, *, can_save: bool, is_saved: Callable[[T], bool] = lambda _: True) -> None:
        self._most = most
        self._can_save = can_save
        self._is_saved = is_saved
        self._memory: deque[T] = deque()
        self._unsaved: deque[T] = deque()
        """To be saved, the oldest first."""
        self._homeless = 0
        """The last so many of them are not in memory either."""
        self._being_saved = 0
        """The first so many of them."""
        self._on_disk_only = 0
        """The last so many of those that were saved."""
        self.saving = False
        """Whether what comes is saved."""

    def __len__(self) -> int:
        return len(self._memory) + self._on_disk_only + self._homeless

    def begin_to_save(self) -> list[T]:
        """What is to be saved now, in this order; say `saved` or `not_saved` before you ask again."""
        self._being_saved = len(self._unsaved)
        return list(self._unsaved)

    @property
    def to_read(self) -> int:
        """How many of the last ones on disk are to be read now, because their turn has come; 0 for none."""
        return 0 if self._memory else self._on_disk_only

    @property
    def next(self) -> T | None:
        """The oldest in memory."""
        return self._memory[0] if self._memory else None

    def add(self, item: T) -> bool:
        """One more; False when there is no room for it anywhere."""
        to_disk = self._is_saved(item)
        if not self.saving and len(self._memory) >= self._most:
            self.save()
        fits = len(self._memory) < self._most
        if not self.saving or not to_disk:
            if fits:
                self._memory.append(item)
            return fits
        if len(self._unsaved) >= 2 * self._most:
            return False  # the disk does not take any more either
        self._unsaved.append(item)
        self._homeless += 1
        self._house()
        return True

    def save(self) -> None:
        """From now on everything that waits is to be saved."""
        if self._can_save and not self.saving:
            self.saving = True
            self._unsaved.extend(item for item in self._memory if self._is_saved(item))

    def saved(self) -> None:
        """What `begin_to_save` gave is on disk."""
        for _ in range(self._being_saved):
            if len(self._unsaved) == self._homeless:
                self._homeless -= 1
                self._on_disk_only += 1
            self._unsaved.popleft()
        self.not_saved()

    def not_saved(self) -> None:
        """What `begin_to_save` gave is not on disk; it is given again."""
        self._being_saved = 0
        self._drop_done()

    def read(self, items: Sequence[T]) -> None:
        """The oldest of those that were on disk only."""
        self._memory.extend(items)
        self._on_disk_only -= len(items)
        self._house()

    def lost(self) -> int:
        """What was on disk only cannot be read; says how many that are."""
        gone, self._on_disk_only = self._on_disk_only, 0
        self._house()
        return gone

    def done(self) -> None:
        """`next` is dealt with."""
        self._memory.popleft()
        self._house()
        self._drop_done()

    def unsaved(self) -> int:
        """How many are lost if the process ends now."""
        never = sum(not self._is_saved(item) for item in self._memory)
        return (never + len(self._unsaved)) if self.saving else len(self)

    def settle(self) -> bool:
        """Forget what was saved, if nothing waits; whether that is so, and there was something."""
        if len(self) or not self.saving:
            return False
        self.saving = False
        self._unsaved.clear()
        return True

    def _drop_done(self) -> None:
        """What is dealt with need not be saved any more."""
        while not self._being_saved and len(self._unsaved) - self._homeless > len(self._memory):
            self._unsaved.popleft()

    def _house(self) -> None:
        """Take into memory what may stand there: nothing older is on disk only."""
        while self._homeless and not self._on_disk_only and len(self._memory) < self._most:
            self._memory.append(self._unsaved[-self._homeless])
            self._homeless -= 1
