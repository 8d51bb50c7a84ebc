"""Finding restaurants by what a caller wishes for, with the reason each fits in words for the ear.

Pure functions over an index in memory. Every reason is read off the data that made the restaurant fit.
`Search.find` is what the tools know of searching; where one machine's memory is outgrown, a search service
answers the same wish behind it (docs/restaurants.md).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from shared import search_verdicts as verdicts
from shared.dish_matching import meanings_of, scored
from shared.menu import Dish
from shared.restaurant import Restaurant
from shared.search_index import Bits, Entry, Index, positions
from shared.search_verdicts import NEAR_KM, Asked, Verdict, Wish
from shared.search_words import Meanings

__all__ = ["RESULTS", "Found", "Hit", "Search", "Wish"]

RESULTS = 3
"""More than three cannot be kept in mind by ear."""

EXAMINED = 48
"""Most restaurants that are looked at one by one for a wish; the index says which are worth it."""

_EXAMINED_FOR_A_PART = 12
"""And for each wish that may have to be given up."""

_LONGER = 4
"""As long as nobody fits, so many times more are looked at: bits promise too much."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A restaurant, why it fits and, for a nearest one, what it lacks: clauses such as "serves Thai food"."""

    restaurant: Restaurant
    reasons: tuple[str, ...]
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """`hits` fit every wish when `exact`; otherwise there is at most one, the nearest."""

    hits: tuple[Hit, ...]
    exact: bool
    total: int
    """How many fit in all; about how many, unless `counted`."""
    counted: bool = True
    examined: int = 0
    """How many restaurants were looked at one by one."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One thing wished for: who may fit, and who does."""

    bits: Bits
    judge: Callable[[Entry], Verdict]


class Search:
    """All restaurants of a city, ready to be searched."""

    def __init__(self, restaurants: Sequence[Restaurant], zone: ZoneInfo, currency: str) -> None:
        self._index = Index(restaurants, zone)
        self._zone = zone
        self._currency = currency

    def find(self, wish: Wish, most: int = RESULTS) -> Found:
        """At most `most` restaurants that fit the whole wish, best first, or else the nearest that fits a
        part of it.

        Letters first, sounds second: only when no menu has the dish as it is written is it looked for by ear.
        """
        if wish.dish is None:
            return self._find(wish, most, [])
        vocabulary = self._index.vocabulary
        meant = meanings_of(vocabulary, wish.dish, by_sound=False)
        if not self._is_served(meant):
            meant = meanings_of(vocabulary, wish.dish, by_sound=True)
        return self._find(wish, most, meant)

    def main_price(self, restaurant: Restaurant) -> Decimal | None:
        """What a main dish costs there: the middle of them. None when no menu is known."""
        position = self._index.position(restaurant.id)
        return None if position is None else self._index.entries[position].main_price

    def _is_served(self, meant: Sequence[Sequence[Meanings]]) -> bool:
        """Whether a dish that can be meant is found soon."""
        first = itertools.islice(positions(self._with_words(meant)), _LONGER * EXAMINED)
        return any(scored(self._index.entries[position].menu, meant) for position in first)

    def _find(self, wish: Wish, most: int, meant: Sequence[Sequence[Meanings]]) -> Found:
        asked = Asked(wish, self._zone, self._currency, _dishes_of(meant))
        parts = self._parts(asked, meant)
        among = self._index.everyone & ~self._bits(wish.exclude)
        examined = _Examined()
        for part in parts:
            among &= part.bits
        fitting = self._fitting(wish, among, parts, examined)
        if fitting:
            fitting.sort(key=lambda pair: -_rank(*pair))
            hits = tuple(_hit(entry, judged) for entry, judged in fitting[:most])
            share = among.bit_count() / examined.count if examined.cut_short else 1.0
            return Found(hits, True, round(len(fitting) * share), not examined.cut_short, examined.count)
        return self._nearest(wish, parts, examined)

    def _nearest(self, wish: Wish, parts: Sequence[_Part], examined: _Examined) -> Found:
        """Gives up wishes from the least important on. Each counts more than all after it together."""
        among = self._index.everyone & ~self._bits(wish.exclude)
        kept: list[_Part] = []
        best: list[tuple[Entry, list[Verdict]]] = []
        for part in parts:
            fewer = among & part.bits
            if fitting := self._fitting(wish, fewer, [*kept, part], examined, _EXAMINED_FOR_A_PART):
                among, best = fewer, fitting
                kept.append(part)
        if not best:
            return Found((), exact=False, total=0, examined=examined.count)
        all_judged = [(entry, [part.judge(entry) for part in parts]) for entry, _ in best]
        entry, judged = max(all_judged, key=lambda pair: _rank(*pair))
        lacks = tuple(verdict.reason for verdict in judged if not verdict.fits)
        hit = Hit(entry.restaurant, _reasons(entry, judged), lacks)
        return Found((hit,), exact=False, total=0, examined=examined.count)

    def _fitting(
        self,
        wish: Wish,
        among: Bits,
        parts: Sequence[_Part],
        examined: _Examined,
        most: int = EXAMINED,
    ) -> list[tuple[Entry, list[Verdict]]]:
        """Those of `among` that fit all parts. Of very many only the best rated, or the nearest, are seen:
        `most`, or more when none of these fits."""
        fitting: list[tuple[Entry, list[Verdict]]] = []
        examined.cut_short = False
        for seen, position in enumerate(self._in_order(wish, among)):
            if seen >= most and (fitting or seen >= _LONGER * most):
                examined.cut_short = True
                break
            examined.count += 1
            entry = self._index.entries[position]
            judged = []
            for part in parts:
                verdict = part.judge(entry)
                if not verdict.fits:
                    break
                judged.append(verdict)
            else:
                fitting.append((entry, judged))
        return fitting

    def _in_order(self, wish: Wish, among: Bits) -> Iterator[int]:
        if wish.near is not None:
            return self._index.nearest_first(wish.near.geo, among, NEAR_KM)
        return positions(among)

    def _parts(self, asked: Asked, meant: Sequence[Sequence[Meanings]]) -> list[_Part]:
        """What is wished for, most important first: health and belief before all taste."""
        wish, index = asked.wish, self._index
        parts: list[_Part] = []

        def add(bits: Bits, judge: Callable[[Asked, Entry], Verdict]) -> None:
            parts.append(_Part(bits, lambda entry: judge(asked, entry)))

        if wish.diet is not None:
            add(index.diet(wish.diet), verdicts.by_diet)
        if wish.avoid:
            add(index.without(wish.avoid), verdicts.by_allergens)
        if wish.dish is not None:
            add(self._with_words(meant), verdicts.by_dish)
        if wish.cuisine is not None:
            add(index.cuisine(wish.cuisine), verdicts.by_cuisine)
        if wish.deliver_to is not None:
            add(index.delivered(wish.deliver_to.geo), verdicts.by_delivery)
        if wish.party_size is not None:
            add(index.tables(), verdicts.by_party)
        if wish.open_at is not None:
            add(index.open_at(wish.open_at, self._zone), verdicts.by_time)
        if wish.near is not None:
            add(index.near(wish.near.geo, NEAR_KM), verdicts.by_distance)
        if wish.area is not None:
            add(index.area(wish.area), verdicts.by_area)
        if wish.most is not None:
            by_main = index.main_price(wish.most) if wish.dish is None else index.any_price()
            add(by_main, verdicts.by_most)
        if wish.price is not None:
            add(index.levels(verdicts.LEVELS[wish.price]), verdicts.by_price)
        if wish.atmosphere is not None:
            add(index.atmosphere(wish.atmosphere), verdicts.by_atmosphere)
        if wish.rating is not None:
            add(index.rated(wish.rating), verdicts.by_rating)
        return parts

    def _with_words(self, meant: Sequence[Sequence[Meanings]]) -> Bits:
        found: Bits = 0
        for reading in meant:
            all_words = self._index.everyone
            for meanings in reading:
                all_words &= self._index.words(meanings)
            found |= all_words
        return found

    def _bits(self, ids: frozenset[str]) -> Bits:
        places = (self._index.position(one) for one in ids)
        return sum(1 << position for position in places if position is not None)


@dataclass(slots=True)
class _Examined:
    """How many restaurants were looked at one by one, and whether that was all who may fit."""

    count: int = 0
    cut_short: bool = False


def _dishes_of(meant: Sequence[Sequence[Meanings]]) -> Callable[[Entry], list[tuple[float, Dish]]]:
    """The dishes of a restaurant that can be meant, found once for each: several wishes are about them."""
    found: dict[str, list[tuple[float, Dish]]] = {}

    def dishes(entry: Entry) -> list[tuple[float, Dish]]:
        if (known := found.get(entry.restaurant.id)) is None:
            known = found[entry.restaurant.id] = scored(entry.menu, meant)
        return known

    return dishes


def _rank(entry: Entry, judged: Sequence[Verdict]) -> float:
    """How well it fits; the rating decides among equals."""
    return sum(verdict.degree for verdict in judged) + (entry.restaurant.rating or 0) / 1000


def _hit(entry: Entry, judged: Sequence[Verdict]) -> Hit:
    return Hit(entry.restaurant, _told_apart(entry.restaurant, _reasons(entry, judged)))


def _reasons(entry: Entry, judged: Sequence[Verdict]) -> tuple[str, ...]:
    """What fits, the more telling first."""
    fitting = sorted((v for v in judged if v.fits), key=lambda verdict: verdict.order)
    reasons = tuple(verdict.reason for verdict in fitting)
    if reasons or entry.restaurant.rating is None:
        return reasons
    return (verdicts.rated(entry.restaurant.rating),)


def _told_apart(restaurant: Restaurant, reasons: tuple[str, ...]) -> tuple[str, ...]:
    """With a single reason, which others may share, also where the restaurant is."""
    if len(reasons) != 1 or restaurant.address.area is None:
        return reasons
    return (*reasons, f"is in the {restaurant.address.area} area")
