"""What single sentences lead to, as people say them and as recognisers write them."""

# ruff: noqa: E501 - one sentence a row reads better than a wrapped one

from __future__ import annotations

from typing import Any

import pytest

from local.voice_live.mind import CallFunction, Say
from tests.local.mind.world import GREETING, Talk, assistant, think, user

FIND, DETAILS = "find_restaurants", "restaurant_details"
LOTUS, GIOVANNI, BANGKOK, CASA = "The Golden Lotus", "Giovanni's Trattoria", "Bangkok Garden", "Casa Verde"
FRIDAY, SATURDAY, TOMORROW, TODAY = "2026-11-27", "2026-11-28", "2026-11-23", "2026-11-22"

LOOKUPS: list[tuple[str, str, dict[str, Any]]] = [
    # searching, clean
    ("I feel like sushi tonight.", FIND, {"dish": "sushi"}),
    ("I'd like some Thai food, please.", FIND, {"cuisine": "thai"}),
    ("Can you find me an Italian restaurant?", FIND, {"cuisine": "italian"}),
    ("Is there a Mexican place in the old town?", FIND, {"cuisine": "mexican", "area": "Old Town"}),
    ("We're looking for something cheap near the harbour.", FIND, {"area": "Harbour", "price": "cheap"}),
    ("Do you have any vegan restaurants?", FIND, {"diet": "vegan"}),
    ("Where can I get a good pizza?", FIND, {"dish": "pizza"}),
    ("I'm craving ramen.", FIND, {"dish": "ramen"}),
    ("Somewhere with gluten free food, not too expensive.", FIND, {"diet": "gluten_free", "price": "cheap"}),
    ("A fancy French restaurant for my anniversary.", FIND, {"cuisine": "french", "price": "expensive"}),
    ("Which restaurants are open at ten tonight?", FIND, {"open_at": "2026-11-22T22:00"}),
    ("Can you recommend a Japanese place in the city centre?", FIND, {"cuisine": "japanese", "area": "City Centre"}),
    ("Something Italian for Friday evening, there are four of us.", FIND, {"cuisine": "italian"}),
    ("Find me a burger.", FIND, {"dish": "burger"}),
    ("I want Chinese, or maybe not Chinese, Thai.", FIND, {"cuisine": "thai"}),
    ("Italian, no sorry, Mexican.", FIND, {"cuisine": "mexican"}),
    ("Who does pad thai?", FIND, {"dish": "pad thai"}),
    ("Any halal places downtown?", FIND, {"diet": "halal", "area": "City Centre"}),
    ("I would like to eat tacos with my family.", FIND, {"dish": "tacos"}),
    ("Is there anywhere that serves dim sum?", FIND, {"dish": "dim sum"}),
    ("Show me vegetarian restaurants with moderate prices.", FIND, {"diet": "vegetarian", "price": "moderate"}),
    ("thai", FIND, {"cuisine": "thai"}),
    # searching, as recognised
    ("i feel like some tie food", FIND, {"cuisine": "thai"}),
    ("thigh food please", FIND, {"cuisine": "thai"}),
    ("an itallian restaurant", FIND, {"cuisine": "italian"}),
    ("mexicans food in the old town", FIND, {"cuisine": "mexican", "area": "Old Town"}),
    ("i fancy sushy to night", FIND, {"dish": "sushi"}),
    ("somewhere cheap by the harbor", FIND, {"area": "Harbour", "price": "cheap"}),
    ("can you find me a japaneese place", FIND, {"cuisine": "japanese"}),
    ("i want to eat raman", FIND, {"dish": "ramen"}),
    ("french food in the city center", FIND, {"cuisine": "french", "area": "City Centre"}),
    ("something veggie", FIND, {"diet": "vegetarian"}),
    ("pat thai", FIND, {"dish": "pad thai"}),
    # details, clean
    ("What time does the Golden Lotus close on Sunday?", DETAILS, {"restaurant": LOTUS, "topic": "hours", "date": "2026-11-29"}),
    ("Where is Casa Verde?", DETAILS, {"restaurant": CASA, "topic": "address"}),
    ("What's on the menu at Bangkok Garden?", DETAILS, {"restaurant": BANGKOK, "topic": "menu"}),
    ("How much is the pad thai at Bangkok Garden?", DETAILS, {"restaurant": BANGKOK, "topic": "dish", "dish": "pad thai"}),
    ("Does the Golden Lotus have duck?", DETAILS, {"restaurant": LOTUS, "topic": "dish", "dish": "duck"}),
    ("Can I have the phone number of Giovanni's?", DETAILS, {"restaurant": GIOVANNI, "topic": "phone"}),
    ("Tell me about Le Petit Jardin.", DETAILS, {"restaurant": "Le Petit Jardin", "topic": "about"}),
    ("What about Casa Verde?", DETAILS, {"restaurant": CASA, "topic": "about"}),
    ("Is Smokehouse Six expensive?", DETAILS, {"restaurant": "Smokehouse Six", "topic": "price"}),
    ("Is the Green Fork open tomorrow?", DETAILS, {"restaurant": "The Green Fork", "topic": "hours", "date": TOMORROW}),
    ("What desserts does Giovanni's have?", DETAILS, {"restaurant": GIOVANNI, "topic": "menu", "dish": "desserts"}),
    ("Until what time is Sapporo Kitchen open?", DETAILS, {"restaurant": "Sapporo Kitchen", "topic": "hours"}),
    # details, as recognised
    ("what time does the golden lotos close", DETAILS, {"restaurant": LOTUS, "topic": "hours"}),
    ("wheres giovanis", DETAILS, {"restaurant": GIOVANNI, "topic": "address"}),
    ("the address of jovanni's trattoria", DETAILS, {"restaurant": GIOVANNI, "topic": "address"}),
    ("opening hours of gold in lotus", DETAILS, {"restaurant": LOTUS, "topic": "hours"}),
    ("what is on the menu at bankok garden", DETAILS, {"restaurant": BANGKOK, "topic": "menu"}),
    ("phone number of casa verdi", DETAILS, {"restaurant": CASA, "topic": "phone"}),
    ("tell me about smoke house six", DETAILS, {"restaurant": "Smokehouse Six", "topic": "about"}),
    ("where is the lotus", DETAILS, {"restaurant": LOTUS, "topic": "address"}),
    ("is le petite jardan expensive", DETAILS, {"restaurant": "Le Petit Jardin", "topic": "price"}),
    ("when does sapporo kitchin open on saterday", DETAILS, {"restaurant": "Sapporo Kitchen", "topic": "hours", "date": SATURDAY}),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "tool", "arguments"), LOOKUPS, ids=[row[0] for row in LOOKUPS])
def test_a_first_sentence_leads_to_the_right_lookup(
    sentence: str, tool: str, arguments: dict[str, Any]
) -> None:
    """A caller's first sentence calls the tool it asks for, with what it states and nothing else."""
    outputs = think([assistant(GREETING), user(sentence)])
    assert outputs == [CallFunction(tool, arguments)]


def booking(restaurant: str, date: str, time: str, party: int, name: str) -> dict[str, Any]:
    """The arguments of a booking."""
    return {"restaurant": restaurant, "date": date, "time": time, "party_size": party, "name": name}


BOOKINGS: list[tuple[str, dict[str, Any]]] = [
    # everything in one sentence, clean
    ("I'd like a table for four at the Golden Lotus on Friday at half past seven, under Johnson.", booking(LOTUS, FRIDAY, "19:30", 4, "Johnson")),
    ("Can you book Casa Verde for two people tomorrow at eight? My name is Sarah.", booking(CASA, TOMORROW, "20:00", 2, "Sarah")),
    ("Please reserve a table at Giovanni's for me and my wife, Saturday at 7 p.m., in the name of Peter Brown.", booking(GIOVANNI, SATURDAY, "19:00", 2, "Peter Brown")),
    ("Table for six at Bangkok Garden on December the 5th at quarter to eight, the name is O'Brien.", booking(BANGKOK, "2026-12-05", "19:45", 6, "O'Brien")),
    ("Book the Green Fork tonight at 8:30 for three of us, it's for Anna Schmidt.", booking("The Green Fork", TODAY, "20:30", 3, "Anna Schmidt")),
    ("A table at Smokehouse Six for the five of us next Friday at seven thirty, call me Tom.", booking("Smokehouse Six", FRIDAY, "19:30", 5, "Tom")),
    ("I want to book a table for one at Sapporo Kitchen for lunch tomorrow at 1, name is Lee.", booking("Sapporo Kitchen", TOMORROW, "13:00", 1, "Lee")),
    ("Could I book a table for ten at Casa Verde on the third of January at noon under Van Dyke?", booking(CASA, "2027-01-03", "12:00", 10, "Van Dyke")),
    ("Book a table for four, no sorry, five at the Golden Lotus on Friday at eight under Smith.", booking(LOTUS, FRIDAY, "20:00", 5, "Smith")),
    ("Table for two at Le Petit Jardin, Friday, no, Saturday at twenty past eight, under Mr Jones.", booking("Le Petit Jardin", SATURDAY, "20:20", 2, "Mr Jones")),
    ("I need a table for a couple at Bangkok Garden this Friday at nine o'clock under Kim.", booking(BANGKOK, FRIDAY, "21:00", 2, "Kim")),
    ("A table for two adults and two children at Casa Verde on Saturday at six under Garcia.", booking(CASA, SATURDAY, "18:00", 4, "Garcia")),
    ("Book Giovanni's on New Year's Eve at 7.30 pm for eight people under Rossi.", booking(GIOVANNI, "2026-12-31", "19:30", 8, "Rossi")),
    # everything in one sentence, as recognised
    ("book a table for for at the golden lotos on friday at 7 30 under johnson", booking(LOTUS, FRIDAY, "19:30", 4, "Johnson")),
    ("a table four two at casa verdi tomorrow at ate my name is sarah", booking(CASA, TOMORROW, "20:00", 2, "Sarah")),
    ("table for to people at giovanis saturday 730 under brown", booking(GIOVANNI, SATURDAY, "19:30", 2, "Brown")),
    ("table for people at bankok garden to morrow at 8 under lee", booking(BANGKOK, TOMORROW, "20:00", 4, "Lee")),
    ("table for too at the green fork tonight at half passed seven name is mary", booking("The Green Fork", TODAY, "19:30", 2, "Mary")),
    ("book sapporo kitchen for won person friday at 6 30 pm under chen", booking("Sapporo Kitchen", FRIDAY, "18:30", 1, "Chen")),
    ("i would like to book a table for six at le petit jardin on the fifth of december at quarter two eight under miller", booking("Le Petit Jardin", "2026-12-05", "19:45", 6, "Miller")),
    ("book a table four four at the lotus friday at 19 30 under smith", booking(LOTUS, FRIDAY, "19:30", 4, "Smith")),
    ("reserve smoke house six for free people on saterday at 8 oclock the name is jones", booking("Smokehouse Six", SATURDAY, "20:00", 3, "Jones")),
    ("table for 4 at casa verde 2026-12-01 at 19:00 name is ivy", booking(CASA, "2026-12-01", "19:00", 4, "Ivy")),
    ("a table for ate at giovannis trattoria on friday at seven under king", booking(GIOVANNI, FRIDAY, "19:00", 8, "King")),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "arguments"), BOOKINGS, ids=[row[0] for row in BOOKINGS])
def test_a_booking_in_one_sentence_is_read_back_and_made_on_yes(
    sentence: str, arguments: dict[str, Any]
) -> None:
    """Nothing is booked before the read-back; a yes books exactly what was said."""
    talk = Talk()
    talk.says(sentence)
    assert talk.calls == []
    talk.says("Yes.")
    assert talk.booked == [arguments]


FULL = "Book a table for four at the Golden Lotus on Friday at half past seven under Johnson."
ANSWERS: list[tuple[str, str, object]] = [
    # the sentence that leaves one thing out, the bare answer, and the value it gives
    ("Book a table at the Golden Lotus on Friday at seven under Smith.", "Four.", 4),
    ("Book a table at the Golden Lotus on Friday at seven under Smith.", "for", 4),
    ("Book a table at the Golden Lotus on Friday at seven under Smith.", "four please", 4),
    ("Book a table at the Golden Lotus on Friday at seven under Smith.", "To.", 2),
    ("Book a table at the Golden Lotus on Friday at seven under Smith.", "too", 2),
    ("Book a table at the Golden Lotus on Friday at seven under Smith.", "Just me.", 1),
    ("Book a table at the Golden Lotus on Friday at seven under Smith.", "There will be six of us.", 6),
    ("Book a table at the Golden Lotus on Friday at seven under Smith.", "ate", 8),
    ("Book a table at the Golden Lotus on Friday at seven under Smith.", "won", 1),
    ("Book a table at the Golden Lotus on Friday at seven under Smith.", "me and two friends", 3),
    ("Book a table at the Golden Lotus on Friday at seven under Smith.", "for people", 4),
    ("Book a table at the Golden Lotus on Friday at seven under Smith.", "we are five people", 5),
    ("Book a table for two at the Golden Lotus on Friday under Smith.", "Seven thirty.", "19:30"),
    ("Book a table for two at the Golden Lotus on Friday under Smith.", "7 30", "19:30"),
    ("Book a table for two at the Golden Lotus on Friday under Smith.", "730", "19:30"),
    ("Book a table for two at the Golden Lotus on Friday under Smith.", "7.30", "19:30"),
    ("Book a table for two at the Golden Lotus on Friday under Smith.", "Eight.", "20:00"),
    ("Book a table for two at the Golden Lotus on Friday under Smith.", "ate", "20:00"),
    ("Book a table for two at the Golden Lotus on Friday under Smith.", "half past seven", "19:30"),
    ("Book a table for two at the Golden Lotus on Friday under Smith.", "half seven", "19:30"),
    ("Book a table for two at the Golden Lotus on Friday under Smith.", "quarter to nine", "20:45"),
    ("Book a table for two at the Golden Lotus on Friday under Smith.", "around eight", "20:00"),
    ("Book a table for two at the Golden Lotus on Friday under Smith.", "at noon", "12:00"),
    ("Book a table for two at the Golden Lotus on Friday under Smith.", "six forty five pm", "18:45"),
    ("Book a table for two at the Golden Lotus on Friday under Smith.", "for eight", "20:00"),
    ("Book a table for two at the Golden Lotus on Friday under Smith.", "nineteen thirty", "19:30"),
    ("Book a table for two at the Golden Lotus on Friday under Smith.", "eight oh five", "20:05"),
    ("Book a table for two at the Golden Lotus at eight under Smith.", "Tomorrow.", TOMORROW),
    ("Book a table for two at the Golden Lotus at eight under Smith.", "on saturday", SATURDAY),
    ("Book a table for two at the Golden Lotus at eight under Smith.", "the fifth", "2026-12-05"),
    ("Book a table for two at the Golden Lotus at eight under Smith.", "the day after tomorrow", "2026-11-24"),
    ("Book a table for two at the Golden Lotus at eight under Smith.", "December 12th", "2026-12-12"),
    ("Book a table for two at the Golden Lotus at eight under Smith.", "friday week", "2026-12-04"),
    ("Book a table for two at the Golden Lotus at eight under Smith.", "to night", TODAY),
    ("Book a table for two at the Golden Lotus on Friday at eight.", "Sarah Johnson.", "Sarah Johnson"),
    ("Book a table for two at the Golden Lotus on Friday at eight.", "it's sarah", "Sarah"),
    ("Book a table for two at the Golden Lotus on Friday at eight.", "Under Johnson, please.", "Johnson"),
    ("Book a table for two at the Golden Lotus on Friday at eight.", "um mark please", "Mark"),
    ("Book a table for two at the Golden Lotus on Friday at eight.", "J O N E S", "Jones"),
    ("Book a table for two at the Golden Lotus on Friday at eight.", "The name is McDonald.", "McDonald"),
    ("Book a table for two at the Golden Lotus on Friday at eight.", "you can put it under rose", "Rose"),
    ("Book a table for two on Friday at eight under Smith.", "Casa Verde.", CASA),
    ("Book a table for two on Friday at eight under Smith.", "at the lotos", LOTUS),
    ("Book a table for two on Friday at eight under Smith.", "giovanis please", GIOVANNI),
]  # fmt: skip


@pytest.mark.parametrize(
    ("opening", "answer", "value"), ANSWERS, ids=[f"{row[0][-30:]} {row[1]}" for row in ANSWERS]
)
def test_a_bare_answer_fills_what_was_asked_for(opening: str, answer: str, value: object) -> None:
    """One short answer completes the booking: it is read back, and a yes books it."""
    talk = Talk()
    asked = talk.says(opening)
    assert asked.endswith("?")
    assert talk.calls == []
    talk.says(answer)
    talk.says("Yes, please.")
    assert len(talk.booked) == 1
    assert value in talk.booked[0].values()


CORRECTIONS: list[tuple[str, dict[str, Any]]] = [
    ("No, make it five.", {"party_size": 5}),
    ("no for five people", {"party_size": 5}),
    ("Actually Saturday.", {"date": SATURDAY}),
    ("No, not Friday, Saturday.", {"date": SATURDAY}),
    ("Make it eight thirty.", {"time": "20:30"}),
    ("No, at eight.", {"time": "20:00"}),
    ("Yes, but for six people.", {"party_size": 6}),
    ("No, the name is Jackson.", {"name": "Jackson"}),
    ("no at casa verde", {"restaurant": CASA}),
    ("Tomorrow at nine instead.", {"date": TOMORROW, "time": "21:00"}),
    ("sorry, I meant two people at seven", {"party_size": 2, "time": "19:00"}),
    ("no make it ate o'clock", {"time": "20:00"}),
]


@pytest.mark.parametrize(("correction", "changes"), CORRECTIONS, ids=[row[0] for row in CORRECTIONS])
def test_a_correction_is_read_back_again_before_booking(correction: str, changes: dict[str, Any]) -> None:
    """After a correction the mind reads everything back once more; only then does a yes book, with the change."""
    talk = Talk()
    talk.says(FULL)
    assert talk.says(correction).endswith("Is that right?")
    assert talk.calls == []
    talk.says("Yes.")
    assert talk.booked == [booking(LOTUS, FRIDAY, "19:30", 4, "Johnson") | changes]


@pytest.mark.parametrize("agreement", [
    "Yes.", "yeah", "yep", "Sure.", "That's right.", "thats correct", "Yes please.", "ok", "Perfect, thank you.", "go ahead",
    "Sounds good.", "yes that's right thank you", "Yes, book it.", "correct", "absolutely", "yeah that's great",
])  # fmt: skip
def test_a_plain_yes_books(agreement: str) -> None:
    """Every usual way to agree to the read-back makes the booking."""
    talk = Talk()
    talk.says(FULL)
    talk.says(agreement)
    assert talk.booked == [booking(LOTUS, FRIDAY, "19:30", 4, "Johnson")]


@pytest.mark.parametrize("answer", [
    "No.", "nope", "wait", "hmm", "Yes but wait.", "I'm not sure.", "maybe", "what?", "Sorry?", "thank you", "never mind",
    "that's wrong", "yes, do they have parking?", "know", "Is it open on Friday?", "", "I don't think so", "asdf jkl",
])  # fmt: skip
def test_anything_short_of_a_yes_books_nothing(answer: str) -> None:
    """A no, a doubt, a question or noise after the read-back commits nothing."""
    talk = Talk()
    talk.says(FULL)
    talk.says(answer)
    assert talk.booked == []


@pytest.mark.parametrize("goodbye", [
    "Goodbye.", "bye", "Thanks, bye.", "That's all, thank you.", "nothing else thanks", "No that's all.", "good night", "ok bye bye",
])  # fmt: skip
def test_a_goodbye_gets_a_farewell_and_ends_the_call(goodbye: str) -> None:
    """A farewell is spoken together with the tool that hangs up."""
    said, ended = think([assistant("Is there anything else I can do for you?"), user(goodbye)])
    assert isinstance(said, Say)
    assert "oodbye" in said.text
    assert ended == CallFunction("end_call", {})


@pytest.mark.parametrize(("sentence", "part"), [
    ("What's the capital of France?", "I can find restaurants"),
    ("Tell me a joke about the police.", "I can find restaurants"),
    ("What can you do?", "book a table"),
    ("Hello.", "How can I help you?"),
    ("Thank you.", "welcome"),
    ("flim flam zorp", "did not catch"),
    ("My name is Sarah.", "Sarah"),
    ("How are you?", "well"),
    ("Hold on a second.", "take your time"),
])  # fmt: skip
def test_other_sentences_get_a_fitting_reply(sentence: str, part: str) -> None:
    """Greetings, thanks, questions off the subject and noise get words, and no call."""
    (said,) = think([assistant(GREETING), user(sentence)])
    assert isinstance(said, Say)
    assert part in said.text
