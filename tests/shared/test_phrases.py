"""Fixed phrases: what a caller must be told, and what they must not be offered."""

from __future__ import annotations

import msgspec
import pytest

from shared.agent_config import load_agent
from shared.phrases import Phrases
from shared.settings import DEFAULT_AGENT_DIR

ENGLISH = load_agent(DEFAULT_AGENT_DIR).phrases["en"]


def with_phrase(**changes: str) -> Phrases:
    return msgspec.structs.replace(ENGLISH, **changes)


@pytest.mark.parametrize(
    "greeting",
    [
        "Hello, I am an AI.",
        "You are speaking with an A.I. assistant.",
        "Artificial intelligence answers this line.",
        "Our automated assistant helps you.",
        "Hi, I'm a chatbot.",
        "Hallo, hier spricht die KI.",
        "Ich bin eine künstliche Intelligenz.",
        "Hier ist die virtuelle Assistentin.",
        "Bonjour, je suis une intelligence artificielle.",
        "Je suis l'assistant numérique.",
        "Soy el asistente automático.",
        "Soy una inteligencia artificial.",
        "Sono un assistente virtuale.",
        "Olá, fala a IA do restaurante.",
        "AIアシスタントです。",
    ],
)
def test_a_greeting_that_says_what_speaks(greeting: str) -> None:
    assert with_phrase(greeting=greeting).greeting == greeting


@pytest.mark.parametrize(
    "greeting",
    [
        "Hello, this is Larkhaven Tables. I am Kim. What would you like?",
        "Bonjour, j'ai une table pour vous.",
        "Buongiorno, ai tavoli c'è Maria.",
        "Said again: hello. Aid, maid, Kinder, Iago.",
        "KIM HIER, HALLO.",
    ],
)
def test_a_greeting_that_does_not_is_refused(greeting: str) -> None:
    with pytest.raises(
        ValueError, match=r"^greeting: does not say that an AI speaks; say so with a word such"
    ):
        with_phrase(greeting=greeting)


def test_zero_is_offered_only_when_there_is_a_person() -> None:
    phrases = with_phrase(press_a_key="Press 1 or 2.", press_zero="Or 0 for a person.")
    assert phrases.keys_named == {"1", "2"}
    assert phrases.key_offer(person=False) == "Press 1 or 2."
    assert phrases.key_offer(person=True) == "Press 1 or 2. Or 0 for a person."


def test_zero_has_its_own_phrase() -> None:
    with pytest.raises(
        ValueError, match=r"^press_a_key: names 0; leave it to press_zero, which is said while"
    ):
        with_phrase(press_a_key="Press 1 for food, or 0 for a person.")
    with pytest.raises(ValueError, match=r"^press_zero: does not name key 0"):
        with_phrase(press_zero="Or hold the line, for 10 minutes.")
