"""A reply that broke off half-way: what is to be said is the rest of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local.voice_live.mind.outputs import Output, Say

_GO_ON = re.compile(r"\bgo on from\b", re.IGNORECASE)


def broken_off(
    items: Sequence[Mapping[str, Any]], text_of: Callable[[Mapping[str, Any]], str]
) -> tuple[list[Mapping[str, Any]], str]:
    """The items without a reply that a system message says broke off, and its words; none broke off: ""."""
    kept = list(items)
    if len(kept) < 2 or kept[-1].get("role") != "system" or not _GO_ON.search(text_of(kept[-1])):
        return kept, ""
    if kept[-2].get("role") != "assistant":
        return kept, ""
    return kept[:-2], text_of(kept[-2])


def rest(outputs: list[Output], begun: str) -> list[Output]:
    """The outputs, the first without what was said of it already."""
    if not begun or not outputs or not isinstance(outputs[0], Say):
        return outputs
    words, heard = outputs[0].text.split(), begun.split()
    if words[: len(heard)] != heard or len(words) == len(heard):
        return outputs
    return [Say(" ".join(words[len(heard) :])), *outputs[1:]]
