"""Fillers, on a virtual clock: never before their time, never over a voice, never the same twice in a row."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.fillers import Fillers

_AFTER = 0.8
_LONGER = 2.0
"""At the least, before a further filler."""
_TEXTS = ("One moment.", "Let me see.", "I'm still looking.")


def test_a_slow_tool_is_covered_after_a_silence() -> None:
    """Counted from the tool's start when the caller had finished before."""
    fillers = Fillers(_AFTER)
    fillers.sound(9.0)
    assert fillers.due() is None
    fillers.tool_runs(10.0)
    assert fillers.due() == pytest.approx(10.8)


def test_a_filler_waits_for_who_speaks() -> None:
    """The model said something before it asked for the tool: the silence begins after that."""
    fillers = Fillers(_AFTER)
    fillers.tool_runs(10.0)
    fillers.sound(12.0)
    assert fillers.due() == pytest.approx(12.8)
    fillers.sound(math.inf)
    assert fillers.due() is None
    fillers.sound(11.0)  # cut short: the newest word counts
    assert fillers.due() == pytest.approx(11.8)


def test_a_second_tool_does_not_start_the_wait_anew() -> None:
    """The caller waits since the first."""
    fillers = Fillers(_AFTER)
    fillers.tool_runs(10.0)
    fillers.tool_runs(10.7)
    assert fillers.due() == pytest.approx(10.8)


def test_no_filler_once_the_tools_are_done() -> None:
    """What comes next is the reply."""
    fillers = Fillers(_AFTER)
    fillers.tool_runs(10.0)
    fillers.tools_done()
    assert fillers.due() is None


def test_a_further_filler_waits_longer() -> None:
    """None is due until the first is heard; then only after a longer silence."""
    fillers = Fillers(_AFTER)
    fillers.tool_runs(10.0)
    fillers.next(_TEXTS)
    assert fillers.due() is None
    fillers.sound(12.0)
    assert fillers.due() == pytest.approx(16.0)


def test_a_tool_that_follows_in_silence_is_the_same_wait() -> None:
    """The caller who has just heard a filler does not hear the next one after a breath."""
    fillers = Fillers(_AFTER)
    fillers.tool_runs(10.0)
    fillers.next(_TEXTS)
    fillers.sound(12.0)
    fillers.tools_done()
    fillers.tool_runs(12.5)
    assert fillers.due() == pytest.approx(16.5)


def test_after_the_reply_a_wait_is_a_new_one() -> None:
    """And the words go on where they were."""
    fillers = Fillers(_AFTER)
    fillers.tool_runs(10.0)
    first = fillers.next(_TEXTS)
    fillers.sound(12.0)
    fillers.tools_done()
    fillers.sound(15.0)
    fillers.tool_runs(20.0)
    assert fillers.due() == pytest.approx(20.8)
    assert fillers.next(_TEXTS) != first


def test_one_text_is_said_again_and_none_is_an_error() -> None:
    """The message says what to give."""
    fillers = Fillers(_AFTER)
    assert [fillers.next(["Moment."]), fillers.next(["Moment."])] == ["Moment."] * 2
    with pytest.raises(ValueError, match=r"fillers: give at least one text"):
        fillers.next([])


@given(lists=st.lists(st.lists(st.sampled_from("abcd"), min_size=2, unique=True), min_size=2, max_size=20))
def test_never_the_same_twice_in_a_row(lists: list[list[str]]) -> None:
    """Not even when the language changes, with other texts, between two fillers."""
    fillers = Fillers(_AFTER)
    assert all(one != other for one, other in pairwise(fillers.next(texts) for texts in lists))


@given(texts=st.lists(st.text(min_size=1), min_size=1, unique=True, max_size=8), start=st.integers(0, 8))
def test_all_are_said_before_one_is_said_again(texts: list[str], start: int) -> None:
    """In turn, so that a long wait does not go back and forth between two."""
    fillers = Fillers(_AFTER)
    said = [fillers.next(texts) for _ in range(start + len(texts))]
    assert set(said[start:]) == set(texts)


_happenings = st.lists(
    st.tuples(
        st.sampled_from(["tool", "done", "agent", "caller_begins", "caller_ends"]),
        st.floats(0.0, 6.0),
        st.floats(0.0, 3.0),
    ),
    max_size=60,
)


@given(happenings=_happenings)
def test_a_filler_comes_only_into_the_silence_of_a_caller_who_waits(
    happenings: list[tuple[str, float, float]],
) -> None:
    """Said as soon as due: a tool runs, nobody is heard, and for `after`, or longer after another filler."""
    fillers, now, sound_until = Fillers(_AFTER), 0.0, 0.0
    running_since: float | None = None
    filler_ends: float | None = None
    for kind, pause, seconds in happenings:
        now += pause
        due = fillers.due()
        assert (due is not None) == (running_since is not None and sound_until < math.inf)
        if due is not None and running_since is not None and due <= now:
            assert due >= max(running_since, sound_until) + _AFTER
            assert filler_ends is None or due >= filler_ends + _LONGER
            fillers.next(_TEXTS)
            assert fillers.due() is None
            sound_until = filler_ends = due + 1.0
            fillers.sound(sound_until)
        match kind:
            case "tool":
                fillers.tool_runs(now)
                running_since = now if running_since is None else running_since
                continue
            case "done":
                fillers.tools_done()
                running_since = None
                continue
            case "agent":
                sound_until = now + seconds
            case "caller_begins":
                sound_until = math.inf
            case _:
                sound_until = now
        fillers.sound(sound_until)
        filler_ends = None if running_since is None else filler_ends
