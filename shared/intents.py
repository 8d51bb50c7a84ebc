"""What a caller wanted and whether they got it, decided by rules from what was said and done. No I/O.

The tools tell most: who had `book_table` run wanted a table. Words tell of wishes that never came to a tool.
The strongest wish is the call's intent: what commits goes before what only asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

from shared.calls import Call, ToolRun, Turn
from shared.json_errors import NOT_JSON
from shared.repairs import plain_words


class Intent(StrEnum):
    """What a caller can want of this line, the strongest first."""

    ORDER = "order"
    BOOK = "book"
    CHANGE = "change"
    """Move or cancel a booking or an order."""
    CHECK = "check"
    """Hear about a booking or an order that there is."""
    PERSON = "person"
    ASK = "ask"
    """A fact about one restaurant."""
    FIND = "find"
    """A restaurant that fits."""
    OTHER = "other"
    """Something was said, and it is none of these."""
    NONE = "none"
    """Nothing was said."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing a caller wanted."""

    intent: Intent
    reached: bool
    reason: str
    """What told us, in a few words without personal data: "book_table: booked"."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The intent of a call, as stored."""

    intent: Intent
    reached: bool
    reason: str
    by: str = "rules"
    """"rules", "model", or the name of the operator who corrected it."""


_BY_TOOL: Final[Mapping[str, Intent]] = {
    "place_order": Intent.ORDER,
    "start_order": Intent.ORDER,
    "order_item": Intent.ORDER,
    "review_order": Intent.ORDER,
    "book_table": Intent.BOOK,
    "move_booking": Intent.CHANGE,
    "cancel_booking": Intent.CHANGE,
    "cancel_order": Intent.CHANGE,
    "find_bookings": Intent.CHECK,
    "order_status": Intent.CHECK,
    "transfer_to_person": Intent.PERSON,
    "restaurant_details": Intent.ASK,
    "find_restaurants": Intent.FIND,
}

_COMMITS: Final[Mapping[str, str]] = {
    "place_order": "ordered",
    "book_table": "booked",
    "move_booking": "changed",
    "cancel_booking": "cancelled",
    "cancel_order": "cancelled",
}
"""Tools that commit, and what their result says when they have."""

_PREPARE: Final = frozenset({"start_order", "order_item", "review_order"})
"""Tools that lead to an order and make none."""

_WORDS: Final[Mapping[Intent, str]] = {
    Intent.CHANGE: (
        r"(cancel|reschedule|stornier\w*|absagen|verschieben|annuler|deplacer|cancelar|aplazar|cambiar mi|"
        r"annullare|disdire|spostare)"
    ),
    Intent.ORDER: (
        r"(deliver\w*|order (some|a|an|the|food)|to order|liefer\w*|bestellen|livr\w+|commander|"
        r"a domicilio|pedir|consegna\w*|ordinare)"
    ),
    Intent.BOOK: (r"(book|reserv\w+|a table for|tisch|reservier\w+|une table|una mesa|un tavolo|prenot\w+)"),
    Intent.PERSON: (
        r"(a (real |human )?person|a human|someone real|an operator|einen menschen|mitarbeiter\w*|"
        r"quelqu un|une personne|un conseiller|una persona|un operador|un operatore)"
    ),
    Intent.ASK: (
        r"(opening hours?|what time|address|phone number|menu|offnungszeiten|adresse|speisekarte|horaires|"
        r"la carte|horario|direccion|orari|indirizzo)"
    ),
    Intent.FIND: (
        r"(restaurants?|hungry|to eat|feel like|recommend\w*|essen|hunger|empfehl\w*|manger|faim|comer|"
        r"ristorante|mangiare)"
    ),
}
"""Words of a wish, as `plain_words` leaves them, in the languages that are told apart."""
_SAID_FOR_ITSELF: Final = frozenset({Intent.ORDER, Intent.BOOK, Intent.PERSON})
_PATTERNS: Final = {intent: re.compile(rf"\b{words}\b") for intent, words in _WORDS.items()}


def result_of(run: ToolRun) -> Mapping[str, Any]:
    """The facts of a tool's result; empty when it is no JSON object."""
    return _object(run.result)


def arguments_of(run: ToolRun) -> Mapping[str, Any]:
    """The arguments of a tool run; empty when they are no JSON object."""
    return _object(run.arguments)


def commits(run: ToolRun) -> bool:
    """Whether the run left something that stands: a booking, an order, a change of one."""
    done = _COMMITS.get(run.name)
    return done is not None and result_of(run).get(done) is True


def wishes(call: Call, turns: Sequence[Turn], tools: Sequence[ToolRun]) -> list[Wish]:
    """Everything the caller wanted, the strongest first; each intent once, reached if it ever was."""
    found: dict[Intent, Wish] = {}
    done = list(_by_tools(call, tools))
    # Beside what was done, "cancel that" or "what time" are part of the talk; three are wishes of their own.
    said = [wish for wish in _by_words(turns) if not done or wish.intent in _SAID_FOR_ITSELF]
    for wish in (*done, *said):
        known = found.get(wish.intent)
        if known is None or (wish.reached and not known.reached):
            found[wish.intent] = wish
    return sorted(found.values(), key=lambda wish: list(Intent).index(wish.intent))


def decide(call: Call, turns: Sequence[Turn], tools: Sequence[ToolRun]) -> Decision:
    """The intent of a call: the strongest wish, and whether that one was reached."""
    found = wishes(call, turns, tools)
    if found:
        strongest = found[0]
        return Decision(intent=strongest.intent, reached=strongest.reached, reason=strongest.reason)
    if any(turn.role == "caller" and plain_words(turn.text) for turn in turns):
        return Decision(intent=Intent.OTHER, reached=False, reason="no tool ran and no word told a wish")
    return Decision(intent=Intent.NONE, reached=False, reason="the caller said nothing")


def _by_tools(call: Call, tools: Sequence[ToolRun]) -> Iterable[Wish]:
    for run in tools:
        intent = _BY_TOOL.get(run.name)
        if intent is None:
            continue
        facts = result_of(run)
        error = facts.get("error")
        if error is not None:
            yield Wish(intent, reached=False, reason=f"{run.name}: {_plain(error)}")
        elif intent is Intent.PERSON:
            taken = call.transferred_at is not None
            yield Wish(intent, reached=taken, reason=f"{run.name}: {'taken' if taken else 'nobody took it'}")
        elif run.name in _PREPARE:
            yield Wish(intent, reached=False, reason=f"{run.name}: not placed")
        elif run.name in _COMMITS:
            done = _COMMITS[run.name]
            yield Wish(
                intent, reached=commits(run), reason=f"{run.name}: {done if commits(run) else 'not done'}"
            )
        elif run.name == "find_restaurants":
            exact = facts.get("exact") is True
            yield Wish(
                intent, reached=exact, reason=f"{run.name}: {'found' if exact else 'only the nearest'}"
            )
        else:
            yield Wish(intent, reached=True, reason=f"{run.name}: told")
    if call.transfer and not any(run.name == "transfer_to_person" for run in tools):
        taken = call.transferred_at is not None
        yield Wish(
            Intent.PERSON, reached=taken, reason=f"hand-over: {'taken' if taken else 'nobody took it'}"
        )


def _by_words(turns: Sequence[Turn]) -> Iterable[Wish]:
    said = [" ".join(plain_words(turn.text)) for turn in turns if turn.role == "caller"]
    for intent, pattern in _PATTERNS.items():
        if any(pattern.search(words) for words in said):
            yield Wish(intent, reached=False, reason="the caller's words; no tool ran for it")


def _object(text: str) -> Mapping[str, Any]:
    try:
        value = msgspec.json.decode(text)
    except NOT_JSON:
        return {}
    return value if isinstance(value, dict) else {}


def _plain(error: object) -> str:
    """An error code of a tool; anything else a model made up is not repeated."""
    return error if isinstance(error, str) and re.fullmatch(r"[a-z_]{1,40}", error) else "failed"
