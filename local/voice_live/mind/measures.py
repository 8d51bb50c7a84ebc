"""Values that a search may be narrowed by, beside kinds and areas: a price, a rating, what is near, what must
be avoided, where food must be brought.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from local.voice_live.mind.addresses import find_address
from local.voice_live.mind.matching import Match
from local.voice_live.mind.spans import at, texts
from local.voice_live.mind.vocabulary import STOPWORDS
from local.voice_live.mind.words import CARDINALS, Token, plain, tokenise, word_set

_NUMBER = rf"\d{{1,4}}(?:[.:]\d{{1,2}})?|(?:{'|'.join(CARDINALS)})(?: (?:{'|'.join(CARDINALS)}))?"
_MONEY = r"(?:euros?|pounds?|dollars?|bucks|quid|eur|€|£|\$)"
_AT_MOST = (
    r"(?:under|below|less than|up to|at most|at the most|maximum(?: of)?|max|no more than|not more than|"
    r"not over|within|cheaper than|budget of|budget is|(?:spend|pay)(?: about| around| more than| over)?)"
)
_PRICES = (
    re.compile(rf"\b{_AT_MOST} (?:about |around |€|£|\$)?(?P<n>{_NUMBER}) ?{_MONEY}"),
    re.compile(
        rf"\b(?P<n>{_NUMBER}) ?{_MONEY} (?:or less|at most|maximum|max|a head|per person|each|or under|tops)"
    ),
    re.compile(rf"\b{_AT_MOST} (?P<n>{_NUMBER})(?= (?:a head|per person|each|a main|a dish)\b|[.!?]?$)"),
)
_HIGH = re.compile(
    r"\b(?:highly|well|best|top|highest)[ -]rated\b|\b(?:good|great|excellent|best) (?:reviews|ratings?)\b|"
    r"\bgood rating\b"
)
_STARS = re.compile(
    r"\b(?P<whole>\d|one|two|three|four|five)(?:(?:\.| point )(?P<part>\d|five))?"
    r"(?: and a (?P<half>half))? stars?\b"
)
_WELL_RATED = "4.5"
"""What "highly rated" comes to, of five."""
_ALLERGIC = re.compile(
    r"\b(?:allergic to|allergy to|intolerant to|(?:cant|cannot|must not|mustnt) (?:eat|have)|avoid(?:ing)?|"
    r"nothing with|without(?: any)?) (?P<to>[a-z ]+?)"
    r"(?=[.,;!?]|$| (?:and|so|but|in|at|near|by|for|please) "
    r"(?:i|we|my|the|is|it|a|do|where|what|can)?\b| in | near | so )"
)
_ALLERGY_NOUN = re.compile(
    r"\b(?:an?|my|severe|bad|have|has|with|any) (?P<to>[a-z]+(?: [a-z]+)?) (?:allergy|intolerance)\b"
)
_FREE = re.compile(r"\b(?P<to>nut|peanut|dairy|lactose|milk|egg|soya?|sesame|shellfish|fish)[ -]free\b")
_ALLERGENS = word_set(
    """
    nut nuts peanut peanuts almond almonds walnut walnuts cashew cashews milk dairy lactose cream butter
    cheese
    egg eggs soy soya sesame shellfish fish seafood prawn prawns shrimp crab mussels oysters molluscs celery
    mustard
    gluten wheat sulphites sulfites lupin crustaceans tree
    """
)
_NEAR = ("near", "nearby", "beside", "opposite", "around", "by")
_NEAR_PAIRS = (
    ("close", "to"),
    ("next", "to"),
    ("near", "to"),
    ("far", "from"),
    ("distance", "of"),
    ("distance", "from"),
)
_PLACE_ENDS = word_set(
    """
    for on at tonight tomorrow today now that which with and or please where is open who serving we i in if
    but so
    """
)
_NO_PLACE = word_set("me us here you there him her them it eight seven six nine ten half quarter about")
_MOST_NAME = 4


def most_price(text: str) -> str | None:
    """The most something may cost: "under twenty euros" gives "20"."""
    said = plain(text)
    for pattern in _PRICES:
        if (found := pattern.search(said)) is not None:
            return _number(found["n"])
    return None


def least_rating(text: str) -> str | None:
    """The least rating asked for, of five."""
    said = plain(text)
    if (found := _STARS.search(said)) is not None:
        part = "5" if found["half"] or found["part"] == "five" else found["part"]
        whole = found["whole"] if found["whole"].isdecimal() else str(CARDINALS[found["whole"]])
        return f"{whole}.{part}" if part else whole
    return _WELL_RATED if _HIGH.search(said) else None


def _number(said: str) -> str:
    tokens = tokenise(said)
    value = tokens[0].cardinal if tokens else None
    return said.replace(":", ".") if value is None else str(value)


def to_avoid(text: str) -> str | None:
    """What must not be eaten, with commas: "allergic to nuts and milk" gives "nuts, milk"."""
    said = plain(text)
    found = [m["to"] for pattern in (_ALLERGIC, _ALLERGY_NOUN, _FREE) for m in pattern.finditer(said)]
    parts = [part.strip() for one in found for part in re.split(r" (?:and|or) |,", one)]
    named = [part for part in parts if _ALLERGENS & set(part.split())]
    cleaned = [" ".join(w for w in part.split() if w not in ("any", "a", "an", "the")) for part in named]
    return ", ".join(dict.fromkeys(cleaned)) or None


def where_to(tokens: Sequence[Token]) -> str | None:
    """The address that food is to be brought to."""
    found = find_address(tokens)
    return found.value if found is not None else None


def find_near(tokens: Sequence[Token], explained: Sequence[Match]) -> str | None:
    """A place to be near to that is no part of the city the tools know: "near the cathedral"."""
    words = texts(tokens)
    taken = {place for match in explained for place in match.places}
    for i, word in enumerate(words):
        pair = tuple(words[i : i + 2]) in _NEAR_PAIRS
        start = i + (2 if pair else 1)
        if not pair and (word not in _NEAR or at(words, i + 1) == "to"):
            continue
        name = _name_from(tokens, words, start, taken)
        if name:
            return name
    return None


def _name_from(tokens: Sequence[Token], words: list[str], start: int, taken: set[int]) -> str:
    """The words of a place from `start` on, without an article; empty when it is none, or known."""
    first = start + (1 if at(words, start) in ("the", "my", "our", "a") else 0)
    parts: list[str] = []
    for i in range(first, min(len(tokens), first + _MOST_NAME)):
        if i in taken or words[i] in _PLACE_ENDS | _NO_PLACE or words[i] in STOPWORDS:
            break
        parts.append(str(tokens[i].cardinal) if tokens[i].cardinal is not None else tokens[i].raw)
        if tokens[i].mark:
            break
    blocked = start in taken or first in taken or (parts and all(part.isdecimal() for part in parts))
    return "" if blocked else " ".join(parts)
