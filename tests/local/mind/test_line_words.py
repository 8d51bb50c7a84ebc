"""Words of the line in the agent's name: they answer nothing, and what was asked before them stays asked."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from local.voice_live.mind import CallFunction, Say
from local.voice_live.mind.line_words import LineWords, line_words
from shared.settings import DEFAULT_AGENT_DIR
from tests.local.mind.world import GREETING, TOOLS, TRANSFER, Talk, answer, assistant, system, think, user

NOT_HEARD = "Sorry, I did not catch that. Could you say it again?"
NOT_HEARD_AGAIN = "Sorry, I still did not get it. In a few words: which restaurant, or what kind of food?"
FILLER = "One moment, please."
CHECK = "Are you still there?"
KEYS = "The line is bad. Please press 1 to find a restaurant, 2 to book a table, or 0 for a person."
REPHRASE = "(The caller did not understand you. Say it again in other, shorter words.)"
FULL = "Book a table at Casa Verde for two tomorrow at eight under Lee"

ASKS = user("What is on the menu at Casa Verde?")
CALL = {
    "type": "function_call",
    "call_id": "c",
    "name": "restaurant_details",
    "arguments": json.dumps({"restaurant": "Casa Verde", "topic": "menu"}),
}
OUTPUT = {
    "type": "function_call_output",
    "call_id": "c",
    "output": json.dumps({"spoken": "They have tacos."}),
}

HISTORIES: list[list[dict[str, Any]]] = [
    [assistant(NOT_HEARD), ASKS, CALL, OUTPUT],
    [assistant(NOT_HEARD), ASKS, CALL, assistant(FILLER), OUTPUT],
    [assistant(NOT_HEARD), ASKS, CALL, OUTPUT, assistant(FILLER)],
    [assistant(NOT_HEARD), ASKS, CALL, assistant("Das haben wir gleich."), OUTPUT],
    [assistant(NOT_HEARD), ASKS, system(REPHRASE), CALL, OUTPUT],
    [assistant(NOT_HEARD), system(REPHRASE), ASKS, CALL, OUTPUT],
    [assistant(NOT_HEARD), ASKS, CALL, OUTPUT, system(REPHRASE)],
    [ASKS, assistant(NOT_HEARD), CALL, OUTPUT],
    [ASKS, CALL, OUTPUT, assistant(CHECK)],
    [ASKS, CALL, assistant(FILLER), assistant("Let me check."), OUTPUT, assistant(CHECK)],
    [assistant(KEYS), ASKS, CALL, OUTPUT],
]


@pytest.mark.parametrize("history", HISTORIES)
def test_a_result_is_told_whatever_the_line_said(history: list[dict[str, Any]]) -> None:
    """Fixed words before, between and after a call and its output take nothing from the result."""
    (said,) = think([assistant(GREETING), *history])
    assert isinstance(said, Say)
    assert said.text.startswith("They have tacos.")


@pytest.mark.parametrize("words", [FILLER, CHECK, "Let me check.", "I am just looking that up."])
def test_a_question_of_the_caller_still_waits(words: str) -> None:
    """The line spoke, but nobody has answered the caller yet."""
    (call,) = think([assistant(GREETING), ASKS, assistant(words)])
    assert call == CallFunction("restaurant_details", {"restaurant": "Casa Verde", "topic": "menu"})


@pytest.mark.parametrize("words", [FILLER, CHECK, NOT_HEARD, NOT_HEARD_AGAIN, KEYS])
def test_what_was_asked_before_stays_asked(words: str) -> None:
    """Bare answers after words of the line answer the agent's question, each of its kind."""
    talk = Talk()
    talk.says("Book a table at Casa Verde for tomorrow")
    for said in ("half past seven", "two", "Lee"):
        talk.items.append(assistant(words))
        talk.says(said)
    talk.says("yes")
    assert [(one["time"], one["party_size"], one["name"]) for one in talk.booked] == [("19:30", 2, "Lee")]


@pytest.mark.parametrize("words", [FILLER, NOT_HEARD, KEYS])
def test_a_read_back_can_be_agreed_to_after_them(words: str) -> None:
    """Who was not heard says yes once more, and that books."""
    talk = Talk()
    talk.says(FULL)
    talk.items.append(assistant(words))
    talk.says("yes")
    assert len(talk.booked) == 1


def test_a_yes_to_are_you_there_books_nothing() -> None:
    """It says that the caller is there; the read-back is said again and wants a yes of its own."""
    talk = Talk()
    read_back = talk.says(FULL)
    talk.items.append(assistant(CHECK))
    assert talk.says("Yes, I'm here.") == read_back
    assert talk.booked == []
    talk.says("yes")
    assert len(talk.booked) == 1


def test_who_is_still_there_hears_the_open_question() -> None:
    """Also where no booking is under way."""
    talk = Talk()
    talk.says("find me a restaurant in the old town")
    talk.items.append(assistant(CHECK))
    assert talk.says("hello, yes") == "Which one would you like?"


def test_the_fixed_words_of_the_project_are_known() -> None:
    """Every English phrase said meanwhile is one; a greeting and a goodbye are the agent's own."""
    phrases = tomllib.loads((DEFAULT_AGENT_DIR / "agent.toml").read_text())["phrases"]["en"]
    expected = {
        "apology": LineWords.NOT_HEARD,
        "still_there": LineWords.CHECK,
        "still_there_again": LineWords.CHECK,
        "not_heard": LineWords.NOT_HEARD,
        "not_heard_again": LineWords.NOT_HEARD,
        "press_a_key": LineWords.KEYS,
        "transferring": LineWords.FILLER,
        "transfer_failed": LineWords.BACK,
        "no_person": LineWords.BACK,
        "greeting": None,
        "farewell": None,
    }
    assert {name: line_words(phrases[name]) for name in expected} == expected
    assert {line_words(filler) for filler in phrases["fillers"]} == {LineWords.FILLER}


@pytest.mark.parametrize("own", [
    "What time would you like?", "Sorry, I did not catch that. What time would you like?",
    "One moment, please. Casa Verde is open until ten.",
    "Casa Verde. Would you like me to book a table there?",
    "I found Casa Verde.", "", "Of course, take your time.", "Is there anything else I can do for you?",
])  # fmt: skip
def test_replies_of_the_agent_are_none(own: str) -> None:
    """What tells or asks something is the agent's own, however it begins."""
    assert line_words(own) is None


NOT_REACHED = {
    "error": "not_reached",
    "message": "Nobody took the call, and the caller is still with you. Say so if they have not been told, "
    "and offer to help yourself or to try again later. Transfer again only if the caller asks for it.",
}
TRANSFERRING = "One moment, I will put you through to a person."


def transfer_fails(name: str, arguments: dict[str, Any]) -> object:
    """Nobody ever takes the call."""
    return NOT_REACHED if name == "transfer_to_person" else answer(name, arguments)


def test_a_booking_goes_on_after_nobody_was_reached() -> None:
    """A person is asked for in the middle, twice, and nobody answers: nothing is lost."""
    talk = Talk(tools=[*TOOLS, TRANSFER], run=transfer_fails)
    talk.says("Book a table at Casa Verde for two tomorrow")
    said = talk.says("can I speak to a person")
    assert said == "Nobody took the call. What time would you like?"
    assert talk.says("ok, eight then").endswith("What name shall I put it under?")
    assert talk.says("could I please talk to somebody") == (
        "Nobody took the call. What name shall I put it under?"
    )
    assert [call.name for call in talk.calls] == ["transfer_to_person"] * 2
    assert "eight o'clock" in talk.calls[1].arguments["summary"]
    talk.says("Lee")
    said = talk.says("is there a human I could talk to")
    assert said.startswith("Nobody took the call. So that is a table at Casa Verde")
    talk.says("yes")
    assert [(one["time"], one["name"]) for one in talk.booked] == [("20:00", "Lee")]


def test_the_way_back_from_a_hand_over_in_fixed_words() -> None:
    """The line says that nobody answered and offers help: a yes goes on with what was open."""
    talk = Talk(tools=[*TOOLS, TRANSFER], run=transfer_fails)
    talk.says("Book a table at Casa Verde for two tomorrow")
    talk.says("operator")
    talk.items.append(assistant("I am sorry, nobody is answering there. Can I help you with something else?"))
    assert talk.says("yes please") == "What time would you like?"
    assert "name" in talk.says("seven thirty")


def test_an_announcement_between_call_and_output() -> None:
    """The caller hears that they are put through while the tool waits; then nobody takes the call."""
    items = [
        assistant(GREETING),
        user("can I speak to a person"),
        {"type": "function_call", "call_id": "t", "name": "transfer_to_person", "arguments": "{}"},
        assistant(TRANSFERRING),
        {"type": "function_call_output", "call_id": "t", "output": json.dumps(NOT_REACHED)},
    ]
    assert think(items, [*TOOLS, TRANSFER]) == [Say("Nobody took the call. What else can I do for you?")]


def test_never_mind_the_person() -> None:
    """Who gives up on a person and asks for something gets it."""
    talk = Talk(tools=[*TOOLS, TRANSFER], run=transfer_fails)
    talk.says("find me a restaurant in the old town")
    talk.says("can I speak to a person")
    assert talk.says("no never mind, book the second one") == "Bangkok Garden. What day would you like?"
