"""What helps when words fail: saying it again in other words, keys, and a person."""

from __future__ import annotations

import pytest

from local.voice_live.mind import CallFunction, Say
from local.voice_live.mind.patterns import line_of, pattern_of
from local.voice_live.mind.words import fluent, tokenise
from tests.local.mind.world import GREETING, TOOLS, TRANSFER, Talk, assistant, system, think, user

FULL = "Book a table for four at the Golden Lotus on Friday at half past seven under Johnson."
NARROW = "(You and the caller do not understand each other. Ask one question that one word can answer.)"
REPHRASE = "(The caller did not understand you. Say it again in other, shorter words.)"


def test_not_understood_three_times_differs_and_narrows() -> None:
    """Noise is met differently each time, and the last time with words to say."""
    talk = Talk()
    replies = [talk.says(text) for text in ("flim flam", "zorp glim", "brabbel")]
    assert len(set(replies)) == 3
    assert "yes or no" in replies[2]


def test_not_understood_in_a_booking_repeats_the_question() -> None:
    """Noise in the middle of a booking loses nothing."""
    talk = Talk()
    talk.says("Book a table at Casa Verde for two tomorrow under Lee")
    assert talk.says("brabbel zorp").endswith("What time would you like?")
    talk.says("eight")
    talk.says("yes")
    assert len(talk.booked) == 1


@pytest.mark.parametrize("opening", [
    FULL, "Book a table at Casa Verde", "find me a restaurant in the old town", "Tell me about Casa Verde",
    "flim flam", "What's the capital of France?",
])  # fmt: skip
def test_sorry_gets_other_and_fewer_words(opening: str) -> None:
    """What was not understood is never said in the very same words, and not at greater length."""
    talk = Talk()
    said = talk.says(opening)
    again = talk.says("Sorry?")
    assert again != said
    assert len(again.split()) <= len(said.split()) + 2
    assert talk.says("Pardon?") != again


def test_a_read_back_in_brief_can_be_agreed_to() -> None:
    """The brief read-back holds everything, so a yes to it books."""
    talk = Talk()
    talk.says(FULL)
    again = talk.says("Sorry, what was that?")
    for word in ("Golden Lotus", "four people", "Friday", "half past seven", "Johnson"):
        assert word in again
    talk.says("yes")
    assert len(talk.booked) == 1


def test_names_told_are_said_again_without_the_rest() -> None:
    """Of a list, the names and the question matter."""
    talk = Talk()
    talk.says("find me a restaurant in the old town")
    assert talk.says("could you repeat that") == "The Golden Lotus and Bangkok Garden. Which one?"


def test_the_client_may_ask_for_other_words() -> None:
    """A system message that asks for other words, or for a question that one word answers, is followed."""
    talk = Talk()
    said = talk.says("Book a table at Casa Verde for two")
    talk.items += [user("sorry?"), system(REPHRASE)]
    (again,) = think(talk.items)
    assert isinstance(again, Say)
    assert again.text != said
    talk.items[-1] = system(NARROW)
    (narrow,) = think(talk.items)
    assert narrow == Say("What day would you like? You can say tomorrow, or Friday.")


@pytest.mark.parametrize(("sentence", "keys", "value"), [
    ("Book Casa Verde tomorrow at eight under Lee", "4", 4),
    ("Book Casa Verde tomorrow for two under Lee", "1 9 3 0", "19:30"),
    ("Book Casa Verde tomorrow for two under Lee", "8", "20:00"),
    ("Book Casa Verde at eight for two under Lee", "2 7", "2026-11-27"),
])  # fmt: skip
def test_keys_answer_what_was_asked(sentence: str, keys: str, value: object) -> None:
    """Digits are people when people were asked for, and a time when that was."""
    talk = Talk()
    talk.says(sentence)
    talk.says(f"(The caller pressed keys: {keys})")
    talk.says("Yes.")
    assert value in talk.booked[0].values()


def test_keys_choose_from_what_was_told() -> None:
    """A number picks the entry of a list by its place."""
    talk = Talk()
    talk.says("find me a restaurant in the old town")
    assert "Bangkok Garden" in talk.says("(The caller pressed keys: 2)")


def test_keys_choose_from_a_menu() -> None:
    """A key stands for what the client says it means, or for what the agent offered under it."""
    offered = "Please press 1 to find a restaurant, 2 to book a table, or 3 for opening hours."
    told = user("(The caller pressed keys: 2, which means: book a table)")
    assert think([assistant(GREETING), told]) == [Say("Certainly. Which restaurant would you like?")]
    items = [assistant(GREETING), assistant(offered), user("(The caller pressed keys: 2)")]
    assert think(items) == [Say("Certainly. Which restaurant would you like?")]


@pytest.mark.parametrize("wish", [
    "Can I speak to a person?", "I want to talk to a human being", "get me the manager please", "operator",
    "is there someone I can talk to", "I'd rather speak with a real person", "put me through to somebody",
    "I need to change my booking for Friday", "I'd like to make a complaint",
])  # fmt: skip
def test_a_person_is_asked_for(wish: str) -> None:
    """Whoever wants a person is put through at once where a tool can do that, with all it asks for."""
    (call,) = think([assistant(GREETING), user(wish)], [*TOOLS, TRANSFER])
    assert isinstance(call, CallFunction)
    assert call.name == "transfer_to_person"
    assert wish in call.arguments["reason"]
    assert call.arguments["summary"]
    assert "restaurant" not in call.arguments
    assert all(isinstance(output, Say) for output in think([assistant(GREETING), user(wish)]))


@pytest.mark.parametrize("question", [
    "Are you a real person?", "Am I speaking to a human?", "a table for one person", "Is this a robot?",
    "How many people can come?",
])  # fmt: skip
def test_no_person_is_asked_for(question: str) -> None:
    """To ask what one speaks to, or to count persons, is no wish for another one."""
    outputs = think([assistant(GREETING), user(question)], [*TOOLS, TRANSFER])
    assert all(isinstance(output, Say) for output in outputs)


def test_the_person_learns_what_happened() -> None:
    """The summary holds what is under way and what is missing; a restaurant named is passed on."""
    talk = Talk(
        tools=[*TOOLS, TRANSFER],
        run=lambda *_: {"error": "nobody_there", "message": "Nobody is there now. Say so, and offer help."},
    )
    talk.says("Book a table at Casa Verde tomorrow for two")
    said = talk.says("can you put me through to someone at Giovanni's")
    arguments = talk.calls[0].arguments
    assert arguments["restaurant"] == "Giovanni's Trattoria"
    assert "Casa Verde" in arguments["summary"]
    assert "two people" in arguments["summary"]
    assert "time" in arguments["summary"]
    assert said.startswith("Nobody is there now.")
    assert said.endswith("?")


def test_who_is_put_through_hears_no_more_offers() -> None:
    """What the tool tells the model after a hand-over is not for the caller."""
    talk = Talk(
        tools=[*TOOLS, TRANSFER], run=lambda *_: {"transferring": True, "message": "Say nothing more."}
    )
    assert talk.says("can I speak to a person") == "One moment, please."


def test_an_unlikely_name_is_read_back() -> None:
    """A recogniser that hears "ten" for Kim hears it again; to read it back beats asking for ever."""
    for answers in (["Ten."], ["It's time."], ["Like.", "Like."]):
        talk = Talk()
        talk.says("Book Casa Verde tomorrow at eight for two")
        said = [talk.says(answer) for answer in answers]
        assert f"under the name {answers[-1].split()[-1].strip('.').capitalize()}" in said[-1]


def test_the_notation_of_phrases() -> None:
    """Words, one of several, words that may be left out, and a gap."""
    pattern = pattern_of("how do i/we get (over) to it | not * too dear (please)")
    for line in ("how do we get to it", "so how do i get over to it then", "not in any way too dear please"):
        assert pattern.search(line), line
    for line in (
        "how do they get to it",
        "how do i get to italy",
        "not by any means at all too dear",
        "dear",
    ):
        assert not pattern.search(line), line
    assert pattern_of("a | a b (c)").search("x a b c").group() == "a b c"  # type: ignore[union-attr]  # it is found


def test_a_line_is_written_out() -> None:
    """Contractions are written out, what is named is "it", and each place leads back to its token."""
    tokens = tokenise("Um, what's the Golden Lotus like, isn't it dear?")
    line = line_of(tokens, [(3, 5)])
    assert line.text == "what is it like is not it dear"
    assert list(line.find(pattern_of("what is it like"))) == [(1, 6)]


def test_a_fluent_sentence() -> None:
    """Hesitations go, and so do words begun again; a sentence of nothing else stays."""
    said = "can I um can I book the the table for for uh people"
    assert " ".join(token.raw for token in fluent(tokenise(said))) == "can I book the table for for people"
    assert len(fluent(tokenise("um uh"))) == 2
    assert [token.text for token in fluent(tokenise("uh huh"))] == ["uh", "huh"]
