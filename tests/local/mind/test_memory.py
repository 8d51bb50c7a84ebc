"""What is kept of a caller: asked for once, kept after a yes, used, told and deleted."""

# ruff: noqa: E501 - a row of a table on one line

from __future__ import annotations

from typing import Any

import pytest

from local.voice_live.mind.known import read_known
from tests.local.mind.world import GREETING, INSTRUCTIONS, TOOLS, Talk, answer, assistant, user


def tool(called: str, /, **properties: dict[str, Any]) -> dict[str, Any]:
    """A definition without required parameters, in wire form."""
    shape = {"type": "object", "properties": properties, "required": []}
    return {"type": "function", "name": called, "description": "", "parameters": shape}


TEXT = {"type": "string"}
MEMORY = [
    *TOOLS,
    tool(
        "remember", consent={"type": "boolean"}, preferences=TEXT, allergies=TEXT, name=TEXT,
        usual_party={"type": "integer", "description": "How many people."},
    ),
    tool("forget_me", only={"type": "string", "enum": ["name", "allergies", "usual_party"]}),
]  # fmt: skip
NOT_ASKED = (
    f"{INSTRUCTIONS}\n\n# What you know about this caller\n\nNothing is kept. They have not been asked yet.\n"
)
REFUSED = (
    f"{INSTRUCTIONS}\n\n# What you know about this caller\n\nThey want nothing kept. Do not ask again.\n"
)
KEPT = f"""{INSTRUCTIONS}

# What you know about this caller

The caller let you keep this.
- name: "Kim"
- usual party: 4
- allergies: "nuts"
- usual table: restaurant "Casa Verde", party size 4, time 19:30, name "Kim"
"""
BOOK = "book a table for two at Casa Verde on friday at seven under Lee"


def memory_talk(instructions: str, *sentences: str) -> tuple[list[str], list[tuple[str, dict[str, Any]]]]:
    """What is said to each sentence, and the calls of the memory tools."""
    talk = Talk(tools=MEMORY, instructions=instructions, run=_run)
    said = [talk.says(sentence) for sentence in sentences]
    return said, [
        (call.name, call.arguments) for call in talk.calls if call.name in ("remember", "forget_me")
    ]


def _run(name: str, arguments: dict[str, Any]) -> object:
    return {"spoken": "That is done."} if name in ("remember", "forget_me") else answer(name, arguments)


@pytest.mark.parametrize(("answers", "kept"), [
    (["yes please"], [("remember", {"consent": True})]),
    (["no thanks"], [("remember", {"consent": False})]),
    (["where is Casa Verde", "thank you"], []),
])  # fmt: skip
def test_asked_once_after_a_booking(answers: list[str], kept: list[tuple[str, dict[str, Any]]]) -> None:
    """With the answer, yes or no, and not again in the same call."""
    said, calls = memory_talk(NOT_ASKED, BOOK, "yes", *answers, BOOK, "yes")
    assert said[1].endswith("Shall I remember that for next time?")
    assert calls == kept
    assert not said[-1].endswith("next time?")


@pytest.mark.parametrize("instructions", [REFUSED, INSTRUCTIONS, KEPT])
def test_not_asked_where_it_may_not_be(instructions: str) -> None:
    """Who refused, who cannot be known and who has agreed already are not asked."""
    said, calls = memory_talk(instructions, BOOK, "yes")
    assert said[1].endswith("Is there anything else I can do for you?")
    assert calls == []


def test_an_allergy_is_named_in_the_question() -> None:
    """It is about health; and a caller who is done is asked before they go, if they are not in a hurry."""
    said, calls = memory_talk(NOT_ASKED, "any Thai places? I'm allergic to peanuts", "no that's all", "yes")
    assert said[1] == "Shall I remember your peanut allergy for next time?"
    assert calls == [("remember", {"consent": True, "allergies": "peanuts"})]
    assert "next time" not in memory_talk(NOT_ASKED, "Thai, I'm allergic to peanuts", "goodbye")[0][1]


@pytest.mark.parametrize(("wish", "kept"), [
    ("please remember that I'm allergic to nuts", {"allergies": "nuts"}),
    ("can you remember that I like window seats", {"preferences": "window seats"}),
    ("remember we're usually five", {"usual_party": 5}),
    ("don't forget that we are vegetarians", {"preferences": "vegetarian"}),
])  # fmt: skip
def test_what_is_asked_to_be_kept_is_kept(wish: str, kept: dict[str, Any]) -> None:
    """The wish itself is the consent."""
    assert memory_talk(NOT_ASKED, wish)[1] == [("remember", {"consent": True, **kept})]


def test_the_usual() -> None:
    """What stands in the instructions, with what the caller says now; unknown, it is said so."""
    talk = Talk(tools=MEMORY, instructions=KEPT)
    assert talk.says("the usual please, but at eight").endswith("What day would you like?")
    talk.says("friday")
    talk.says("yes")
    (booked,) = talk.booked
    assert booked == {
        "restaurant": "Casa Verde", "date": "2026-11-27", "time": "20:00", "party_size": 4, "name": "Kim",
    }  # fmt: skip
    assert "do not know your usual" in memory_talk(NOT_ASKED, "the usual please")[0][0]


def test_what_is_known_need_not_be_asked_and_is_told() -> None:
    """The usual number of people and the name are read back; what is said now counts for more."""
    said, _ = memory_talk(KEPT, "book Casa Verde on friday at eight")
    assert "for four people" in said[0]
    assert "under the name Kim" in said[0]
    assert "for two people" in memory_talk(KEPT, "a table for two at Casa Verde on friday at eight")[0][0]
    assert "nuts" in memory_talk(KEPT, "what do you know about me")[0][0]


@pytest.mark.parametrize(("wish", "given"), [
    ("forget me", {}), ("please delete everything you know about me", {}), ("delete my data", {}),
    ("forget my allergies", {"only": "allergies"}),
])  # fmt: skip
def test_deleted_after_a_yes(wish: str, given: dict[str, Any]) -> None:
    """What would be deleted is said first, and nothing short of a yes does it."""
    said, calls = memory_talk(KEPT, wish, "yes")
    assert said[0].endswith("Shall I delete it?")
    assert calls == [("forget_me", given)]
    for short in ("no", "hm", "forget it", "where is Casa Verde"):
        assert memory_talk(KEPT, wish, short)[1] == []


@pytest.mark.parametrize(("answered", "said"), [
    ("yes", "We had Casa Verde, Friday the twenty-seventh of November, two people. What time would you like?"),
    ("no", "All right, I have not done anything. What else can I do for you?"),
])  # fmt: skip
def test_going_on_where_a_call_was_cut_off(answered: str, said: str) -> None:
    """Earlier turns stand in the conversation before a greeting that asks."""
    talk = Talk(
        items=[
            assistant(GREETING),
            user("a table for two at Casa Verde on friday"),
            assistant("Casa Verde, Friday. What time would you like?"),
            assistant("Hello again. Shall we go on where we stopped?"),
        ]
    )
    assert talk.says(answered) == said


def test_texts_of_a_caller_are_no_lines() -> None:
    """What is known is read from its own section only, and a text may hold quotes."""
    known = read_known(
        '# Rules\n- name: "Nobody"\n\n# What you know about this caller\n\n- name: "A \\"B\\""\n'
    )
    assert known.texts("name") == ['A "B"']
    assert read_known("- name: Kim").facts == {}


def test_a_search_heeds_what_is_known() -> None:
    """Their diet need not be said again; what is said now counts for more."""
    known = KEPT + '- preferences: "vegan", "a quiet table"\n'
    for sentence, diet in (("any Thai places", "vegan"), ("any halal Thai places", "halal")):
        talk = Talk(tools=MEMORY, instructions=known)
        talk.says(sentence)
        assert talk.calls[0].arguments == {"cuisine": "thai", "diet": diet}


def test_who_is_done_need_not_say_so_twice() -> None:
    """ "No thank you, that's all" refuses, and says goodbye as well."""
    talk = Talk(tools=MEMORY, instructions=NOT_ASKED, run=_run)
    talk.says(BOOK)
    talk.says("yes")
    assert talk.says("No thank you, that's all.").endswith("Goodbye!")
    assert [call.name for call in talk.calls][-2:] == ["remember", "end_call"]
