"""Which dish of a restaurant is meant by an id or by what somebody said. No I/O and no clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from shared.dish_matching import matching_dishes
from shared.menu import Dish
from shared.name_matching import key_words, match, word_likeness
from shared.restaurant import Restaurant

_NEAREST = 3


class UnknownItemError(LookupError):
    """No dish was clearly meant."""

    def __init__(self, said: str, nearest: Sequence[Dish]) -> None:
        super().__init__(f"no dish is clearly meant by {said!r}")
        self.said = said
        self.nearest = tuple(nearest)
        """The best first; empty when nothing is near."""


def dish_meant(restaurant: Restaurant, said: str) -> Dish:
    """The dish with this id, or the one clearly meant by a spoken name.

    Raises:
        UnknownItemError: none, or more than one could be meant.
    """
    if (exact := restaurant.dish(said)) is not None:
        return exact
    by_id = {dish.id: dish for dish in restaurant.dishes}
    found = match(said, {dish.id: (dish.name,) for dish in by_id.values()})
    if found.key is not None:
        return by_id[found.key]
    if (own := _by_own_words(restaurant.dishes, said)) is not None:
        return own
    near = [dish for _, dish in matching_dishes(restaurant, said)]
    if len(near) == 1:
        return near[0]
    raise UnknownItemError(said, near[:_NEAREST])


def _by_own_words(dishes: Sequence[Dish], said: str) -> Dish | None:
    """The dish meant by the words that no other dish has: what "margarita pizza" is told by is not "pizza".

    The other words have to be its own as well: a "margarita salad" is none of the pizzas.
    """
    names = {dish.id: key_words(dish.name) for dish in dishes}
    counted = Counter(word for name in names.values() for word in set(name))
    common = {word for word, count in counted.items() if count > 1}
    heard = [word for word in key_words(said) if not _among(word, common)]
    shared = [word for word in key_words(said) if _among(word, common)]
    if not heard:
        return None
    own = {
        dish_id: (" ".join(word for word in name if word not in common),)
        for dish_id, name in names.items()
        if all(_among(word, name) for word in shared) and not common.issuperset(name)
    }
    found = match(" ".join(heard), own)
    return next((dish for dish in dishes if dish.id == found.key), None)


def _among(word: str, others: Iterable[str]) -> bool:
    """Whether a word is one of these, one or many."""
    return any(word_likeness(word, other) == 1.0 for other in others)
