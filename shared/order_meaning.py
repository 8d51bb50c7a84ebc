"""Which dish of a restaurant is meant by an id or by what somebody said. No I/O and no clock."""

from __future__ import annotations

from collections.abc import Sequence

from shared.dish_matching import matching_dishes
from shared.menu import Dish
from shared.name_matching import match
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
    near = [dish for _, dish in matching_dishes(restaurant, said)]
    if len(near) == 1:
        return near[0]
    raise UnknownItemError(said, near[:_NEAREST])
