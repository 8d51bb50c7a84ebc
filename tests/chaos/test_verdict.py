"""What is held against a call, and what against the fault that it went through."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from chaos.booker import Booker
from chaos.caller import Caller
from chaos.faults import BY_NAME
from chaos.run import Placed, Window
from chaos.verdict import Kept, call_troubles, judge, table
from local.ear import RATE, Samples
from local.line import Progress
from local.scripts import WISHES
from shared.calls import Call, CallEvent, EventKind, apply, derive_call_id

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


async def understand(_: Samples) -> str:
    raise AssertionError("nothing is to be understood here")


def placed(number: int = 1, *, quiet_s: float = 1.0, told: bool = True, greeted: int = 1) -> Placed:
    """A call that is over: the caller spoke for a second, and after `quiet_s` of silence the agent did."""
    caller = Caller(Booker(WISHES[0], "tomorrow at seven"), {}, understand)
    caller.booker.told, caller.booker.greeted = told, greeted
    sound, silence = np.full(RATE, 3_000, np.int16), np.zeros(RATE, np.int16)
    quiet = np.zeros(round(RATE * quiet_s), np.int16)
    for said, heard in ((sound, silence), (quiet, quiet), (silence, sound)):
        caller.caller.hear(said)
        caller.agent.hear(heard)
    rang = NOW.timestamp()
    progress = Progress(rang, f"correlation-{number}", rang + 2, rang + 2, "agent_hung_up")
    return Placed(number, caller, progress, over=True)


def kept(bookings: int = 1, *, closed: bool = True) -> Kept:
    record = Call(derive_call_id(NOW, "c"), NOW, NOW, correlation_id="c")
    return Kept(apply(record, CallEvent(EventKind.DISCONNECTED, NOW)) if closed else record, bookings)


def booked_for(text: str) -> Kept:
    return replace(kept(), booked_for=datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Dublin")))


def ended_at(seconds: float) -> Kept:
    record = kept().record
    assert record is not None
    return Kept(replace(record, ended_at=NOW + timedelta(seconds=seconds)), 1)


def window(*calls: Placed, fault: str = "model-dropped") -> Window:
    return Window(BY_NAME[fault], {one.number: 0 for one in calls}, {one.number: 10 * RATE for one in calls})


def test_a_call_as_promised() -> None:
    for found in (kept(), booked_for("2026-11-28T19:00"), ended_at(4), ended_at(180)):
        assert call_troubles(placed(), found) == []


@pytest.mark.parametrize(
    ("call", "found", "trouble"),
    [
        (placed(), kept(0), "told of a booking, 0 in the store"),
        (placed(), kept(2), "told of a booking, 2 in the store"),
        (placed(greeted=2), kept(), "the greeting was heard 2 times"),
        (placed(), kept(closed=False), "its record was not closed"),
        (
            placed(),
            booked_for("2026-11-29T19:00"),
            "wanted a table on 28 November 19:00, has one on 29 November 19:00",
        ),
        (
            placed(),
            booked_for("2026-11-28T20:00"),
            "wanted a table on 28 November 19:00, has one on 28 November 20:00",
        ),
        (placed(), ended_at(3_605), "its record ends 3600 s after the call"),
        (placed(), ended_at(-3_595), "its record ends -3600 s after the call"),
    ],
)
def test_what_is_not_as_promised_is_said(call: Placed, found: Kept, trouble: str) -> None:
    assert trouble in call_troubles(call, found)


@pytest.mark.parametrize(
    ("call", "trouble"),
    [
        (placed(told=False), "the caller got no table"),
        (Placed(1, placed().caller, Progress(), "no close frame"), "the line broke: no close frame"),
        (Placed(1, placed().caller, Progress(ended="rejected")), "never answered: rejected"),
    ],
)
def test_an_end_out_of_order_is_held_against_the_last_fault(call: Placed, trouble: str) -> None:
    earlier, later = window(call), window(call, fault="media-cut")
    earlier.outlived.add(call.number)
    rows = judge([earlier, later], [call], {1: kept(int(call.caller.booker.told))})
    assert [row.survived for row in rows] == [1, 0]
    assert [row.broken for row in rows] == [[], [f"call 1: {trouble}"]]


def test_a_silence_counts_against_the_fault_in_whose_time_it_was() -> None:
    quick, slow = placed(1, quiet_s=2.0), placed(2, quiet_s=3.0)
    both = window(quick, slow)
    [row] = judge([both], [quick, slow], {1: kept(), 2: kept()})
    assert (row.calls, row.survived, row.longest_silence_s) == (2, 2, 3.0)
    assert (row.bookings_expected, row.bookings_found) == (2, 2)
    assert row.broken == ["call 2: a silence of 3.0 s"]
    both.ends[2] = RATE // 2  # it was over before the caller had to wait
    assert judge([both], [quick, slow], {1: kept(), 2: kept()})[0].broken == []


def test_a_call_that_two_bridges_have_had_has_moved() -> None:
    stays, moves = placed(1), placed(2)
    found = kept()
    assert found.record is not None
    moved = replace(found, record=replace(found.record, media_epoch=2))
    [row] = judge([window(stays, moves)], [stays, moves], {1: found, 2: moved})
    assert row.moved == 1


def test_who_is_sent_away_while_nothing_can_answer_is_not_lost() -> None:
    call = placed(told=False)
    call.caller.booker.sent_away = True
    [gone, dropped] = judge([window(call, fault="model-gone"), window(call)], [call], {1: kept(0)})
    assert (gone.survived, gone.broken) == (1, [])
    assert (dropped.survived, dropped.broken) == (0, ["call 1: sent away without a table"])


def test_the_table_names_what_was_not_kept() -> None:
    call = placed()
    broken = window(call)
    broken.not_kept = "nobody heard the busy tone"
    text = table(judge([broken, window(call)], [call], {1: kept()}))
    head, first, second, trouble = text.splitlines()
    assert head.startswith("fault")
    assert first.endswith("NOT KEPT")
    assert second.endswith("kept")
    assert trouble == "model-dropped: nobody heard the busy tone"


def test_only_while_the_store_is_away_may_a_phone_be_told_that_it_is_busy() -> None:
    call = Placed(1, placed(told=False).caller, Progress(ended="rejected"))
    rows = [
        judge([window(call, fault=name)], [call], {1: Kept(None, 0)})[0]
        for name in ("store-down", "media-cut")
    ]
    assert [row.survived for row in rows] == [1, 0]
    assert rows[0].broken == []
    assert "call 1: not in the store" in rows[1].broken
