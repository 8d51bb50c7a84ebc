"""A name as the answer to "What name shall I put it under?", likely or not."""

from __future__ import annotations

from typing import Any

from local.voice_live.mind.acts import Act
from local.voice_live.mind.goal import Goal
from local.voice_live.mind.heard import Heard, Want
from local.voice_live.mind.reading import Reading
from local.voice_live.mind.schema import Kind
from local.voice_live.mind.slots import value_of, values_in
from local.voice_live.mind.talk import Talk
from local.voice_live.mind.vocabulary import FILLERS, STOPWORDS
from local.voice_live.mind.words import word_set

_SURE = 2.0
"""Evidence for another tool from which the sentence is no name."""


def name_given(talk: Talk, goal: Goal, reading: Reading) -> dict[str, Any]:
    """The answer to "What name?", with what else is stated in plain form: "Sarah, for four at eight"."""
    expected = talk.expected
    if expected is None or expected.kind is not Kind.PERSON or Act.CANCEL in reading.acts:
        return {}
    name = value_of(expected, reading, goal.tool, talk.schema, talk.now, asked=True)
    if name is None:
        return {}
    others = values_in(reading, goal.tool, talk.schema, talk.now)
    plain_kinds = (Kind.DATE, Kind.TIME, Kind.PARTY)
    stated = {
        p.name: others[p.name] for p in goal.tool.parameters if p.kind in plain_kinds and p.name in others
    }
    return stated | {expected.name: name}


_NAME_LEADS = word_set("it its is the that thats my name names under for this please")


def unlikely_name(talk: Talk, goal: Goal, reading: Reading) -> Heard | None:
    """A word that is no name, given for one ("Ten" for Kim): to read it back is better than to ask again.

    A word that says next to nothing, such as "like", has to come twice.
    """
    expected = talk.expected
    if expected is None or expected.kind is not Kind.PERSON or reading.acts & {Act.YES, Act.NO, Act.HELP}:
        return None
    left = [token for token in reading.tokens if token.text not in _NAME_LEADS]
    empty = all(token.text in STOPWORDS | FILLERS for token in left)
    asks_for_it = reading.pull.get(goal.tool.name, 0.0) >= _SURE  # "book it" is no name
    if len(left) != 1 or asks_for_it or (empty and not talk.lost):
        return None
    return Heard(Want.ANSWER, reading.text, goal.tool, {expected.name: left[0].raw.capitalize()})
