"""What the agent says word for word, in one language: a table `[phrases.en]` of agent.toml."""

from __future__ import annotations

from typing import Annotated

import msgspec

from shared.config_check import Table

type Line = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


class Phrases(Table, frozen=True, kw_only=True):
    """The fixed phrases of one language. All are needed: a caller must not fall into another language."""

    greeting: Line
    """Spoken first. Says that an AI speaks and ends with a question."""
    apology: Line
    """When a reply does not come; ends with a question."""
    farewell: Line
    """When the call has reached its longest time."""
    still_there: Line
    """The first check when nobody has spoken for a while."""
    still_there_again: Line
    silence_goodbye: Line
    """Before hanging up because nobody speaks."""
    not_heard: Line
    """The caller's words could not be made out: say it again."""
    not_heard_again: Line
    """A second time: a question that a few words answer."""
    press_a_key: Line
    """A third time: names the keys of `keypad.menu`, and 0 for a person."""
    fillers: Annotated[tuple[Line, ...], msgspec.Meta(min_length=2, max_length=10)]
    """While a tool takes long; said in turn, so that none is heard twice in a row."""
    transferring: Line
    """Before the call is put through to a person."""
    transfer_failed: Line
    """The person did not answer and the agent is back; ends with a question."""
    no_person: Line
    """Nobody can be reached now; ends with a question."""
