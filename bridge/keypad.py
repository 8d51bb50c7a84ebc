"""The keys of the phone: which belong together, and when the caller wants a person. No I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pressed:
    """Keys that were pressed as one entry."""

    keys: str
    """0-9 and A-D, at least one, in order."""


@dataclass(frozen=True, slots=True)
class AskPerson:
    """The caller asks for a person: 0 and nothing else."""


class Keypad:
    """Collects keys into entries.

    `#` ends an entry, so does a pause; `*` clears it. Zeros alone ask for a person, however often an
    impatient caller presses: no number consists of them.

    Args:
        pause: seconds without a further key that end an entry.
        most: keys in an entry; a full one ends by itself, so that no key is lost and memory stays bounded.
    """

    def __init__(self, pause: float = 1.5, most: int = 32) -> None:
        self._pause = pause
        self._most = most
        self._keys = ""
        self._due: float | None = None

    def press(self, key: str, now: float) -> Pressed | AskPerson | None:
        """The caller presses a key: 0-9, A-D, `#` or `*`. What that completes, if anything.

        A key after the pause begins a new entry even when the timer is late: what came before it is returned.
        """
        late = self.on_timer(now)
        # Never both: one key does not fill an entry, and where it does none is ever late.
        completed = self._take_key(key, now)
        return late or completed

    def due(self) -> float | None:
        """When the entry ends if no further key comes; None while there is none."""
        return self._due

    def on_timer(self, now: float) -> Pressed | AskPerson | None:
        """The entry whose pause is over at `now`, given out once."""
        return self._end() if self._due is not None and now >= self._due else None

    def _take_key(self, key: str, now: float) -> Pressed | AskPerson | None:
        if key == "#":
            return self._end()
        if key == "*":
            self._clear()
            return None
        self._keys += key
        self._due = now + self._pause
        return self._end() if len(self._keys) >= self._most else None

    def _end(self) -> Pressed | AskPerson | None:
        keys = self._keys
        self._clear()
        if not keys:
            return None
        return Pressed(keys) if keys.strip("0") else AskPerson()

    def _clear(self) -> None:
        self._keys = ""
        self._due = None
