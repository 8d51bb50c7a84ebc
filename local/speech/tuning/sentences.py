"""What callers of a restaurant line say, made at random: many words in plain patterns.

Most restaurants named are in no catalogue, so that what is learnt is how such names sound and not these
sixty.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from local.speech.names import known_names
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_RESTAURANTS_FILE

_HERE = Path(__file__).parent

_ASKING = ("what", "where", "when", "which", "who", "how")
_ASKING_WORDS = {"is", "are", "can", "could", "do", "does", "have"}
_COMMON = 250
_PARTIES = (
    "two " * 10
    + "four " * 7
    + "three " * 5
    + "five " * 4
    + "six " * 4
    + "eight " * 3
    + "one one seven seven ten ten "
)
_HOURS = "seven " * 5 + "eight " * 5 + "six " * 4 + "nine " * 2 + "one one two five twelve "
"""What is said oftener than the other numbers up to twelve, which come up once."""
_PLAIN = {
    "cuisine": "cuisines", "d": "days", "amount": "amounts",
    "price": "prices", "mood": "moods", "diet": "diets", "allergen": "allergens", "relative": "relatives",
    "occasion": "occasions", "feature": "features", "small_talk": "small_talk",
}  # fmt: skip
"""Slots that take any word of a list."""


@dataclass(frozen=True, slots=True)
class _Kind:
    share: int
    patterns: list[str]
    """With {slots} that are filled."""
    weights: list[int]


class Sentences:
    """An endless supply; the same for the same seed."""

    def __init__(self, seed: int, *, catalogue: bool = True) -> None:
        """Without `catalogue` none of its restaurants is named, and only dishes and areas found anywhere."""
        self._random = random.Random(seed)
        self._words: dict[str, Any] = json.loads((_HERE / "words.json").read_bytes())
        self._first_names, self._last_names = map(_common_ones_oftener, known_names())
        known = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
        names = [restaurant.name for restaurant in known.restaurants]
        self._foreign = [name for names in self._words["foreign_names"].values() for name in names]
        self._known_names = names if catalogue else self._foreign
        self._never_named = set() if catalogue else set(names)
        self._areas: list[str] = self._words["areas"]
        self._known_dishes: list[str] = self._words["dishes"]
        if catalogue:
            self._known_dishes = [dish.name for restaurant in known.restaurants for dish in restaurant.dishes]
            self._areas = [*known.city.areas, *known.city.areas, *self._areas]
        self._kinds = {file.stem: _patterns(file) for file in sorted((_HERE / "patterns").glob("*.txt"))}
        units, teens = self._words["units"], self._words["teens"]
        self._few = [*_PARTIES.split(), *units]
        hours = [*_HOURS.split(), *units]
        self._slots: dict[str, Callable[[], str]] = {
            slot: partial(self._one, self._words[name]) for slot, name in _PLAIN.items()
        } | {
            "name": self._name,
            "dish": self._dish,
            "person": self._person,
            "first": lambda: self._one(self._first_names),
            "last": lambda: self._one(self._last_names),
            "area": lambda: self._one(self._areas),
            "near": lambda: self._one(self._words["near"]).format(a=self._one(self._areas)),
            "time": lambda: self._one(self._words["times"]).format(h=self._one(hours)),
            "on": self._on,
            "day": lambda: re.sub("^(on|for) ", "", self._on()),
            "n": lambda: self._one([*self._few, *teens]),
            "party": lambda: re.sub(
                r"\{n\}", lambda _: self._one(self._few), self._one(self._words["parties"])
            ),
            "number": lambda: self._one([*self._few, *teens]),
            "digits": self._digits,
            "address": self._address,
        }

    def next(self, kind: str | None = None) -> str:
        """A sentence, with the marks the recogniser writes; of one kind of patterns if that is given."""
        if kind is None:
            [kind] = self._random.choices(list(self._kinds), [kind.share for kind in self._kinds.values()])
        patterns = self._kinds[kind]
        [pattern] = self._random.choices(patterns.patterns, patterns.weights)
        text = re.sub(r"\{(\w+)\}", lambda slot: self._slots[slot[1]](), pattern)
        text = re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", re.sub(r"\bfor for\b", "for", text))
        if self._random.random() < (0.07 if len(text.split()) < 4 else 0.22):
            text = self._one(self._words["openings"]) + text
        if self._random.random() < 0.12:
            text = text.removesuffix(" please") + self._one(self._words["closings"])
        asked = text.split(", ", 1)[-1].lower()
        asks = (asked.startswith(_ASKING) or asked.split(" ")[0] in _ASKING_WORDS) and "? " not in text
        return text[0].upper() + text[1:].rstrip(".") + ("?" if asks else ".")

    def as_said(self, text: str) -> str:
        """The sentence with names that are not said as they are written spelt as they are said."""
        said: dict[str, str] = self._words["said_as"]
        return re.sub("|".join(rf"\b{name}\b" for name in said), lambda name: said[name[0]], text)

    def _one(self, options: list[str]) -> str:
        return self._random.choice(options)

    def _name(self) -> str:
        while (name := self._any_name()) in self._never_named:
            pass
        return name

    def _any_name(self) -> str:
        chance = self._random.random()
        if chance < 0.34:
            return self._one(self._known_names)
        if chance < 0.62:
            return self._one(self._foreign)
        if chance < 0.8:
            return self._one(self._words["english_names"])
        return f"{self._one(self._words['name_starts'])} {self._one(self._words['name_ends'])}"

    def _dish(self) -> str:
        return self._one(self._known_dishes if self._random.random() < 0.4 else self._words["dishes"]).lower()

    def _person(self) -> str:
        first, last = self._one(self._first_names), self._one(self._last_names)
        return self._one([first, f"{first} {last}", f"{first} {last}", last, last])

    def _on(self) -> str:
        return self._one(self._words["on"]).format(
            d=self._one(self._words["days"]),
            m=self._one(self._words["months"]),
            o=self._one(self._words["ordinals"]),
            n=self._one(self._words["units"]),
        )

    def _digits(self) -> str:
        count = self._random.choice([4, 4, 4, 6, 7])
        return " ".join(self._one([*self._words["units"][:9], "zero"]) for _ in range(count))

    def _address(self) -> str:
        number = self._one(
            [
                *self._words["units"],
                *self._words["teens"],
                *(f"{ten}-{unit}" for ten in self._words["tens"] for unit in self._words["units"][:9]),
            ]
        )
        return f"{number} {self._one(self._words['streets'])}"


def _common_ones_oftener(names: list[str]) -> list[str]:
    return names[:_COMMON] * 3 + names


def _patterns(file: Path) -> _Kind:
    """Read one kind: `share: 24`, then a pattern a line, some with how often it comes up: `5: {time}`."""
    first, *lines = file.read_text("utf-8").splitlines()
    weighted = [re.fullmatch(r"(?:(\d+): )?(.+)", line) for line in lines]
    found = [(pattern[2], int(pattern[1] or 1)) for pattern in weighted if pattern is not None]
    return _Kind(
        int(first.removeprefix("share: ")), [text for text, _ in found], [weight for _, weight in found]
    )
