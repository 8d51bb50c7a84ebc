"""Which words were heard: exactly where the service tells when they are said, else rather too few."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.heard_words import TimedWord, heard_words
from bridge.playout import Heard

TEXT = "The tasting menu has seven courses and it costs ninety euros per person."


def timed(*words: tuple[str, int]) -> list[TimedWord]:
    return [TimedWord(text, ends_ms) for text, ends_ms in words]


class TestWithoutTimes:
    def test_slow_speech_is_not_credited_with_more_than_was_heard(self) -> None:
        """At 13 characters a second these were said in 2 s: "The tasting menu has seven"."""
        assert heard_words(TEXT, Heard("a", 2_000, 2_200), complete=False) == "The tasting menu has"

    @pytest.mark.parametrize(
        ("rate", "words"), [(0.5, "The tasting"), (1.5, "The tasting menu has seven courses")]
    )
    def test_the_rate_of_the_voice_counts(self, rate: float, words: str) -> None:
        assert heard_words(TEXT, Heard("a", 2_000, 2_200), complete=False, rate=rate) == words

    def test_with_all_audio_there_its_share_counts(self) -> None:
        assert heard_words("one two three", Heard("a", 550, 1_000)) == "one two"
        assert heard_words("one two three", Heard("a", 1_000, 1_000)) == "one two three"


class TestWithTimes:
    def test_a_word_counts_when_its_sound_was_heard_to_the_end(self) -> None:
        words = timed(("The", 300), ("tasting", 1_000), ("menu", 1_400))
        assert heard_words(TEXT, Heard("a", 1_399, 2_000), timed=words) == "The tasting"
        assert heard_words(TEXT, Heard("a", 1_400, 2_000), timed=words) == "The tasting menu"

    def test_what_is_not_timed_yet_is_not_heard(self) -> None:
        assert heard_words(TEXT, Heard("a", 5_000, 5_000), timed=timed(("The", 300))) == "The"

    def test_signs_belong_to_the_word_before_them(self) -> None:
        words = timed(("Yes", 300), (",", 310), ("Lotus", 800), ("it", 1_000))
        text = "Yes, \u201cLotus\u201d \u2013 it is."
        assert heard_words(text, Heard("a", 400, 900), timed=words) == "Yes,"
        assert heard_words(text, Heard("a", 900, 900), timed=words) == "Yes, \u201cLotus\u201d \u2013"

    def test_a_word_of_which_a_part_was_heard_is_left_out(self) -> None:
        words = timed(("at", 200), ("7", 500), ("30", 900))
        assert heard_words("at 7:30 tonight", Heard("a", 600, 2_000), timed=words) == "at"
        assert heard_words("at 7:30 tonight", Heard("a", 900, 2_000), timed=words) == "at 7:30"

    def test_words_timed_as_they_are_spoken_out(self) -> None:
        """The text has a number, the voice says words: the next word that is alike tells the place."""
        words = timed(("at", 200), ("seven", 500), ("thirty", 900), ("tonight", 1_500))
        assert heard_words("at 7:30 tonight", Heard("a", 1_000, 2_000), timed=words) == "at"
        assert heard_words("at 7:30 tonight", Heard("a", 1_500, 2_000), timed=words) == "at 7:30 tonight"

    @given(
        words=st.lists(st.sampled_from(("a", "at", "that", "Lotus,", "7:30", "\u2013")), max_size=12),
        times=st.lists(st.integers(1, 900), min_size=12, max_size=12),
        heard_ms=st.integers(0, 12_000),
    )
    def test_any_words(self, words: list[str], times: list[int], heard_ms: int) -> None:
        """A word is credited with its own time and no other, however alike its neighbours are."""
        ends = [sum(times[: number + 1]) for number in range(len(words))]
        said = timed(*zip(words, ends, strict=True))
        got = heard_words(" ".join(words), Heard("a", heard_ms, 12_000), timed=said).split()
        assert got == words[: len(got)]
        if words:
            spoken = [
                word for word, end in zip(words, ends, strict=True) if end <= heard_ms and word != "\u2013"
            ]
            assert [word for word in got if word != "\u2013"] == spoken
