"""The last thing said, once more in other and fewer words, and the narrowest question there is."""

from __future__ import annotations

import re

from local.voice_live.mind.asked import Wanted, last_question
from local.voice_live.mind.roles import Role
from local.voice_live.mind.schema import Kind
from local.voice_live.mind.spoken import join_words
from local.voice_live.mind.talk import Talk
from local.voice_live.mind.wording import (
    NOTHING_SAID_YET,
    SHALL_I,
    abilities,
    action,
    brief_question,
    brief_read_back,
    question,
    without_apology,
)
from local.voice_live.mind.words import plain, word_set

_MOST_WORDS = 14
"""Of a statement said again; the caller can ask for the rest."""
_CUT_OFF = word_set("a an the in at on for of to with and or by from under")
"""Words that nothing ends with."""
_I_SAID = "I said: "


def said_again(talk: Talk) -> str:
    """What to say to "sorry?": never the very same words, for those were not understood."""
    last = without_apology(talk.last_said).removeprefix(_I_SAID)
    if not last:
        return NOTHING_SAID_YET
    if talk.reads_back(last):
        return _read_back_again(talk, last)
    if talk.reads_errand(last):
        return f"{_I_SAID}{last}"  # all of it, for a yes to it does it
    asked = last_question(last)
    shorter = f"{_brief_statement(talk, last, asked)} {_brief_question(talk, asked)}".strip()
    if plain(shorter) != plain(last):
        return shorter
    if talk.last_said.startswith(_I_SAID):
        return narrowest_question(talk) or f"I can {abilities(talk.schema)}. What would you like?"
    return f"{_I_SAID}{last}"


def narrowest_question(talk: Talk) -> str | None:
    """A question that one word can answer, about what is open; None when nothing is."""
    goal = talk.goal
    if goal is not None and goal.tool.role is Role.COMMIT and talk.ready:
        return f"Please say yes or no. {brief_read_back(goal.tool, goal.given)} {SHALL_I}"
    return question(talk.expected, talk.schema, again=1) if talk.expected is not None else None


def _read_back_again(talk: Talk, last: str) -> str:
    goal = talk.goal
    if goal is None:
        return last
    brief = f"{brief_read_back(goal.tool, goal.given)} {SHALL_I}"
    return brief if plain(brief) != plain(last) else f"{_I_SAID}{last}"


def _brief_statement(talk: Talk, last: str, asked: str) -> str:
    """The first sentence, or the names alone where several things were told; nothing the third time, and
    nothing in the middle of a booking, where the question is what matters."""
    if asked and (talk.goal is not None or talk.last_said.startswith(_I_SAID)):
        return ""
    statement = last.removesuffix(asked).strip()
    names = talk.names
    if len(names) > 1 and all(name in statement for name in names[:3]):
        return f"{join_words(names[:3])}."
    first = re.split(r"(?<=[.!])\s", statement, maxsplit=1)[0]
    words = first.split()
    if len(words) <= _MOST_WORDS:
        return first
    kept = " ".join(words[:_MOST_WORDS])
    cut = (kept.rpartition(",")[0] or kept).split()
    while len(cut) > 1 and cut[-1].lower() in _CUT_OFF:
        cut.pop()
    return " ".join(cut).rstrip(" .,") + "."


def _brief_question(talk: Talk, asked: str) -> str:
    """The question in fewer words; asked that way already, in more helpful ones."""
    wanted, expected = talk.asked, talk.expected
    if not asked or wanted is None:
        return asked
    if wanted.wanted is Wanted.VALUE and expected is not None:
        one_of = expected.name == talk.schema.subject and len(talk.names) > 1
        brief = "Which one?" if one_of else brief_question(expected)
        return brief if plain(brief) != plain(asked) else question(expected, talk.schema, again=1)
    if wanted.wanted is Wanted.MORE:
        return "Anything else?"
    offered = talk.schema.tool(wanted.name) if wanted.wanted is Wanted.OFFER else None
    if offered is None:
        return asked
    there = " there" if offered.of_kind(Kind.CHOICE, Kind.PLACE, Kind.TEXT) else ""
    return f"Shall I {action(offered)}{there}?"
