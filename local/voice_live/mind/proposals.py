"""A yes to something proposed, as in "Would half past eight suit you?" or "Do you mean the Fern?"."""

from __future__ import annotations

import re
from typing import Any

from local.voice_live.mind.acts import Act
from local.voice_live.mind.goal import Goal
from local.voice_live.mind.reading import Reading, read
from local.voice_live.mind.schema import Kind
from local.voice_live.mind.slots import values_in
from local.voice_live.mind.talk import Talk


def proposed_value(talk: Talk, goal: Goal, reading: Reading) -> dict[str, Any]:
    """The new values that the last thing said proposes, if the caller agrees and it proposes one of each.

    Two proposals for one parameter ("half past six or nine?") are no proposal to say yes to: nothing is
    returned, and the question is asked again.
    """
    if Act.YES not in reading.acts or Act.NO in reading.acts or not talk.last_said.endswith("?"):
        return {}
    wanted = {parameter.name for parameter in (*goal.missing, *goal.at_fault)}
    found: dict[str, set[str]] = {}
    for part in re.split(r",|\bor\b|\band\b|(?<=[.!?])\s", talk.last_said):
        values = values_in(read(part, talk.schema, talk.now, talk.names), goal.tool, talk.schema, talk.now)
        for name, value in values.items():
            if name in wanted and goal.given.get(name) != value:
                found.setdefault(name, set()).add(str(value))
    if any(len(values) != 1 for values in found.values()):
        return {}
    parties = {p.name for p in goal.tool.parameters if p.kind is Kind.PARTY}
    return {
        name: int(value) if name in parties else value for name, values in found.items() for value in values
    }
