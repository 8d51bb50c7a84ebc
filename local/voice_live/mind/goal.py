"""What is being prepared: a tool, and what the caller has given for it so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Any

from local.voice_live.mind.heard import Heard
from local.voice_live.mind.outputs import CallFunction
from local.voice_live.mind.schema import Kind, Parameter, Tool
from local.voice_live.mind.slots import missing
from local.voice_live.mind.times import tells_evening, tells_morning
from local.voice_live.mind.words import tokenise

_NOON = 12


@dataclass(slots=True)
class Goal:
    """A tool being prepared and the arguments given so far."""

    tool: Tool
    given: dict[str, Any]
    at_fault: tuple[Parameter, ...] = ()
    """What the last failure was about, until the caller says something new."""
    morning: bool = False
    """The caller has spoken of the morning, so that a bare hour said later is one of it."""

    @property
    def missing(self) -> list[Parameter]:
        """What must still be asked."""
        return missing(self.tool, self.given)

    @property
    def call(self) -> CallFunction:
        """The call as prepared, its arguments in the order of the tool's parameters."""
        names = [p.name for p in self.tool.parameters]
        return CallFunction(self.tool.name, {name: self.given[name] for name in names if name in self.given})

    def mind_the_morning(self, heard: Heard) -> None:
        """ "Tomorrow morning", and in a later sentence "at ten": ten in the morning."""
        words = [token.text for token in tokenise(heard.text)]
        if tells_morning(words) or tells_evening(words):
            self.morning = tells_morning(words)
            return
        clock = self.tool.of_kind(Kind.TIME)
        said = heard.values.get(clock.name) if clock is not None else None
        if self.morning and clock is not None and isinstance(said, str):
            at = time.fromisoformat(said)
            if at.hour > _NOON:
                self.given[clock.name] = at.replace(hour=at.hour - _NOON).strftime("%H:%M")
