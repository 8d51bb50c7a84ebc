"""The dishes and drinks that a sentence orders, with how many of each, in what form, and with what notes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from local.voice_live.mind.cart import Cart, Portion, known_items, known_options
from local.voice_live.mind.matching import likeness, option_words
from local.voice_live.mind.patterns import Line
from local.voice_live.mind.schema import Schema
from local.voice_live.mind.spans import texts
from local.voice_live.mind.vocabulary import FILLERS, STOPWORDS
from local.voice_live.mind.words import Token, stem, word_set

_BREAKS = word_set("and plus also then")
_MORE = word_set("another more extra additional")
_LEADS = word_set(
    """
    takeaway takeout something anything stuff order ordered have take get want like need would could can may
    will add put give bring send us me im ill id
    we i please to for from deliver delivered delivery food order on in it with lets go some just the a an of
    maybe think thank thanks yes yeah yep ok okay no not and then also as well too um uh er oh so well hi
    hello actually instead make that those them is are be do does my our your you at this thats its one ones
    """
)
_NOTES = re.compile(
    r"\b(?:(?:with )?(?:no|without|extra|less|hold the|light on the|easy on the|not too|plenty of|well done)"
    r"(?: [a-z]+){1,3})"
)
_TAKES_OUT = """
    take/leave off/out/away | take * off/out/away | remove | drop | delete | cancel the/one |
    get rid of | scrap |
    without the | forget the | do not want the/any/a | no more | leave the * out | scratch the |
    lose the | no longer want
"""
_MISNAMED = 0.8
"""Likeness from which a misheard word counts as one of a dish's own."""
_ENOUGH = 0.45
"""How much of a dish's name must have been said, and of what was said be in it."""
_CLEAR = 0.1
"""By how much the best dish must lead the next."""
_COUNTS = {"couple": 2, "pair": 2, "dozen": 12, "half-dozen": 6}


def read_portions(schema: Schema, cart: Cart, tokens: Sequence[Token]) -> list[Portion]:
    """What the tokens order; those that mean something else must be blank."""
    found: list[Portion] = []
    for segment in _segments(schema, tokens):
        portion = _portion(schema, cart, segment)
        said = texts(segment)
        if portion is None or not portion.known:
            words = [word for word in said if _tells(word)]
            if found and words and (options := chosen(known_options(schema), words)):
                found[-1] = replace(found[-1], options=(*found[-1].options, *options))  # "..., a large one"
                continue
        if portion is not None:
            found.append(portion)
    return found


def takes_out(line: Line) -> bool:
    """True when a sentence takes things out of the order."""
    return line.has(_TAKES_OUT)


def _segments(schema: Schema, tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens parted where one dish ends: at "and" and commas, but not inside a dish's own name."""
    kept = _inside_names(schema, texts(tokens))
    segment: list[Token] = []
    for i, token in enumerate(tokens):
        parts = token.text in _BREAKS and i not in kept
        counted = token.cardinal is not None and any(t.cardinal is None and _tells(t.text) for t in segment)
        if parts or counted:
            yield segment
            segment = []
        if not parts:
            segment.append(token)
        if token.mark in (",", ";", ".") and i not in kept:
            yield segment
            segment = []
    yield segment


def _inside_names(schema: Schema, words: list[str]) -> set[int]:
    """Where an "and" belongs to a dish: "fish and chips"."""
    inside: set[int] = set()
    for option in known_items(schema):
        own = option_words(option)
        if "and" not in own:
            continue
        for start in range(len(words) - len(own) + 1):
            if all(
                likeness(a, b) >= _MISNAMED for a, b in zip(words[start : start + len(own)], own, strict=True)
            ):
                inside |= set(range(start, start + len(own)))
    for i, word in enumerate(words):
        if word == "and" and words[i - 1 : i] == ["fish"] and words[i + 1 : i + 2] == ["chips"]:
            inside.add(i)
    return inside


def _tells(word: str) -> bool:
    return bool(word) and word not in _LEADS and word not in FILLERS


def _portion(schema: Schema, cart: Cart, segment: Sequence[Token]) -> Portion | None:
    words = texts(segment)
    text = " ".join(word for word in words if word)
    quantity = next((t.cardinal for t in segment if t.cardinal is not None), None)
    quantity = quantity if quantity is not None else next((_COUNTS[w] for w in words if w in _COUNTS), None)
    more = bool(_MORE & set(words))
    named = [
        t.text
        for t in segment
        if t.cardinal is None and _tells(t.text) and t.text not in _MORE | set(_COUNTS)
    ]
    if not named:
        return None
    item, used = _dish(schema, cart, named)
    known = bool(item)
    options = _options(schema, words, used, named)
    note = "" if options else _note(text, item)
    if not item:
        in_dish = [
            w for w in named if w not in note.split() and not any(w in o.lower().split() for o in options)
        ]
        item = " ".join(in_dish)
    if not item:
        return None
    return Portion(item, quantity, more, options, note, known=known)


def _note(text: str, item: str) -> str:
    found = _NOTES.search(text)
    if found is None:
        return ""
    own = {*option_words(item), "no", "without", "the", "any"}
    return "" if set(found[0].split()) <= own else found[0].removeprefix("with ").strip()


def _dish(schema: Schema, cart: Cart, named: Sequence[str]) -> tuple[str, frozenset[str]]:
    """The dish that the words name, and which of them do; empty when none or several could be meant."""
    known = list(known_items(schema)) or [str(line.get("item", "")) for line in cart.lines]
    ranked = sorted(((_fits(option, tuple(named)), option) for option in known), reverse=True)
    if not ranked or ranked[0][0][0] < _ENOUGH:
        return "", frozenset()
    (best, used), option = ranked[0]
    in_cart = [o for (score, _), o in ranked if score >= best - _CLEAR and cart.line_of(o) is not None]
    rival = next((score for (score, _), other in ranked[1:] if other != option), 0.0)
    if best - rival < _CLEAR and best < 1.0:
        return (in_cart[0], used) if len(in_cart) == 1 else ("", frozenset())
    return option, used


@lru_cache(maxsize=4096)
def _own_words(option: str) -> tuple[str, ...]:
    return tuple(word for word in option_words(option) if word not in STOPWORDS)


@lru_cache(maxsize=16_384)
def _fits(option: str, named: tuple[str, ...]) -> tuple[float, frozenset[str]]:
    """How well words name a dish: the mean of how much of it is said and how much of them is in it."""
    own = _own_words(option)
    used = {word: max(own, key=lambda o: _alike(word, o), default="") for word in named}
    hits = {word: meant for word, meant in used.items() if meant and _alike(word, meant) >= _MISNAMED}
    if not hits or not own:
        return 0.0, frozenset()
    said, covered = len(hits) / len(named), len(set(hits.values())) / len(own)
    return 2 * said * covered / (said + covered), frozenset(hits)


def _alike(word: str, own: str) -> float:
    return 1.0 if stem(word) == stem(own) else likeness(word, own)


def _options(schema: Schema, words: list[str], used: frozenset[str], named: Sequence[str]) -> tuple[str, ...]:
    """The choices that stand in the words, outside the dish's own name."""
    line = f" {' '.join(words)} "
    found = []
    for option in known_options(schema):
        own = " ".join(option_words(option.rpartition(": ")[2]))
        if f" {own} " not in line or (set(own.split()) <= used and f" with {own} " not in line):
            continue
        found.append(option)
    longest = [o for o in found if not any(o != other and o.lower() in other.lower() for other in found)]
    return tuple(longest) if named else ()


def chosen(choices: Sequence[str], words: Sequence[str]) -> tuple[str, ...]:
    """Which of the choices a short answer names: "steamed rice please", "the hot one"."""
    said = {stem(word) for word in words}
    scored = []
    for choice in choices:
        own = {stem(word) for word in option_words(choice.rpartition(": ")[2])}
        hits = {o for o in own if any(_alike(o, s) >= _MISNAMED for s in said)}
        if hits:
            scored.append((len(hits) / len(own), len(hits), choice))
    if not scored:
        return ()
    best = max(scored)
    rivals = [one for one in scored if one[:2] == best[:2]]
    return (best[2],) if len(rivals) == 1 else ()
