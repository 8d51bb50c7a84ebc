"""The silence ladder, on a virtual clock: it waits for everybody, and it always ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.silence import Silence, SilenceStep

_LADDER = list(SilenceStep)
_WAITS = (8.0, 6.0, 5.0)

_waits = st.tuples(*[st.floats(0.5, 60.0)] * 3)
_happenings = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0.0, 20.0)),
        st.tuples(st.just("agent_speaks"), st.floats(0.0, 10.0)),
        st.tuples(st.just("noise"), st.just(0.0)),
        st.tuples(st.just("caller_speaks"), st.just(0.0)),
        st.tuples(st.just("quiet"), st.floats(0.0, 3.0)),
    ),
    max_size=60,
)


def test_a_silent_caller_is_asked_twice_and_then_let_go() -> None:
    """Each check, once heard, starts the next wait; the waits are counted from the end of playback."""
    silence, now, steps = Silence(_WAITS), 0.0, []
    for wait in _WAITS:
        silence.ends(caller=False)
        silence.begins(now + 2.0)  # the agent is heard for two seconds more
        assert silence.step(now + 2.0 + wait - 0.01) is None
        now += 2.0 + wait
        steps.append(silence.step(now))
    assert steps == _LADDER


def test_a_silence_under_way_keeps_its_beginning() -> None:
    """Being told again that nobody speaks does not make the caller wait longer."""
    silence = Silence(_WAITS)
    silence.begins(10.0)
    silence.begins(17.0)
    assert silence.due() == 18.0


def test_a_noise_ends_the_silence_but_is_no_answer() -> None:
    """A television in the room does not bring back the first check."""
    silence = Silence(_WAITS)
    silence.begins(0.0)
    assert silence.step(8.0) is SilenceStep.CHECK
    silence.ends(caller=False)
    silence.begins(10.0)
    assert silence.step(16.0) is SilenceStep.CHECK_AGAIN


def test_after_the_goodbye_only_the_caller_starts_the_ladder_anew() -> None:
    """There is nothing beyond the goodbye, unless the caller takes it back."""
    silence = Silence(_WAITS)
    silence.begins(0.0)
    assert [silence.step(when) for when in (8.0, 14.0, 19.0)] == _LADDER
    silence.ends(caller=False)
    silence.begins(30.0)
    assert silence.due() is None
    silence.ends(caller=True)
    silence.begins(40.0)
    assert silence.step(48.0) is SilenceStep.CHECK


@pytest.mark.parametrize(
    "waits", [(8.0, 6.0), (8.0, 6.0, 5.0, 4.0), (8.0, 0.0, 5.0), (8.0, float("nan"), 5.0)]
)
def test_waits_that_make_no_ladder_are_refused(waits: tuple[float, ...]) -> None:
    """The message says what to give."""
    with pytest.raises(ValueError, match=r"waits: give three numbers of seconds above 0"):
        Silence(waits)


@given(waits=_waits, begins=st.floats(0.0, 100.0))
def test_a_silence_in_which_nothing_happens_reaches_the_goodbye(
    waits: tuple[float, float, float], begins: float
) -> None:
    """Even when no check is ever heard: each step in order, once, and then nothing more is due."""
    silence, steps = Silence(waits), []
    silence.begins(begins)
    while (due := silence.due()) is not None:
        steps.append(silence.step(due))
    assert steps == _LADDER


@given(waits=_waits, happenings=_happenings)
def test_whatever_happens_the_ladder_waits_and_climbs_in_order(
    waits: tuple[float, float, float], happenings: list[tuple[str, float]]
) -> None:
    """No step while somebody speaks, none before its wait is over, none left out."""
    silence, now = Silence(waits), 0.0
    quiet_since: float | None = None
    taken = 0
    for kind, seconds in happenings:
        match kind:
            case "wait":
                now += seconds
            case "quiet":
                silence.begins(now + seconds)
                quiet_since = now + seconds if quiet_since is None else quiet_since
            case "agent_speaks" | "noise" | "caller_speaks":
                silence.ends(caller=kind == "caller_speaks")
                quiet_since = None
                taken = 0 if kind == "caller_speaks" else taken
                now += seconds
        step = silence.step(now)
        over = quiet_since is not None and taken < 3 and now >= quiet_since + waits[taken]
        assert step == (_LADDER[taken] if over else None)
        if step is not None:
            taken += 1
            quiet_since = now
