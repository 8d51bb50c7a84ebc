"""Which allergens are meant by an allergy as people name it. No I/O and no clock.

A word that may mean several allergens means all of them: one warning too many harms nobody.
"""

from __future__ import annotations

from typing import Final

from shared.menu import Allergen
from shared.name_matching import words

_SAID: Final = {
    Allergen.CELERY: "celery celeriac",
    Allergen.CRUSTACEANS: "crustacean shellfish seafood prawn shrimp crab lobster crayfish scampi",
    Allergen.EGGS: "egg",
    Allergen.FISH: "fish seafood anchovy anchovies salmon tuna cod",
    Allergen.GLUTEN: "gluten wheat coeliac celiac barley rye spelt flour",
    Allergen.LUPIN: "lupin lupine",
    Allergen.MILK: "milk dairy lactose cheese cream butter",
    Allergen.MOLLUSCS: "mollusc mollusk shellfish seafood mussel oyster clam squid octopus scallop snail",
    Allergen.MUSTARD: "mustard",
    Allergen.NUTS: "nut almond hazelnut walnut cashew pecan pistachio macadamia",
    Allergen.PEANUTS: "peanut groundnut nut",
    Allergen.SESAME: "sesame tahini",
    Allergen.SOYA: "soya soy soybean tofu",
    Allergen.SULPHITES: "sulphite sulfite sulphur",
}
_MEANT: Final[dict[str, set[Allergen]]] = {}
for _allergen, _words in _SAID.items():
    for _word in _words.split():
        _MEANT.setdefault(_word, set()).add(_allergen)


def allergens_named(said: str) -> frozenset[Allergen]:
    """The allergens named in a text such as "a nut allergy, dairy"; empty when there is none."""
    found: set[Allergen] = set()
    for word in words(said):
        found |= _MEANT.get(word) or _MEANT.get(word.removesuffix("s"), set())
    return frozenset(found)
