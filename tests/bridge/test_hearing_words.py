"""What the service tells of the caller's sound, and what it turns out to be; words and times by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.hearing import Hearing, Mode, Step

EN = "en-US"


def over_agent(hearing: Hearing, item: str, now: float, *, asked: bool = False) -> list[Step]:
    """The caller begins while the agent has three seconds left to say."""
    return hearing.started(item, now, over_agent=True, asked=asked, unheard=3.0, language=EN)


def in_quiet(hearing: Hearing, item: str, now: float) -> list[Step]:
    """The caller begins while the agent says nothing."""
    return hearing.started(item, now, over_agent=False, asked=False, unheard=0.0, language=EN)


class TestInQuiet:
    """The agent has nothing to say: a sound is a turn, unless there is no word in it."""

    def test_a_sound_of_half_a_second_is_answered_at_its_end(self) -> None:
        hearing = Hearing("adaptive")
        assert in_quiet(hearing, "c1", 0.0) == []
        assert hearing.stopped("c1", 0.5, 1.0) == []
        assert hearing.committed("c1") == [Step.ANSWER]
        assert hearing.committed("c1") == []

    def test_it_is_answered_though_nobody_tells_that_it_is_in_the_history(self) -> None:
        hearing = Hearing("adaptive")
        in_quiet(hearing, "c1", 0.0)
        hearing.stopped("c1", 0.5, 1.0)
        assert hearing.due() == pytest.approx(1.3)
        assert hearing.on_timer(1.3) == [Step.ANSWER]
        assert hearing.committed("c1") == []

    def test_its_words_ask_for_no_second_answer(self) -> None:
        hearing = Hearing("adaptive")
        in_quiet(hearing, "c1", 0.0)
        hearing.stopped("c1", 0.5, 1.0)
        hearing.committed("c1")
        assert hearing.transcript("c1", "sushi", EN) == []

    def test_a_shorter_one_waits_for_its_words(self) -> None:
        hearing = Hearing("adaptive")
        in_quiet(hearing, "c1", 0.0)
        assert hearing.stopped("c1", 0.3, 0.8) == []
        assert hearing.transcript("c1", "No.", EN) == [Step.ANSWER]

    def test_a_shorter_one_is_answered_without_words_when_they_are_late(self) -> None:
        hearing = Hearing("adaptive")
        in_quiet(hearing, "c1", 0.0)
        hearing.stopped("c1", 0.3, 0.8)
        assert hearing.due() == pytest.approx(1.5)
        assert hearing.on_timer(1.4) == []
        assert hearing.on_timer(1.5) == [Step.ANSWER]
        assert hearing.due() is None

    def test_a_shorter_one_without_words_is_forgotten(self) -> None:
        hearing = Hearing("adaptive")
        in_quiet(hearing, "c1", 0.0)
        hearing.stopped("c1", 0.3, 0.8)
        assert hearing.transcript("c1", " ", EN) == [Step.FORGET]

    def test_speech_without_words_was_not_heard(self) -> None:
        hearing = Hearing("adaptive")
        in_quiet(hearing, "c1", 0.0)
        hearing.stopped("c1", 1.0, 1.5)
        assert hearing.transcript("c1", "", EN) == [Step.NOT_HEARD]

    def test_somebody_speaks_from_start_to_stop(self) -> None:
        hearing = Hearing("adaptive")
        in_quiet(hearing, "c1", 0.0)
        assert hearing.speaking
        hearing.stopped("c1", 1.0, 1.5)
        assert not hearing.speaking

    def test_words_whose_end_was_never_told_end_the_speech(self) -> None:
        hearing = Hearing("adaptive")
        in_quiet(hearing, "c1", 0.0)
        assert hearing.transcript("c1", "sushi", EN) == [Step.ANSWER]
        assert not hearing.speaking

    def test_a_sound_that_goes_on_without_a_word_is_not_waited_for_for_good(self) -> None:
        hearing = Hearing("adaptive")
        in_quiet(hearing, "c1", 0.0)
        due = hearing.due()
        assert due is not None
        assert hearing.on_timer(due) == []
        assert not hearing.speaking

    def test_words_of_a_sound_that_is_not_known_change_nothing(self) -> None:
        assert Hearing("adaptive").transcript("c1", "sushi", EN) == []


class TestOverTheAgent:
    """The agent has something to say: it pauses, and words decide."""

    def test_the_agent_pauses_at_once(self) -> None:
        hearing = Hearing("adaptive")
        assert over_agent(hearing, "c1", 0.0) == [Step.HOLD]
        assert hearing.undecided

    def test_words_take_the_floor_before_they_are_finished(self) -> None:
        hearing = Hearing("adaptive")
        over_agent(hearing, "c1", 0.0)
        assert hearing.partial("c1", "wait", 0.4) == [Step.GIVE_WAY]
        assert not hearing.undecided

    def test_who_has_the_floor_is_answered_when_they_stop(self) -> None:
        hearing = Hearing("adaptive")
        over_agent(hearing, "c1", 0.0)
        hearing.partial("c1", "wait", 0.4)
        hearing.stopped("c1", 1.0, 1.5)
        assert hearing.committed("c1") == [Step.ANSWER]
        assert hearing.transcript("c1", "wait", EN) == []

    def test_words_are_put_together_from_their_pieces(self) -> None:
        """ "I" may become "I see", and becomes "I want"."""
        hearing = Hearing("adaptive")
        over_agent(hearing, "c1", 0.0)
        assert hearing.partial("c1", "I", 0.4) == []
        assert hearing.partial("c1", " want", 0.6) == [Step.GIVE_WAY]

    def test_a_sign_of_listening_lets_the_agent_go_on(self) -> None:
        hearing = Hearing("adaptive")
        over_agent(hearing, "c1", 0.0)
        hearing.partial("c1", "okay", 0.3)
        assert hearing.stopped("c1", 0.4, 0.9) == [Step.GO_ON]
        assert hearing.transcript("c1", "Okay.", EN) == [Step.FORGET]

    def test_it_is_an_answer_to_a_question(self) -> None:
        hearing = Hearing("adaptive")
        over_agent(hearing, "c1", 0.0, asked=True)
        hearing.stopped("c1", 0.4, 0.9)
        assert hearing.transcript("c1", "Yes.", EN) == [Step.GIVE_WAY, Step.ANSWER]

    def test_a_cough_is_waited_out(self) -> None:
        hearing = Hearing("adaptive")
        over_agent(hearing, "c1", 0.0)
        assert hearing.stopped("c1", 0.2, 0.7) == []
        due = hearing.due()
        assert due is not None
        assert hearing.on_timer(due) == [Step.GO_ON]

    def test_the_agent_does_not_go_on_while_another_sound_is_open(self) -> None:
        hearing = Hearing("adaptive")
        over_agent(hearing, "c1", 0.0)
        hearing.stopped("c1", 0.2, 0.7)
        over_agent(hearing, "c2", 0.8)
        assert hearing.transcript("c1", "", EN) == [Step.FORGET]
        hearing.stopped("c2", 0.2, 1.5)
        assert hearing.transcript("c2", "", EN) == [Step.FORGET, Step.GO_ON]

    def test_nor_when_the_first_has_been_waited_out(self) -> None:
        hearing = Hearing("adaptive")
        over_agent(hearing, "c1", 0.0)
        hearing.stopped("c1", 0.2, 0.7)
        over_agent(hearing, "c2", 0.8)
        assert hearing.on_timer(1.5) == []
        assert hearing.undecided

    def test_two_sounds_get_one_answer(self) -> None:
        """ "Wait", a breath, "Italian": the first was still open when the second took the floor."""
        hearing = Hearing("adaptive")
        over_agent(hearing, "c1", 0.0)
        hearing.stopped("c1", 0.4, 0.9)
        over_agent(hearing, "c2", 1.0)
        assert hearing.partial("c2", "Italian", 1.4) == [Step.GIVE_WAY]
        assert hearing.transcript("c1", "Wait.", EN) == []
        hearing.stopped("c2", 0.8, 2.3)
        assert hearing.committed("c2") == [Step.ANSWER]

    def test_words_take_the_floor_after_the_agent_went_on(self) -> None:
        hearing = Hearing("adaptive")
        over_agent(hearing, "c1", 0.0)
        hearing.partial("c1", "okay", 0.3)
        assert hearing.stopped("c1", 0.4, 0.9) == [Step.GO_ON]
        assert hearing.transcript("c1", "Okay, the first one.", EN) == [Step.GIVE_WAY, Step.ANSWER]


class TestModes:
    """Other rules for who takes the floor."""

    def test_off_does_not_even_pause(self) -> None:
        hearing = Hearing("off")
        assert Step.HOLD not in over_agent(hearing, "c1", 0.0)
        assert not hearing.undecided

    def test_off_answers_words_all_the_same(self) -> None:
        hearing = Hearing("off")
        over_agent(hearing, "c1", 0.0)
        assert hearing.stopped("c1", 1.0, 1.5) == []
        assert hearing.transcript("c1", "Italian please", EN) == [Step.ANSWER]

    @pytest.mark.parametrize("text", ["", "Mm-hmm."])
    def test_off_forgets_what_wants_no_answer(self, text: str) -> None:
        hearing = Hearing("off")
        over_agent(hearing, "c1", 0.0)
        hearing.stopped("c1", 0.4, 0.9)
        assert hearing.transcript("c1", text, EN) == [Step.FORGET]

    def test_immediate_gives_way_to_every_sound(self) -> None:
        assert over_agent(Hearing("immediate"), "c1", 0.0) == [Step.GIVE_WAY]

    def test_immediate_answers_a_cough_that_it_gave_way_to(self) -> None:
        hearing = Hearing("immediate")
        over_agent(hearing, "c1", 0.0)
        hearing.stopped("c1", 0.2, 0.7)
        assert hearing.transcript("c1", "", EN) == [Step.FORGET, Step.ANSWER]


_sounds = st.lists(
    st.tuples(
        st.booleans(),  # over the agent
        st.booleans(),  # the agent had asked
        st.floats(0.05, 4.0),  # seconds of sound
        st.sampled_from(["", "okay", "Mm-hmm.", "no wait", "Sorry?"]),
        st.booleans(),  # words are told while they are spoken
        st.floats(0.0, 3.0),  # until the words are known
    ),
    min_size=1,
    max_size=12,
)

type _Sounds = list[tuple[bool, bool, float, str, bool, float]]


def _heard(hearing: Hearing, now: float, until: float) -> list[Step]:
    """What is decided by waiting."""
    steps: list[Step] = []
    while (due := hearing.due()) is not None and due <= until:
        now = max(now, due)
        steps += hearing.on_timer(now)
    return steps


@given(mode=st.sampled_from(["adaptive", "immediate", "off"]), sounds=_sounds)
def test_every_sound_comes_to_an_end(mode: Mode, sounds: _Sounds) -> None:
    """A pause is ended by going on or by giving way, an answer is asked for once, nothing stays open."""
    hearing, now = Hearing(mode), 0.0
    for number, (over, asked, seconds, text, told, wait) in enumerate(sounds):
        item = f"c{number}"
        steps = over_agent(hearing, item, now, asked=asked) if over else in_quiet(hearing, item, now)
        if told:
            steps += hearing.partial(item, text, now)
        steps += _heard(hearing, now, now + seconds + 0.5)
        now += seconds + 0.5
        steps += hearing.stopped(item, seconds, now)
        steps += _heard(hearing, now, now + wait)
        now += wait
        steps += hearing.transcript(item, text, EN)
        assert not hearing.speaking
        assert not hearing.undecided
        assert hearing.due() is None
        assert steps.count(Step.ANSWER) <= 1
        if Step.HOLD in steps:
            assert Step.GO_ON in steps or Step.GIVE_WAY in steps
        if text == "no wait":
            assert Step.ANSWER in steps
