"""What is left to say of a text whose beginning was heard. No I/O, no clock."""

from __future__ import annotations

import re

_WORD = re.compile(r"\S+")


def rest_of(text: str, said: str) -> str:
    """The words of `text` behind those of `said`, a beginning of it; empty when all of it was said."""
    words = list(_WORD.finditer(text))
    heard = len(_WORD.findall(said))
    return text[words[heard].start() :] if heard < len(words) else ""
