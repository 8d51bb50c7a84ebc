"""What "the second one", "there" and "the cheaper one" refer to, among the things told before."""

from __future__ import annotations

from collections.abc import Sequence

from local.voice_live.mind.reading import Reading
from local.voice_live.mind.results import Thing
from local.voice_live.mind.schema import Kind, Parameter, Schema
from local.voice_live.mind.spans import at, has_any
from local.voice_live.mind.words import phrases, plain, stem, word_set

_THAT_ONE = phrases(
    """
    that one | this one | that restaurant | this restaurant | that place | this place | the same one | the
    same place
    """
)
_OF_ANY = word_set(
    """
    places somewhere anywhere anything something any options anyone anybody someone somebody nowhere
    """
)
_ASKS_WHERE = """
    where can/could/do/would/should i/we/you/one/they/people * get/eat/find/have/go/take/try/buy/serve |
    what/who/which is/are (still) open | who does/do/has/have/serves/makes/sells/is |
    which ones/place/places | is there a/an/any | a good place
    """
_PRONOUNS = word_set("they them their there it its theyre theyve")
_AFTER_ORDINAL = word_set("one restaurant place option choice please sounds is looks and then") | {""}
_LOWEST = word_set("cheaper cheapest nearest nearer closest closer smallest smaller lowest")
_HIGHEST = word_set("pricier biggest bigger largest larger highest better best fanciest")
_MEASURES = {
    "cheap": ("price", "cost"), "pric": ("price", "cost"), "fanc": ("price",), "near": ("distance", "far"),
    "clos": ("distance", "far"), "better": ("rating", "stars"), "best": ("rating", "stars"),
}  # fmt: skip
"""The facts a comparison looks at, by how the comparing word begins."""


def points_back(reading: Reading) -> bool:
    """True when the sentence speaks of something without naming it, as "do they have" and "that one" do."""
    words = reading.words
    if has_any(words, ("is there", "are there", "there is", "there are", "theres")):
        words = [word for word in words if word != "there"]  # "is there a place" points at nothing
    return bool(_PRONOUNS & set(words)) or has_any(words, _THAT_ONE)


def speaks_of_any(reading: Reading, schema: Schema) -> bool:
    """True when no particular subject is meant: "any restaurants", "somewhere", "an Italian place"."""
    words = reading.words
    if {f"{schema.subject}s", *_OF_ANY} & set(words) or reading.line.has(_ASKS_WHERE):
        return True
    for i, word in enumerate(words):
        if word in (schema.subject, "place", "one") and {"a", "an", "another", "which"} & set(
            words[max(0, i - 3) : i]
        ):
            return True
    return False


def by_reference(reading: Reading, things: Sequence[Thing], focus: str) -> Thing | None:
    """The thing meant by its place in the list, by comparison or by what is known of it."""
    if not things:
        return None
    words = reading.words
    place = _ordinal(reading, len(things))
    if place is not None:
        return things[place]
    if has_any(words, ("the other one", "other one", "the other")) and len(things) == 2 and focus:
        return next((thing for thing in things if plain(thing.name) != plain(focus)), None)
    wanted = next((word for word in words if word in _LOWEST | _HIGHEST), "")
    if wanted and has_any(words, (f"{wanted} one", f"the {wanted}")):
        return _by_measure(things, wanted)
    if "one" in words:
        return _by_fact(words, things)
    return None


def _ordinal(reading: Reading, count: int) -> int | None:
    words = reading.words
    for i, token in enumerate(reading.tokens):
        follows = at(words, i + 1)
        if (
            token.ordinal
            and token.number is not None
            and 1 <= token.number <= count
            and (follows in _AFTER_ORDINAL or token.mark)
        ):
            return token.number - 1
        if token.text == "last" and follows in ("one", "option", "place", "restaurant"):
            return count - 1
        if token.text in ("number", "option") and i + 1 < len(words):
            number = reading.tokens[i + 1].cardinal
            if number is not None and 1 <= number <= count:
                return number - 1
    if has_any(words, ("the former",)):
        return 0
    return count - 1 if has_any(words, ("the latter",)) else None


def most_wanted(text: str, things: Sequence[Thing]) -> Thing | None:
    """The thing that answers "Which one is cheaper?"; None when nothing is compared or can be."""
    wanted = next((word for word in plain(text).strip("?!. ").split() if word in _LOWEST | _HIGHEST), "")
    return _by_measure(things, wanted) if wanted else None


def _by_measure(things: Sequence[Thing], comparison: str) -> Thing | None:
    """The thing that is cheapest, nearest, best; None when the results say nothing to compare by."""
    keys = next((keys for start, keys in _MEASURES.items() if comparison.startswith(start)), ("price",))
    measured = [(value, thing) for thing in things if (value := _measure(thing, keys)) is not None]
    if len(measured) < 2:
        return None
    pick = max if comparison in _HIGHEST else min
    return pick(measured, key=lambda pair: pair[0])[1]


_LEVELS = {
    "low": 1.0, "cheap": 1.0, "budget": 1.0, "inexpensive": 1.0, "medium": 2.0, "moderate": 2.0, "mid": 2.0,
    "moderately priced": 2.0, "high": 3.0, "expensive": 3.0, "very expensive": 4.0, "luxury": 4.0,
}  # fmt: skip
"""Price levels in words, by rank."""


def _measure(thing: Thing, keys: tuple[str, ...]) -> float | None:
    for name, value in thing.facts.items():
        if not any(key in name.lower() for key in keys):
            continue
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        if isinstance(value, str):
            signs = sum(value.count(sign) for sign in "€$£")
            return float(signs) if signs else _LEVELS.get(value.lower().strip())
    return None


def _by_fact(words: list[str], things: Sequence[Thing]) -> Thing | None:
    """ "the Italian one", "the one in the old town": the only thing of which a word of the sentence holds."""
    said = {stem(word) for word in words if len(word) > 3}
    holding = [thing for thing in things if said & _fact_stems(thing)]
    return holding[0] if len(holding) == 1 else None


def _fact_stems(thing: Thing) -> set[str]:
    texts = [thing.name]
    for name, value in thing.facts.items():
        if name in ("spoken", "id"):
            continue
        texts += [str(one) for one in value] if isinstance(value, list) else [str(value)]
    return {stem(word) for text in texts for word in plain(text).split() if len(word) > 3}


def subject_value(thing: Thing, parameter: Parameter | None) -> str:
    """How the tools name a thing: by the option that is its name or its id."""
    if parameter is not None and parameter.kind is Kind.CHOICE:
        for option in parameter.options:
            if plain(option) in (plain(thing.name), plain(thing.id)):
                return option
    return thing.name
