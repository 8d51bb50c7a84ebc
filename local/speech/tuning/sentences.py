"""What callers of a restaurant line say, made at random: many words in plain patterns.

Most restaurants named are in no catalogue, so that what is learnt is how such names sound and not these
sixty.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

from shared.restaurants import Catalogue
from shared.settings import DEFAULT_RESTAURANTS_FILE

_NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
    "twenty-second",
    "twenty-third",
    "twenty-fourth",
    "twenty-fifth",
    "twenty-sixth",
    "twenty-seventh",
    "twenty-eighth",
    "twenty-ninth",
    "thirtieth",
    "thirty-first",
]

_PATTERNS: dict[str, tuple[int, str]] = {
    "find": (
        26,
        """I'm looking for a {price} {cuisine} restaurant {near}
        |can you recommend a good {cuisine} restaurant|is there a {cuisine} restaurant {near}
        |I'd like some {cuisine} food {day}|I want to eat {dish}|we fancy {dish} tonight
        |where can I get {dish}|somewhere with good {dish} {near}
        |do you know a {price} place for {dish}|are there any {diet} restaurants {near}
        |what {cuisine} restaurants do you have|find me some {cuisine} food {near}
        |I'm in the mood for {dish}|anything {price} {near}|which places are open {on}
        |which restaurants serve {dish}|my {relative} is {diet}, where could we go
        |we would like {diet} food {near}|something {cuisine} {near}
        |what would you recommend for a {occasion}|I'd love {dish} or {dish}
        |do you have anything {near} that is open late|we're hungry for {dish}, what do you suggest
        |I need a {cuisine} place for {party}|a {price} {cuisine} dinner {on}
        |could you find us a place that does {dish}""",
    ),
    "details": (
        24,
        """what time does {name} open {on}|what time does {name} close {on}|is {name} open {on}
        |what's on the menu at {name}|does {name} have {dish}|do they do {dish} at {name}
        |how much is the {dish} at {name}|what does the {dish} cost at {name}|where is {name}
        |what's the address of {name}|what is the phone number of {name}|tell me about {name}
        |tell me a bit more about {name}|are there {diet} dishes at {name}
        |can I see the menu for {name}|does {name} have a terrace|does {name} have parking
        |is the {dish} {diet}|is the {dish} spicy|what are the opening hours of {name}
        |when does {name} close {on}|what kind of food does {name} serve|how do I get to {name}
        |what desserts do they have at {name}|what starters do they have at {name}|is {name} {price}
        |does the {dish} contain nuts|does the {dish} contain gluten|read me the menu at {name}
        |are they open late {on}""",
    ),
    "book": (
        16,
        """book a table for {party} {on} at {time}|I'd like to book a table at {name} for {party}
        |could you reserve a table for {party} at {name} {on} at {time}
        |can I book {name} {on} at {time} for {party}|I need a table for {party} {on} at {time}
        |make it {time}|make that {party}|can we come at {time} instead|a table for {party}
        |{party} {on} at {time}|can you change my booking to {time}
        |I want to move my reservation to {day}|please cancel my booking
        |I have a reservation at {name} {on}|please book {name} for {party} {on}|let's do {time} {on}
        |we'd like to eat at {name} {on}|is there a table free at {name} at {time}
        |reserve {name}, {party}, {on}, {time}|I would like to make a reservation {on}
        |add a high chair|could we sit outside""",
    ),
    "answer": (
        18,
        """yes|no|yeah|sure|okay|correct|right|that's right|that's correct|yes please|no thanks
        |no thank you|of course|exactly|perfect|great|absolutely|yep|nope|that's wrong|that works
        |sounds good|that's fine|go ahead|please do|never mind|no that's all|that's all|goodbye|bye
        |thank you|thanks|hello|mm-hmm|uh-huh|I see|wait a second|hold on|stop|pardon|sorry
        |say that again please|speak to a person|the first one|the second one|the third one
        |the last one|the cheapest one|none of them|both|any time|earlier|later|{day}|{day}|{day}
        |{day}|{on}|{on}|{on}|{time}|{time}|{time}|{time}|at {time}|at {time}|at {time}|{number}
        |{number}|{number}|{number}|{party}|{party}|{party}|for {party}|for {party}|{person}|{person}
        |{person}|{person}|{person}|{person}|{cuisine}|{cuisine} food|{dish}|{dish}|{dish}|{name}
        |{name}|{name}|{name}|{on} at {time}|{on} at {time}|{area}|{area}""",
    ),
    "naming": (
        7,
        """my name is {person}|it's {person}|the name is {person}|under {person}|put it under {person}
        |this is {person} speaking|I'm {person}|book it for {person}|my phone number is {digits}
        |the code is {digits}""",
    ),
    "small talk": (9, "{small_talk}"),
}
_TIMES = [
    "{h}",
    "{h} o'clock",
    "{h} thirty",
    "half past {h}",
    "quarter past {h}",
    "quarter to {h}",
    "{h} fifteen",
    "{h} forty-five",
    "{h} p.m.",
    "{h} in the evening",
    "around {h}",
    "{h} thirty p.m.",
    "noon",
    "midday",
    "a quarter past {h}",
    "a quarter to {h}",
    "ten past {h}",
    "twenty past {h}",
    "{h} twenty",
    "lunchtime",
]
_ON = [
    "on {d}",
    "on {d}",
    "on {d}",
    "this {d}",
    "next {d}",
    "tomorrow",
    "tonight",
    "today",
    "the day after tomorrow",
    "on {d} evening",
    "on {d} night",
    "tomorrow night",
    "tomorrow evening",
    "this evening",
    "on {m} {o}",
    "on the {o} of {m}",
    "on {m} the {o}",
    "this weekend",
    "on {d} lunchtime",
    "on the {o}",
    "next week",
    "for {d}",
    "for tomorrow",
    "for tonight",
]
_PARTIES = [
    "{n}",
    "{n}",
    "{n} people",
    "{n} people",
    "{n} of us",
    "{n} guests",
    "a party of {n}",
    "just me",
    "the two of us",
    "my wife and me",
    "two adults and two children",
    "{n} adults",
]
_PRICES = [
    "cheap",
    "not too expensive",
    "expensive",
    "affordable",
    "moderately priced",
    "inexpensive",
    "fancy",
    "nice",
    "budget",
    "reasonably priced",
]
_DIETS = ["vegan", "vegetarian", "gluten free", "halal", "kosher", "dairy free", "nut free", "gluten-free"]
_NEAR = [
    "in the {a}",
    "near the {a}",
    "around the {a}",
    "by the {a}",
    "close to the {a}",
    "somewhere in the {a}",
]
_OPENINGS = [
    "Hi, ",
    "Hello, ",
    "Hi there, ",
    "Um, ",
    "Well, ",
    "Okay, ",
    "Yes, ",
    "Good evening, ",
    "So, ",
    "Right, ",
    "Oh, ",
    "Sorry, ",
    "Great, ",
    "Excuse me, ",
]
_CLOSINGS = [" please", ", please", " if possible", ", thanks", ", thank you"]
_ASKING = ("what", "where", "when", "which", "who", "how", "is ", "are ", "can ", "could", "do ", "does ")


class Sentences:
    """An endless supply; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._words: dict[str, list[str]] = json.loads((Path(__file__).parent / "words.json").read_bytes())
        catalogue = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
        self._known_names = [restaurant.name for restaurant in catalogue.restaurants]
        self._known_dishes = [dish.name for restaurant in catalogue.restaurants for dish in restaurant.dishes]
        self._areas = [*catalogue.city.areas, *catalogue.city.areas, *self._words["areas"]]
        self._patterns = {kind: re.split(r"\s*\|", text) for kind, (_, text) in _PATTERNS.items()}
        self._slots: dict[str, Callable[[], str]] = {
            "name": self._name,
            "dish": self._dish,
            "person": self._person,
            "cuisine": lambda: self._one(self._words["cuisines"]),
            "area": lambda: self._one(self._areas),
            "near": lambda: self._one(_NEAR).format(a=self._one(self._areas)),
            "time": lambda: self._one(_TIMES).format(h=self._one(_NUMBERS)),
            "on": self._on,
            "day": lambda: re.sub("^(on|for) ", "", self._on()),
            "party": lambda: self._one(_PARTIES).format(n=self._one(_NUMBERS)),
            "number": lambda: self._one(_NUMBERS),
            "digits": lambda: " ".join(self._one([*_NUMBERS[:9], "zero"]) for _ in range(4)),
            "price": lambda: self._one(_PRICES),
            "diet": lambda: self._one(_DIETS),
            "relative": lambda: self._one(["wife", "husband", "son", "daughter", "friend", "mother", "boss"]),
            "occasion": lambda: self._one(["dinner", "lunch", "birthday", "date", "family", "big group"]),
            "small_talk": lambda: self._one(self._words["small_talk"]),
        }

    def next(self) -> str:
        """A sentence, with the marks the recogniser writes."""
        [kind] = self._random.choices(list(_PATTERNS), [weight for weight, _ in _PATTERNS.values()])
        pattern = self._one(self._patterns[kind])
        text = re.sub(r"\{(\w+)\}", lambda slot: self._slots[slot[1]](), " ".join(pattern.split()))
        if self._random.random() < (0.07 if len(text.split()) < 4 else 0.25):
            text = self._one(_OPENINGS) + text
        if self._random.random() < 0.12:
            text += self._one(_CLOSINGS)
        asks = text.split(", ", 1)[-1].lower().startswith(_ASKING)
        return text[0].upper() + text[1:].rstrip(".") + ("?" if asks else ".")

    def _one(self, options: list[str]) -> str:
        return self._random.choice(options)

    def _name(self) -> str:
        if self._random.random() < 0.4:
            return self._one(self._known_names)
        return f"{self._one(self._words['name_starts'])} {self._one(self._words['name_ends'])}"

    def _dish(self) -> str:
        return self._one(self._known_dishes if self._random.random() < 0.5 else self._words["dishes"]).lower()

    def _person(self) -> str:
        first, last = self._one(self._words["first_names"]), self._one(self._words["last_names"])
        return self._one([first, first, f"{first} {last}", f"{first} {last}", f"{first} {last}", last])

    def _on(self) -> str:
        return self._one(_ON).format(d=self._one(_DAYS), m=self._one(_MONTHS), o=self._one(_ORDINALS))
