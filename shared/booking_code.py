"""Booking codes: five letters that cannot be mistaken for one another on a telephone line."""

from __future__ import annotations

import hashlib

LETTERS = "HKLMOQRTWXY"
"""One letter of each group that sounds alike (B C D E G P T V Z; A J K H; F S X; M N; I Y; Q U). No digits.
161,051 codes; a code is free again once its meal is over."""

LENGTH = 5


def booking_code(identity: str, attempt: int) -> str:
    """The code of a booking, the same for the same identity; `attempt` counts the codes found taken."""
    number = int.from_bytes(hashlib.sha256(f"{identity}/{attempt}".encode()).digest())
    code = ""
    for _ in range(LENGTH):
        number, letter = divmod(number, len(LETTERS))
        code += LETTERS[letter]
    return code


def read_code(said: str) -> str | None:
    """A code as a caller or a model writes it ("k, m r-t w"); None when it cannot be one."""
    code = "".join(letter for letter in said.upper() if letter.isalnum())
    return code if len(code) == LENGTH and set(code) <= set(LETTERS) else None
