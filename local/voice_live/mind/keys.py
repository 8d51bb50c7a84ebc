"""Keys pressed on the phone, as the words a caller would have said instead."""

from __future__ import annotations

import re

from local.voice_live.mind.schema import Kind
from local.voice_live.mind.talk import Talk

_PRESSED = re.compile(
    r"^\W*the caller pressed (?:the )?keys?:? ([0-9A-D ]+?)(?:, which means:? ([^)]+))?\W*$", re.IGNORECASE
)
_OFFERED = re.compile(r"\b(\d) (?:to|for) ([^,.;?]+?)(?=,|\.|;|\?| or \d|$)")
"""One line of a spoken menu: "1 to find a restaurant"."""


def in_words(talk: Talk, text: str) -> str:
    """What pressed keys mean in this talk; any other text as it is."""
    found = _PRESSED.match(text.strip())
    if found is None:
        return text
    if found[2]:
        return found[2].strip()
    keys = found[1].replace(" ", "")
    offered = {key: meaning.strip() for key, meaning in _OFFERED.findall(talk.line_said or talk.last_said)}
    return offered.get(keys) or _as_answer(talk, keys)


def _as_answer(talk: Talk, keys: str) -> str:
    """Digits as the kind of value that was asked for."""
    expected = talk.expected
    if expected is not None and expected.kind is Kind.TIME and keys.isdigit():
        return f"at {keys[:-2]}:{keys[-2:]}" if len(keys) in (3, 4) else f"at {keys}"
    if expected is not None and expected.kind is Kind.DATE and keys.isdigit() and len(keys) <= 2:
        return f"the {keys}th"
    if expected is not None and expected.name == talk.schema.subject and talk.things:
        return f"number {keys}"
    return keys
