"""The search for words said: what the words of a call tell, and what its turns do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import call_words
from shared.call_words import UNKNOWN, NothingToFindError, Said, words_of
from shared.calls import Turn
from tests.shared.call_makers import replied, said

TALK = [
    said(0, "Do you have gluten-free pizza? My name is Zoë."),
    replied(1, "Napoli Pizza has. A table for two, Zoe?"),
    said(2, "Two of us, for tonight's table."),
]

TEXTS = st.lists(st.sampled_from(["Table", "for", "two", "Tables", "Zoë", "zoe", "naïve", "7"]), max_size=6)


def seqs(asked: str) -> list[int]:
    return [excerpt.seq for excerpt in Said.parse(asked).excerpts(TALK)]


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ("pizza", [0, 1]),
        ("PIZ", [0, 1]),
        ("izza", []),
        ("zoë", [0, 1]),
        ("pizza tonight", [0, 1, 2]),
        ("pizza tomorrow", []),
        ('"table for two"', [1]),
        ('"for two table"', []),
        ('"tab"', []),
        ("“gluten free” name", [0]),
        ('two"for', [1, 2]),
    ],
)
def test_words_begin_words_and_quotes_hold_them_together(asked: str, where: list[int]) -> None:
    assert sorted(seqs(asked)) == where


def test_the_turn_that_has_most_of_it_comes_first() -> None:
    assert seqs("table two zoe")[0] == 1


@pytest.mark.parametrize("asked", ["", "?!", '""', " ".join("abcdefghijk")])
def test_what_holds_no_word_or_too_many_is_refused(asked: str) -> None:
    with pytest.raises(NothingToFindError):
        Said.parse(asked)


@given(TEXTS, TEXTS, TEXTS, st.booleans())
def test_the_words_of_a_call_never_hide_what_was_said_in_it(
    first: list[str], second: list[str], asked: list[str], quoted: bool
) -> None:
    turns: list[Turn] = [said(0, " ".join(first)), replied(1, " ".join(second))]
    text = " ".join(asked)
    try:
        wanted = Said.parse(f'"{text}"' if quoted else text)
    except NothingToFindError:
        return
    if wanted.excerpts(turns):
        assert wanted.may_be_in(words_of(turns))


def test_a_call_with_too_many_words_is_always_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_words, "_LONGEST", 20)
    assert words_of(TALK) == UNKNOWN
    assert Said.parse("anything").may_be_in(UNKNOWN)
    assert Said.parse("anything").may_be_in(None)


def test_an_excerpt_of_a_long_turn_stands_around_the_word() -> None:
    long = f"{'before ' * 60}truffle {'after ' * 60}"
    (excerpt,) = Said.parse("truffle").excerpts([said(0, long)])
    assert excerpt.text.startswith("… before")
    assert "truffle after" in excerpt.text
    assert excerpt.text.endswith("after …")
    assert len(excerpt.text) < 200
    (endless,) = Said.parse("x").excerpts([said(0, "x" * 1000)])
    assert len(endless.text) < 200
