"""Whether there is room for another call: rules, with whatever bridges report and whoever comes at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given, settings

from shared.admission import (
    FRESH,
    LATE_MS,
    TAKEN_WITHIN,
    Channel,
    Full,
    Report,
    demand,
    fresh,
    held,
    room,
    serving,
)

NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
BRIDGE = Report("a", NOW, calls=2, live=0, late_ms=0, sessions=30)


def channel(number: int, replica: str = "", age: timedelta = timedelta()) -> Channel:
    return Channel(number, f"call-{number}", NOW - age + TAKEN_WITHIN, replica)


def test_nobody_knows_without_a_bridge_that_reports() -> None:
    assert room([], [], NOW) is None
    assert room([replace(BRIDGE, at=NOW - FRESH)], [], NOW) is None


def test_a_bridge_whose_clock_is_far_ahead_does_not_outlive_its_death() -> None:
    """A clock that is right to a few seconds is right; of a report from to-morrow nobody can tell its age."""
    assert room([replace(BRIDGE, at=NOW + FRESH / 2)], [], NOW) == (0, 1)
    assert room([replace(BRIDGE, at=NOW + timedelta(hours=1))], [], NOW) is None


def test_bridges_hold_together_what_each_may() -> None:
    assert room([BRIDGE, replace(BRIDGE, replica="b")], [channel(1)], NOW) == (0, 2, 3)


def test_full_is_full() -> None:
    assert room([BRIDGE], [channel(0, "a"), channel(1)], NOW) is Full.CHANNELS


def test_a_channel_that_no_bridge_took_up_lapses() -> None:
    assert room([BRIDGE], [channel(0), channel(1, age=TAKEN_WITHIN)], NOW) == (1,)


def test_what_a_dead_bridge_held_is_free() -> None:
    dead = replace(BRIDGE, replica="b", at=NOW - FRESH)
    assert room([BRIDGE, dead], [channel(0, "b"), channel(1, "a", age=timedelta(minutes=9))], NOW) == (0,)


def test_a_bridge_that_stops_or_is_late_holds_what_it_has_and_takes_no_more() -> None:
    for busy in (replace(BRIDGE, draining=True, live=1), replace(BRIDGE, late_ms=LATE_MS, live=1)):
        assert room([busy], [channel(0, "a")], NOW) is Full.CHANNELS
        assert room([busy, replace(BRIDGE, replica="b")], [channel(0, "a")], NOW) == (1, 2)


def test_sessions_are_counted_with_the_calls_that_will_open_one() -> None:
    few = replace(BRIDGE, calls=9, sessions=2)
    assert room([few], [channel(0, "a")], NOW) == (1, 2)
    assert room([few], [channel(0, "a"), channel(1)], NOW) == (2,)
    assert room([few], [channel(0), channel(1)], NOW) is Full.VOICE_LIVE


OLD, NEW = "20261101T090000Z", "20261127T090000Z"


def test_after_a_deployment_there_is_room_at_the_newest_release_only() -> None:
    """The one before is up for the calls that it has, and no new ones get there."""
    old = replace(BRIDGE, calls=9, live=3, release=OLD)
    new = replace(BRIDGE, replica="b", release=NEW)
    taken = [channel(number, "a") for number in range(3)]
    assert room([old], taken, NOW) == (3, 4, 5, 6, 7, 8)
    assert room([old, new], taken, NOW) == (3, 4)
    for gone in (replace(new, draining=True), replace(new, at=NOW - FRESH)):
        assert room([old, gone], taken, NOW) == (3, 4, 5, 6, 7, 8), "it went back to the one before"
    assert room([old, replace(new, late_ms=LATE_MS)], taken, NOW) is Full.CHANNELS, (
        "calls come here, and late"
    )


def test_who_opens_no_new_sessions_has_no_part_of_the_quota() -> None:
    old = replace(BRIDGE, release=OLD)
    late = replace(BRIDGE, replica="b", late_ms=LATE_MS, release=NEW)
    new = replace(BRIDGE, replica="c", release=NEW)
    assert serving([old, late, new, replace(new, replica="d", draining=True)]) == [late, new]
    assert serving([old, late]) == [late]
    assert serving([replace(new, draining=True)]) == []


def test_each_release_is_given_bridges_for_its_own_calls() -> None:
    old = replace(BRIDGE, live=3, release=OLD)
    leaving = replace(BRIDGE, replica="c", live=2, draining=True, release=NEW)
    new = replace(BRIDGE, replica="b", live=1, release=NEW)
    taken = [channel(0), channel(1, age=TAKEN_WITHIN), channel(2, "b")]
    assert demand([old, new, leaving], taken, NOW, OLD) == 3
    assert demand([old, new, leaving], taken, NOW, NEW) == 4, "its own, those that leave, and one on its way"
    assert demand([old, new, leaving], taken, NOW) == 7
    assert demand([old, new, leaving], taken, NOW, OLD, waiting=5) == 3, "who waits goes to the new ones"
    assert demand([old, new, leaving], taken, NOW, NEW, waiting=5) == 9
    assert demand([old, replace(new, draining=True)], taken, NOW, OLD) == 4, "new calls go there again"
    assert [demand([old, new], [], NOW, one, waiting=5) for one in (OLD, NEW, "")] == [3, 6, 9]


def test_nobody_knows_of_a_release_that_does_not_report() -> None:
    """Too few bridges would be worse than too many."""
    assert demand([], [channel(0)], NOW) is None
    assert demand([replace(BRIDGE, live=9, at=NOW - FRESH)], [], NOW) is None
    assert demand([replace(BRIDGE, release=OLD)], [], NOW, NEW) is None


reports = st.lists(
    st.builds(
        Report,
        replica=st.sampled_from("abc"),
        at=st.sampled_from([NOW, NOW - FRESH]),
        calls=st.integers(1, 5),
        live=st.integers(0, 5),
        late_ms=st.sampled_from([0, LATE_MS]),
        sessions=st.integers(0, 8),
        draining=st.booleans(),
        release=st.sampled_from([OLD, NEW]),
    ),
    unique_by=lambda report: report.replica,
)
channels = st.lists(
    st.builds(
        channel,
        number=st.integers(0, 14),
        replica=st.sampled_from(["", "a", "b", "c"]),
        age=st.sampled_from([timedelta(), TAKEN_WITHIN]),
    ),
    unique_by=lambda one: one.number,
)


@given(reports, channels)
@settings(max_examples=150, deadline=None)
def test_taking_them_one_by_one_ends_at_full(reported: list[Report], taken: list[Channel]) -> None:
    """There are just as many numbers as calls that can still come, and none is held by anybody."""
    numbers = room(reported, taken, NOW)
    if not isinstance(numbers, tuple):
        return
    assert numbers
    assert not {one.number for one in held(taken, fresh(reported, NOW), NOW)} & set(numbers)
    for left, number in zip(range(len(numbers), 0, -1), numbers, strict=True):
        now = room(reported, taken, NOW)
        assert isinstance(now, tuple)
        assert len(now) == left
        taken = [one for one in taken if one.number != number] + [channel(number)]
    assert isinstance(room(reported, taken, NOW), Full)


@given(st.data(), st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_who_looked_long_ago_takes_none_too_many(data: st.DataObject, calls: int) -> None:
    """Many look, and take later what they saw free, if nobody has it by then; calls end meanwhile."""
    bridge = replace(BRIDGE, calls=calls)
    rows: dict[int, Channel] = {}
    views: list[tuple[int, ...]] = []
    for _ in range(data.draw(st.integers(1, 30))):
        act = data.draw(st.sampled_from(["look", "take", "take", "end"]))
        if act == "look":
            numbers = room([bridge], rows.values(), NOW)
            views += [numbers] if isinstance(numbers, tuple) else []
        elif act == "take" and views:
            number = data.draw(st.sampled_from(data.draw(st.sampled_from(views))))
            rows.setdefault(number, channel(number))
        elif act == "end" and rows:
            del rows[data.draw(st.sampled_from(sorted(rows)))]
        assert len(rows) <= calls


@given(reports, channels)
@settings(max_examples=150, deadline=None)
def test_no_call_is_left_out_of_the_demand(reported: list[Report], taken: list[Channel]) -> None:
    """Releases together are given bridges for all calls, and each at least for those that it has."""
    whole, of_each = demand(reported, taken, NOW), [demand(reported, taken, NOW, one) for one in (OLD, NEW)]
    if whole is None:
        assert of_each == [None, None]
        return
    assert sum(one or 0 for one in of_each) >= whole
    for release, told in zip((OLD, NEW), of_each, strict=True):
        ours = [one for one in fresh(reported, NOW) if one.release == release]
        assert (told is None) == (not ours)
        assert (told or 0) >= sum(one.live for one in ours)
    if serving(fresh(reported, NOW)):
        assert sum(one or 0 for one in of_each) == whole, "a call on its way goes to one of them"
