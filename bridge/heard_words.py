"""Which words of what the agent says were heard, given how much of its audio was. No I/O, no clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.playout import Heard

_PACE = 0.012
"""Characters of text in a millisecond of unhurried speech, at rate 1: a guess that rather takes too few words
for heard than one too many."""

_LOOK_AHEAD = 4
"""Words of the text that a timed word may be behind: a service may time "seven" where the text has "7"."""

_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word as it is said, and when its sound ends, in milliseconds of the item's audio."""

    text: str
    ends_ms: int


def heard_words(
    text: str, heard: Heard, *, timed: Sequence[TimedWord] = (), complete: bool = True, rate: float = 1.0
) -> str:
    """The words of `text` whose sound was heard to its end: a beginning of it.

    Args:
        timed: when its words are said, in order. Without them the words heard are estimated.
        complete: whether all its audio has been received; until then the share of it that was heard says
            little, for words come before their audio.
        rate: of the voice, 1 for its own pace.
    """
    if timed:
        return _by_times(text, [word.text for word in timed if word.ends_ms <= heard.heard_ms])
    share = heard.heard_ms / heard.received_ms if heard.received_ms else 0.0
    limit = int(len(text) * share)
    if not complete:
        limit = min(limit, int(heard.heard_ms * _PACE * rate))
    if limit >= len(text):
        return text
    end = text.rfind(" ", 0, limit + 1)
    return text[:end] if end > 0 else ""


def _by_times(text: str, heard: Sequence[str]) -> str:
    """The beginning of `text` that these words make up; a word of it that is only begun is left out."""
    words = list(re.finditer(r"\S+", text))
    at = -1
    rest = ""
    """What is still to come of word `at`, the one that the last word heard is in."""
    for spoken in (_plain(part) for word in heard for part in word.split()):
        if not spoken:
            continue  # a sign, timed by itself
        if rest.startswith(spoken):
            rest = rest.removeprefix(spoken)
            continue
        for ahead in range(at + 1, min(at + 1 + _LOOK_AHEAD, len(words))):
            if _plain(words[ahead].group()).startswith(spoken):
                at, rest = ahead, _plain(words[ahead].group()).removeprefix(spoken)
                break
    whole = at if rest else at + 1
    while 0 < whole < len(words) and not _plain(words[whole].group()):
        whole += 1  # a dash that stands by itself is not said
    return text[: words[whole - 1].end()] if whole else ""


def _plain(word: str) -> str:
    return _SIGNS.sub("", word.casefold())
