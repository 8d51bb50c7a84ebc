"""Whole conversations, read as they would be heard."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.voice_live.mind import CallFunction, Say
from tests.local.mind.world import (
    GREETING,
    Talk,
    answer,
    assistant,
    think,
    user,
)

FULL = "Book a table for four at the Golden Lotus on Friday at half past seven under Johnson."


def test_recommend_describe_book_correct_confirm_goodbye() -> None:
    """The whole main job: find, ask about it, book it with a correction, and say goodbye."""
    talk = Talk()
    assert "Bangkok Garden" in talk.says("I feel like Thai food tonight")
    assert "hours" in talk.says("what time does the second one close")
    talk.says("ok book a table there please")
    talk.says("seven thirty")
    talk.says("four people")
    assert "Bangkok Garden for four people" in talk.says("Sarah Johnson")
    assert "for five people" in talk.says("no, make it five")
    assert "Your code is" in talk.says("yes that's right")
    assert "oodbye" in talk.says("no thank you")
    assert [call.name for call in talk.calls] == [
        "find_restaurants",
        "restaurant_details",
        "book_table",
        "end_call",
    ]
    assert talk.booked == [
        {
            "restaurant": "Bangkok Garden",
            "date": "2026-11-22",
            "time": "19:30",
            "party_size": 5,
            "name": "Sarah Johnson",
        }
    ]


def test_one_question_at_a_time() -> None:
    """A bare request to book is followed by one question for each missing value, in the tool's order."""
    talk = Talk()
    questions = [
        talk.says(text) for text in ("I'd like to book a table", "Casa Verde", "tomorrow", "eight", "two")
    ]
    assert [q.rsplit(". ", 1)[-1] for q in questions] == [
        "Which restaurant would you like?",
        "What day would you like?",
        "What time would you like?",
        "For how many people?",
        "What name shall I put it under?",
    ]


def test_a_table_at_some_kind_of_place_is_searched_first() -> None:
    """Who wants "a table at an Italian place" hears of such places; nothing said about the table is lost."""
    talk = Talk()
    said = talk.says("A table for two at an Italian restaurant on Friday at eight")
    assert talk.calls == [
        CallFunction("find_restaurants", {"cuisine": "italian", "open_at": "2026-11-27T20:00"})
    ]
    assert said.endswith("Which one would you like: The Golden Lotus or Bangkok Garden?")
    talk.says("the first one")
    talk.says("Brown")
    talk.says("yes")
    assert talk.booked[0] | {"restaurant": "", "name": ""} == {
        "restaurant": "",
        "date": "2026-11-27",
        "time": "20:00",
        "party_size": 2,
        "name": "",
    }


@pytest.mark.parametrize(("reference", "meant"), [
    ("book the first one", "The Golden Lotus"), ("book the second one", "Bangkok Garden"),
    ("book a table at the last one", "Bangkok Garden"), ("book the cheaper one please", "Bangkok Garden"),
    ("book the chinese one", "The Golden Lotus"), ("book number two", "Bangkok Garden"),
    ("book a table at the lotus", "The Golden Lotus"), ("book the one at the harbour", "Bangkok Garden"),
])  # fmt: skip
def test_references_to_what_was_listed(reference: str, meant: str) -> None:
    """An entry of a list is meant by its place, a comparison, a fact about it or a part of its name."""
    talk = Talk()
    talk.says("find me a restaurant in the old town")
    talk.says(reference)
    talk.says("tomorrow at eight for two under Lee")
    talk.says("yes")
    assert [booked["restaurant"] for booked in talk.booked] == [meant]


def test_comparing_the_two() -> None:
    """ "Which is cheaper?" is answered from what the results said."""
    talk = Talk()
    talk.says("find me a restaurant in the old town")
    assert "Bangkok Garden" in talk.says("Which one is cheaper?")
    assert "The Golden Lotus" in talk.says("What's the difference?")


def test_a_side_question_returns_to_the_booking() -> None:
    """Asking about the menu in the middle answers it and asks the open question again."""
    talk = Talk()
    talk.says("Book a table at Casa Verde for two tomorrow")
    said = talk.says("What do they have on the menu?")
    assert talk.calls == [CallFunction("restaurant_details", {"restaurant": "Casa Verde", "topic": "menu"})]
    assert "What time would you like?" in said
    talk.says("eight")
    assert talk.says("Lee").endswith("Is that right?")


def test_a_day_in_a_side_question_is_not_the_day_of_the_booking() -> None:
    """ "Are they open on Monday?" does not move a booking for Friday."""
    talk = Talk()
    talk.says(FULL)
    said = talk.says("What time do they open on Monday?")
    assert talk.calls[0].arguments["date"] == "2026-11-23"
    assert "Friday the twenty-seventh" in said


def test_declining_and_cancelling() -> None:
    """A caller may decline an offer, cancel a booking under way, and leave with nothing booked."""
    talk = Talk()
    talk.says("Tell me about Casa Verde")
    assert "anything else" in talk.says("no thanks")
    talk.says(FULL)
    assert "not done anything" in talk.says("never mind, forget it")
    talk.says("no that's all")
    assert talk.booked == []
    assert talk.calls[-1].name == "end_call"


def test_a_name_is_corrected_by_its_beginning() -> None:
    """ "No, it's Rob" changes the name although nothing says that a name follows."""
    talk = Talk()
    talk.says(FULL)
    assert "under the name Rob" in talk.says("no it's rob")


def test_a_number_that_is_no_day_is_how_many_come() -> None:
    """Whoever says how many they are before they are asked is asked for the day again, not for both."""
    talk = Talk()
    assert "day" in talk.says("I'd like to make a reservation at Casa Verde")
    assert "day" in talk.says("Three.")
    talk.says("On Friday.")
    assert "name" in talk.says("At seven in the evening.")
    assert "three people" in talk.says("Ryan.")


def test_one_find_in_a_booking_is_offered_and_taken() -> None:
    """When looking for a place in the middle of a booking finds one, a yes takes it."""

    def run(name: str, arguments: dict[str, Any]) -> object:
        if name == "find_restaurants":
            return {
                "restaurants": [{"id": "casa-verde", "name": "Casa Verde"}],
                "spoken": "There is Casa Verde.",
            }
        return answer(name, arguments)

    talk = Talk(run=run)
    talk.says("I'd like to book a table for two")
    assert talk.says("something mexican").endswith("Would you like me to book a table there?")
    assert talk.says("yes please").startswith("Casa Verde.")


def test_what_no_tool_does_is_declined() -> None:
    """Cancelling a booking and talking to a person are not pretended."""
    talk = Talk()
    for wish in ("cancel my booking", "can I speak to a human please", "do you take orders for delivery"):
        assert "cannot help with that" in talk.says(wish)
    assert talk.calls == []


def test_asking_for_other_options_accepts_no_offer() -> None:
    """ "OK, what else is there?" is a question, not a yes."""
    talk = Talk()
    talk.says("Tell me about Casa Verde")
    talk.says("ok what else is there")
    assert all(call.name != "book_table" for call in talk.calls)
    assert "What day" not in str(talk.items[-1])


def test_leaving_in_the_middle_is_told_that_nothing_was_done() -> None:
    """A goodbye during a booking says so; one after it does not."""
    talk = Talk()
    talk.says("Book a table at Casa Verde")
    assert talk.says("oh, goodbye") == "All right, I have not done anything. Goodbye!"


def test_a_refusal_asks_what_to_change() -> None:
    """A bare no asks what is wrong; naming it asks for the new value; then all is read back."""
    talk = Talk()
    talk.says(FULL)
    assert talk.says("no") == "Sorry. What should I change?"
    assert talk.says("the time") == "What time would you like?"
    assert "at nine o'clock" in talk.says("nine")
    talk.says("yes")
    assert talk.booked[0]["time"] == "21:00"


def test_a_booking_is_made_once() -> None:
    """Further yeses, thanks and noise after the booking do not book again."""
    talk = Talk()
    talk.says(FULL)
    for text in ("yes", "yes", "yes please", "thank you", "ok", "great"):
        if talk.calls and talk.calls[-1].name == "end_call":
            break
        talk.says(text)
    assert len(talk.booked) == 1


def test_a_yes_to_a_cut_read_back_reads_it_again() -> None:
    """When the caller spoke over the read-back before its values were heard, a yes confirms nothing."""
    items = [
        assistant(GREETING),
        user(FULL),
        assistant("So that is a table at The Golden Lotus for four"),
        user("yes"),
    ]
    (said,) = think(items)
    assert isinstance(said, Say)
    assert said.text.endswith("Is that right?")
    confirmed = think([*items, assistant(said.text), user("yes")])
    assert isinstance(confirmed[0], CallFunction)


def test_a_yes_over_the_closing_question_counts() -> None:
    """When all values were heard and only "Is that right?" was talked over, the yes confirms them."""
    (said,) = think([assistant(GREETING), user(FULL)])
    assert isinstance(said, Say)
    heard = said.text.removesuffix(" Is that right?")
    (call,) = think([assistant(GREETING), user(FULL), assistant(heard), user("Yes.")])
    assert isinstance(call, CallFunction)
    assert call.name == "book_table"


def full_at_half_past_seven(name: str, arguments: dict[str, Any]) -> object:
    """A restaurant with no table at 19:30."""
    if name == "book_table" and arguments["time"] == "19:30":
        message = (
            "There is no table for four at half past seven on Friday. Nothing was booked. "
            "Offer the caller quarter past eight in the evening."
        )
        return {"error": "full", "message": message}
    return answer(name, arguments)


def test_a_failed_booking_offers_what_the_tool_says_and_takes_it() -> None:
    """The advice becomes a question; a yes to its one proposal is read back and then booked."""
    talk = Talk(run=full_at_half_past_seven)
    talk.says(FULL)
    said = talk.says("yes")
    assert "no table for four" in said
    assert said.endswith("I could offer quarter past eight in the evening. Would that suit you?")
    assert "at quarter past eight" in talk.says("yes please")
    assert "code" in talk.says("yes")
    assert [booked["time"] for booked in talk.booked] == ["19:30", "20:15"]


def test_the_same_failing_call_is_not_repeated() -> None:
    """Insisting on what failed gets the reason again, not the same call."""
    talk = Talk(run=full_at_half_past_seven)
    talk.says(FULL)
    talk.says("yes")
    said = talk.says("I want half past seven")
    talk.says("yes half past seven")
    assert len(talk.booked) == 1
    assert "no table" in said


def test_a_bare_time_mends_a_full_one() -> None:
    """After "full" a bare number is a time."""
    talk = Talk(run=full_at_half_past_seven)
    talk.says(FULL)
    talk.says("yes")
    assert "at nine o'clock" in talk.says("nine")


def test_a_failure_that_may_pass_is_tried_again_on_request() -> None:
    """Where the tool offers to try again, a yes reads back and tries once more."""
    results: list[object] = [
        {
            "error": "busy",
            "message": "Many people are booking right now; nothing was booked. Offer to try once more.",
        },
        {"booked": True, "spoken": "Your table is booked."},
    ]
    talk = Talk(run=lambda name, _: results.pop(0) if name == "book_table" else {})
    talk.says(FULL)
    assert talk.says("yes").endswith("Shall I try once more?")
    assert talk.says("yes please").endswith("Is that right?")
    assert "booked" in talk.says("yes")


def test_an_unknown_name_is_asked_for_again() -> None:
    """A lookup that fails for its subject asks as the tool advises and goes on with the next name."""

    def run(name: str, arguments: dict[str, Any]) -> object:
        if arguments.get("restaurant") == "Casa Verde":
            return {
                "error": "unknown_restaurant",
                "message": "No such place. Ask whether the caller means Bangkok Garden.",
            }
        return answer(name, arguments)

    talk = Talk(run=run)
    assert talk.says("Where is Casa Verde?").endswith("Do you mean Bangkok Garden?")
    talk.says("yes")
    assert talk.calls[-1] == CallFunction(
        "restaurant_details", {"restaurant": "Bangkok Garden", "topic": "address"}
    )


def test_results_without_suggested_words_are_told_in_short() -> None:
    """JSON without "spoken" is put in words; a failure without advice still asks something."""
    talk = Talk(run=lambda *_: {"opens": "12:00", "closes": "22:00", "id": 7})
    assert talk.says("When is Casa Verde open?").startswith("The opens is 12:00, the closes is 22:00.")
    talk = Talk(run=lambda *_: {"error": "down"})
    assert talk.says("When is Casa Verde open?").startswith("Down.")


def test_a_long_answer_is_cut_at_a_sentence() -> None:
    """Nobody listens to a whole menu."""
    long = " ".join(f"Dish number {n} is very good." for n in range(60))
    said = Talk(run=lambda *_: {"spoken": long}).says("What's on the menu at Casa Verde?")
    assert len(said.split()) < 100
    assert "Dish number 10" in said


def test_a_seeded_conversation_goes_on() -> None:
    """History written by a client counts as if it had been spoken here."""
    items = [
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "A table for two at Casa Verde"}],
        },
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": "With pleasure. On which day?"}],
        },
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "tomorrow at eight"}]},
    ]
    (said,) = think(items)
    assert isinstance(said, Say)
    assert said.text.endswith("What name shall I put it under?")


def test_a_seeded_call_and_result_set_what_is_talked_about() -> None:
    """The restaurant of a seeded lookup is "it" afterwards."""
    items = [
        {"type": "function_call", "call_id": "c1", "name": "restaurant_details",
         "arguments": json.dumps({"restaurant": "Casa Verde", "topic": "menu"})},
        {"type": "function_call_output", "call_id": "c1", "output": "Tacos and more."},
        assistant("They have tacos."),
        user("Where is it?"),
    ]  # fmt: skip
    assert think(items) == [
        CallFunction("restaurant_details", {"restaurant": "Casa Verde", "topic": "address"})
    ]


def test_deleting_a_turn_forgets_what_it_said() -> None:
    """State comes from the items alone: without the turn that named the day, the day is asked for."""
    items = [user("Book a table at Casa Verde"), assistant("What day would you like?"), user("tomorrow"),
             assistant("What time would you like?"), user("eight")]  # fmt: skip
    (with_day,) = think(items)
    (without_day,) = think([items[0], items[3], items[4]])
    assert isinstance(with_day, Say)
    assert isinstance(without_day, Say)
    assert "how many people" in with_day.text
    assert "What day" in without_day.text


def test_two_sentences_before_a_reply_are_taken_together() -> None:
    """A turn that the recogniser cut in two says the same as a whole one."""
    items = [
        assistant(GREETING),
        user("Book a table at Casa Verde tomorrow at eight"),
        user("for two under Lee"),
    ]
    (said,) = think(items)
    assert isinstance(said, Say)
    assert "for two people" in said.text
    assert said.text.endswith("Is that right?")


def test_another_name_after_a_booking_can_be_booked_too() -> None:
    """A second booking in one call asks for its own day and time and keeps the name."""
    talk = Talk()
    talk.says(FULL)
    talk.says("yes")
    talk.says("Can I also book a table at Casa Verde for two on Saturday at eight?")
    talk.says("yes")
    assert [booked["restaurant"] for booked in talk.booked] == ["The Golden Lotus", "Casa Verde"]
    assert talk.booked[1]["name"] == "Johnson"
