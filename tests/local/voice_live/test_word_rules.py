"""Rules on words that need no session: fillers, partial results, sentences, token limits."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from local.speech.transcript import Transcript
from local.voice_live.reply import pieces
from local.voice_live.sentences import sentences
from local.voice_live.transcripts import PartialTranscript, is_filler, spoken_text
from local.voice_live.usage import count_text, cut


@pytest.mark.parametrize("text", ["Um.", "uh huh, yeah", "Hmm...", ""])
def test_fillers(text: str) -> None:
    assert is_filler(text)


@pytest.mark.parametrize("text", ["Yes.", "um, no", "Two."])
def test_short_answers_are_no_fillers(text: str) -> None:
    assert not is_filler(text)


@pytest.mark.parametrize(("text", "confidence"), [("You", 0.3), ("\u266a \u266a", 0.9), ("", 0.0)])
def test_what_recognition_makes_of_noise_is_nothing(text: str, confidence: float) -> None:
    assert spoken_text(Transcript(text, confidence)) == ""


def test_doubtful_words_are_words_all_the_same() -> None:
    assert spoken_text(Transcript("Okay.", 0.51)) == "Okay."


@given(st.lists(st.text(alphabet="ab ", max_size=12), max_size=8), st.text(alphabet="ab ", max_size=12))
def test_partial_deltas_are_always_a_beginning_of_some_result(results: list[str], final: str) -> None:
    """What was told never has to be taken back word by word; the last delta completes it or stays away."""
    partial = PartialTranscript()
    told = ""
    for result in results:
        told += partial.add(result)
        assert any(" ".join(text.split()).startswith(told) for text in [*results, ""])
    rest = partial.finish(final)
    assert rest == "" or told + rest == " ".join(final.split())


def test_words_agree_whatever_sentence_they_are_taken_for() -> None:
    partial = PartialTranscript()
    told = [partial.add(text) for text in ("No.", "No, wait.", "no, wait, I'd", "No, wait, I'd rather.")]
    assert told == ["", "No,", " wait,", " I'd"]
    assert partial.finish("No, wait. I'd rather not.") == " rather not."


@given(st.text())
def test_pieces_joined_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


@given(st.text(alphabet="abM r.!? \n\"'"))
def test_sentences_joined_are_the_text(text: str) -> None:
    assert "".join(sentences(text)) == text


def test_a_reply_is_cut_at_the_ends_of_sentences() -> None:
    text = "Yes! Dr. Lee's table is at 7 p.m. tonight. It costs 3.50. Shall I book it?"
    assert sentences(text) == [
        "Yes!",
        " Dr. Lee's table is at 7 p.m. tonight.",
        " It costs 3.50.",
        " Shall I book it?",
    ]


@given(st.text(alphabet="abcdefg .,!\n"), st.integers(0, 12))
def test_a_cut_text_is_a_beginning_in_whole_words_within_the_limit(text: str, limit: int) -> None:
    kept = cut(text, limit)
    assert text.startswith(kept)
    assert count_text(kept) <= limit
    assert text.split()[: len(kept.split())] == kept.split()
    if kept != text:
        assert count_text(" ".join(text.split()[: len(kept.split()) + 1])) > limit
