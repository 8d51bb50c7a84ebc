"""What can be found in a sentence for the tools of a session: the options of their choices, dishes,
learnt names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from local.voice_live.mind.concepts import Wording, wordings
from local.voice_live.mind.dishes import find_food
from local.voice_live.mind.food import (
    CUISINE_OF,
    CUISINE_PHRASES,
    FOOD_WORDS,
    KINDS_OF_FOOD,
)
from local.voice_live.mind.matching import Match, Matcher, option_words, without_overlaps
from local.voice_live.mind.patterns import Line, line_of
from local.voice_live.mind.roles import OF_AN_ORDER
from local.voice_live.mind.schema import Kind, Parameter, Schema
from local.voice_live.mind.vocabulary import COMMON, STOPWORDS
from local.voice_live.mind.words import Token, word_set

_MOST_WORDS = 2
"""An option of more words is a name, and not spoken of in other words."""
PLACE_LEADS = frozenset(["in", "near", "around", "for"])
"""Words before a town or a part of one."""
VENUE_LEADS = frozenset(["at", "from", "of", "about"])
"""Words before a house that one goes to."""
_PLACE_ENDS = word_set(
    """
    on at for please tomorrow today tonight right now this next with and or that is like be
    """
)


WORDED = 0.9
"""Likeness of an option that is spoken of in other words than its own."""
_VAGUELY = 0.6


class Lexicon:
    """The matchers of one schema."""

    def __init__(self, schema: Schema) -> None:
        self._matchers: list[tuple[Parameter, Matcher]] = []
        self._subject = schema.subject
        seen: set[tuple[str, tuple[str, ...]]] = set()
        for tool in schema.tools:
            for parameter in tool.parameters:
                if tool.role in OF_AN_ORDER and parameter.name != schema.subject:
                    continue  # what can be ordered is read by itself
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
        if is_cuisine(parameter):
            kitchens = _kitchens(parameter)
            phrases = {
                said: kitchens[kitchen] for said, kitchen in CUISINE_PHRASES.items() if kitchen in kitchens
            }
        return Matcher(parameter.options, phrases=phrases, general=FOOD_WORDS)

    def choices(self, tokens: Sequence[Token], names: tuple[str, ...]) -> dict[str, list[Match]]:
        """The options named, by parameter: what is named twice first ("Thai or Chinese, Thai rather").

        A longer name hides what is named by the words inside it.
        """
        found: dict[str, list[Match]] = {}
        for parameter, matcher in self._matchers:
            kinds = KINDS_OF_FOOD if is_cuisine(parameter) else frozenset[str]()
            found.setdefault(parameter.name, []).extend(matcher.find(tokens, kind_words=kinds))
        if names and self._subject not in found:
            found[self._subject] = _names_matcher(names).find(tokens)
        named = found[self._subject] = _surest(found.get(self._subject, []))
        line = line_of(tokens, [(match.start, match.end) for match in named])
        for parameter, _ in self._matchers:
            if parameter.name != self._subject:
                exact = [m for m in found[parameter.name] if not _inside(m, named)]
                worded = without_overlaps([*exact, *_in_other_words(parameter, line)])
                said = Counter(match.option for match in worded)
                found[parameter.name] = sorted(worded, key=lambda m: -said[m.option])
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
        """The dish or part of a menu that a sentence speaks of, outside what is `named`."""
        explained = frozenset(
            place for found in choices.values() for match in found for place in match.places
        )
        return find_food(tokens, named, explained, open_ended=self._takes_food)

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


def _in_other_words(parameter: Parameter, line: Line) -> list[Match]:
    """The options of a parameter that a line speaks of without their own words: "how late" for hours."""
    return [
        Match(option, _VAGUELY if wording.vague else WORDED, start, end)
        for option, wording in _wordings_of(parameter)
        for start, end in line.find(wording.pattern)
    ]


@lru_cache(maxsize=256)
def _wordings_of(parameter: Parameter) -> tuple[tuple[str, Wording], ...]:
    return tuple(
        (option, wording)
        for option in parameter.options
        if len(set(words := option_words(option)) - STOPWORDS) <= _MOST_WORDS
        for wording in wordings(words)
    )


_EXACT, _EXACT_PART = 0.99, 0.84


def _surest(named: list[Match]) -> list[Match]:
    """Beside a name said in full no word is bent into another one."""
    exact = any(match.score >= _EXACT for match in named)
    return [match for match in named if match.score >= _EXACT_PART] if exact else named


def _inside(match: Match, others: Sequence[Match]) -> bool:
    return any(match.places & other.places for other in others)


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
