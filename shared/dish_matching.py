"""Which dishes a spoken text can mean: by their names most, then by section, description and cuisine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.menu import Dish
from shared.name_matching import GOOD, key_words, singular, words
from shared.restaurant import Restaurant
from shared.search_words import LEAST, Meanings, Vocabulary, readings

type DishWords = tuple[tuple[Dish, tuple[tuple[str, float], ...]], ...]
"""Each dish of a menu with the words it can be asked for by, and what each of them is worth."""

_IN_SECTION = 0.95
_IN_DESCRIPTION = 0.82
"""A word found in the section or the description counts less than one in the name of a dish."""


def matching_dishes(restaurant: Restaurant, said: str) -> list[tuple[float, Dish]]:
    """The dishes that a spoken text can mean with their score, best first; none when nothing is near.

    By letters first, and only when they find nothing by sound.
    """
    menu = dish_words(restaurant)
    vocabulary = Vocabulary(word for _, of_dish in menu for word, _ in of_dish)
    for by_sound in (False, True):
        if found := scored(menu, meanings_of(vocabulary, said, by_sound=by_sound)):
            return found
    return []


def dish_words(
    restaurant: Restaurant, known: dict[tuple[str, float], tuple[str, float]] | None = None
) -> DishWords:
    """The words of all dishes. `known` keeps one copy of each word and worth: menus use the same words."""
    once = {} if known is None else known
    return tuple(
        (dish, tuple(once.setdefault(pair, pair) for pair in _worths(restaurant, section.name, dish)))
        for section in restaurant.sections
        for dish in section.has_menu_item
    )


def meanings_of(vocabulary: Vocabulary, said: str, *, by_sound: bool) -> list[list[Meanings]]:
    """For each reading of a said text, the words of menus that each of its words can mean."""
    heard = key_words(said)
    texts = readings(heard) if by_sound else [heard]
    looked_up = [[vocabulary.meanings(word, by_sound=by_sound) for word in text] for text in texts]
    return [reading for reading in looked_up if reading and all(reading)]


def scored(menu: DishWords, meant: Sequence[Sequence[Meanings]]) -> list[tuple[float, Dish]]:
    """The dishes that a said text can mean with their score, best first; none when nothing is near."""
    found = [(max((_score(words, reading) for reading in meant), default=0.0), dish) for dish, words in menu]
    return sorted((pair for pair in found if pair[0] >= GOOD), key=lambda pair: -pair[0])


def _score(words: Sequence[tuple[str, float]], reading: Sequence[Meanings]) -> float:
    """Mean over the said words of how well each is found among those of a dish; 0 when one is not."""
    total = 0.0
    for meanings in reading:
        best = 0.0
        for word, worth in words:
            likeness = meanings.get(word)
            if likeness is not None and likeness * worth > best:
                best = likeness * worth
        if best < LEAST:
            return 0.0
        total += best
    return total / len(reading)


def _worths(restaurant: Restaurant, section: str, dish: Dish) -> Iterable[tuple[str, float]]:
    """The words a dish can be asked for by and what each is worth: those of its name most."""
    found: dict[str, float] = {}
    for text, worth in (
        (" ".join(restaurant.serves_cuisine), _IN_DESCRIPTION),
        (dish.description or "", _IN_DESCRIPTION),
        (section, _IN_SECTION),
    ):
        found |= {singular(word): worth for word in key_words(text)}
    return (found | {singular(word): 1.0 for word in words(dish.name)}).items()
