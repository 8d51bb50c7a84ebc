"""A small made-up city to talk about, with tools of the usual kind, for tests of the mind."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.voice_live.mind import CallFunction, Output, PolicyMind, Say

INSTRUCTIONS = "You answer the phone of a restaurant guide. Today is Sunday 22 November 2026. It is 18:04."
GREETING = "Hello, this is the guide. How can I help you?"

RESTAURANTS = (
    "The Golden Lotus", "Giovanni's Trattoria", "Bangkok Garden", "Casa Verde", "Le Petit Jardin",
    "Smokehouse Six", "The Green Fork", "Sapporo Kitchen",
)  # fmt: skip
CUISINES = ("chinese", "italian", "thai", "mexican", "french", "american", "vegetarian", "japanese")
TOPICS = ("menu", "dish", "hours", "address", "phone", "price", "diet", "payment", "access", "about")


def _text(description: str, options: Sequence[str] = ()) -> dict[str, Any]:
    return {"type": "string", "description": description} | ({"enum": list(options)} if options else {})


def _tool(
    name: str, description: str, properties: dict[str, Any], required: Sequence[str] = ()
) -> dict[str, Any]:
    shape = {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }
    return {"type": "function", "name": name, "description": description, "parameters": shape}


RESTAURANT = _text("The restaurant the caller means.", RESTAURANTS)
TOOLS: list[dict[str, Any]] = [
    _tool(
        "find_restaurants",
        "Find restaurants that fit what the caller says.",
        {
            "cuisine": _text("Kind of food.", CUISINES),
            "dish": _text("A dish the caller names."),
            "diet": _text("A diet.", ("vegan", "vegetarian", "gluten_free", "halal")),
            "area": _text("Part of the town.", ("Old Town", "Harbour", "City Centre")),
            "price": _text("Price level.", ("cheap", "moderate", "expensive")),
            "open_at": _text("When it must be open, YYYY-MM-DDTHH:MM."),
        },
    ),
    _tool(
        "restaurant_details",
        "Tell one fact about one restaurant.",
        {
            "restaurant": RESTAURANT,
            "topic": _text("What the caller asks about.", TOPICS),
            "date": _text("The day, YYYY-MM-DD, for hours."),
            "dish": _text("The dish, for topic dish."),
        },
        ("restaurant", "topic"),
    ),
    _tool(
        "book_table",
        "Book a table. Read everything back first; the caller must confirm before this is called.",
        {
            "restaurant": RESTAURANT,
            "date": _text("Day, YYYY-MM-DD."),
            "time": _text("Time, HH:MM, 24 hours."),
            "party_size": {"type": "integer", "description": "Number of people."},
            "name": _text("Name for the booking."),
        },
        ("restaurant", "date", "time", "party_size", "name"),
    ),
    _tool("end_call", "Hang up after saying goodbye.", {"reason": _text("Why the call ends.")}),
]

TRANSFER = _tool(
    "transfer_to_person",
    "Put the caller through to a person.",
    {
        "reason": _text("Why a person is needed."),
        "summary": _text("What the person should know."),
        "restaurant": RESTAURANT,
    },
    ("reason", "summary"),
)

WEATHER: list[dict[str, Any]] = [
    _tool("get_weather", "Look up the weather for a city.", {"city": {"type": "string"}}, ["city"]),
]

type Runner = Callable[[str, dict[str, Any]], object]


def find_two(_: str, __: dict[str, Any]) -> dict[str, Any]:
    """Whatever is searched, these two are found."""
    found = [
        {
            "id": "golden-lotus",
            "name": "The Golden Lotus",
            "cuisine": "chinese",
            "area": "Old Town",
            "price": "moderate",
        },
        {
            "id": "bangkok-garden",
            "name": "Bangkok Garden",
            "cuisine": "thai",
            "area": "Harbour",
            "price": "cheap",
        },
    ]
    return {
        "restaurants": found,
        "spoken": "There is The Golden Lotus in the old town, and Bangkok Garden at the harbour.",
    }


def answer(name: str, arguments: dict[str, Any]) -> object:
    """Results as good tools give them."""
    if name == "find_restaurants":
        return find_two(name, arguments)
    if name == "restaurant_details":
        return {"spoken": f"About {arguments['restaurant']}, {arguments['topic']}: all is well."}
    if name == "book_table":
        return {"booked": True, "code": "AB12", "spoken": "Your table is booked. Your code is A B one two."}
    return {"ended": True}


def user(text: str) -> dict[str, Any]:
    """A spoken turn of the caller, as its item carries it."""
    return {"type": "message", "role": "user", "content": [{"type": "input_audio", "transcript": text}]}


def assistant(text: str) -> dict[str, Any]:
    """A spoken reply."""
    return {"type": "message", "role": "assistant", "content": [{"type": "audio", "transcript": text}]}


def system(text: str) -> dict[str, Any]:
    """A system item."""
    return {"type": "message", "role": "system", "content": [{"type": "input_text", "text": text}]}


def think(
    items: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]] = TOOLS, **more: Any
) -> list[Output]:
    """One reply of a fresh mind."""
    return PolicyMind().reply(more.pop("instructions", INSTRUCTIONS), tools, items, **more)


@dataclass
class Talk:
    """A whole conversation with the mind; function calls are answered by `run`."""

    run: Runner = answer
    tools: Sequence[dict[str, Any]] = field(default_factory=lambda: TOOLS)
    instructions: str = INSTRUCTIONS
    items: list[dict[str, Any]] = field(default_factory=lambda: [assistant(GREETING)])
    calls: list[CallFunction] = field(default_factory=list)

    def says(self, text: str) -> str:
        """The caller says `text`; returns what the agent says after all calls are answered."""
        self.items.append(user(text))
        said: list[str] = []
        for _ in range(5):
            outputs = think(self.items, self.tools, instructions=self.instructions)
            called = [output for output in outputs if isinstance(output, CallFunction)]
            for output in outputs:
                self.take(output)
                if isinstance(output, Say):
                    said.append(output.text)
            if not called or called[-1].name == "end_call":
                return " ".join(said)
        raise AssertionError(f"the mind calls without end: {self.calls[-5:]}")

    def take(self, output: Output) -> None:
        """Put an output into the conversation as the service does, with the result of a call."""
        if isinstance(output, Say):
            self.items.append(assistant(output.text))
            return
        self.calls.append(output)
        call_id = f"call_{len(self.calls)}"
        arguments = json.dumps(output.arguments)
        self.items.append(
            {"type": "function_call", "call_id": call_id, "name": output.name, "arguments": arguments}
        )
        result = self.run(output.name, output.arguments)
        body = result if isinstance(result, str) else json.dumps(result)
        self.items.append({"type": "function_call_output", "call_id": call_id, "output": body})

    @property
    def booked(self) -> list[dict[str, Any]]:
        """The arguments of every booking made."""
        return [call.arguments for call in self.calls if call.name == "book_table"]
