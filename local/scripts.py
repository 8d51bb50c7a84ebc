"""What callers say in the calls that the tests place and `measure` times."""

from __future__ import annotations

from dataclasses import dataclass

LONG_TALK = (
    "Hello, I feel like Italian food tonight.",
    "What are the opening hours of Trattoria Lucia?",
    "What is on the menu?",
    "What is the address?",
    "Do you know a good Indian restaurant?",
    "What is the address of Bombay Palace?",
    "I would like to book a table there.",
    "Tomorrow at seven, for two people.",
    "My name is Anna.",
    "Yes, please.",
    "No. Goodbye.",
)
"""Advice, questions, a booking and a goodbye."""
LONG_TALK_REPLIES = 10
"""Replies that a long talk has at least."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A table somebody wants, and in what voice they ask."""

    restaurant_name: str
    restaurant_id: str
    party_size: int
    party_word: str
    voice: str

    @property
    def talk(self) -> tuple[str, ...]:
        """What the caller says to get it."""
        return (
            f"I would like to book a table for {self.party_word} at {self.restaurant_name}.",
            "Tomorrow at seven.",
            "My name is Anna.",
            "Yes, please.",
            "Goodbye.",
        )


WISHES = (
    Wish("Tokyo Corner", "tokyo-corner", 2, "two", "low"),
    Wish("Cedar Grill", "cedar-grill", 3, "three", "bright"),
    Wish("Thai Orchid", "thai-orchid", 4, "four", "low"),
    Wish("Bombay Palace", "bombay-palace", 5, "five", "bright"),
    Wish("Napoli Pizza", "napoli-pizza", 6, "six", "low"),
)
"""Five at once, at restaurants that are open every evening: the day of the run does not matter."""
