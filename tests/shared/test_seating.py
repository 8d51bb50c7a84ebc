"""Slots and tables by rule, against a house that seats people at real tables minute by minute."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import booking_rows, seating
from shared.booking_rows import Stay
from shared.opening_hours import Span
from shared.restaurant import OpeningHoursSpecification, Reservations, Restaurant, TableGroup
from shared.seating import ALTERNATIVES, Seating, rules_of
from tests.shared.booking_house import CATALOGUE, FRIDAY, ZONE

BOOKED_HERE = [restaurant for restaurant in CATALOGUE.restaurants if restaurant.reservations is not None]
CHANGES = (date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31))
TWO_DAYS_BEFORE = datetime(2026, 3, 26, 12, tzinfo=UTC)
LONG_AGO = datetime(2026, 11, 26, 12, tzinfo=UTC)


@st.composite
def houses(draw: st.DrawFn) -> Restaurant:
    """Restaurants with one or two spans, tables of one to three sizes, any sitting time."""
    opens = draw(st.integers(8, 15))
    hours = [(time(opens), time(opens + draw(st.integers(2, 4))))]
    if draw(st.booleans()):
        hours.append((time(20), time(draw(st.sampled_from([22, 23, 0, 1, 2])))))
    sizes = draw(st.lists(st.integers(1, 8), min_size=1, max_size=3, unique=True))
    rules = Reservations(
        tables=tuple(TableGroup(seats=seats, count=draw(st.integers(1, 3))) for seats in sizes),
        slot_minutes=draw(st.sampled_from([15, 30])),
        sitting_minutes=draw(st.integers(30, 200)),
        last_seating_minutes=draw(st.integers(0, 90)),
        maximum_party_size=max(sizes),
    )
    specification = tuple(
        OpeningHoursSpecification(day_of_week=("Friday",), opens=f"{a:%H:%M}", closes=f"{b:%H:%M}")
        for a, b in hours
    )
    return msgspec.structs.replace(
        CATALOGUE.get("napoli-pizza"), opening_hours_specification=specification, reservations=rules
    )


def starts(restaurant: Restaurant) -> list[tuple[int, Span]]:
    """Every start there can be, by the grid of the house."""
    spans = restaurant.hours(ZONE).spans(FRIDAY)
    step = rules_of(restaurant).slot_minutes
    return [(minute, span) for span in spans for minute in range(span.opens, span.closes, step)]


def stay(restaurant: Restaurant, start: tuple[int, Span]) -> Seating:
    return seating.seating(restaurant, FRIDAY, *start)


@given(house=houses(), data=st.data())
def test_a_stay_occupies_the_slots_from_its_start_to_its_end(house: Restaurant, data: st.DataObject) -> None:
    minute, span = data.draw(st.sampled_from(starts(house)))
    slots, rules = stay(house, (minute, span)).slots, rules_of(house)
    ends = min(minute + rules.sitting_minutes, span.closes)
    assert slots[0] == minute
    assert all(later - earlier == rules.slot_minutes for earlier, later in itertools.pairwise(slots))
    assert slots[-1] < ends <= slots[-1] + rules.slot_minutes


@given(house=houses(), data=st.data())
def test_whoever_is_given_a_table_can_be_sat_at_one(house: Restaurant, data: st.DataObject) -> None:
    """Parties come in any order; at the end each gets a real table, and who was refused finds none free."""
    rules = rules_of(house)
    wishes = data.draw(
        st.lists(
            st.tuples(st.sampled_from(starts(house)), st.integers(1, rules.maximum_party_size)), max_size=25
        )
    )
    taken: dict[int, dict[int, int]] = {}
    stays: dict[int, list[tuple[int, int]]] = {group.seats: [] for group in rules.tables}
    for start, party in wishes:
        wanted = stay(house, start)
        ends = min(start[0] + rules.sitting_minutes, start[1].closes)
        seats = seating.free_table(house, wanted, party, taken)
        if seats is None:
            assert all(
                _overlapping(stays[group.seats], start[0], wanted.slots[-1] + rules.slot_minutes)
                >= group.count
                for group in rules.tables
                if group.seats >= party
            )
            continue
        assert seats >= party
        stays[seats].append((start[0], ends))
        for slot in wanted.slots:
            taken.setdefault(slot, {}).setdefault(seats, 0)
            taken[slot][seats] += 1
    for group in rules.tables:
        assert _tables_needed(stays[group.seats]) <= group.count


def _overlapping(stays: list[tuple[int, int]], begins: int, ends: int) -> int:
    return sum(a < ends and begins < b for a, b in stays)


def _tables_needed(stays: list[tuple[int, int]]) -> int:
    """Seat them in order of arrival, each at the first table that is empty."""
    tables: list[int] = []
    for begins, ends in sorted(stays):
        for index, empty_from in enumerate(tables):
            if empty_from <= begins:
                tables[index] = ends
                break
        else:
            tables.append(ends)
    return len(tables)


@given(house=houses(), data=st.data())
def test_the_free_times_are_those_that_can_be_booked(house: Restaurant, data: st.DataObject) -> None:
    hours, rules = house.hours(ZONE), rules_of(house)
    party = data.draw(st.integers(1, rules.maximum_party_size))
    counts = st.dictionaries(
        st.sampled_from([group.seats for group in rules.tables]), st.integers(0, 3), max_size=3
    )
    taken = data.draw(st.dictionaries(st.sampled_from([s for s, _ in starts(house)]), counts, max_size=12))
    now = LONG_AGO + timedelta(hours=data.draw(st.integers(0, 30)))
    free = seating.free_times(house, hours, FRIDAY, party, taken, now)
    assert [one.minute for one in free] == sorted({one.minute for one in free})
    for start in starts(house):
        wanted = stay(house, start)
        bookable = (
            hours.instant(FRIDAY, start[0]) > now
            and start[0] <= start[1].closes - rules.last_seating_minutes
            and any(
                group.seats >= party
                and all(taken.get(slot, {}).get(group.seats, 0) < group.count for slot in wanted.slots)
                for group in rules.tables
            )
        )
        assert (wanted in free) == bookable


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_when_the_clocks_change_each_time_on_offer_is_the_one_that_is_said(change: date) -> None:
    """Offered as the clock on the wall shows it, and asked for so, it is the same stay; each only once."""
    long_ago = datetime.combine(change - timedelta(days=9), time(), UTC)
    for restaurant, ahead in itertools.product(BOOKED_HERE, (-1, 0, 1)):
        hours, day = restaurant.hours(ZONE), change + timedelta(days=ahead)
        free = seating.free_times(restaurant, hours, day, 2, {}, long_ago)
        said = [hours.instant(day, one.minute).astimezone(ZONE) for one in free]
        assert len(set(said)) == len(free)
        for one, at in zip(free, said, strict=True):
            assert hours.placed(at.date(), at.time()) == (day, one.minute, _span(hours.spans(day), one))


def _span(spans: Sequence[Span], stay: Seating) -> Span:
    return next(span for span in spans if span.opens <= stay.minute < span.closes)


def test_a_time_that_the_clocks_skip_cannot_be_booked() -> None:
    """At 01:00 on 29 March 2026 clocks in Dublin go forward to 02:00; Beirut Nights is open until four."""
    house, saturday = CATALOGUE.get("beirut-nights"), date(2026, 3, 28)
    hours = house.hours(ZONE)
    reasons = {}
    for at in (time(0, 45), time(1), time(1, 45), time(2)):
        placed = hours.placed(saturday + timedelta(days=1), at)
        assert placed is not None
        wanted = seating.seating(house, *placed)
        reasons[at.isoformat("minutes")] = seating.objection(house, hours, wanted, placed[2], TWO_DAYS_BEFORE)
    skipped = seating.Reason.NO_SUCH_TIME
    assert reasons == {"00:45": None, "01:00": skipped, "01:45": skipped, "02:00": None}


@given(
    minutes=st.lists(st.integers(0, 1600), unique=True, max_size=20),
    wanted=st.integers(0, 1600),
)
def test_the_nearest_times_are_the_nearest_on_both_sides(minutes: list[int], wanted: int) -> None:
    stays = [Seating(FRIDAY, minute, (minute,)) for minute in sorted(minutes)]
    found = [one.minute for one in seating.nearest(stays, wanted)]
    assert found == sorted(set(found))
    assert len(found) == min(len(minutes), ALTERNATIVES)
    if minutes:
        assert min(abs(minute - wanted) for minute in minutes) == min(abs(one - wanted) for one in found)
        assert any(one <= wanted for one in found) == any(minute <= wanted for minute in minutes)
        assert any(one > wanted for one in found) == any(minute > wanted for minute in minutes)


_stays = st.builds(
    Stay,
    st.lists(st.integers(0, 95), min_size=1, max_size=20, unique=True).map(
        lambda slots: tuple(sorted(slots))
    ),
    st.integers(1, 8),
)


@given(takes=_stays, leaves=_stays)
def test_a_stay_in_and_a_stay_out_change_a_slot_once_by_both(takes: Stay, leaves: Stay) -> None:
    """A transaction may name a row only once; an untouched slot is no reason to lose it to a rival."""
    wanted: Counter[tuple[int, int]] = Counter({(slot, takes.seats): 1 for slot in takes.slots})
    wanted.subtract({(slot, leaves.seats): 1 for slot in leaves.slots})
    operations = booking_rows.seat("day", {}, takes=takes, leaves=leaves)
    rows = [operation[1] for operation in operations]
    assert len({row["RowKey"] for row in rows}) == len(rows)
    changed = {
        (int(row["RowKey"].removeprefix("slot-")), int(key.removeprefix("taken_"))): row[key]
        for row in rows
        for key in row
        if key.startswith("taken_")
    }
    assert {key: step for key, step in changed.items() if step} == {
        key: step for key, step in wanted.items() if step
    }
