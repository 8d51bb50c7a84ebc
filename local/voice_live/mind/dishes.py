"""Which dish a sentence speaks of: known ones, longer names made of them, and unknown ones by their place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from local.voice_live.mind.food import DISHES, MENU_SECTIONS, SECTION_NAMES
from local.voice_live.mind.matching import Match
from local.voice_live.mind.spans import at, texts
from local.voice_live.mind.vocabulary import COMMON
from local.voice_live.mind.words import Token, word_set

_LEADS = word_set("eat have serve serves craving fancy some with want do like sell sells get try cook")
"""Words after which an unknown word is food: "do you have jollof"."""
_PRICE_WORDS = word_set("cost costs price priced")
_BEFORE_PRICED = word_set("does do is are would will of")
"""Words after which the thing stands whose price is asked for: "how much would the tomahawk be"."""
_HEADS = word_set(
    """
    cakes tarts pies salads soups bowls roll rolls sandwich sandwiches pie soup salad stew platter bowl
    wrap burger steak tart cake pudding
    noodles rice skewers dumplings curry pizza pasta omelette chops wings breakfast ragu kebab
    """
)
"""Words that a whole dish ends with: a "Californian roll" is one whatever Californian is."""
_DETERMINERS = word_set("a an the some any of your their do does have has with serve serves and how about")
_NO_PART = word_set(
    """
    proper decent tasty delicious authentic real traditional amazing fantastic cheeky quick nearby mate
    pal dear somebody menu menus options meat meal meals bite drink drinks availability available space
    spaces seat seats seating vacancy vacancies slot slots view views terrace outdoor outside music wifi
    toilet toilets directions deal deals discount voucher reservations craving decide fancy romantic cosy
    cozy
    """
)
"""Words beside or instead of a dish that are none of it."""


def find_food(
    tokens: Sequence[Token], named: Sequence[Match], explained: frozenset[int], *, open_ended: bool
) -> Match | None:
    """A dish or a part of a menu, outside what is `named`.

    `explained` are positions understood as something else. With `open_ended` an unknown word counts where
    only a dish can stand.
    """
    sections = [
        Match(SECTION_NAMES.get(section, section), 0.95, i, i + len(section.split()))
        for section in MENU_SECTIONS
        for i in range(len(tokens))
        if texts(tokens[i : i + len(section.split())]) == section.split()
    ]
    elsewhere = frozenset(place for match in named for place in match.places)
    found = [match for match in DISHES.find(tokens) if not match.places & elsewhere]
    whole = [_extended(match, tokens, elsewhere | explained) for match in _joined(found, tokens)]
    known = [match for match in sections if not match.places & elsewhere] + whole
    if known:
        said = Counter(match.option for match in known)
        return max(known, key=lambda m: (said[m.option], m.end - m.start, m.score, -m.start))
    return _introduced(tokens, elsewhere | explained) if open_ended else None


def _joined(found: Sequence[Match], tokens: Sequence[Token]) -> list[Match]:
    """Dishes named right after one another are one: "spaghetti" and "carbonara"."""
    joined: list[Match] = []
    for match in sorted(found, key=lambda m: m.start):
        last = joined[-1] if joined else None
        if last is not None and last.end == match.start and not tokens[match.start - 1].mark:
            option, score = f"{last.option} {match.option}", min(last.score, match.score)
            joined[-1] = Match(option, score, last.start, match.end)
        else:
            joined.append(match)
    return joined


def _extended(match: Match, tokens: Sequence[Token], taken: frozenset[int]) -> Match:
    """A dish with the words that belong to its name: "the lamb kofta", "a miso ramen"."""
    words = texts(tokens)
    option, start, end = match.option, match.start, match.end
    before = start - 1
    if _is_part(tokens, before, taken) and not tokens[before].mark and at(words, before - 1) in _DETERMINERS:
        start = before
        option = f"{words[start]} {option}"
    if (whole := _misheard_end(match, tokens, end, taken)) is not None:
        option, end = whole, end + 1
    introduced = at(words, start - 1) in _DETERMINERS or start - 1 in taken
    while end < len(words) and end not in taken and not tokens[end - 1].mark:
        if words[end] not in _HEADS and not (introduced and _closes(tokens, end, taken)):
            break
        option, end = f"{option} {words[end]}", end + 1
    return Match(option, match.score, start, end)


def _misheard_end(match: Match, tokens: Sequence[Token], end: int, taken: frozenset[int]) -> str | None:
    """ "duck confi" is duck confit: the known dish that goes on from a shorter one."""
    if tokens[end - 1].mark or not _is_part(tokens, end, taken):
        return None
    meant = DISHES.guess(tokens[match.start : end + 1], frozenset())
    return meant.option if meant is not None and meant.option.startswith(f"{match.option} ") else None


def _closes(tokens: Sequence[Token], i: int, taken: frozenset[int]) -> bool:
    """True for a word that ends the name of a dish: an unusual one with plain words or none after it."""
    after = at(texts(tokens), i + 1)
    ends = not after or bool(tokens[i].mark) or after in COMMON | _HEADS
    return ends and _is_part(tokens, i, taken) and not tokens[i].text.endswith("ed")


def _is_part(tokens: Sequence[Token], i: int, taken: frozenset[int]) -> bool:
    if not 0 <= i < len(tokens) or i in taken or not _may_be_food(tokens[i]):
        return False
    return not tokens[i].text.endswith(("ing", "ly")) and not (i == 0 or tokens[i - 1].mark == ".")


def _introduced(tokens: Sequence[Token], taken: frozenset[int]) -> Match | None:
    """An unknown word where a dish stands: after "do you have", or before "roll"."""
    words = texts(tokens)
    of_price = bool(_PRICE_WORDS & set(words)) or words[:2] == ["how", "much"]
    for i, word in enumerate(words):
        if word in _HEADS and _is_part(tokens, i - 1, taken):
            return Match(f"{words[i - 1]} {word}", 0.6, i - 1, i + 1)
        leads = word in _LEADS or (of_price and word in _BEFORE_PRICED)
        leads = leads or (word == "there" and at(words, i - 1) in ("is", "are"))
        if not leads or tokens[i].mark:
            continue
        start = i + 1 + (1 if at(words, i + 1) in ("some", "any", "a", "an", "good", "the") else 0)
        end = start
        while end < len(words) and end - start < 2 and _may_be_food(tokens[end]):
            end += 1
            if tokens[end - 1].mark:
                break
        if end > start and not taken & frozenset(range(start, end)):
            meant = DISHES.guess(tokens[start:end], frozenset())
            return Match(meant.option if meant else " ".join(words[start:end]), 0.6, start, end)
    return None


def _may_be_food(token: Token) -> bool:
    unusual = token.text not in COMMON and token.text not in _PRICE_WORDS and token.text not in _NO_PART
    word = token.text
    return unusual and token.number is None and len(word) > 2 and word.isalpha() and not word.endswith("ly")
