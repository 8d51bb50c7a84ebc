"""A generator of sentences as callers say them, each with the call it must lead to.

`phrasings.txt` holds the ways of asking; what they are filled with is here. Everything is chosen by a seed.
"""

# ruff: noqa: E501 - lists of fillings read better a row a line

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bridge.tool_calls import CATALOGUE

type Filling = tuple[str, dict[str, Any]]
"""Words, and the values they give."""

NAMES = (
    "Johnson", "Sarah Miller", "Peter Brown", "Costa", "Fitzgerald", "Nguyen", "Priya Patel", "O'Connor", "Brooks",
    "Anderson", "Marchetti", "Emma Clarke", "Kim", "Tom Baker", "Green", "Schmidt", "Walker", "De Luca", "Hannah",
)  # fmt: skip
DISHES = (
    "sushi|ramen|pizza|pad thai|dumplings|tacos|lasagne|fish and chips|falafel|dosa|butter chicken|burgers|oysters|duck|"
    "noodles|curry|ribs|pancakes|steak|hummus|lobster|spring rolls|green curry|biryani|risotto|samosas|katsu curry|"
    "burritos|shawarma|dim sum|spaghetti carbonara|tempura|enchiladas|gnocchi|paella|moussaka|souvlaki|pho|tapas|banh mi"
)
OF_THE_HOUSE = (
    "pad thai|green curry|butter chicken|lasagne|ramen|margherita pizza|crispy duck|falafel|fish tacos|lobster|tiramisu|"
    "hummus|chicken burrito|masala dosa|steak frites|miso soup|mushroom risotto|chicken korma|baklava|duck confit|crab cakes"
)
VALUES = {
    "diet dietadj": "vegan => vegan; vegetarian|veggie => vegetarian; gluten free => gluten-free; halal => halal",
    "diet dietwith": """
        with vegan options|that does vegan food|that's good for vegans|where a vegan can eat => vegan;
        with vegetarian options|for vegetarians|that does vegetarian food|with something for vegetarians => vegetarian;
        with gluten free food|that does gluten free|that's safe for coeliacs|where I can eat gluten free => gluten-free;
        that serves halal meat|that's halal|with halal food|where the meat is halal => halal
        """,
    "diet dietwho": """
        I'm vegan|my girlfriend is vegan|we're vegans|one of us is vegan|I don't eat any animal products => vegan;
        I'm vegetarian|my son is a vegetarian|I don't eat meat|we're both vegetarians => vegetarian;
        I'm coeliac|I can't eat gluten|my wife is coeliac|my daughter can't have gluten => gluten-free;
        we only eat halal|I eat halal|my friends only eat halal => halal
        """,
    "diet dietmember": "sister is a vegan => vegan; brother can't eat gluten => gluten-free; wife is vegetarian => vegetarian",
    "area area": """
        in the old town|in the old part of town|around the old town => Old Town;
        near the station|in the station quarter|by the train station|close to the station => Station Quarter;
        near the university|by the university|close to campus|near the uni => University;
        by the river|on the riverside|near the river|along the river => Riverside;
        at the harbour|by the harbour|near the harbour|on the waterfront|by the water => Harbour;
        in northgate|near northgate => Northgate; by the canal|on the canal side|along the canal => Canal Side
        """,
    "area area_n": "old town => Old Town; station quarter => Station Quarter; harbour area => Harbour",
    "price priceadj": """
        cheap|inexpensive|affordable|low cost => cheap; moderately priced|mid range|reasonably priced => moderate;
        expensive|upscale|posh|high end => expensive
        """,
    "price pricewith": """
        that's cheap|that isn't too expensive|that won't break the bank|that doesn't cost a fortune|on a budget|
        for not too much money|at a low price|that's not too pricey|that's affordable => cheap;
        that's moderately priced|in the middle price range|at a reasonable price => moderate;
        that's a bit fancy|for a special occasion|money is no object|where I can splurge|that's expensive => expensive
        """,
    "open_at open": """
        that's open now|that is open right now|open at the moment => now;
        open at ten tonight|that's still open at ten tonight|open tonight at ten => 2026-11-22 22:00;
        open tomorrow at noon|that's open tomorrow at midday|open for lunch tomorrow at twelve => 2026-11-23 12:00;
        open on Friday at nine in the evening|that's open Friday at nine => 2026-11-27 21:00;
        open on Sunday at one in the afternoon|that is open next Sunday at 1 pm => 2026-11-29 13:00
        """,
    "date day": """
        tonight|this evening|today => 2026-11-22; tomorrow|tomorrow night|for tomorrow => 2026-11-23;
        on Tuesday|this Tuesday|Tuesday evening|the day after tomorrow => 2026-11-24; on Wednesday|Wednesday => 2026-11-25;
        on Thursday|this coming Thursday|for Thursday night => 2026-11-26;
        on Friday|this Friday|Friday night|next Friday|Friday the twenty seventh => 2026-11-27;
        on Saturday|Saturday evening|for Saturday|on Saturday the 28th => 2026-11-28; next Sunday|on Sunday => 2026-11-29;
        on the fifth of December|on December fifth|December the 5th|on the 5th => 2026-12-05;
        on the third of December|December third => 2026-12-03; a week on Friday|Friday week => 2026-12-04
        """,
    "date hday": """
        tonight|today|this evening => 2026-11-22; tomorrow|tomorrow night|on Monday|on Mondays => 2026-11-23;
        on Tuesday|Tuesday evening => 2026-11-24; on Friday|this Friday|on Friday night => 2026-11-27;
        on Saturday|on Saturdays => 2026-11-28; on Sunday|next Sunday => 2026-11-29; on Christmas Eve => 2026-12-24
        """,
    "date nday": """
        Saturday|Saturday instead|the twenty eighth => 2026-11-28; tomorrow|tomorrow night|Monday => 2026-11-23;
        Thursday|Thursday night => 2026-11-26; the fifth of December|December fifth => 2026-12-05; Tuesday => 2026-11-24
        """,
    "date nday1": "Saturday => 2026-11-28; Thursday => 2026-11-26; Monday => 2026-11-23",
    "time clock": """
        at seven|at 7|at seven o'clock|for seven|at 7 pm|around seven|at seven in the evening => 19:00;
        at half past seven|at seven thirty|at 7:30|at half seven|for half past seven|at 7.30 pm => 19:30;
        at eight|at eight o'clock|around eight|at 8pm|about eight => 20:00; at eight thirty|at 8:30 => 20:30;
        at quarter past six|at six fifteen|at 6:15 => 18:15; at quarter to nine|at eight forty five => 20:45;
        at nine|at nine o'clock|for nine o'clock => 21:00; at noon|at midday => 12:00; at one in the afternoon => 13:00
        """,
    "time clock2": "At seven => 19:00; At half past seven => 19:30; At 8:30 => 20:30",
    "time nclock": """
        eight|eight o'clock|8 pm => 20:00; half past eight|eight thirty|8:30|half eight => 20:30;
        quarter past six|six fifteen => 18:15; nine|nine o'clock|nine pm => 21:00; twenty past seven => 19:20
        """,
    "time nclock6": "six => 18:00; six thirty|half past six => 18:30",
    "party_size party": """
        for two|for two people|for a couple|for the two of us|for me and my wife|for me and a friend => 2;
        for three|for the three of us|for me and two friends|for a party of three => 3;
        for four|for four people|for a group of four|for the four of us|for two adults and two kids => 4;
        for five|for five people|for a family of five|for us five => 5; for six|for six guests|for a party of six => 6;
        for eight|for a group of eight => 8; for one|for one person|for just me => 1
        """,
    "party_size n_people": "two => 2; three => 3; four => 4; five => 5; six => 6; eight => 8",
    "party_size np": "two|two people => 2; three|three people => 3; five|five people => 5; six|six people => 6",
    "party_size people": "two people => 2; three people => 3; five people => 5; six people => 6",
    "restaurant r0": "Blue Anchor => Blue Anchor; Cedar Grill => Cedar Grill; Thai Orchid => Thai Orchid",
    "dish section": "desserts => desserts; starters => starters; drinks => drinks; mains => mains",
    "dish dish1": """
        a burger => burger; a pizza => pizza; a curry => curry; some sushi => sushi; a steak => steak;
        a bowl of ramen => ramen; a plate of pasta => pasta; some dumplings => dumplings
        """,
}  # fmt: skip
"""By parameter and slot."""
PLAIN = {
    "lead": "|Hi, |Hello, |Um, |Hello there, |Good evening, |So, |Okay, |Well, |Er, ",
    "end": "|| please|, please| thanks",
    "kind": "place|restaurant|spot|joint",
    "whenloose": "tonight|this evening|for dinner|for dinner tonight|for tomorrow|on Friday|for lunch|this weekend",
    "friends": "my parents|some friends|my girlfriend|my family|a few colleagues|my in-laws|the kids",
    "occ": "my birthday|our anniversary|a birthday|a business dinner|a family meal",
    "dietwith2": "she'll like|we can all go to|for us",
    "bk": "my booking|my reservation|our table|my table|our reservation|the booking|the reservation under Kim|"
    "my booking at the Golden Lotus|my table on Friday|my reservation for Friday|the table I booked",
}  # fmt: skip
"""Slots that give no value."""
_UNDER = ("under", "my name is", "the name is", "in the name of", "the name's", "under the name of")


def _slots() -> dict[str, list[Filling]]:
    slots: dict[str, list[Filling]] = {
        name: [(said, {}) for said in text.split("|")] for name, text in PLAIN.items()
    }
    for names, text in VALUES.items():
        parameter, slot = names.split()
        slots[slot] = []
        for entry in text.split(";"):
            said, _, value = (part.strip() for part in entry.partition("=>"))
            given = int(value) if parameter == "party_size" else value
            slots[slot] += [(one.strip(), {parameter: given}) for one in said.split("|")]
    slots["cuisine"] = [(c, {"cuisine": c}) for c in CATALOGUE.cuisines if c not in ("Seafood", "Vegetarian")]
    slots["dish"] = [(dish, {"dish": dish}) for dish in DISHES.split("|")]
    slots["dishp"] = [(dish, {"dish": dish}) for dish in OF_THE_HOUSE.split("|")]
    houses = [(house.name, {"restaurant": house.name}) for house in CATALOGUE.restaurants]
    slots["r"] = [
        *houses,
        ("the Lotus", {"restaurant": "Golden Lotus"}),
        ("the Blue Anchor", {"restaurant": "Blue Anchor"}),
    ]
    slots["r1"] = houses
    slots["at"] = [(f"at {said}", values) for said, values in slots["r"]]
    slots["n"] = [(name, {"name": name}) for name in NAMES]
    slots["personw"] = slots["person"] = [
        (f"{lead} {name}", {"name": name}) for name in NAMES for lead in _UNDER
    ]
    return slots


_SLOTS = _slots()


@dataclass(frozen=True)
class Case:
    """`about` is the section of the template; `values` are what the sentence states."""

    about: str
    sentence: str
    values: dict[str, Any]


def cases(seed: int) -> Iterator[Case]:
    """One sentence from each template."""
    about = ""
    for line in (Path(__file__).parent / "phrasings.txt").read_text().splitlines()[3:]:
        if line.startswith("# "):
            about = line.removeprefix("# ")
        elif line:
            yield _filled(about, line, random.Random(f"{seed} {line}"))


def _filled(about: str, template: str, chance: random.Random) -> Case:
    text, _, extra = template.partition("=>")
    values: dict[str, Any] = {}
    while choice := re.search(r"\[([^\[\]]*)\]", text):
        text = f"{text[: choice.start()]}{chance.choice(choice[1].split('|'))}{text[choice.end() :]}"

    def fill(slot: re.Match[str]) -> str:
        said, given = chance.choice(_SLOTS[slot[1]])
        values.update(given)
        return said

    text = re.sub(r"\{(\w+)\}", fill, text)
    if extra:
        name, _, value = (part.strip() for part in extra.partition(":"))
        values[name] = int(value) if name == "party_size" else value
    text = re.sub(r" ([,?.])", r"\1", " ".join(text.split())).rstrip(",")
    return Case(about, f"{text[:1].upper()}{text[1:]}.", values)


def as_recognised(sentence: str, chance: random.Random) -> str:
    """Without capitals and marks, and with one word written as another of the same sound."""
    words = re.sub(r"(?<!\d)[.,?](?!\d)|[.?]$", "", sentence.lower()).split()
    places = [i for i, word in enumerate(words) if word in _SOUNDS]
    if places:
        place = chance.choice(places)
        words[place] = chance.choice(_SOUNDS[words[place]].split("|"))
    return " ".join(word for word in words if word)


_SOUNDS = {
    "four": "for|4", "two": "to|too|2", "eight": "ate", "thai": "tie|ty", "six": "sicks", "half": "have", "past": "passed",
    "the": "", "there": "their", "i'd": "i", "tonight": "to night", "something": "some thing", "somewhere": "some where",
    "does": "dose", "menu": "menus", "pizza": "pitza", "near": "neer", "by": "buy", "old": "all", "vegan": "vegen",
    "saturday": "satur day", "friday": "fry day", "wheelchair": "wheel chair", "coeliac": "celiac", "we'd": "we",
    "i'm": "i am", "what's": "what is|whats", "where's": "wheres", "harbour": "harbor|arbor", "a": "",
}  # fmt: skip
"""What recognisers write for a word."""
