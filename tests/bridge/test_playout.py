"""The playback clock: audio plays in order, at real time, and nothing is credited that was not heard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.playout import Heard, Playout


def test_audio_written_early_plays_after_what_is_queued() -> None:
    """Two deltas written at once are heard one after the other."""
    playout = Playout()
    assert playout.wrote("a", 1.0, now=10.0) == 10.0
    assert playout.wrote("a", 0.5, now=10.0) == 11.0
    assert playout.heard("a", now=11.25) == Heard("a", 1250, 1500)


def test_a_gap_is_not_heard() -> None:
    """Silence between two writes is credited to nobody."""
    playout = Playout()
    playout.wrote("a", 1.0, now=0.0)
    playout.wrote("a", 1.0, now=5.0)
    assert playout.heard("a", now=4.0) == Heard("a", 1000, 2000)
    assert playout.heard("a", now=5.5) == Heard("a", 1500, 2000)


def test_stop_reports_what_was_cut_and_nothing_else() -> None:
    """An item heard to its end is not cut; one that waits in the queue is heard for 0 ms."""
    playout = Playout()
    playout.wrote("first", 1.0, now=0.0)
    playout.wrote("second", 1.0, now=0.0)
    playout.wrote("third", 1.0, now=0.0)
    assert playout.stop(now=1.4) == [Heard("second", 400, 1000), Heard("third", 0, 1000)]
    assert not playout.is_playing(now=1.4)


def test_after_a_stop_new_audio_plays_at_once() -> None:
    """The dropped queue does not delay what follows."""
    playout = Playout()
    playout.wrote("a", 60.0, now=0.0)
    playout.stop(now=1.0)
    assert playout.wrote("b", 1.0, now=2.0) == 2.0


_writes = st.lists(
    st.tuples(st.sampled_from("abc"), st.floats(0.001, 3.0), st.floats(0.0, 2.0)), min_size=1, max_size=40
)


@given(writes=_writes, until=st.floats(0.0, 60.0))
def test_heard_never_exceeds_time_or_what_was_written(
    writes: list[tuple[str, float, float]], until: float
) -> None:
    """Whatever is written when: heard time fits into the time passed, and into what was written of each."""
    playout, now = Playout(), 0.0
    written: dict[str, float] = {}
    for item, seconds, pause in writes:
        now += pause
        playout.wrote(item, seconds, now)
        written[item] = written.get(item, 0.0) + seconds
    heard = [playout.heard(item, now + until) for item in written]
    assert sum(item.heard_ms for item in heard) <= (now + until) * 1000 + 1
    for of_item in heard:
        assert of_item.heard_ms <= written[of_item.item_id] * 1000 + 1
        assert abs(of_item.written_ms - written[of_item.item_id] * 1000) <= 1


@given(writes=_writes)
def test_everything_is_heard_in_the_end(writes: list[tuple[str, float, float]]) -> None:
    """When playback has ended, every item counts as heard in full and a stop cuts nothing."""
    playout, now = Playout(), 0.0
    for item, seconds, pause in writes:
        now += pause
        playout.wrote(item, seconds, now)
    for item in {item for item, _, _ in writes}:
        heard = playout.heard(item, playout.ends_at)
        assert heard.written_ms - heard.heard_ms <= 1
    assert playout.stop(playout.ends_at) == []
