"""How a measurement is held against what is promised."""

from __future__ import annotations

import pytest

from local.measure import GREETING_MS, REPLY_MEDIAN_MS, REPLY_WORST_MS, describe, grants, judge
from local.report import CallReport, TurnReport
from local.scripts import LONG_TALK_REPLIES, WISHES

KEPT = [REPLY_MEDIAN_MS] * (LONG_TALK_REPLIES - 1) + [REPLY_WORST_MS]


def report(
    greeting_ms: int | None = GREETING_MS, replies: list[int] = KEPT, outcome: str = "completed"
) -> CallReport:
    turns = [TurnReport("agent", "", 0, 0, latency, False) for latency in replies]
    return CallReport("id", outcome, 100, greeting_ms, turns, [], None)


def test_numbers_as_promised_keep_every_promise() -> None:
    measurement = judge(report(), [report(replies=[9_000])], len(WISHES))
    assert measurement.broken == []
    assert (measurement.median_ms, measurement.worst_ms) == (REPLY_MEDIAN_MS, REPLY_WORST_MS)
    assert "NOT KEPT" not in describe(measurement)


@pytest.mark.parametrize(
    ("long_call", "bookings", "named"),
    [
        (report(greeting_ms=GREETING_MS + 1), 5, "greeting"),
        (report(greeting_ms=None), 5, "greeting"),
        (report(replies=[REPLY_MEDIAN_MS + 1] * LONG_TALK_REPLIES), 5, "median"),
        (report(replies=[*KEPT, REPLY_WORST_MS + 1]), 5, "worst"),
        (report(replies=KEPT[1:]), 5, "fewer than"),
        (report(outcome="failed"), 5, "failed"),
        (report(), 4, "bookings"),
    ],
)
def test_each_promise_can_be_broken_alone(long_call: CallReport, bookings: int, named: str) -> None:
    measurement = judge(long_call, [], bookings)
    (broken,) = measurement.broken
    assert named in broken
    assert f"NOT KEPT: {broken}" in describe(measurement)


def test_a_silent_call_breaks_what_is_promised_of_its_replies() -> None:
    assert len(judge(report(replies=[]), [], len(WISHES)).broken) == 3


def test_a_wish_is_granted_by_that_table_and_no_other() -> None:
    wish = WISHES[0]
    table = {"restaurant_id": wish.restaurant_id, "party_size": wish.party_size}
    assert grants([table], wish)
    assert not grants([], wish)
    assert not grants([table, table], wish)
    assert not grants([table | {"party_size": 9}], wish)
