"""Booking codes: five letters that cannot be mistaken for one another on a telephone line."""

from __future__ import annotations

import hashlib
import re
from typing import Final

LETTERS: Final = "HKLMOQRTWXY"
"""One letter of each group that sounds alike (B C D E G P T V Z; A J K H; F S X; M N; I Y; Q U). No digits.
161,051 codes; a code is free again once its meal is over."""

LENGTH: Final = 5

_ALIKE: Final = dict(zip("BCDEGPVZAJFSNIU", "TTTTTTTTKKXXMYQ", strict=True))
"""A letter that is in no code to the one of its group that is: who hears a B was told a T."""

_NAMES: Final = {
    "aitch": "H", "haitch": "H", "kay": "K", "okay": "K", "el": "L", "ell": "L", "em": "M", "en": "M",
    "oh": "O", "cue": "Q", "queue": "Q", "are": "R", "ar": "R", "tee": "T", "tea": "T", "bee": "T",
    "pee": "T", "dee": "T", "see": "T", "double": "W", "ex": "X", "eks": "X", "ess": "X", "eff": "X",
    "why": "Y", "wye": "Y", "eye": "Y", "hotel": "H", "kilo": "K", "lima": "L", "mike": "M", "oscar": "O",
    "quebec": "Q", "romeo": "R", "tango": "T", "whiskey": "W", "whisky": "W", "xray": "X", "yankee": "Y",
}  # fmt: skip
"""Letters as recognisers write them out, and the spelling alphabet of the telephone."""

_EXAMPLE: Final = re.compile(r"\b(as in|like|for) +\w+")
"""The word a letter is explained with: "T as in table"."""

_DOUBLE_U: Final = re.compile(r"\b(double[ -]?(u|you)|x-ray)\b")


def booking_code(identity: str, attempt: int) -> str:
    """The code of a booking, the same for the same identity; `attempt` counts the codes found taken."""
    number = int.from_bytes(hashlib.sha256(f"{identity}/{attempt}".encode()).digest())
    code = ""
    for _ in range(LENGTH):
        number, letter = divmod(number, len(LETTERS))
        code += LETTERS[letter]
    return code


def read_code(said: str) -> str | None:
    """A code as a caller, a recogniser or a model gives it: "k, m r-t w", "kay em are tea double you",
    "K as in kilo, ..."; a letter misheard is read as the one that sounds like it. None when it is no code."""
    plain = "".join(letter for letter in said.upper() if letter.isalnum())
    if len(plain) != LENGTH:
        text = _DOUBLE_U.sub(lambda found: "xray" if "ray" in found[0] else "double", said.lower())
        plain = "".join(_letters(word) for word in re.findall(r"[a-z0-9]+", _EXAMPLE.sub(" ", text)))
    code = "".join(_ALIKE.get(letter, letter) for letter in plain)
    return code if len(code) == LENGTH and set(code) <= set(LETTERS) else None


def _letters(word: str) -> str:
    return _NAMES.get(word, word.upper())
