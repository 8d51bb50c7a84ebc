"""Which call was cut off, told from its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.caller_calls import GO_ON_WITHIN, Past, cut_off, to_go_on_with
from shared.calls import Call, CallEvent, EventKind, ToolRun, Turn, apply, derive_call_id, rang_at

RANG = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
BOOKED = '{"booked": true, "code": "HKLMO"}'
KEPT, NOT_KEPT = '{"remembered": true}', '{"remembered": false}'
LOOKED_UP = '{"spoken": "There is Napoli Pizza."}'
LEFT = ((EventKind.MEDIA_CLOSED, "1006"), (EventKind.DISCONNECTED, "0/7000"))


def past(
    *steps: str,
    ends: Sequence[tuple[EventKind, str]] = LEFT,
    rang: datetime = RANG,
    seconds: int = 60,
    number: int = 1,
) -> Past:
    """A call told in steps: "caller: ...", "agent: ...", "tool: RESULT"; "agent*" was cut short."""
    call = Call(derive_call_id(rang, f"c{number}"), rang, rang)
    call = apply(call, CallEvent(EventKind.MEDIA_CONNECTED, rang))
    for kind, detail in ends:
        call = apply(call, CallEvent(kind, rang + timedelta(seconds=seconds), detail))
    turns, tools = [], []
    for seq, step in enumerate(steps):
        who, _, text = step.partition(": ")
        at = rang + timedelta(seconds=seq)
        if who == "tool":
            tools.append(
                ToolRun(seq, "remember" if "remembered" in text else "book_table", "{}", text, 10, at)
            )
        else:
            role = "caller" if who == "caller" else "agent"
            cut = 300 if who == "agent*" else None
            turns.append(Turn(seq, role, text, at, at + timedelta(seconds=1), heard_ms=cut))  # type: ignore[arg-type]
    return Past(call, turns, tools)


ASKED = ("agent: Hello?", "caller: A table for two at Napoli.", "agent: For which day?")
DONE = (*ASKED, "caller: Tomorrow at seven, Anna.", f"tool: {BOOKED}", "agent: Booked. Anything else?")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (past(*ASKED), True),
        (past(*ASKED, "caller: Tomorrow"), True),
        (past("agent: Hello?", "caller: When does Napoli open?", "agent*: Napoli opens"), True),
        (past("agent: Hello?", "caller: When does Napoli open?", "agent: At noon."), False),
        (past("agent: Hello?"), False),
        (past("agent: Hello?", "caller: "), False),
        (past(*DONE), False),
        (past(*DONE, "caller: No, thank you."), False),
        (past(*DONE, "caller: Great, thanks a lot, bye.", "agent: Goodbye."), False),
        (past(*DONE, "caller: Nein danke, tschüss."), False),
        (past(*DONE, "caller: Merci, au revoir !"), False),
        (past(*DONE, "caller: And a table for Sunday.", "agent: At what time?"), True),
        (past(*ASKED, f"tool: {LOOKED_UP}", "agent: There is one. Shall I book it?"), True),
        (past(*ASKED, ends=[(EventKind.FAILED, "voice_live"), LEFT[1]]), True),
        (past(*ASKED, ends=[(EventKind.FAILED, "bridge"), LEFT[1]]), True),
        (past(*ASKED, ends=[(EventKind.MEDIA_FAILED, "8581"), LEFT[1]]), True),
        (past(*ASKED, ends=[(EventKind.HUNG_UP, "limit_reached"), LEFT[1]]), True),
        (past(*ASKED, ends=[(EventKind.HUNG_UP, "caller_silent"), LEFT[1]]), True),
        (past(*ASKED, ends=[(EventKind.HUNG_UP, "agent_ended"), LEFT[1]]), False),
        (past(*ASKED, ends=[(EventKind.TRANSFER_ACCEPTED, ""), LEFT[1]]), False),
        (past(*ASKED, ends=[(EventKind.LOST, "")]), True),
        (past(*ASKED, ends=[LEFT[0]]), True),
        (past(*ASKED, ends=[]), False),
        (past(*DONE, ends=[(EventKind.FAILED, "bridge"), LEFT[1]]), False),
        (
            past(*DONE[:-1], "agent: Shall I remember?", "caller: Yes please", f"tool: {KEPT}", "agent: OK?"),
            False,
        ),
        (past(*DONE[:-1], "agent: Shall I remember?", "caller: Rather not", f"tool: {NOT_KEPT}"), False),
        (past("agent: Hello?", "tool: not JSON", "caller: Pizza", "agent: Where?"), True),
    ],
)
def test_what_counts_as_cut_off(call: Past, expected: bool) -> None:
    """A call that nobody has ended yet may be somebody else's who shares the number."""
    assert cut_off(call) is expected


def test_there_are_fifteen_minutes_to_go_on() -> None:
    call = past(*ASKED)
    over = RANG + timedelta(seconds=60)
    assert to_go_on_with([call], over + GO_ON_WITHIN) == [call]
    assert to_go_on_with([call], over + GO_ON_WITHIN + timedelta(seconds=1)) == []


def test_a_call_about_to_end_counts_from_the_last_that_was_said() -> None:
    call = past(*ASKED, ends=[LEFT[0]])
    assert to_go_on_with([call], RANG + timedelta(seconds=5)) == [call]


def test_a_call_that_went_on_with_another_and_was_cut_off_again_is_gone_on_with_whole() -> None:
    first = past(*ASKED)
    second = past(
        "agent: Go on?",
        "caller: Yes please",
        "agent: At what time?",
        rang=RANG + timedelta(minutes=2),
        number=2,
    )
    assert to_go_on_with([second, first], RANG + timedelta(minutes=4)) == [first, second]


def test_a_call_that_broke_at_once_is_passed_over() -> None:
    first, broke = past(*ASKED), past("agent: Hello?", rang=RANG + timedelta(minutes=2), number=2)
    assert to_go_on_with([broke, first], RANG + timedelta(minutes=4)) == [first]


def test_a_call_that_came_to_its_end_closes_what_was_before() -> None:
    first, done = past(*ASKED), past(*DONE, rang=RANG + timedelta(minutes=2), number=2)
    assert to_go_on_with([done, first], RANG + timedelta(minutes=4)) == []


STEPS = st.lists(
    st.sampled_from(["caller: Pizza", "caller: thanks", "agent: Where?", "agent: There.", f"tool: {BOOKED}"]),
    max_size=8,
)
ENDS = st.lists(
    st.tuples(st.sampled_from(list(EventKind)), st.sampled_from(["", "agent_ended", "bridge"])), max_size=3
)


@settings(max_examples=200)
@given(st.lists(st.tuples(STEPS, ENDS, st.integers(0, 3000)), max_size=4), st.integers(0, 5000))
def test_only_calls_of_the_last_minutes_with_words_of_the_caller_are_gone_on_with(
    made: list[tuple[list[str], list[tuple[EventKind, str]], int]], wait: int
) -> None:
    calls = [
        past(*steps, ends=ends, rang=RANG + timedelta(seconds=at), number=number)
        for number, (steps, ends, at) in enumerate(made)
    ]
    calls.sort(key=lambda call: call.call.rang_at, reverse=True)
    now = RANG + timedelta(seconds=wait)
    found = to_go_on_with(calls, now)
    assert found == [call for call in reversed(calls) if call in found]
    for call in found:
        assert cut_off(call)
    if found:
        over_at = found[-1].over_at
        assert over_at is not None
        assert over_at <= now


@given(st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds
def test_the_time_of_a_call_is_in_its_id(at: datetime) -> None:
    assert rang_at(derive_call_id(at, "c")) == at.replace(microsecond=at.microsecond // 1000 * 1000)


def test_an_interrupted_agent_was_not_done() -> None:
    call = past("agent: Hello?", "caller: When is it open?", "agent: At noon.")
    turns = [*call.turns[:-1], replace(call.turns[-1], interrupted=True)]
    assert cut_off(replace(call, turns=turns))
