"""What a restaurant should know about a table: "we need a high chair", "one of us has a nut allergy"."""

from __future__ import annotations

import re

from local.voice_live.mind.patterns import Line, pattern_of

_WISHES = """
    (a/an/one/two/three/the) high/hi/booster chair/chairs/seat/seats | (a/an) highchair/highchairs |
    (a/the) (nice/quiet) table/seat/seats/spot/place (right) by/near/beside/at (the) window/door/fire |
    somewhere by/near (the) window/door/fire |
    (a/the) window table/seat | (a/the) (nice) quiet (little) table/corner/spot | somewhere quiet |
    (a/the) (table/seat/place) in (a/the) (quiet) corner/garden/shade | a table inside/indoors |
    (a) (table/seat/seats) outside/outdoors | (a/the) (table/seat) on the/a terrace/balcony/patio |
    (a/an) (severe/bad) nut/peanut/gluten/dairy/shellfish/fish/egg/lactose/sesame/soy/milk/wheat allergy |
    allergic to nuts/peanuts/gluten/dairy/shellfish/fish/eggs/lactose/sesame/soy/milk/wheat |
    (room/space) (for) (a/the/my/our) wheelchair/pram/pushchair/stroller/buggy/dog | (a) birthday cake |
    a cake * birthday | candles * cake
"""
"""Wishes that restaurants hear, in the words they would be passed on in."""
_CELEBRATES = "is my/our/his/her (wife's/husband's) birthday/anniversary | is my/our * birthday/anniversary"
_FOR_FACTS = re.compile(r"^(?:is|are|does|do|have you|what|which|how|where|when)\b(?! it possible)")
"""Openings of a question about the house: "do you have high chairs" asks for none."""
_OWN_WISH = (
    "we need | i need | we want | i want | we would | could we | can we | for us | do we need | one of us"
)
_HOUSE = "is there | are there | do you have/take/allow/accept | do they have/take/allow | does it"


def special_request(line: Line) -> str:
    """What a sentence asks of the restaurant, in a few of its own words; empty when it asks nothing."""
    asks_for_facts = _FOR_FACTS.match(line.text) is not None or line.has(_HOUSE)
    if asks_for_facts and not line.has(_OWN_WISH):
        return ""
    found = [match[0] for match in pattern_of(_WISHES).finditer(line.text)]
    if line.has(_CELEBRATES):
        found.append("an anniversary" if "anniversary" in line.text else "a birthday")
    return ", ".join(dict.fromkeys(_tidy(one) for one in found))


def joined(before: object, new: str) -> str:
    """What was asked for before and now, each once."""
    parts = [before, new] if isinstance(before, str) and before else [new]
    return ", ".join(dict.fromkeys(one for part in parts for one in part.split(", ")))


def _tidy(text: str) -> str:
    words = text.replace("hi chair", "high chair").removeprefix("the ")
    countable = re.match(r"(?:high|booster|window|quiet|wheelchair|pram|nut|peanut)\b(?!.*s$)", words)
    return f"a {words}" if countable else words
