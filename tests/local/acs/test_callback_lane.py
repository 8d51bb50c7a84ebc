"""The order of one call's callbacks, and how faults change it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from local.acs.callbacks import Callback, Faults, Lane


def sent(lane: Lane) -> list[int]:
    """What the lane would send now, by number."""
    numbers = []
    while (callback := lane.pop()) is not None:
        numbers.append(callback.event["n"])
    return numbers


def push(lane: Lane, numbers: range) -> list[int]:
    """Push callbacks; what goes out after each of them and at the end."""
    out: list[int] = []
    for number in numbers:
        event: dict[str, Any] = {"n": number}
        assert lane.push(Callback("http://app", event))
        out += sent(lane)
    lane.release()
    return out + sent(lane)


@given(st.integers(0, 20))
def test_without_faults_order_is_kept(count: int) -> None:
    """In is out."""
    assert push(Lane(Faults()), range(count)) == list(range(count))


@given(st.integers(0, 20), st.integers(0, 3), st.integers(0, 3))
def test_duplicates_and_drops_touch_only_as_many_as_asked(count: int, duplicates: int, drops: int) -> None:
    """The first ones, and then no more."""
    out = push(Lane(Faults(callback_duplicate=duplicates, callback_drop=drops)), range(count))
    kept = range(min(drops, count), count)
    assert sorted(set(out)) == list(kept)
    assert len(out) == len(kept) + min(duplicates, len(kept))


def test_a_reordered_callback_goes_after_the_next() -> None:
    """One is overtaken, nothing is lost."""
    assert push(Lane(Faults(callback_reorder=1)), range(4)) == [1, 0, 2, 3]


def test_the_last_callback_cannot_be_overtaken_and_is_sent() -> None:
    """With nothing after it, it goes out at the end."""
    assert push(Lane(Faults(callback_reorder=1)), range(1)) == [0]
