"""The 20 ms clock's deadlines, without waiting for any."""

from hypothesis import given
from hypothesis import strategies as st

from local.acs.clock import MAX_CATCH_UP, TICK_S, Deadlines, Lateness

delays = st.lists(st.floats(0, MAX_CATCH_UP * TICK_S * 0.9, allow_nan=False), max_size=100)


@given(delays)
def test_ticks_never_drift_however_late_the_loop_wakes(waits: list[float]) -> None:
    """After any waits, exactly the ticks that are due were made, and the next is ahead."""
    deadlines = Deadlines(start=100.0)
    now = 100.0
    made = 0
    for wait in waits:
        now += wait
        made += deadlines.due(now)
        assert abs(made - (now - 100.0) / TICK_S) <= 1
        assert made * TICK_S <= now - 100.0 + 1e-6
        assert deadlines.next() > now - 1e-6
    assert deadlines.skipped == 0


def test_a_stall_is_made_up_for_once_and_no_more_than_is_due() -> None:
    """Five ticks late: five at once, then the grid as before."""
    deadlines = Deadlines(start=0.0)
    assert deadlines.due(0.101) == 5
    assert deadlines.due(0.110) == 0
    assert deadlines.due(0.120) == 1


def test_a_long_sleep_is_skipped_and_counted() -> None:
    """A laptop that slept an hour does not play an hour of audio at once."""
    deadlines = Deadlines(start=0.0)
    assert deadlines.due(3600.0) == MAX_CATCH_UP
    assert deadlines.skipped == 3600 * 50 - MAX_CATCH_UP
    assert deadlines.due(3600.021) == 1


def test_lateness_is_counted_by_bound() -> None:
    """Each tick falls under one bound, and the worst is kept."""
    lateness = Lateness()
    for late_ms in (0.2, 0.9, 1.5, 70.0):
        lateness.add(late_ms / 1000)
    state = lateness.state()
    assert (state["ticks"], state["worst_ms"]) == (4, 70.0)
    assert (state["under_1_ms"], state["under_2_ms"], state["later"]) == (2, 1, 1)
