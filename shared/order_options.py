"""Which options of a dish a caller means, and whether they are a whole choice. No I/O and no clock.

An option is written by its name alone, "large", or as "group: name" where a dish has the name in two groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from shared.menu import Choice, Dish, OptionGroup
from shared.name_matching import match, words


class OptionError(ValueError):
    """The options that were said are no whole choice."""

    def __init__(self, dish: Dish) -> None:
        super().__init__(dish.id)
        self.dish = dish


class OptionMissingError(OptionError):
    """A group of which something has to be chosen, and nothing or too little was."""

    def __init__(self, dish: Dish, group: OptionGroup) -> None:
        super().__init__(dish)
        self.group = group


class OptionsTooManyError(OptionMissingError):
    """More was chosen of a group than it allows."""


class OptionUnknownError(OptionError):
    """The dish has no such option, or more than one could be meant."""

    def __init__(self, dish: Dish, said: str, nearest: Sequence[str]) -> None:
        super().__init__(dish)
        self.said = said
        self.nearest = tuple(nearest)
        """Labels; all of the dish when none is near."""


def labels(dish: Dish) -> dict[str, tuple[OptionGroup, Choice]]:
    """Every option of a dish by the label it is written with, in menu order."""
    names = [choice.name.casefold() for group in dish.options for choice in group.choices]
    return {
        choice.name if names.count(choice.name.casefold()) == 1 else f"{group.name}: {choice.name}": (
            group,
            choice,
        )
        for group in dish.options
        for choice in group.choices
    }


def all_labels(dishes: Iterable[Dish]) -> list[str]:
    """The labels of all options on a menu, each once, in menu order."""
    return list(dict.fromkeys(label for dish in dishes for label in labels(dish)))


def chosen(dish: Dish, said: Sequence[str]) -> tuple[str, ...]:
    """The labels of the options that were said, in menu order, checked against every group of the dish.

    A group that leaves no choice is taken by itself.

    Raises:
        OptionError: something is unknown, missing or too much.
    """
    known = labels(dish)
    taken = {_meant(dish, text, known) for text in said}
    for group in dish.options:
        own = [label for label, (owner, _) in known.items() if owner is group]
        if group.minimum == len(own):
            taken.update(own)
        count = sum(label in taken for label in own)
        if count > group.maximum:
            raise OptionsTooManyError(dish, group)
        if count < group.minimum:
            raise OptionMissingError(dish, group)
    return tuple(label for label in known if label in taken)


def surcharge(dish: Dish, options: Iterable[str]) -> Decimal:
    """What options cost on top of one dish.

    Raises:
        KeyError: the dish has no such option.
    """
    known = labels(dish)
    return sum((known[label][1].price for label in options), Decimal(0))


def _meant(dish: Dish, said: str, known: dict[str, tuple[OptionGroup, Choice]]) -> str:
    exact = [
        label
        for label, (group, choice) in known.items()
        if words(said) in (words(label), words(choice.name), words(f"{group.name} {choice.name}"))
    ]
    if len(exact) == 1:
        return exact[0]
    if exact:
        raise OptionUnknownError(dish, said, exact)
    found = match(said, {label: (label, choice.name) for label, (_, choice) in known.items()})
    if found.key is None:
        raise OptionUnknownError(dish, said, list(known))
    return found.key
