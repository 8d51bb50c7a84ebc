"""What can be found in a sentence for the tools of a session: the options of their choices, dishes,
learnt names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from local.voice_live.mind.food import (
    CUISINE_OF,
    CUISINE_PHRASES,
    DISHES,
    FOOD_WORDS,
    KINDS_OF_FOOD,
    MENU_SECTIONS,
)
from local.voice_live.mind.matching import Match, Matcher, option_words, without_overlaps
from local.voice_live.mind.schema import Kind, Parameter, Schema
from local.voice_live.mind.spans import at
from local.voice_live.mind.vocabulary import COMMON, STOPWORDS, phrases_for
from local.voice_live.mind.words import Token, word_set

_FOOD_LEADS = word_set("eat have serve serves craving fancy some with want do like sell")
_PRICE_WORDS = frozenset(["cost", "costs", "price", "priced"])
PLACE_LEADS = frozenset(["in", "near", "around", "for"])
"""Words before a town or a part of one."""
VENUE_LEADS = frozenset(["at", "from", "of", "about"])
"""Words before a house that one goes to."""
_PLACE_ENDS = word_set(
    """
    on at for please tomorrow today tonight right now this next with and or that is like be
    """
)


class Lexicon:
    """The matchers of one schema."""

    def __init__(self, schema: Schema) -> None:
        self._matchers: list[tuple[Parameter, Matcher]] = []
        self._subject = schema.subject
        seen: set[tuple[str, tuple[str, ...]]] = set()
        for tool in schema.tools:
            for parameter in tool.parameters:
                key = (parameter.name, parameter.options)
                if parameter.kind is Kind.CHOICE and key not in seen:
                    seen.add(key)
                    self._matchers.append((parameter, self._matcher(parameter)))
        self._kitchens = {
            parameter.name: _kitchens(parameter) for parameter, _ in self._matchers if is_cuisine(parameter)
        }
        self._takes_food = any(t.of_kind(Kind.FOOD) for t in schema.tools)

    def _matcher(self, parameter: Parameter) -> Matcher:
        phrases: dict[str, str] = {}
        for option in parameter.options:
            words = option_words(option)
            if parameter.name != self._subject and len(words) <= 2:
                for phrase in phrases_for(words):
                    phrases.setdefault(phrase, option)
        if is_cuisine(parameter):
            kitchens = _kitchens(parameter)
            phrases |= {
                said: kitchens[kitchen] for said, kitchen in CUISINE_PHRASES.items() if kitchen in kitchens
            }
        return Matcher(parameter.options, phrases=phrases, general=FOOD_WORDS)

    def choices(self, tokens: Sequence[Token], names: tuple[str, ...]) -> dict[str, list[Match]]:
        """The options named, by parameter. A longer name hides what is named by the words inside it."""
        found: dict[str, list[Match]] = {}
        for parameter, matcher in self._matchers:
            kinds = KINDS_OF_FOOD if is_cuisine(parameter) else frozenset[str]()
            found.setdefault(parameter.name, []).extend(matcher.find(tokens, kind_words=kinds))
        if names and self._subject not in found:
            found[self._subject] = _names_matcher(names).find(tokens)
        named = found.get(self._subject, [])
        for parameter_name, matches in found.items():
            if parameter_name != self._subject:
                found[parameter_name] = [m for m in matches if not _inside(m, named)]
        return found

    def guess(self, tokens: Sequence[Token], taken: frozenset[int]) -> Match | None:
        """The subject a mangled name most likely was; see `Matcher.guess`."""
        matcher = next(
            (matcher for parameter, matcher in self._matchers if parameter.name == self._subject), None
        )
        return matcher.guess(tokens, taken) if matcher is not None else None

    def food(
        self, tokens: Sequence[Token], named: Sequence[Match], choices: Mapping[str, Sequence[Match]]
    ) -> Match | None:
        """A dish or a part of a menu, outside what is `named`.

        Either one everybody knows, or a word that nothing in `choices` explains and that stands where a dish
        does ("do you have jollof").
        """
        sections = [
            Match(section, 0.95, i, i + len(section.split()))
            for section in MENU_SECTIONS
            for i in range(len(tokens))
            if [t.text for t in tokens[i : i + len(section.split())]] == section.split()
        ]
        known = [m for m in without_overlaps([*DISHES.find(tokens), *sections]) if not _inside(m, named)]
        if known:
            return known[0]
        explained = [match for found in choices.values() for match in found]
        return _introduced(tokens, explained) if self._takes_food else None

    def cuisine_of(self, parameter: Parameter, food: str) -> str | None:
        """The option of a cuisine parameter in which a dish is at home."""
        return self._kitchens.get(parameter.name, {}).get(CUISINE_OF.get(food, ""))


@lru_cache(maxsize=32)
def lexicon(schema: Schema) -> Lexicon:
    """The lexicon of a schema, built once."""
    return Lexicon(schema)


@lru_cache(maxsize=64)
def _names_matcher(names: tuple[str, ...]) -> Matcher:
    return Matcher(names, general=FOOD_WORDS)


def is_cuisine(parameter: Parameter) -> bool:
    """True for a parameter that takes a kind of cooking."""
    words = parameter.label.split()
    return bool({"cuisine", "cuisines", "kitchen", "cooking"} & set(words))


def _kitchens(parameter: Parameter) -> dict[str, str]:
    """The options by the plain name of the kitchen they stand for."""
    return {word: option for option in parameter.options for word in option_words(option)}


def _inside(match: Match, others: Sequence[Match]) -> bool:
    return any(match.places & other.places for other in others)


def _introduced(tokens: Sequence[Token], named: Sequence[Match]) -> Match | None:
    words = [token.text for token in tokens]
    of_price = bool(_PRICE_WORDS & set(words)) or words[:2] == ["how", "much"]
    for i, word in enumerate(words):
        leads = word in _FOOD_LEADS or (of_price and word in ("does", "do", "is", "are"))
        if not leads or tokens[i].mark:
            continue
        start = i + 1 + (1 if at(words, i + 1) in ("some", "any", "a", "an", "good", "the") else 0)
        end = start
        while end < len(words) and end - start < 2 and _may_be_food(tokens[end]):
            end += 1
            if tokens[end - 1].mark:
                break
        if end > start:
            match = Match(" ".join(words[start:end]), 0.6, start, end)
            if not _inside(match, named):
                return match
    return None


def _may_be_food(token: Token) -> bool:
    unusual = token.text not in COMMON and token.text not in _PRICE_WORDS
    return unusual and token.number is None and len(token.text) > 2 and token.text.isalpha()


def find_place(tokens: Sequence[Token], leads: frozenset[str] = PLACE_LEADS) -> str:
    """What follows one of `leads`: "What is the weather in New York tomorrow?" gives "New York"."""
    for i, token in enumerate(tokens[:-1]):
        if token.text not in leads or token.mark:
            continue
        parts: list[str] = []
        for following in tokens[i + 1 : i + 5]:
            if following.number is not None or (
                following.text in STOPWORDS | _PLACE_ENDS and following.text != "the"
            ):
                break
            parts.append(following.raw)
            if following.mark:
                break
        while parts and parts[0].lower() == "the":
            del parts[0]
        if parts and not all(part.lower() in COMMON for part in parts):
            return " ".join(part if part[:1].isupper() else part.capitalize() for part in parts)
    return ""
