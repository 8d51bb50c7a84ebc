"""Names of people in what is heard."""

from __future__ import annotations

import pytest

from local.speech.names import ALONE_CREDIT, CUED_CREDIT, RARE_LESS, Names, known_names, names
from local.speech.phrases import fold

_NAMES = Names(["Sarah", "O'Brien", "Kim", "Kimberley", "Ann"], ["Kimba", "Saoirse"])


def _credit(text: str, size: int = 100, *, asked: bool = True) -> float:
    """Credit for a whole utterance, read `size` characters at a time."""
    at, earned = _NAMES.start(asked=asked), 0.0
    folded = f" {fold(text)}"
    for start in range(0, len(folded), size):
        at, more = _NAMES.advance(at, folded[start : start + size])
        earned += more
    return earned + _NAMES.finish(at)


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(
    ("text", "credit"),
    [
        ("Sarah.", ALONE_CREDIT),
        ("Sarah O'Brien.", ALONE_CREDIT),
        ("Kimberley", ALONE_CREDIT),
        ("My name is Sarah.", CUED_CREDIT),
        ("The name's O'Brien.", CUED_CREDIT),
        ("A table under Ann O'Brien tonight", 2 * CUED_CREDIT),
        ("It's for Kim", CUED_CREDIT),
        ("Saoirse.", ALONE_CREDIT - RARE_LESS),
        ("Sarah Kimba.", ALONE_CREDIT - RARE_LESS),
        ("My name is Saoirse.", CUED_CREDIT - RARE_LESS),
        ("Sir.", 0.0),
        ("Kimb.", 0.0),
        ("Sarah, please cancel it.", 0.0),
        ("Anna", 0.0),
        ("I saw Sarah there.", 0.0),
        ("", 0.0),
    ],
)
def test_names_earn_credit_where_a_name_is_given(text: str, credit: float, size: int) -> None:
    assert _credit(text, size) == credit


@pytest.mark.parametrize(
    ("text", "credit"), [("Sarah.", 0.0), ("Sarah O'Brien.", 0.0), ("My name is Sarah.", CUED_CREDIT)]
)
def test_a_name_alone_earns_nothing_when_none_was_asked_for(text: str, credit: float) -> None:
    assert _credit(text, asked=False) == credit


def test_credit_is_lent_while_a_name_goes_on_and_no_longer() -> None:
    on, _ = _NAMES.advance(_NAMES.start(asked=True), " sar")
    off, _ = _NAMES.advance(on, "i")
    assert 0 < _NAMES.lent(on) <= ALONE_CREDIT
    assert _NAMES.lent(off) == 0


def test_common_names_are_known_and_everyday_words_are_not_favoured() -> None:
    first, last = known_names()
    assert {"Sarah", "Aoife", "Priya"} <= set(first)
    assert {"Walsh", "Byrne", "Kowalski"} <= set(last)
    favoured = names()
    for word in ("june", "april", "may", "ten", "yes", "nine"):
        at, _ = favoured.advance(favoured.start(asked=True), word)
        assert favoured.finish(at) == 0, word
