"""What a caller's sound over the agent turns out to be, and when that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.interruption import Interruption, Mode, Verdict

WAIT, YIELD, RESUME = Verdict.WAIT, Verdict.YIELD, Verdict.RESUME


def heard(
    *, mode: Mode = "adaptive", asked: bool = False, unheard: float = 6.0, partials_seen: bool = True
) -> Interruption:
    """A sound that began at 10.0, while the agent had plenty left to say."""
    return Interruption(
        mode, began_at=10.0, language="en-US", asked=asked, unheard=unheard, partials_seen=partials_seen
    )


def overdue(sound: Interruption) -> Verdict:
    """The verdict when nothing more comes."""
    due = sound.due()
    assert due is not None
    return sound.on_timer(due)


def test_words_take_the_floor_at_once() -> None:
    """A partial is enough; nothing later takes the floor back."""
    sound = heard()
    assert sound.verdict is WAIT
    assert sound.partial("Actually,", 10.5) is YIELD
    assert sound.due() is None
    assert sound.stopped(1.7, 12.0) is YIELD
    assert sound.transcript("") is YIELD


@pytest.mark.parametrize("text", ["No.", "Stop.", "Wait.", "What?", "Hold on.", "Four.", "Sarah.", "Uh-uh."])
def test_one_short_word_takes_the_floor(text: str) -> None:
    """Too short for a partial: the transcript tells."""
    sound = heard()
    assert sound.stopped(0.4, 10.9) is WAIT
    assert sound.transcript(text) is YIELD


@pytest.mark.parametrize("text", ["Mm-hmm.", "Okay.", "Oh, nice.", "I see.", "Got it."])
def test_a_sign_of_listening_gives_the_floor_back(text: str) -> None:
    sound = heard()
    assert sound.stopped(0.6, 11.0) is WAIT
    assert sound.transcript(text) is RESUME
    assert sound.due() is None


def test_a_sign_of_listening_known_early_need_not_wait_for_its_transcript() -> None:
    sound = heard()
    assert sound.partial("Okay.", 10.4) is WAIT
    assert sound.stopped(0.5, 11.0) is RESUME


class TestPause:
    """The caller is quiet for a moment after a short sound; the service has not told of its end yet."""

    def test_after_a_sign_of_listening_gives_the_floor_back(self) -> None:
        sound = heard()
        assert sound.partial("Okay.", 10.6) is WAIT
        assert sound.quiet(0.4, since=10.5) is RESUME
        assert sound.stopped(0.4, 11.0) is RESUME
        assert sound.transcript("Okay.") is RESUME

    def test_waits_for_the_words(self) -> None:
        sound = heard()
        assert sound.quiet(0.4, since=10.5) is WAIT
        assert sound.partial("Yeah.", 10.9) is RESUME

    def test_after_words_that_may_go_on_tells_nothing(self) -> None:
        sound = heard()
        assert sound.partial("I", 10.6) is WAIT
        assert sound.quiet(0.4, since=10.5) is WAIT

    def test_tells_nothing_when_the_words_are_older_than_its_sound(self) -> None:
        """They may be the first of "yeah, no"."""
        sound = heard()
        assert sound.partial("Yeah.", 10.4) is WAIT
        assert sound.quiet(0.6, since=10.6) is WAIT

    def test_tells_nothing_after_a_long_sound(self) -> None:
        sound = heard()
        assert sound.partial("Okay.", 10.9) is WAIT
        assert sound.quiet(0.8, since=10.8) is WAIT

    def test_with_sound_after_it_was_none(self) -> None:
        """The agent, which has gone on, falls silent once more."""
        sound = heard()
        sound.partial("Okay.", 10.6)
        sound.quiet(0.4, since=10.5)
        assert sound.speaks_on(10.9) is WAIT
        assert sound.due() == pytest.approx(14.9)
        assert sound.partial("Okay, but wait", 11.3) is YIELD

    def test_never_takes_the_floor_back_from_words(self) -> None:
        sound = heard()
        sound.partial("Okay.", 10.6)
        sound.quiet(0.4, since=10.5)
        assert sound.partial("Okay, but wait", 11.3) is YIELD
        assert sound.speaks_on(11.4) is YIELD
        assert sound.quiet(0.4, since=11.4) is YIELD

    @pytest.mark.parametrize(("asked", "unheard"), [(True, 6.0), (False, 0.9)])
    def test_after_a_yes_that_is_an_answer_tells_nothing(self, asked: bool, unheard: float) -> None:
        sound = heard(asked=asked, unheard=unheard)
        assert sound.quiet(0.4, since=10.5) is WAIT
        assert sound.partial("Yes.", 10.6) is YIELD


def test_okay_with_time_for_more_words_waits_for_them() -> None:
    sound = heard()
    assert sound.partial("Okay,", 10.4) is WAIT
    assert sound.stopped(1.2, 11.7) is WAIT
    assert sound.transcript("Okay, but wait.") is YIELD


def test_i_may_become_i_see() -> None:
    assert heard().partial("I", 10.3) is WAIT
    assert heard().partial("I want", 10.3) is YIELD


@pytest.mark.parametrize("text", ["", "You", "♪"])
def test_a_cough_gives_the_floor_back(text: str) -> None:
    sound = heard()
    assert sound.partial(text, 10.2) is WAIT
    assert sound.stopped(0.3, 10.8) is WAIT
    assert sound.transcript(text) is RESUME


def test_a_cough_whose_transcript_never_comes_is_waited_out() -> None:
    """Also from a service that sends no partials."""
    sound = heard(partials_seen=False)
    sound.stopped(0.3, 10.8)
    assert sound.due() == pytest.approx(11.5)
    assert sound.on_timer(11.4) is WAIT
    assert sound.on_timer(11.5) is RESUME


def test_words_that_come_late_still_take_the_floor() -> None:
    """The agent has gone on: it stops again."""
    sound = heard()
    sound.stopped(0.3, 10.8)
    assert overdue(sound) is RESUME
    assert sound.transcript("No.") is YIELD


def test_steady_noise_gives_the_floor_back() -> None:
    """The service sends words as they are spoken, and there are none."""
    sound = heard()
    assert sound.due() == 14.0
    assert sound.on_timer(13.9) is WAIT
    assert sound.on_timer(14.0) is RESUME
    assert sound.partial("Excuse me", 15.0) is YIELD


def test_a_long_sound_is_speech_to_a_service_without_partials() -> None:
    assert overdue(heard(partials_seen=False)) is YIELD
    sound = heard(partials_seen=False)
    sound.stopped(1.4, 12.0)
    assert overdue(sound) is YIELD


def test_a_partial_tells_that_the_service_sends_them() -> None:
    """Even one without words in it."""
    sound = heard(partials_seen=False)
    sound.partial("", 10.5)
    assert overdue(sound) is RESUME


@pytest.mark.parametrize("text", ["Okay.", "I"])
def test_a_sound_that_goes_on_after_its_words_is_speech(text: str) -> None:
    sound = heard()
    sound.partial(text, 10.5)
    assert overdue(sound) is YIELD


def test_a_transcript_that_never_comes_leaves_the_words_known() -> None:
    listening = heard()
    listening.partial("Okay,", 10.5)
    listening.stopped(0.9, 11.4)
    assert overdue(listening) is RESUME
    begun = heard()
    begun.partial("I", 10.5)
    begun.stopped(0.9, 11.4)
    assert overdue(begun) is YIELD


@pytest.mark.parametrize(("asked", "unheard"), [(True, 6.0), (False, 0.9)])
def test_yes_is_an_answer(asked: bool, unheard: float) -> None:
    """To a question, or when the agent has as good as finished."""
    assert heard(asked=asked, unheard=unheard).partial("Yes.", 10.4) is YIELD
    assert heard(asked=asked, unheard=unheard).transcript("Mm-hmm.") is YIELD
    assert heard(asked=asked, unheard=unheard).transcript("") is RESUME


def test_immediate_yields_to_a_cough_and_off_to_nothing() -> None:
    immediate, off = heard(mode="immediate"), heard(mode="off")
    assert (immediate.verdict, off.verdict) == (YIELD, RESUME)
    assert (immediate.due(), off.due()) == (None, None)
    assert immediate.transcript("") is YIELD
    assert off.partial("Stop.", 10.5) is RESUME
    assert off.transcript("Stop, stop.") is RESUME


# --- whatever comes -------------------------------------------------------------------------------------

_texts = st.sampled_from(["", "You", "I", "Okay.", "Mm-hmm, right", "No.", "Okay but wait", "I want sushi"])


@dataclass(frozen=True)
class Course:
    """One sound as the service tells of it: partials, the end, the transcript, each at some time or never."""

    partials: list[tuple[float, str]]
    ends: tuple[float, float] | None
    transcript: tuple[float, str] | None


_courses = st.builds(
    Course,
    partials=st.lists(st.tuples(st.floats(0.1, 4.0), _texts), max_size=4),
    ends=st.none() | st.tuples(st.floats(0.2, 5.0), st.floats(0.05, 4.0)),
    transcript=st.none() | st.tuples(st.floats(0.0, 3.0), _texts),
)
_sounds = st.builds(
    heard,
    mode=st.sampled_from(["adaptive", "immediate", "off"]),
    asked=st.booleans(),
    unheard=st.floats(0.0, 10.0),
    partials_seen=st.booleans(),
)
_adaptive = st.builds(heard, asked=st.booleans(), unheard=st.floats(0.0, 10.0), partials_seen=st.booleans())


_pauses = st.lists(
    st.tuples(st.floats(0.3, 4.0), st.floats(0.1, 1.0), st.none() | st.floats(0.0, 1.0)), max_size=3
)
"""When the caller falls quiet, after how much sound, and how much later they speak on."""


def _fell_quiet(sound: Interruption, voiced: float, now: float) -> Verdict:
    return sound.quiet(voiced, since=now - 0.3)


def run(
    sound: Interruption, course: Course, pauses: Sequence[tuple[float, float, float | None]] = ()
) -> list[tuple[float, Verdict]]:
    """The verdict after each event, in the order of time; timers fire when they are due."""
    steps: list[tuple[float, Callable[[float], Verdict]]] = [
        (10.0 + after, partial(sound.partial, text))
        for after, text in course.partials
        if course.ends is None or after < course.ends[0]
    ]
    if course.ends is not None:
        after, voiced = course.ends
        steps.append((10.0 + after, partial(sound.stopped, voiced)))
        if course.transcript is not None:
            later, words = course.transcript
            steps.append((10.0 + after + later, lambda _: sound.transcript(words)))
    for after, voiced, speaks_on in pauses:
        if course.ends is None or after < course.ends[0]:
            steps.append((10.0 + after, partial(_fell_quiet, sound, voiced)))
            if speaks_on is not None:
                steps.append((10.0 + after + speaks_on, sound.speaks_on))
    told = [(10.0, sound.verdict)]
    for at, step in sorted(steps, key=lambda entry: entry[0]):
        while (due := sound.due()) is not None and due <= at:
            told.append((due, sound.on_timer(due)))
        told.append((at, step(at)))
    while (due := sound.due()) is not None:
        told.append((due, sound.on_timer(due)))
    return told


@given(sound=_sounds, course=_courses)
def test_there_is_a_verdict_in_the_end_and_a_yield_is_final(sound: Interruption, course: Course) -> None:
    verdicts = [verdict for _, verdict in run(sound, course)]
    assert verdicts[-1] is not WAIT
    if YIELD in verdicts:
        assert set(verdicts[verdicts.index(YIELD) :]) == {YIELD}
    if RESUME in verdicts:
        assert WAIT not in verdicts[verdicts.index(RESUME) :]


@given(sound=_sounds, course=_courses, pauses=_pauses)
def test_pauses_change_nothing_of_that(
    sound: Interruption, course: Course, pauses: list[tuple[float, float, float | None]]
) -> None:
    """But that an agent who went on may have to wait once more."""
    verdicts = [verdict for _, verdict in run(sound, course, pauses)]
    assert verdicts[-1] is not WAIT
    if YIELD in verdicts:
        assert set(verdicts[verdicts.index(YIELD) :]) == {YIELD}


@given(sound=_adaptive, course=_courses)
def test_nobody_waits_long(sound: Interruption, course: Course) -> None:
    """At most 4 s of sound, or 2.5 s after its end."""
    decided = next(at for at, verdict in run(sound, course) if verdict is not WAIT)
    assert decided <= 16.5 + 1e-6


@given(sound=_adaptive, course=_courses)
def test_real_words_have_the_floor_in_the_end(sound: Interruption, course: Course) -> None:
    verdicts = [verdict for _, verdict in run(sound, course)]
    if course.ends is not None and course.transcript is not None:
        said = course.transcript[1]
        if said in ("No.", "Okay but wait", "I want sushi"):
            assert verdicts[-1] is YIELD


@given(
    sound=_adaptive,
    ends=st.tuples(st.floats(0.2, 2.4), st.floats(0.05, 2.0)),
    text=st.sampled_from(["", "You"]),
)
def test_without_words_the_agent_goes_on(sound: Interruption, ends: tuple[float, float], text: str) -> None:
    """Whatever the agent had said before, once the transcript says that there are none."""
    assert run(sound, Course([], ends, (0.1, text)))[-1][1] is RESUME
