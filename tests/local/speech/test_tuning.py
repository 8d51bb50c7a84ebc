"""What the recogniser is tuned on."""

from __future__ import annotations

import re

import numpy as np

from local.speech.tuning.line import Line
from local.speech.tuning.sentences import Sentences
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_RESTAURANTS_FILE
from tests.local.speech.measures import tone


def test_sentences_are_whole_and_the_same_for_the_same_seed() -> None:
    one, same, other = Sentences(1), Sentences(1), Sentences(2)
    said = [one.next() for _ in range(500)]
    assert said == [same.next() for _ in range(500)] != [other.next() for _ in range(500)]
    assert len(set(said)) > 400
    assert not [text for text in said if not re.fullmatch(r"[A-Z0-9][^{}|]*[.?]", text)]


def test_a_line_keeps_what_is_said_and_adds_silence() -> None:
    line = Line(1)
    speech = tone(440.0, 1.0, 16_000, 0.3)
    for _ in range(40):
        carried = line.carry(speech)
        assert len(carried) >= len(speech) + 1_600
        assert np.isfinite(carried).all()
        spectrum = np.abs(np.fft.rfft(carried))
        assert abs(spectrum[50:].argmax() + 50 - 440 * len(carried) / 16_000) < 20


def test_where_nobody_speaks_there_is_no_speech() -> None:
    line = Line(1)
    assert all(1.5 <= len(line.nobody()) / 16_000 <= 1.9 for _ in range(20))


def test_the_language_is_learnt_without_the_restaurants_of_the_catalogue() -> None:
    known = {restaurant.name for restaurant in Catalogue.load(DEFAULT_RESTAURANTS_FILE).restaurants}
    without, with_them = Sentences(1, catalogue=False), Sentences(1)
    said = " ".join(without.next() for _ in range(2_000))
    assert not {name for name in known if name in said}
    said = " ".join(with_them.next() for _ in range(200))
    assert {name for name in known if name in said}
