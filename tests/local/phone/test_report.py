"""How the words of the store and the sound at the phone become one report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from local.ear import RATE, Span
from local.report import CallReport, Sound, TurnReport, report_tool, report_turns, summary
from shared.calls import ToolRun, Turn

START = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def turn(
    seq: int, role: Literal["caller", "agent"], begin_ms: int, end_ms: int, *, cut: bool = False
) -> Turn:
    moments = [START + timedelta(milliseconds=ms) for ms in (begin_ms, end_ms)]
    return Turn(seq, role, f"words {seq}", moments[0], moments[1], interrupted=cut)


def span(begin_ms: int, end_ms: int) -> Span:
    return Span(begin_ms * RATE // 1000, end_ms * RATE // 1000)


def sound(caller: Sequence[Span], agent: Sequence[Span]) -> Sound:
    return Sound(caller, agent, START.timestamp())


def times(reports: dict[int, TurnReport]) -> list[tuple[str, int | None, int | None, int | None]]:
    return [(turn.role, turn.start_ms, turn.end_ms, turn.latency_ms) for turn in reports.values()]


def test_times_come_from_the_sound_though_the_stamps_of_the_store_are_off() -> None:
    turns = [turn(0, "agent", 400, 2_300), turn(1, "caller", 3_100, 4_000), turn(2, "agent", 4_950, 6_100)]
    reports = report_turns(turns, sound([span(3_000, 4_100)], [span(500, 2_200), span(4_900, 6_000)]))
    assert times(reports) == [
        ("agent", 500, 2_200, None),
        ("caller", 3_000, 4_100, None),
        ("agent", 4_900, 6_000, 800),
    ]


def test_a_turn_with_a_pause_in_it_is_one_turn() -> None:
    turns = [turn(0, "caller", 0, 2_000), turn(1, "agent", 2_700, 5_000)]
    reports = report_turns(
        turns, sound([span(0, 800), span(1_400, 2_000)], [span(2_800, 3_500), span(4_000, 5_000)])
    )
    assert times(reports) == [("caller", 0, 2_000, None), ("agent", 2_800, 5_000, 800)]


def test_only_the_first_reply_after_the_caller_has_a_latency() -> None:
    """A filler and the answer that follows it are two turns; the caller waited once."""
    turns = [turn(0, "caller", 0, 1_000), turn(1, "agent", 1_600, 2_000), turn(3, "agent", 3_000, 4_000)]
    reports = report_turns(turns, sound([span(0, 1_000)], [span(1_600, 2_000), span(3_000, 4_000)]))
    assert [report.latency_ms for report in reports.values()] == [None, 600, None]


def test_an_agent_that_goes_on_after_a_sign_of_listening_was_not_interrupted() -> None:
    turns = [turn(0, "agent", 0, 3_000, cut=True), turn(1, "agent", 6_000, 8_000)]
    reports = report_turns(
        turns, sound([span(2_000, 4_000), span(6_900, 7_200)], [span(0, 3_000), span(6_000, 8_000)])
    )
    assert [report.interrupted for report in reports.values()] == [True, False]


def test_a_turn_that_made_no_sound_keeps_its_words_and_its_place() -> None:
    """Pressed keys are a turn of the caller that nobody hears."""
    turns = [
        turn(1, "caller", 2_500, 2_500),
        turn(0, "agent", 0, 2_000),
        turn(2, "agent", 3_000, 4_000, cut=True),
    ]
    reports = report_turns(turns, sound([], [span(0, 2_000)]))
    assert list(reports) == [0, 1, 2]
    assert times(reports)[1:] == [("caller", None, None, None), ("agent", None, None, None)]
    assert reports[2].interrupted


@given(
    st.lists(st.tuples(st.integers(700, 3_000), st.integers(200, 3_000)), min_size=1, max_size=12),
    st.integers(-150, 150),
)
def test_stamps_up_to_150_ms_off_pair_every_turn_of_a_talk_with_its_own_sound(
    gaps: list[tuple[int, int]], skew_ms: int
) -> None:
    """A talk of alternating turns: each report carries exactly the times of its own span."""
    turns: list[Turn] = []
    spans: dict[str, list[Span]] = {"caller": [], "agent": []}
    expected: list[tuple[int, int]] = []
    now = 0
    for seq, (gap, length) in enumerate(gaps):
        begin, end = now + gap, now + gap + length
        role: Literal["caller", "agent"] = "caller" if seq % 2 else "agent"
        turns.append(turn(seq, role, begin + skew_ms, end + skew_ms))
        spans[role].append(span(begin, end))
        expected.append((begin, end))
        now = end
    reports = report_turns(turns, sound(spans["caller"], spans["agent"]))
    assert [(report.start_ms, report.end_ms) for report in reports.values()] == expected


def test_the_report_is_printed_as_documented() -> None:
    """`python -m local call --json`: these keys, in this order."""
    reports = report_turns([turn(0, "agent", 0, 1_000)], sound([], [span(0, 1_000)]))
    tool = report_tool(ToolRun(1, "end_call", '{"reason":"goodbye"}', "not JSON", 3, START))
    report = CallReport("id", "completed", 120, 480, list(reports.values()), [tool], "recording.wav")
    printed = msgspec.json.decode(msgspec.json.encode(report))
    assert list(printed) == [
        "call_id",
        "outcome",
        "answered_ms",
        "greeting_ms",
        "turns",
        "tools",
        "recording",
    ]
    assert list(printed["turns"][0]) == ["role", "text", "start_ms", "end_ms", "latency_ms", "interrupted"]
    assert printed["tools"] == [
        {"name": "end_call", "arguments": {"reason": "goodbye"}, "result": "not JSON", "ms": 3}
    ]


def test_the_closing_line_gives_median_and_worst() -> None:
    turns = [TurnReport("agent", "", 0, 0, latency, False) for latency in (None, 700, 900, 1_400)]
    line = summary(CallReport("id", "completed", 100, 480, turns, [], None))
    assert line == "completed; greeting after 480 ms; 3 replies: median 900 ms, worst 1400 ms"
