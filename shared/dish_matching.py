"""Which dishes a spoken text can mean: by their names most, then by section, description and cuisine."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.menu import Dish
from shared.name_matching import GOOD, key_words, singular, words
from shared.restaurant import Restaurant
from shared.search_words import LEAST, Meanings, Vocabulary, readings


@dataclass(frozen=True, slots=True)
class MenuWords:
    """The dishes of a menu, and for each word the numbers of those it can be asked for by, with its worth."""

    dishes: tuple[Dish, ...]
    by_word: Mapping[str, Sequence[tuple[int, float]]]


_IN_SECTION = 0.95
_IN_DESCRIPTION = 0.82
"""A word found in the section or the description counts less than one in the name of a dish."""


def matching_dishes(restaurant: Restaurant, said: str) -> list[tuple[float, Dish]]:
    """The dishes that a spoken text can mean with their score, best first; none when nothing is near.

    By letters first, and only when they find nothing by sound.
    """
    menu = menu_words(restaurant)
    vocabulary = Vocabulary(menu.by_word)
    for by_sound in (False, True):
        if found := scored(menu, meanings_of(vocabulary, said, by_sound=by_sound)):
            return found
    return []


def menu_words(restaurant: Restaurant) -> MenuWords:
    """The words of all dishes; one copy of each word, for menus use the same ones."""
    by_word: dict[str, list[tuple[int, float]]] = {}
    dishes: list[Dish] = []
    for section in restaurant.sections:
        for dish in section.has_menu_item:
            for word, worth in _worths(restaurant, section.name, dish).items():
                by_word.setdefault(sys.intern(word), []).append((len(dishes), worth))
            dishes.append(dish)
    return MenuWords(tuple(dishes), {word: tuple(places) for word, places in by_word.items()})


def meanings_of(vocabulary: Vocabulary, said: str, *, by_sound: bool) -> list[list[Meanings]]:
    """For each reading of a said text, the words of menus that each of its words can mean."""
    heard = key_words(said)
    texts = readings(heard) if by_sound else [heard]
    looked_up = [[vocabulary.meanings(word, by_sound=by_sound) for word in text] for text in texts]
    return [reading for reading in looked_up if reading and all(reading)]


def scored(menu: MenuWords, meant: Sequence[Sequence[Meanings]]) -> list[tuple[float, Dish]]:
    """The dishes that a said text can mean with their score, best first; none when nothing is near."""
    best: dict[int, float] = {}
    for reading in meant:
        for number, score in _scores(menu, reading).items():
            best[number] = max(score, best.get(number, 0.0))
    found = [(score, menu.dishes[number]) for number, score in sorted(best.items()) if score >= GOOD]
    return sorted(found, key=lambda pair: -pair[0])


def _scores(menu: MenuWords, reading: Sequence[Meanings]) -> dict[int, float]:
    """For the dishes in which each said word is found, the mean of how well."""
    totals: dict[int, float] | None = None
    for meanings in reading:
        of_word: dict[int, float] = {}
        for word, likeness in meanings.items():
            for number, worth in menu.by_word.get(word, ()):
                score = likeness * worth
                if score >= LEAST and score > of_word.get(number, 0.0):
                    of_word[number] = score
        if totals is None:
            totals = of_word
        else:
            totals = {number: totals[number] + score for number, score in of_word.items() if number in totals}
        if not totals:
            return {}
    return {number: total / len(reading) for number, total in (totals or {}).items()}


def _worths(restaurant: Restaurant, section: str, dish: Dish) -> dict[str, float]:
    """The words a dish can be asked for by and what each is worth: those of its name most."""
    found: dict[str, float] = {}
    for text, worth in (
        (" ".join(restaurant.serves_cuisine), _IN_DESCRIPTION),
        (dish.description or "", _IN_DESCRIPTION),
        (section, _IN_SECTION),
    ):
        found |= {singular(word): worth for word in key_words(text)}
    return found | {singular(word): 1.0 for word in words(dish.name)}
