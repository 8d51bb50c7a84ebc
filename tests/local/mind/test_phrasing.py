"""The ordinary ways to ask a restaurant line for something, and what a telephone does to them."""

# ruff: noqa: E501 - one sentence a row reads better than a wrapped one

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.voice_live.mind import CallFunction
from tests.local.mind.world import GREETING, Talk, assistant, think, user

FIND, DETAILS = "find_restaurants", "restaurant_details"
LOTUS, GIOVANNI, BANGKOK, CASA = "The Golden Lotus", "Giovanni's Trattoria", "Bangkok Garden", "Casa Verde"
FRIDAY, SATURDAY, TOMORROW, TODAY = "2026-11-27", "2026-11-28", "2026-11-23", "2026-11-22"

SEARCHES: list[tuple[str, dict[str, Any]]] = [
    # where, who and which
    ("Where could we get a curry?", {"dish": "curry"}),
    ("Where can one go for a proper cheesecake?", {"dish": "cheesecake"}),
    ("Who does a decent burger round here?", {"dish": "burger"}),
    ("Can I get a dosa anywhere?", {"dish": "dosa"}),
    ("Where do they serve fish and chips?", {"dish": "fish and chips"}),
    ("My daughter is vegan, where could we eat?", {"diet": "vegan"}),
    ("What's still open at eleven tonight?", {"open_at": "2026-11-22T23:00"}),
    ("Anywhere open after midnight on Saturday?", {"open_at": "2026-11-29T00:00"}),
    # moods
    ("I could murder a pizza.", {"dish": "pizza"}),
    ("We'd like to eat Chinese on Friday at nine in the evening.", {"cuisine": "chinese", "open_at": "2026-11-27T21:00"}),
    ("Let's do Mexican.", {"cuisine": "mexican"}),
    # prices
    ("Nothing too pricey please, maybe Mexican", {"cuisine": "mexican", "price": "cheap"}),
    ("An Italian place that isn't too expensive", {"cuisine": "italian", "price": "cheap"}),
    ("Somewhere that won't break the bank", {"price": "cheap"}),
    ("We don't want to spend much.", {"price": "cheap"}),
    ("A mid-priced French place", {"cuisine": "french", "price": "moderate"}),
    ("somewhere posh for our anniversary", {"price": "expensive"}),
    # diets
    ("We don't eat meat, any ideas?", {"diet": "vegetarian"}),
    ("One of us can't have gluten, what do you suggest?", {"diet": "gluten_free"}),
    # refusals
    ("Not Italian, something Mexican.", {"cuisine": "mexican"}),
    ("Anything but Chinese, maybe Thai", {"cuisine": "thai"}),
    ("I'd rather have Thai than Chinese.", {"cuisine": "thai"}),
    # the whole name of a dish
    ("Where can I get a miso ramen?", {"dish": "miso ramen"}),
    ("I was thinking of spaghetti carbonara.", {"dish": "spaghetti carbonara"}),
    ("I'd like a burger somewhere near the harbour.", {"dish": "burger", "area": "Harbour"}),
    # as recognised
    ("who does a decent stake", {"dish": "steak"}),
    ("you got anything with skull-ups", {"dish": "scallops"}),
    ("we fancy tie tonight", {"cuisine": "thai"}),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "arguments"), SEARCHES, ids=[row[0] for row in SEARCHES])
def test_a_search_in_many_words(sentence: str, arguments: dict[str, Any]) -> None:
    """Whoever asks for no restaurant in particular is told of some, by what was said and nothing else."""
    assert think([assistant(GREETING), user(sentence)]) == [CallFunction(FIND, arguments)]


QUESTIONS: list[tuple[str, str, dict[str, Any]]] = [
    # the question, the topic, and what else it states
    ("How do I get to {}?", "address", {}),
    ("How do I find {}?", "address", {}),
    ("What part of town is {} in?", "address", {}),
    ("Whereabouts is {}?", "address", {}),
    ("Is {} near the harbour?", "address", {}),
    ("When does {} shut?", "hours", {}),
    ("How late can I come to {}?", "hours", {}),
    ("What time can we get in at {}?", "hours", {}),
    ("Is {} closed on Tuesday?", "hours", {"date": "2026-11-24"}),
    ("Is {} open for breakfast tomorrow?", "hours", {"date": TOMORROW}),
    ("I'd like to ring {}.", "phone", {}),
    ("What number do I call for {}?", "phone", {}),
    ("How can I get in touch with {}?", "phone", {}),
    ("What would I pay for dinner at {}?", "price", {}),
    ("Is {} good value?", "price", {}),
    ("How much does a meal cost at {}?", "price", {}),
    ("What's {} like?", "about", {}),
    ("What kind of place is {}?", "about", {}),
    ("Is {} any good?", "about", {}),
    ("I've never been to {}, what's it all about?", "about", {}),
    ("What kind of food does {} have?", "menu", {}),
    ("What can I eat at {}?", "menu", {}),
    ("What sort of curries do they do at {}?", "menu", {"dish": "curries"}),
    ("Which pizzas have {} got?", "menu", {"dish": "pizzas"}),
    ("Do they take credit cards at {}?", "payment", {}),
    ("Is {} cash only?", "payment", {}),
    ("My mother is in a wheelchair, can she get into {}?", "access", {}),
    ("Are there steps at {}?", "access", {}),
    ("Can a coeliac eat at {}?", "diet", {}),
    ("Does {} serve halal meat?", "diet", {}),
    ("Are there nuts in the green curry at {}?", "dish", {"dish": "green curry"}),
    ("Is the lamb kofta at {} spicy?", "dish", {"dish": "lamb kofta"}),
    ("Is there lasanni at {}?", "dish", {"dish": "lasagna"}),
]  # fmt: skip


@pytest.mark.parametrize(("question", "topic", "more"), QUESTIONS, ids=[row[0] for row in QUESTIONS])
@pytest.mark.parametrize("name", [GIOVANNI, "casa verde"])
def test_a_question_about_one_restaurant(question: str, topic: str, more: dict[str, Any], name: str) -> None:
    """The fact asked for is looked up, in whatever words it is asked for."""
    restaurant = GIOVANNI if name == GIOVANNI else CASA
    outputs = think([assistant(GREETING), user(question.format(name))])
    assert outputs == [CallFunction(DETAILS, {"restaurant": restaurant, "topic": topic} | more)]


TABLES: list[tuple[str, str, str, int]] = [
    # commas lost, numbers run together
    ("Can we come to Casa Verde tonight at seven thirty three of us", TODAY, "19:30", 3),
    ("can we come to casa verde tonight at 7:33 of us", TODAY, "19:30", 3),
    ("Tonight at Casa Verde, 7:32.", TODAY, "19:30", 2),
    ("casa verde tomorrow seven thirty four people", TOMORROW, "19:30", 4),
    ("casa verde friday at seven thirty four four people", FRIDAY, "19:30", 4),
    ("for four at eight on friday at casa verde", FRIDAY, "20:00", 4),
    ("Casa Verde, tonight, eight thirty, four people.", TODAY, "20:30", 4),
    ("table for two eight thirty tomorrow at casa verde", TOMORROW, "20:30", 2),
    ("table for 5 at half-seven on Friday at Casa Verde", FRIDAY, "19:30", 5),
    ("for four it ate on friday at casa verde", FRIDAY, "20:00", 4),
    # the party in other words
    ("I want to go to Casa Verde on Friday with three friends at seven", FRIDAY, "19:00", 4),
    ("I'd like to come to Casa Verde on Friday at seven with my wife and two kids.", FRIDAY, "19:00", 4),
    ("Book Casa Verde on Friday at seven for three adults and a child", FRIDAY, "19:00", 4),
    ("We're four and we'd like to come to Casa Verde on Friday at seven", FRIDAY, "19:00", 4),
    ("Two at Casa Verde tonight, seven pm.", TODAY, "19:00", 2),
    # corrections and stumbles
    ("I'd like to book for three, no, four people at Casa Verde on Friday at seven.", FRIDAY, "19:00", 4),
    ("can I um can I book um Casa uh Verde for two two people on Friday at seven", FRIDAY, "19:00", 2),
    # asking whether there is one
    ("Have you got anything free at Casa Verde on Saturday for four at eight?", SATURDAY, "20:00", 4),
    ("Could you squeeze four of us in at Casa Verde on Friday at half past six?", FRIDAY, "18:30", 4),
    ("Is there space for three at Casa Verde on Saturday at seven?", SATURDAY, "19:00", 3),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "date", "time", "party"), TABLES, ids=[row[0] for row in TABLES])
def test_a_table_in_many_words(sentence: str, date: str, time: str, party: int) -> None:
    """Day, time and party are kept apart however they are strung together; a name and a yes book them."""
    talk = Talk()
    for text in (sentence, "Lee", "Yes."):
        talk.says(text)
    assert talk.booked == [
        {"restaurant": CASA, "date": date, "time": time, "party_size": party, "name": "Lee"}
    ]


@pytest.mark.parametrize(("change", "time", "party"), [
    ("no wait, make it nine", "21:00", 4), ("make it five", "20:00", 5), ("make it nine people", "20:00", 9),
])  # fmt: skip
def test_make_it_changes_what_is_nearer(change: str, time: str, party: int) -> None:
    """After "for four at eight", nine is a time and five are people."""
    talk = Talk()
    for text in ("Book Casa Verde on Friday at eight for four under Lee", change, "Yes."):
        talk.says(text)
    assert [(booked["time"], booked["party_size"]) for booked in talk.booked] == [(time, party)]


@pytest.mark.parametrize("leaving", [
    "No, I think that's it, thank you very much.", "I have to go now", "I don't need anything else.",
    "That's all I need by now.", "never mind by", "Right, that's everything, cheers.", "I'll leave it there then.",
])  # fmt: skip
def test_other_ways_to_leave(leaving: str) -> None:
    """A caller who is done is let go."""
    talk = Talk()
    talk.says(leaving)
    assert [call.name for call in talk.calls] == ["end_call"]


NUMBERS = {"for", "to", "too", "or", "one", "eleven", "nine"}
"""Words above that count, or sound as if they did."""


@settings(deadline=None)
@given(
    sentence=st.sampled_from(
        [row[0] for row in SEARCHES] + [row[0].format("Casa Verde") for row in QUESTIONS]
    ),
    places=st.lists(st.tuples(st.integers(0, 20), st.sampled_from(["um", "uh,", "er", ""])), max_size=3),
)
def test_hesitations_and_words_begun_again_change_nothing(
    sentence: str, places: list[tuple[int, str]]
) -> None:
    """ "um" anywhere, and any word but a number said twice, leave the call as it was."""
    words = sentence.replace(",", "").split()
    stumbled = list(words)
    for place, filler in places:
        i = place % len(stumbled)
        word = filler or stumbled[i].rstrip(".?")
        if word.lower() not in NUMBERS:
            stumbled.insert(i, word)
    assert think([assistant(GREETING), user(" ".join(stumbled))]) == think(
        [assistant(GREETING), user(" ".join(words))]
    )
