"""What a new session is told of a call that was cut off: it stands in the history before the greeting.

As items and not as instructions, so that the caller's words stay the caller's. No I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bridge.tool_results import failure
from bridge.voicelive import wire
from shared.caller_calls import Past
from shared.calls import ToolRun, Turn

MOST_ITEMS: Final = 24
"""Turns and tool runs, the last ones: what a person would still have in mind."""
_UNKNOWN: Final = failure(
    "outcome_unknown",
    "The line broke while this was being done, so it may be done or not. Look it up before you do it again.",
).output
"""What came of a tool whose end nobody wrote down."""
_MOST_TEXT: Final = 2000
"""Characters of one turn, or one result."""


def history(calls: Sequence[Past], words: str = "", *, most: int = MOST_ITEMS) -> list[wire.HistoryItem]:
    """What was said and done in these calls, the oldest first, as items of a conversation.

    `words` for the model come before it; for an agent that takes no instructions in the settings.
    """
    steps: list[tuple[int, Turn | ToolRun]] = []
    for number, past in enumerate(calls):
        own: list[Turn | ToolRun] = [*past.turns, *past.tools]
        steps += [(number, step) for step in sorted(own, key=lambda step: step.seq)]
    items: list[wire.HistoryItem] = []
    if words:
        items.append(wire.MessageItem("system", [wire.TextPart("input_text", words)]))
    for number, step in steps[-most:]:
        if isinstance(step, ToolRun):
            if len(step.result) <= _MOST_TEXT:  # half of a result is no JSON
                call_id = f"earlier-{number}-{step.seq}"
                items.append(wire.FunctionCallItem(call_id, step.name, step.arguments))
                items.append(wire.FunctionOutputItem(call_id, step.result or _UNKNOWN))
        elif text := step.text.strip()[:_MOST_TEXT]:
            items.append(_message(step.role, text))
    return items


def _message(role: str, text: str) -> wire.MessageItem:
    if role == "caller":
        return wire.MessageItem("user", [wire.TextPart("input_text", text)])
    return wire.MessageItem("assistant", [wire.TextPart("text", text)])
