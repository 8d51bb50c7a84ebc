"""The mind with the project's own tools: it knows them only by their definitions and results."""

# ruff: noqa: E501 - tables of sentences read better a row a line

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.tools import ToolBox
from local.voice_live.mind import CallFunction, PolicyMind, Say
from shared.bookings import BookingStore
from shared.restaurants import Catalogue
from shared.tables import Tables
from tests.bridge.tool_calls import CATALOGUE, NOW, toolbox
from tests.local.mind.world import assistant, user

INSTRUCTIONS = f"You answer a restaurant line. Today is {NOW:%A %d %B %Y}. It is {NOW:%H:%M}."
GREETING = "Hello, this is the restaurant line. What would you like to eat?"
FIND, DETAILS, BOOK = "find_restaurants", "restaurant_details", "book_table"


@pytest.fixture
def store(tables: Tables) -> BookingStore:
    return BookingStore(tables)


@pytest.fixture
def tools(store: BookingStore) -> ToolBox:
    return toolbox(store)


SENTENCES: list[tuple[str, str, dict[str, Any]]] = [
    ("I feel like sushi tonight", FIND, {"dish": "sushi"}),
    ("i want some tie food", FIND, {"cuisine": "Thai"}),
    ("is there a vegan place in the old town", FIND, {"diet": "vegan", "area": "Old Town"}),
    ("something cheap by the harbor", FIND, {"area": "Harbour", "price": "cheap"}),
    ("which restaurants are open now", FIND, {"open_at": "now"}),
    ("I'd like Indian food near the station", FIND, {"cuisine": "Indian", "area": "Station Quarter"}),
    ("do you have any gluten free restaurants", FIND, {"diet": "gluten-free"}),
    ("what time does tokyo corner close", DETAILS, {"restaurant": "Tokyo Corner", "topic": "hours"}),
    ("where is secure a house", DETAILS, {"restaurant": "Sakura House", "topic": "address"}),
    ("how much would the tomahawk be at lone star", DETAILS, {"restaurant": "Lone Star", "topic": "dish", "dish": "tomahawk"}),
    ("how much is the pad thai at thai orchid", DETAILS, {"restaurant": "Thai Orchid", "topic": "dish", "dish": "pad thai"}),
    ("does golden lotos have duck", DETAILS, {"restaurant": "Golden Lotus", "topic": "dish", "dish": "duck"}),
    ("can I pay by card at el camino", DETAILS, {"restaurant": "El Camino", "topic": "payment"}),
    ("is there step free access at blue anchor", DETAILS, {"restaurant": "Blue Anchor", "topic": "access"}),
    ("tell me about bistro market", DETAILS, {"restaurant": "Bistro Margot", "topic": "about"}),
    ("what desserts does trotteria lucia have", DETAILS, {"restaurant": "Trattoria Lucia", "topic": "menu", "dish": "desserts"}),
    ("what about green table", DETAILS, {"restaurant": "Green Table", "topic": "about"}),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "tool", "arguments"), SENTENCES, ids=[row[0] for row in SENTENCES])
async def test_a_sentence_leads_to_the_right_call(
    tools: ToolBox, sentence: str, tool: str, arguments: dict[str, Any]
) -> None:
    """A caller's first sentence leads to the right tool with the right arguments, and the tool accepts them."""
    items = [assistant(GREETING), user(sentence)]
    outputs = await PolicyMind().think(INSTRUCTIONS, tools.definitions(), items)
    assert outputs == [CallFunction(tool, arguments)]
    result = json.loads((await tools.run(tool, json.dumps(arguments))).output)
    assert result.get("error") != "bad_arguments"


async def talk(tools: ToolBox, sentences: list[str]) -> tuple[list[str], list[CallFunction]]:
    """A conversation with the real tools: what was said, and what was called."""
    mind = PolicyMind()
    items: list[dict[str, Any]] = [assistant(GREETING)]
    said: list[str] = []
    calls: list[CallFunction] = []
    for sentence in sentences:
        items.append(user(sentence))
        for _ in range(8):
            outputs = await mind.think(INSTRUCTIONS, tools.definitions(), items)
            called = [output for output in outputs if isinstance(output, CallFunction)]
            said += [output.text for output in outputs if isinstance(output, Say)]
            items += [assistant(output.text) for output in outputs if isinstance(output, Say)]
            for call in called:
                arguments = json.dumps(call.arguments)
                result = await tools.run(call.name, arguments)
                call_id = f"c{len(calls)}"
                calls.append(call)
                items.append(
                    {"type": "function_call", "call_id": call_id, "name": call.name, "arguments": arguments}
                )
                items.append({"type": "function_call_output", "call_id": call_id, "output": result.output})
            if not called or called[-1].name == "end_call":
                break
    return said, calls


async def test_a_whole_call(tools: ToolBox) -> None:
    """Found, asked about, booked with a correction in the real store, and ended."""
    said, calls = await talk(
        tools,
        ["something italian please", "the first one", "what's on the menu", "book a table there", "next friday", "seven thirty",
         "four", "sarah", "no, make it five", "yes", "no thank you"],
    )  # fmt: skip
    assert [call.name for call in calls] == [FIND, DETAILS, "book_table", "end_call"]
    assert calls[2].arguments["party_size"] == 5
    assert "is booked" in said[-2]
    assert "oodbye" in said[-1]


FRIDAY = "2026-11-27"


@pytest.mark.parametrize(("lines", "name", "arguments"), [
    (["Hello, is that the booking line? Any chance of a table at Golden Lotus on Friday at half six?", "It's me and three friends.", "under Wilson", "yes"],
     BOOK, {"restaurant": "Golden Lotus", "time": "18:30", "party_size": 4, "name": "Wilson"}),
    (["A table at Hanabi for three on Friday at eight. The name's Doyle.", "No, it's seven, not eight.", "yes"], BOOK, {"time": "19:00", "party_size": 3}),
    (["A table at Hanabi for three on Friday at eight. The name's Doyle.", "No, we're five, not three.", "yes"], BOOK, {"time": "20:00", "party_size": 5}),
    (["Book me into Flamenco on Friday at nine in the evening, four of us, I'm called Hannah.", "Ah, hang on, make that five.", "yes"],
     BOOK, {"restaurant": "Flamenco", "party_size": 5, "name": "Hannah"}),
    (["Could you squeeze a couple of us in at Thai Orchid on Friday at half seven?", "My name's Gemma.", "That's all correct."],
     BOOK, {"restaurant": "Thai Orchid", "party_size": 2, "name": "Gemma"}),
    (["A table for three at Bombay Palace on Friday at eight, the name's Daniel.", "No, wait, put it under my wife's name, please, Priya.", "You bet."],
     BOOK, {"restaurant": "Bombay Palace", "name": "Priya"}),
    (["I'd like to book dim sum at Jade Pavilion on Friday at half past twelve.", "Let me count, my parents, my sister and me, so four.", "Lily.", "yes"],
     BOOK, {"restaurant": "Jade Pavilion", "party_size": 4, "name": "Lily"}),
    (["A table for three at Golden Lotus on Friday at seven under Palmer.", "yes", "My sister wants to come as well, so we'll be four.", "Yes, please change it."],
     "move_booking", {"party_size": 4}),
    (["A table for two at Golden Lotus on Thursday at seven under Turner.", "yes", "Would Friday be possible, rather than Thursday?", "Yes, Friday, please."],
     "move_booking", {"date": FRIDAY}),
    (["Could you book me into Maple Diner?", "Tomorrow morning.", "Quarter past eight.", "Just me.", "Will.", "Yep."],
     BOOK, {"restaurant": "Maple Diner", "time": "08:15", "party_size": 1, "name": "Will"}),
    (["Can you get us into Smokestack?", "A week on Friday.", "Six p.m.", "Four.", "It's May, like the month.", "Sure, go for it."],
     BOOK, {"restaurant": "Smokestack", "time": "18:00", "party_size": 4, "name": "May"}),
    (["I'd like to book a table at the Copper Kettle.", "Tuesday morning.", "Ten o'clock.", "Three.", "Harriet.", "That's lovely, thank you."],
     BOOK, {"restaurant": "The Copper Kettle", "time": "10:00", "name": "Harriet"}),
    (["Could we get a table at Trattoria Lucia?", "Friday evening.", "Eight.", "Two people. Can we sit outside?", "Daniel.", "Yes, book it."],
     BOOK, {"restaurant": "Trattoria Lucia", "time": "20:00", "party_size": 2, "name": "Daniel"}),
    (["A table at Santorini on Thursday at seven for four under Miles.", "Could you put it under my wife's name instead? Olivia.", "That's right."],
     BOOK, {"name": "Olivia"}),
    (["A table at Hanabi on Thursday at nine for three under George.", "Wait, not Thursday, Friday.", "Yes, that's good."], BOOK, {"date": FRIDAY}),
    (["I'd like to take my mother to Phoenicia on Friday. We'd be eight altogether.", "Seven o'clock.", "Penny.", "Yes, lovely."],
     BOOK, {"restaurant": "Phoenicia", "party_size": 8, "name": "Penny"}),
    (["I don't want to spend more than fifteen euros on a main. Japanese, if possible."], FIND, {"cuisine": "Japanese", "max_price": "15"}),
    (["Does Plaza Mayor do deliveries?"], DETAILS, {"restaurant": "Plaza Mayor", "topic": "delivery"}),
    (["I'm thinking of going to Hanabi on Friday.", "How late are they open?"], DETAILS, {"restaurant": "Hanabi", "topic": "hours", "date": FRIDAY}),
    (["Could I book Santorini for two on Friday at eight? It's for Bill.", "Yes, go ahead.", "Cancel it, please.", "Yes, I'm sure."],
     "cancel_booking", {}),
    (["Please book Nonna Rosa for Friday at six thirty, four people. It's Isabella.", "Yes, correct.",
      "Could you change it to three people? My friend can't make it.", "That's it, thanks."], "move_booking", {"party_size": 3}),
    (["A table for two at Hanoi Moon on Friday at seven under Olivia.", "Oh no, sorry, there'll be three of us.", "Yes, that's it now."],
     BOOK, {"time": "19:00", "party_size": 3}),
    (["A table for nine at Athena on Friday at seven. It's for Nick Harris.", "No, sorry, make it ten people.", "Yes, that's right now."],
     BOOK, {"time": "19:00", "party_size": 10, "name": "Nick Harris"}),
    (["Hi, can you tell me if I've got any bookings coming up?"], "find_bookings", {}),
    (["A table for three at The Copper Kettle on Friday at quarter past twelve. The name is Beryl.", "Yes, that will do nicely."], BOOK, {"name": "Beryl"}),
    (["Can I book Tokyo Corner for Friday at one, two people? My name's Zoe.", "Yep.", "Sorry, my friend's coming too, so it'll be three of us.", "Yes."],
     "move_booking", {"party_size": 3}),
    (["Somewhere French, please.", "Not Bistro Margot, I've been there. What else is there?"], FIND, {"exclude": "Bistro Margot", "refine": True}),
    (["Does Tokyo Corner deliver, and what do they charge for it?"], DETAILS, {"restaurant": "Tokyo Corner", "topic": "delivery"}),
])  # fmt: skip
async def test_how_callers_talk(
    tools: ToolBox, lines: list[str], name: str, arguments: dict[str, Any]
) -> None:
    """Corrections, counts and changes of mind in the words of callers lead to the right last call."""
    _, calls = await talk(tools, lines)
    assert calls[-1].name == name
    assert {key: calls[-1].arguments.get(key) for key in arguments} == arguments


async def test_a_refusal_is_followed(tools: ToolBox) -> None:
    """A table outside the hours is refused; the mind asks as the tool says and books what the caller takes."""
    said, calls = await talk(
        tools,
        [
            "book a table for two at golden lotus next friday at 3 in the morning under lee",
            "yes",
            "half past seven",
            "yes",
        ],
    )
    assert [call.name for call in calls] == ["book_table", "book_table"]
    assert said[1].endswith("?")
    assert "is booked" in said[-1]


async def test_more_names_than_a_schema_holds(store: BookingStore) -> None:
    """Without an enum the mind passes on the name as it was said, for the tool to find."""
    many = ToolBox(
        Catalogue(CATALOGUE.city, CATALOGUE.restaurants * 5), store, call_id="c", caller=None, now=lambda: NOW
    )
    items = [assistant(GREETING), user("What is on the menu at Golden Lotus?")]
    (call,) = await PolicyMind().think(INSTRUCTIONS, many.definitions(), items)
    assert call == CallFunction(DETAILS, {"restaurant": "Golden Lotus", "topic": "menu"})


@pytest.mark.parametrize(("sentence", "arguments"), [
    ("something cheaper", {"price": "cheaper", "refine": True}),
    ("what about in the old town", {"area": "Old Town", "refine": True}),
    ("do you have anything quieter", {"atmosphere": "quiet", "refine": True}),
    ("not that one", {"exclude": "FIRST", "refine": True}),
    ("something else please", {"exclude": "ALL", "refine": True}),
    ("I don't like the second one", {"exclude": "SECOND", "refine": True}),
])  # fmt: skip
async def test_a_search_goes_on(tools: ToolBox, sentence: str, arguments: dict[str, Any]) -> None:
    """Only what changes is given, or which of those found is not wanted; the tool accepts it."""
    said, calls = await talk(tools, ["Italian food please", sentence])
    names = [
        one["name"]
        for one in json.loads((await tools.run(FIND, '{"cuisine": "Italian"}')).output)["restaurants"]
    ]
    meant = {"FIRST": names[0], "SECOND": names[1], "ALL": ", ".join(names)}
    assert calls[1].arguments == {name: meant.get(str(value), value) for name, value in arguments.items()}
    assert "argument" not in said[-1]


@pytest.mark.parametrize(("sentence", "arguments"), [
    ("I want a steak for under twenty euros", {"dish": "steak", "max_price": "20"}),
    ("a quiet restaurant near the cathedral", {"atmosphere": "quiet", "near": "cathedral"}),
    ("I'm allergic to nuts, is there Thai food", {"cuisine": "Thai", "avoid": "nuts"}),
    ("who delivers sushi to 14 Lantern Street", {"dish": "sushi", "deliver_to": "14 Lantern Street"}),
    ("any highly rated Greek places", {"cuisine": "Greek", "rating": "4.5"}),
    ("Italian for four tonight at eight", {"cuisine": "Italian", "open_at": "2026-11-22 20:00", "party_size": 4}),
])  # fmt: skip
async def test_a_search_is_narrowed(tools: ToolBox, sentence: str, arguments: dict[str, Any]) -> None:
    """By a price, a place, what must not be eaten, an address, a rating, a time and a number of people."""
    _, calls = await talk(tools, [sentence])
    assert calls[0] == CallFunction(FIND, arguments)
    assert json.loads((await tools.run(FIND, json.dumps(arguments))).output).get("error") != "bad_arguments"
