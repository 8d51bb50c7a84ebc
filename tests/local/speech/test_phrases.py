"""Biasing rules, held against a plain reading of the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.speech.phrases import (
    ANSWER_CREDIT,
    ANSWERS,
    CHOICE_CREDIT,
    MAX_PHRASES,
    WHOLE_CREDIT,
    PhraseBias,
    fold,
)
from local.speech.questions import Question

CREDIT = 0.5


def earned(bias: PhraseBias, text: str) -> float:
    """Credit of a finished text."""
    place, so_far = bias.advance(bias.start, fold(text))
    return so_far + bias.finish(place)


def test_a_phrase_earns_by_its_length_and_only_as_whole_words() -> None:
    bias = PhraseBias(["Pad Thai"], CREDIT)
    assert earned(bias, "I'd like the pad thai please") == pytest.approx(8 * CREDIT)
    assert earned(bias, "A pad, Thai style") == pytest.approx(8 * CREDIT)
    assert earned(bias, "the pad thais") == 0
    assert earned(bias, "the ipad thai") == 0
    assert earned(bias, "pad and thai") == 0


def test_a_phrase_that_is_all_that_was_said_earns_more() -> None:
    bias = PhraseBias(["Peking Inn", "the inn"], CREDIT)
    assert earned(bias, "Peking Inn.") == pytest.approx(10 * CREDIT + WHOLE_CREDIT)
    for text in ("Peking Inn, please.", "At Peking Inn."):
        assert earned(bias, text) == pytest.approx(10 * CREDIT)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("Crème Brûlée", "one creme brulee"),
        ("Fish & Chips", "fish and chips please"),
        ("Luigi's", "at Luigis"),
        ("Hot-and-Sour Soup", "hot and sour soup"),
    ],
)
def test_spelling_does_not_matter(phrase: str, text: str) -> None:
    assert earned(PhraseBias([phrase], CREDIT), text) > 0


def test_a_longer_phrase_is_not_paid_twice_for_the_shorter_one_in_it() -> None:
    bias = PhraseBias(["thai", "pad thai", "pad thai soup"], CREDIT)
    assert earned(bias, "a pad thai soup") == pytest.approx(13 * CREDIT)
    assert earned(bias, "a pad thai") == pytest.approx(8 * CREDIT)


def test_a_phrase_within_one_that_breaks_off_is_still_found() -> None:
    bias = PhraseBias(["green curry house", "curry"], CREDIT)
    assert earned(bias, "the green curry please") == pytest.approx(5 * CREDIT)


def test_credit_is_lent_while_a_phrase_goes_on_and_taken_back_when_it_breaks_off() -> None:
    bias = PhraseBias(["sakura house"], CREDIT)
    place, so_far = bias.advance(bias.start, "sak")
    assert so_far == 0
    assert bias.lent(place) > 0
    place, so_far = bias.advance(place, "e please")
    assert so_far == bias.lent(place) == 0


def test_a_usual_answer_earns_only_as_the_whole_utterance() -> None:
    bias = PhraseBias([], CREDIT)
    assert earned(bias, "Six.") == ANSWER_CREDIT
    assert earned(bias, "Six people") == 0
    assert earned(bias, "at six") == 0
    for question, answers in ANSWERS.items():
        asked = PhraseBias([], CREDIT, question)
        assert all(earned(asked, answer) == ANSWER_CREDIT for answer in answers)
    assert earned(PhraseBias([], CREDIT, Question.DAY), "Six.") == 0


def test_one_of_those_to_choose_from_earns_more() -> None:
    phrase = "Peking Inn"
    chosen, named = (earned(PhraseBias([phrase], CREDIT, asked), phrase) for asked in (Question.CHOICE, None))
    assert chosen - named == CHOICE_CREDIT - WHOLE_CREDIT > 0


def test_phrases_past_the_most_are_ignored_and_empty_ones_harmless() -> None:
    bias = PhraseBias(["", "!?", *["pizza"] * MAX_PHRASES, "sushi"], CREDIT)
    assert earned(bias, "sushi") == 0
    assert earned(bias, "pizza") > 0


word = st.sampled_from(["pad", "thai", "green", "curry", "a", "sushi", "roll", "house"])
text = st.lists(word, max_size=12).map(" ".join)


@given(text, st.integers(0, 60))
def test_it_does_not_matter_where_a_text_is_cut_into_tokens(said: str, cut: int) -> None:
    bias = PhraseBias(["pad thai", "green curry", "sushi roll house", "roll"], CREDIT)
    place, first = bias.advance(bias.start, said[:cut])
    place, rest = bias.advance(place, said[cut:])
    assert first + rest + bias.finish(place) == pytest.approx(earned(bias, said))


@given(text, st.lists(word, min_size=1, max_size=3, unique=True))
def test_words_earn_as_often_as_they_stand_in_the_text(said: str, phrases: list[str]) -> None:
    """For phrases that cannot overlap the automaton counts what anybody would count."""
    expected = sum(len(one) * CREDIT for one in said.split() if one in phrases)
    expected += WHOLE_CREDIT * (said in phrases)
    assert earned(PhraseBias(phrases, CREDIT), said) == pytest.approx(expected)


@given(text, st.lists(text, max_size=6))
def test_nothing_that_was_lent_is_left_in_a_finished_text(said: str, phrases: list[str]) -> None:
    """A text without any of the phrases earns nothing at all."""
    padded = f" {said} "
    bias = PhraseBias(phrases, CREDIT)
    if not any(phrase and f" {phrase} " in padded for phrase in phrases):
        assert earned(bias, said) == 0
    else:
        assert earned(bias, said) > 0
