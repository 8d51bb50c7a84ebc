"""Small talk, for a session without tools and for courtesies in one with tools."""

from __future__ import annotations

import re
from collections.abc import Sequence

from local.voice_live.mind.names import find_name
from local.voice_live.mind.words import plain, tokenise

_ROLE = re.compile(r"\byou are (an? [^.\n,;]{3,60})", re.IGNORECASE)
_SAY = re.compile(r"^(?:please )?(?:say|repeat(?: after me)?)(?: exactly)?\s*:?\s+(.+)$", re.IGNORECASE)
_MY = re.compile(r"\bmy ([a-z ]{2,30}?) (?:is|are|was) ([^.!?]+)", re.IGNORECASE)
_WHAT_IS_MY = re.compile(
    r"\b(?:what|whats|what's|who)(?: is| are| was)? my ([a-z ]{2,30}?)\s*(?:again)?\s*\?*$", re.IGNORECASE
)


def introduce_self(instructions: str) -> str:
    """Who the instructions say is speaking: "I am a helpful assistant." Empty when they do not say."""
    found = _ROLE.search(instructions)
    return f"I am {found[1].strip()}." if found else ""


def chat(text: str, instructions: str, earlier: Sequence[str]) -> str:
    """An answer in one or two sentences.

    `earlier` are the caller's earlier sentences, which may hold the answer.
    """
    if asked := _WHAT_IS_MY.search(text.strip()):
        return _recall(asked[1].strip().lower(), earlier)
    if wish := _SAY.match(text.strip()):
        return _said_on_request(wish[1].strip())
    words = plain(text)
    if re.search(r"\bhow (are you|is it going|do you do)\b|\bhows it going\b", words):
        return "I am well, thank you. How can I help you?"
    if re.search(r"\b(who|what) are you\b|\bare you (a|an) \w+\b|\bwhat can you do\b", words):
        return introduce_self(instructions) or "I am an assistant on the telephone. How can I help you?"
    if re.search(r"\b(can you hear me|are you there|anybody there)\b", words):
        return "Yes, I can hear you. How can I help you?"
    if re.search(r"\b(thanks|thank you|cheers)\b", words):
        return "You are welcome."
    name = find_name(tokenise(text))
    if name is not None:
        return f"Hi {name.value}, nice to meet you! How can I help you today?"
    if re.search(r"^(hello|hi|hey|hola|hallo|good (morning|evening|afternoon))\b", words):
        return "Hello! How can I help you today?"
    if text.strip().endswith("?"):
        return "I am afraid I do not know that. What else can I do for you?"
    return "I see. Tell me more."


def _recall(what: str, earlier: Sequence[str]) -> str:
    for sentence in reversed(earlier):
        for found in reversed(list(_MY.finditer(sentence))):
            if found[1].strip().lower() == what:
                return f"Your {what} is {found[2].strip()}."
        if what == "name" and (name := find_name(tokenise(sentence))):
            return f"Your name is {name.value}."
    return f"You have not told me your {what} yet."


def _said_on_request(wish: str) -> str:
    if re.match(r"(?:a |your )?(?:\w+ )?(?:greeting|hello|hi)\b", wish, re.IGNORECASE):
        return "Hello!"
    return wish.strip("\"'\u201c\u201d ")
