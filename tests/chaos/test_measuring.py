"""Which silences a caller waited through, told from sounds."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from chaos.measuring import Silence, longest, silences
from local.ear import Span

spans = st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 500)), max_size=12).map(
    lambda pairs: [Span(start, start + length) for start, length in sorted(pairs)]
)


def test_a_caller_waits_for_the_greeting_and_for_each_reply() -> None:
    agent = [Span(300, 900), Span(2_400, 3_000)]
    caller = [Span(1_000, 2_000)]
    assert silences(caller, agent, [], 3_500) == [Silence(0, 300), Silence(2_000, 2_400)]


def test_the_pause_in_which_the_caller_thinks_is_none() -> None:
    assert silences([Span(1_500, 2_000)], [Span(0, 500), Span(2_100, 2_200)], [], 2_200) == [
        Silence(2_000, 2_100)
    ]


def test_a_reply_that_breaks_off_is_waited_for() -> None:
    assert Silence(500, 2_500) in silences([], [Span(0, 500), Span(2_500, 3_000)], [], 3_000)


def test_a_caller_who_asks_once_more_has_waited() -> None:
    caller = [Span(0, 100), Span(5_100, 5_200)]
    assert silences(caller, [Span(5_300, 5_400)], [5_099], 5_400)[0] == Silence(100, 5_100)


def test_a_call_that_ends_while_the_caller_waits_leaves_a_silence() -> None:
    assert silences([Span(10, 100)], [Span(0, 10)], [], 900) == [Silence(100, 900)]
    assert silences([Span(10, 100)], [Span(100, 200)], [], 900) == []


@given(spans, spans, st.integers(10_500, 20_000))
def test_nobody_is_heard_in_a_silence(caller: list[Span], agent: list[Span], end: int) -> None:
    found = silences(caller, agent, [], end)
    for silence in found:
        assert 0 <= silence.start < silence.end <= end
        for sound in (*caller, *agent):
            assert sound.end <= silence.start or sound.start >= silence.end
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))


@given(spans, spans)
def test_the_longest_of_a_time_is_among_those_that_touch_it(caller: list[Span], agent: list[Span]) -> None:
    found = silences(caller, agent, [], 11_000)
    assert longest(found, 0, 11_001) == max((one.samples for one in found), default=0)
    assert longest(found, 5_000, 5_000) in {0, *(one.samples for one in found)}
