"""Whose booking or order is it: what a caller has to show before anything of it is told or changed.

The number of the call is one proof. When it is another one or withheld, the code and the name together are.
No I/O and no clock.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

from shared.name_matching import GOOD, likeness, words

_IDENTITY = re.compile(r"(?:4:)?(\+[1-9]\d{6,14})|(8:(?:acs|orgid):\S{1,290})")
"""A phone number, plain or as a raw id of Communication Services, or one of its users. All else, "anonymous"
above all, is shared by many people."""

_MOST_WORDS: Final = 4
"""A name of more words is a list of guesses."""

_TITLES: Final = frozenset({"mr", "mrs", "ms", "miss", "dr", "mister", "doctor", "herr", "frau", "madame"})


class Owned(Protocol):
    """What somebody has made by telephone: a booking, an order."""

    @property
    def name(self) -> str: ...

    @property
    def call_id(self) -> str: ...

    @property
    def caller(self) -> str | None: ...


def own_number(caller: str | None) -> str | None:
    """The caller as one person's number or id, always spelled alike; None when it is nobody's own."""
    found = _IDENTITY.fullmatch(caller or "")
    return (found[1] or found[2]) if found is not None else None


def is_own(made: Owned, caller: str | None, call_id: str) -> bool:
    """Whether it was made in this call or from this caller's number."""
    number = own_number(caller)
    return made.call_id == call_id or (number is not None and number == own_number(made.caller))


def is_named(made: Owned, said: str) -> bool:
    """Whether a name said by voice is the one it was made under: its last word, which is the family name when
    there are several, has to be among the words said."""
    heard = [word for word in words(said) if word not in _TITLES]
    known = [word for word in words(made.name) if word not in _TITLES]
    if not known or not 1 <= len(heard) <= _MOST_WORDS:
        return False
    return any(likeness(word, known[-1]) >= GOOD for word in heard)
