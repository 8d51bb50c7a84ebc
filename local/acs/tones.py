"""Touch tones: names on the wire, keys on the phone, and how they sound.

Wire facts: `DtmfTone` of Call Automation REST 2026-03-12; frequencies of ITU-T Q.23.
"""

from collections.abc import Sequence

import numpy as np

from local.acs.line import RATE

KEY_OF_TONE = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "a": "A", "b": "B", "c": "C", "d": "D", "pound": "#", "asterisk": "*",
}  # fmt: skip
TONE_OF_KEY = {key: tone for tone, key in KEY_OF_TONE.items()}

_KEYPAD = ("123A", "456B", "789C", "*0#D")
_ROW_HZ = (697, 770, 852, 941)
_COLUMN_HZ = (1209, 1336, 1477, 1633)
_TONE_MS = 100
_GAP_MS = 60
_AMPLITUDE = 6000


def sound(tones: Sequence[str]) -> bytes:
    """The tones as PCM16LE at the line's rate, each 100 ms with 60 ms of silence after it."""
    time = np.arange(RATE * _TONE_MS // 1000) / RATE
    gap = bytes(RATE * _GAP_MS // 1000 * 2)
    pieces: list[bytes] = []
    for tone in tones:
        key = KEY_OF_TONE[tone]
        row = next(index for index, keys in enumerate(_KEYPAD) if key in keys)
        column = _KEYPAD[row].index(key)
        wave = np.sin(2 * np.pi * _ROW_HZ[row] * time) + np.sin(2 * np.pi * _COLUMN_HZ[column] * time)
        pieces += [bytes((wave * _AMPLITUDE).astype("<i2")), gap]
    return b"".join(pieces)
