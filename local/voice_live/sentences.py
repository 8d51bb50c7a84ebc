"""Cuts a reply into the sentences it is spoken in, losing nothing of it."""

import re

_END = re.compile(r"(?<=[.!?])[\"')\u2019\u201d]*(?=\s+[^\s])")
_ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|No|a\.m|p\.m|e\.g|i\.e)|\b[A-Z])\.$")


def sentences(text: str) -> list[str]:
    """The sentences in order, each with the space before it: joined they are `text` again."""
    found: list[str] = []
    begin = 0
    for end in (match.end() for match in _END.finditer(text)):
        if not _ABBREVIATION.search(text[begin:end]):
            found.append(text[begin:end])
            begin = end
    if text[begin:]:
        found.append(text[begin:])
    return found
