"""Records on disk: a folder with a file for each call that has some which the store could not take.

A file is written by one process, which holds its lock (`flock`) until it ends; then whoever gets the lock may
read it. So no two processes write what is in it to the store, and what a killed process left is free at once.
Everything in here blocks: what reads or writes runs in threads.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, Self

from bridge.spill_frames import frame, frames
from shared.calls import is_call_id
from shared.clock import utc_now

_SUFFIX: Final = ".held"

log = logging.getLogger(__name__)


class SpillFullError(OSError):
    """There is no room left in the folder by its setting."""


class Spill:
    """The folder. Safe from several threads.

    Args:
        most: bytes of all files together.
        on_change: is told how many bytes there are more, or fewer.
    """

    def __init__(self, folder: Path, most: int, on_change: Callable[[int], None] = lambda _: None) -> None:
        self._folder = folder
        self._most = most
        self._on_change = on_change
        self._used = 0
        self._counting = threading.Lock()

    @classmethod
    def open(cls, folder: Path, most: int, on_change: Callable[[int], None] = lambda _: None) -> Self:
        """Make the folder if need be, for its owner alone, and try it.

        Raises:
            OSError: it cannot be made or written to.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f"probe-{secrets.token_hex(8)}"
        probe.touch(mode=0o600)
        probe.unlink()
        spill = cls(folder, most, on_change)
        spill._count(sum(_size(path) for path in folder.glob(f"*{_SUFFIX}")))
        return spill

    def new_file(self, call_id: str) -> SpillFile:
        """A file for a call, held by this process.

        Raises:
            OSError: it cannot be made.
        """
        # Files of one call sort by the time at which they were begun.
        path = self._folder / f"{call_id}.{_time_ns():020d}-{secrets.token_hex(4)}{_SUFFIX}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._sync_folder()
        except OSError:
            os.close(descriptor)
            path.unlink()
            raise
        return SpillFile(self, path, descriptor, call_id)

    def left(self, call_id: str = "") -> list[Path]:
        """The files of all calls or of one, those of a call from the oldest to the newest."""
        return sorted(path for path in self._folder.glob(f"*{_SUFFIX}") if path.name.startswith(call_id))

    def take(self, path: Path) -> SpillFile | None:
        """Hold a file that its process has left; None when somebody holds it, it is gone, or none of ours."""
        call_id = path.name.partition(".")[0]
        if not is_call_id(call_id):
            return None
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if os.fstat(descriptor).st_nlink == 0:  # whoever held it has written and removed it
            os.close(descriptor)
            return None
        return SpillFile(self, path, descriptor, call_id)

    def reserve(self, size: int) -> None:
        """Make room for so many bytes.

        Raises:
            SpillFullError: there is none.
        """
        with self._counting:
            if self._used + size > self._most:
                raise SpillFullError("the folder is full")
            self._count(size)

    def release(self, size: int) -> None:
        """So many bytes are gone."""
        with self._counting:
            self._count(-min(size, self._used))  # files of others are counted at the beginning only

    def _count(self, more: int) -> None:
        self._used += more
        self._on_change(more)

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _time_ns() -> int:
    return round(utc_now().timestamp() * 1e9)


class SpillFile:
    """One file, held by this process until `close` or `remove`. Used by one thread at a time."""

    def __init__(self, spill: Spill, path: Path, descriptor: int, call_id: str) -> None:
        self._spill = spill
        self._path = path
        self._descriptor = descriptor
        self.call_id = call_id
        self._size = os.fstat(descriptor).st_size
        self._starts: list[int] = []
        """Where the frames begin that were written here."""

    @property
    def age(self) -> float:
        """Seconds since it was last written to."""
        return utc_now().timestamp() - os.fstat(self._descriptor).st_mtime

    def append(self, payloads: Iterable[bytes]) -> None:
        """Write payloads behind the others; they are on disk when this returns, all or none of them.

        Raises:
            SpillFullError, OSError: none is.
        """
        written = [frame(payload) for payload in payloads]
        data = b"".join(written)
        self._spill.reserve(len(data))
        try:
            _write_all(self._descriptor, data)
            os.fsync(self._descriptor)
        except OSError:
            self._spill.release(len(data))
            # Half a frame would hide all that comes after it.
            os.ftruncate(self._descriptor, self._size)
            raise
        for one in written:
            self._starts.append(self._size)
            self._size += len(one)

    def last(self, count: int, most: int) -> list[bytes]:
        """Of the last `count` payloads that were written here the first, at most `most`.

        Raises:
            OSError: they cannot be read.
        """
        begin = self._starts[len(self._starts) - count]
        end = self._size if most >= count else self._starts[len(self._starts) - count + most]
        data = os.pread(self._descriptor, end - begin, begin)
        found = list(frames(data))
        if len(found) != min(count, most):
            raise OSError("what was written cannot be read")
        return found

    def payloads(self) -> Iterator[bytes]:
        """All that is whole, from the beginning."""
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            file.seek(0)
            yield from frames(file.read())

    def close(self) -> None:
        """Leave it to whoever takes it."""
        os.close(self._descriptor)

    def remove(self) -> None:
        """It is not needed any more."""
        # Before the lock goes: whoever gets it then sees that there is no such file.
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        self._spill.release(self._size)
        os.close(self._descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
