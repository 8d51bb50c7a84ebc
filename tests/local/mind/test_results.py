"""What is said of tool results, good and bad."""

# ruff: noqa: E501 - tables of sentences read better a row a line

from __future__ import annotations

import json

import pytest

from local.voice_live.mind.advice import say_failure
from local.voice_live.mind.results import read_result, say_result, shorten


@pytest.mark.parametrize(("output", "said"), [
    ({"spoken": "They open at noon.", "opens": "12:00"}, "They open at noon."),
    ({"restaurants": [{"name": "A"}, {"name": "B"}]}, "I found A and B."),
    ({"temperature": 12, "sky": "cloudy", "id": "x7"}, "The temperature is 12, the sky is cloudy."),
    ({"days": ["Monday", "Friday"], "open": True}, "The days: Monday and Friday, open: yes."),
    ({"wind": {"speed": 5}}, "The wind speed is 5."),
    ({"ok": True}, "That is done."), ({}, "That is done."), ([], "I found nothing."), (["a", "b"], "A and b."), (7, "7."),
    (None, "That is done."),
])  # fmt: skip
def test_a_result_in_words(output: object, said: str) -> None:
    """Suggested words come first; else the facts are told in short."""
    assert say_result(read_result(json.dumps(output))) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [("12 degrees and foggy", "12 degrees and foggy."), ("", "That is done."), ("{broken", "{broken.")],
)
def test_plain_text_is_said_as_it_is(text: str, said: str) -> None:
    """A tool need not answer in JSON."""
    assert say_result(read_result(text)) == said


@pytest.mark.parametrize(("message", "said"), [
    ("It is closed on Monday. Ask the caller for another day.", "It is closed on Monday. Could I ask you for another day?"),
    ("Ask the caller which restaurant they mean.", "Which restaurant do you mean?"),
    ("Ask whether the caller means Lucia or Luigi.", "Do you mean Lucia or Luigi?"),
    ("Missing: date. Ask the caller for which day.", "Missing: date. For which day?"),
    ("Missing: party_size. Ask the caller how many people will come.", "Missing: party_size. How many people will come?"),
    ("It is full. Offer the caller half past six or nine.", "It is full. I could offer half past six or nine. Would that suit you?"),
    ("Too large. Offer the caller the restaurant's number: one two three.", "Too large. Here is the restaurant's number: one two three."),
    ("Nothing was booked. Offer to try once more.", "Nothing was booked. Shall I try once more?"),
    ("None has that. Say so, and ask which kind of food they would like instead; there is Thai and Greek.",
     "None has that. There is Thai and Greek. Which kind of food would you like instead?"),
    ("Tell the caller that their table is gone. Do not call the tool again.", "Your table is gone."),
    ("Ask the caller to spell the name.", "Could you spell the name?"),
    ("Ask the caller whether nine would do.", "Would nine do?"),
    ("", "I am sorry, that did not work."),
])  # fmt: skip
def test_advice_becomes_words_for_the_caller(message: str, said: str) -> None:
    """A message written for a model is turned to the caller, its advice into a question."""
    assert say_failure(message) == said


def test_failures_are_recognised() -> None:
    """An `error` makes a failure, in the flat and in the nested form; "try again" allows the same call once more."""
    flat = read_result('{"error": "full", "message": "It is full."}')
    nested = read_result('{"error": {"code": "full", "message": "It is full."}}')
    bare = read_result('{"error": "It is full."}')
    assert [(r.failed, r.message) for r in (flat, nested, bare)] == [(True, "It is full.")] * 3
    assert read_result('{"error": null, "spoken": "fine"}').failed is False
    assert read_result('{"error": "busy", "message": "Offer to try again."}').may_retry
    assert not flat.may_retry


def test_the_things_of_a_list_are_kept_in_order() -> None:
    """Named entries are kept with their place and facts."""
    result = read_result(
        '{"restaurants": [{"id": "a", "name": "A", "price": 1}, {"name": "B"}], "spoken": "Two."}'
    )
    assert [(thing.kind, thing.id, thing.name, thing.place) for thing in result.things] == [
        ("restaurants", "a", "A", 0), ("restaurants", "B", "B", 1),
    ]  # fmt: skip


def test_long_texts_are_cut() -> None:
    """At a sentence where there is one, else at a comma."""
    assert shorten("One. " * 100).endswith("One.")
    assert len(shorten("One. " * 100).split()) <= 76
    assert shorten("one, " * 100).endswith("and more.")
    assert shorten("short") == "short"
