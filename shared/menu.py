"""A menu: sections of dishes with prices, diets, allergens and options; named as schema.org names it.

Menu, MenuSection and MenuItem with offers and suitableForDiet are of schema.org. Ours are `allergens` and
`options`, which schema.org's menuAddOn has no room for: how many may and must be chosen.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from shared.parts import Part, Slug, Text, amount, once


class Diet(StrEnum):
    """schema.org RestrictedDiet values that callers ask for."""

    VEGETARIAN = "VegetarianDiet"
    VEGAN = "VeganDiet"
    GLUTEN_FREE = "GlutenFreeDiet"
    HALAL = "HalalDiet"
    KOSHER = "KosherDiet"
    LOW_LACTOSE = "LowLactoseDiet"

    @property
    def said(self) -> str:
        """As a caller says it: "gluten-free"."""
        return self.name.lower().replace("_", "-")


class Allergen(StrEnum):
    """The fourteen substances that must be declared (Regulation (EU) No 1169/2011, annex II)."""

    CELERY = "celery"
    CRUSTACEANS = "crustaceans"
    EGGS = "eggs"
    FISH = "fish"
    GLUTEN = "gluten"
    LUPIN = "lupin"
    MILK = "milk"
    MOLLUSCS = "molluscs"
    MUSTARD = "mustard"
    NUTS = "nuts"
    PEANUTS = "peanuts"
    SESAME = "sesame"
    SOYA = "soya"
    SULPHITES = "sulphites"


_FORBIDDEN = {
    Diet.VEGETARIAN: {Allergen.FISH, Allergen.CRUSTACEANS, Allergen.MOLLUSCS},
    Diet.VEGAN: {Allergen.FISH, Allergen.CRUSTACEANS, Allergen.MOLLUSCS, Allergen.MILK, Allergen.EGGS},
    Diet.GLUTEN_FREE: {Allergen.GLUTEN},
}
"""A dish that claims the diet and lists one of these contradicts itself: somebody could get ill."""

_FREE: Final = Decimal(0)


class Offer(Part, frozen=True, kw_only=True):
    price: Decimal

    def __post_init__(self) -> None:
        amount(self.price)


class Choice(Part, frozen=True, kw_only=True):
    """One thing to choose in a group of options."""

    name: Text
    price: Decimal = _FREE
    """What it costs on top of the dish."""

    def __post_init__(self) -> None:
        amount(self.price, least="0")


class OptionGroup(Part, frozen=True, kw_only=True):
    """Choices about a dish, of which between `minimum` and `maximum` different ones are taken.

    A size is a group of which exactly one has to be taken.
    """

    name: Text
    choices: Annotated[tuple[Choice, ...], msgspec.Meta(min_length=1)]
    minimum: Annotated[int, msgspec.Meta(ge=0)] = 0
    maximum: Annotated[int, msgspec.Meta(ge=1)] = 1

    def __post_init__(self) -> None:
        once([choice.name.casefold() for choice in self.choices], f"choices of {self.name!r}")
        if not self.minimum <= self.maximum <= len(self.choices):
            raise ValueError(
                f"{self.name!r} has {len(self.choices)} choices, minimum {self.minimum} and maximum "
                f"{self.maximum}; minimum may not be above maximum, nor that above the number of choices"
            )


class Dish(Part, frozen=True, kw_only=True):
    """schema.org MenuItem."""

    id: Slug = msgspec.field(name="@id")
    """Names the dish within its restaurant and never changes: orders refer to it."""
    name: Text
    description: Text | None = None
    offers: Offer
    suitable_for_diet: tuple[Diet, ...] = ()
    allergens: tuple[Allergen, ...] | None = None
    """None means not recorded, which is not the same as none."""
    options: tuple[OptionGroup, ...] = ()

    def __post_init__(self) -> None:
        for diet in self.suitable_for_diet:
            if clash := _FORBIDDEN.get(diet, set()) & set(self.allergens or ()):
                raise ValueError(f"{self.name!r} claims {diet.value} but lists {', '.join(sorted(clash))}")
        once([group.name.casefold() for group in self.options], f"options of {self.name!r}")

    @property
    def price(self) -> Decimal:
        """Without what options cost on top."""
        return self.offers.price


class MenuSection(Part, frozen=True, kw_only=True):
    name: Text
    has_menu_item: Annotated[tuple[Dish, ...], msgspec.Meta(min_length=1)]


class Menu(Part, frozen=True, kw_only=True):
    has_menu_section: Annotated[tuple[MenuSection, ...], msgspec.Meta(min_length=1)]

    def __post_init__(self) -> None:
        once([dish.id for section in self.has_menu_section for dish in section.has_menu_item], "dishes")
