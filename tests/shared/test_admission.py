"""Whether there is room for another call: rules, with whatever bridges report and whoever comes at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given, settings

from shared.admission import FRESH, LATE_MS, TAKEN_WITHIN, Channel, Full, Report, fresh, held, room

NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
BRIDGE = Report("a", NOW, calls=2, live=0, late_ms=0, sessions=30)


def channel(number: int, replica: str = "", age: timedelta = timedelta()) -> Channel:
    return Channel(number, f"call-{number}", NOW - age + TAKEN_WITHIN, replica)


def test_nobody_knows_without_a_bridge_that_reports() -> None:
    assert room([], [], NOW) is None
    assert room([replace(BRIDGE, at=NOW - FRESH)], [], NOW) is None


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
