"""Codes as callers spell them and recognisers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.voice_live.mind.codes import code_length, read_code
from local.voice_live.mind.schema import Kind, Parameter
from shared.booking_code import LENGTH, LETTERS

SPELT = {
    "H": ("h", "H.", "aitch", "hotel"), "K": ("k", "kay", "kilo"), "L": ("l", "el", "ell", "lima"),
    "M": ("m", "em", "mike"), "O": ("o", "oh", "oscar"), "Q": ("q", "queue", "cue"), "R": ("r", "ar", "are"),
    "T": ("t", "tee", "tea", "T as in table"), "W": ("w", "double u", "double you", "double-u"),
    "X": ("x", "ex", "x-ray"), "Y": ("y", "why", "yankee"),
}  # fmt: skip
CODES = st.text(LETTERS, min_size=LENGTH, max_size=LENGTH)


@given(code=CODES, data=st.data())
def test_every_code_however_it_is_spelled(code: str, data: st.DataObject) -> None:
    """Each letter in any of its forms, with or without words around them."""
    letters = [data.draw(st.sampled_from(SPELT[letter])) for letter in code]
    parted = data.draw(st.sampled_from([" ", ", ", " um "])).join(letters)
    before = data.draw(st.sampled_from(["", "My code is ", "it's ", "the booking code is, "]))
    assert read_code(before + parted, LENGTH) == code


@pytest.mark.parametrize(("sentence", "code"), [
    ("O K L M Q", "OKLMQ"), ("oh kay el em queue", "OKLMQ"), ("okay l m q", "OKLMQ"), ("ok l m q", "OKLMQ"),
    ("okay o k l m q", "OKLMQ"), ("my code is OKLMQ", "OKLMQ"), ("the code is oklmq.", "OKLMQ"),
    ("K as in kilo, L like lima, M for mike, Q, R", "KLMQR"), ("o. k. l. m. q.", "OKLMQ"),
    ("K K L L M", "KKLLM"), ("O K L M Q, and the name is Kim", "OKLMQ"),
])  # fmt: skip
def test_codes(sentence: str, code: str) -> None:
    """Spelled, said in one word, with a letter twice, with what else is said."""
    assert read_code(sentence, LENGTH) == code


@pytest.mark.parametrize("sentence", [
    "I'd like to cancel my booking", "a table for four at eight", "why are you asking", "no", "yes please",
    "what is the code", "oh I see", "J R Smith",
])  # fmt: skip
def test_no_code(sentence: str) -> None:
    """Words that happen to sound like letters are none."""
    assert read_code(sentence, LENGTH) == ""


def test_a_code_too_short_is_for_the_tool_to_judge_once_asked() -> None:
    """The tool then says what is wrong with it."""
    assert read_code("K L M Q", LENGTH) == ""
    assert read_code("K L M Q", LENGTH, asked=True) == "KLMQ"
    assert read_code("K L M Q", None) == "KLMQ"


@pytest.mark.parametrize(("description", "length"), [
    ("The booking code: five letters.", 5), ("A 6-digit reference", 6), ("The code.", None),
])  # fmt: skip
def test_the_length_is_read_from_the_description(description: str, length: int | None) -> None:
    """In words or digits, if it is said at all."""
    assert code_length(Parameter("code", Kind.CODE, description, required=True)) == length
