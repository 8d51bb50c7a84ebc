"""What the instructions say is known of the caller, and whether more may be kept."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from local.voice_live.mind.roles import Role
from local.voice_live.mind.schema import Kind, Schema, Tool
from local.voice_live.mind.words import plain

_HEADING = re.compile(r"\b(?:know|known|kept|remember)\b.*\b(?:caller|customer|guest|user)\b")
_FACT = re.compile(r"^- ([\w ]{2,40}): (.+)$")
_NOT_ASKED = re.compile(r"\bnot been asked\b|\bmay ask\b")
_NOT_OFFERED = re.compile(r"\bdo not (?:ask again|offer)\b")
_USUAL = "usual "
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class Known:
    """`facts` are the lines "- what: value" of the section about the caller, by what."""

    facts: Mapping[str, str] = field(default_factory=dict)
    may_ask: bool = False
    """True when the caller may be asked whether something may be kept."""
    kept: bool = False
    """True when the caller has let things be kept already."""

    def texts(self, label: str) -> list[str]:
        """The values of a fact, each without its quotes."""
        said = self.facts.get(label, "")
        quoted = [str(json.loads(found)) for found in _QUOTED.findall(said)]
        return quoted or ([said] if said else [])

    def usual(self, noun: str) -> str:
        """The usual thing of a kind, as it is written; empty when nothing is."""
        return next((said for label, said in self.facts.items() if label == f"{_USUAL}{noun}"), "")

    def usual_values(self, tool: Tool, noun: str) -> dict[str, Any]:
        """The values of the usual thing for a tool, by the labels of its parameters."""
        said, found = self.usual(noun), dict[str, Any]()
        for parameter in tool.parameters:
            label = rf"\b{re.escape(parameter.label)} (\"(?:[^\"\\]|\\.)*\"|[\w:.-]+)"
            match = re.search(label, said)
            if match is None:
                continue
            text = str(json.loads(match[1])) if match[1].startswith('"') else match[1]
            found[parameter.name] = int(text) if parameter.kind is Kind.PARTY and text.isdecimal() else text
        return found

    def party(self) -> int | None:
        """How many they usually are."""
        said = self.facts.get("usual party", "")
        return int(said) if said.isdecimal() else None

    def told(self) -> str:
        """All of it in a few words; empty when nothing is known."""
        parts = [f"{label}: {_spoken(said)}" for label, said in self.facts.items()]
        return "; ".join(parts)


def _spoken(said: str) -> str:
    return _QUOTED.sub(lambda found: str(json.loads(found[0])), said)


@lru_cache(maxsize=64)
def read_known(instructions: str) -> Known:
    """The section about the caller, under a heading such as "What you know about this caller"."""
    sections = re.split(r"(?m)^#+ +", instructions)
    own = [part for part in sections if _HEADING.search(plain(part.partition("\n")[0]))]
    text = own[-1].partition("\n")[2] if own else ""
    facts = {
        m[1].strip().lower(): m[2].strip() for line in text.splitlines() if (m := _FACT.match(line.strip()))
    }
    asks = bool(_NOT_ASKED.search(plain(text))) and not _NOT_OFFERED.search(plain(text))
    return Known(facts, asks, bool(facts) or "let you keep" in plain(text))


def known_values(known: Known, schema: Schema) -> dict[str, Any]:
    """What need not be asked of this caller for a booking: how many they usually are, their name."""
    tool = schema.with_role(Role.COMMIT)
    found: dict[str, Any] = {}
    for kind, value in ((Kind.PARTY, known.party()), (Kind.PERSON, next(iter(known.texts("name")), None))):
        parameter = tool.of_kind(kind) if tool is not None else None
        if parameter is not None and value is not None:
            found[parameter.name] = value
    return found


def known_wishes(known: Known, tool: Tool) -> dict[str, Any]:
    """What a search must heed for this caller without being told: their diet, and what they must not eat."""
    found: dict[str, Any] = {}
    liked = plain(known.facts.get("preferences", ""))
    for parameter in tool.parameters:
        if parameter.kind is Kind.AVOID and known.facts.get("allergies"):
            found[parameter.name] = ", ".join(known.texts("allergies"))
        elif "diet" in parameter.label and parameter.options:
            named = (
                option for option in parameter.options if re.search(rf"\b{re.escape(plain(option))}\b", liked)
            )
            if (diet := next(named, None)) is not None:
                found[parameter.name] = diet
    return found
