"""What a tool gave back: what to say of it, and the things in it that a caller may refer to later."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.voice_live.mind.spoken import join_words

_MOST_WORDS = 75
"""Longer than this is cut at a sentence: nobody can follow a menu read out whole."""
_MOST_FACTS = 6


@dataclass(frozen=True, slots=True)
class Thing:
    """One entry of a list in a result, such as a restaurant.

    `place` counts from 0 in the order it was told.
    """

    kind: str
    name: str
    id: str
    place: int
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """One tool output, understood."""

    output: str
    body: Any
    failed: bool
    message: str = ""
    """Why it failed and what to ask, in the tool's words."""
    code: str = ""
    things: tuple[Thing, ...] = ()

    @property
    def may_retry(self) -> bool:
        """True when the tool itself says that the same call may work the next time."""
        return (
            self.failed
            and re.search(r"\btry (?:it )?(?:again|once more)", self.message, re.IGNORECASE) is not None
        )

    @property
    def spoken(self) -> str:
        """The sentences the tool suggests, if any."""
        said = self.body.get("spoken") if isinstance(self.body, dict) else None
        return said.strip() if isinstance(said, str) else ""


def read_result(output: object) -> Result:
    """Understand an output: JSON, or plain text, or something else that is shown as it is."""
    text = output if isinstance(output, str) else json.dumps(output, default=str)
    try:
        body: Any = json.loads(text)
    except (ValueError, RecursionError):
        return Result(text, text.strip(), failed=False)
    if not isinstance(body, dict):
        return Result(text, body, failed=False, things=tuple(_things(body)))
    error = body.get("error")
    if error:
        inner = error if isinstance(error, dict) else {}
        message = body.get("message") or inner.get("message") or (error if isinstance(error, str) else "")
        code = error if isinstance(error, str) else str(inner.get("code") or "")
        return Result(text, body, failed=True, message=str(message), code=code, things=tuple(_things(body)))
    return Result(text, body, failed=False, things=tuple(_things(body)))


def _things(body: object) -> Iterator[Thing]:
    """The entries of the first list of named objects."""
    lists = body.items() if isinstance(body, dict) else [("", body)]
    for key, value in lists:
        if not isinstance(value, list):
            continue
        named = [one for one in value if isinstance(one, dict) and isinstance(one.get("name"), str)]
        if named:
            kind = str(key)
            for place, one in enumerate(named[:12]):
                yield Thing(kind, one["name"], str(one.get("id") or one["name"]), place, one)
            return


def say_result(result: Result) -> str:
    """A success in words: what the tool suggests, else its text, else its facts in short words."""
    if result.spoken:
        return shorten(result.spoken)
    if isinstance(result.body, str):
        return shorten(sentence(result.body)) if result.body else "That is done."
    if result.things:
        names = [thing.name for thing in result.things]
        return f"I found {join_words(names[:4])}."
    if isinstance(result.body, dict):
        facts = list(_facts(result.body))[:_MOST_FACTS]
        return sentence(", ".join(facts)) if facts else "That is done."
    if isinstance(result.body, list):
        return (
            sentence(join_words([str(one) for one in result.body[:4]])) if result.body else "I found nothing."
        )
    return sentence(str(result.body)) if result.body not in (None, True) else "That is done."


def _facts(body: Mapping[str, Any], within: str = "") -> Iterator[str]:
    for key, value in body.items():
        label = re.sub(r"[_\W]+", " ", str(key)).strip().lower()
        if label in ("id", "ok", "status", "success") or label.endswith(" id") or value is None:
            continue
        if isinstance(value, dict):
            yield from _facts(value, label)
        elif isinstance(value, list):
            if value and all(isinstance(one, (str, int, float)) for one in value):
                yield f"the {label}: {join_words([str(one) for one in value[:4]])}"
        elif isinstance(value, bool):
            yield f"{label}: {'yes' if value else 'no'}"
        else:
            yield f"the {f'{within} ' if within else ''}{label} is {value}"


def sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def shorten(text: str) -> str:
    """At most some 75 words, cut after a sentence, or after a comma where the first sentence is too long."""
    words = text.split()
    if len(words) <= _MOST_WORDS:
        return text
    kept = " ".join(words[:_MOST_WORDS])
    sentences = re.match(r"(.*[.!?])(?:\s|$)", kept, re.DOTALL)
    if sentences:
        return sentences[1]
    return kept.rpartition(",")[0] + ", and more." if "," in kept else kept + ", and more."


def in_short(thing: Thing) -> str:
    """A thing with its first facts, to tell it from others."""
    facts = [
        f"{key.replace('_', ' ')} {_short(value)}"
        for key, value in thing.facts.items()
        if key not in ("id", "name", "spoken", "reasons", "lacks") and _short(value)
    ]
    return f"{thing.name}: {', '.join(facts[:3])}."


def _short(value: object) -> str:
    if isinstance(value, list):
        return join_words([str(one) for one in value[:2]])
    return "" if isinstance(value, (Mapping, bool)) or value is None else str(value)
