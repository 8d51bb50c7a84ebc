"""Whether a call stopped before it was over, and from where the caller may go on. No I/O and no clock."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.calls import Call, CallState, EventKind, ToolRun, Turn

GO_ON_WITHIN: Final = timedelta(minutes=15)
"""After the end of a call that was cut off, how long the caller may ring again and go on."""

_OVER: Final = (
    EventKind.TRANSFER_ACCEPTED,
    EventKind.REJECTED,
    EventKind.CALLER_LEFT,
    EventKind.RING_ENDED,
    EventKind.ANSWER_FAILED,
)
"""Ends of calls that were never talked in, or that somebody else goes on with."""
_SAID_GOODBYE: Final = f"{EventKind.HUNG_UP}: agent_ended"
_LEFT: Final = (EventKind.DISCONNECTED, EventKind.MEDIA_CLOSED)
"""The caller's side went away: they hung up, or their line broke. Nothing tells which."""

_DONE: Final = ("booked", "changed", "cancelled", "ordered")
"""With one of these a tool says that what the caller wanted is done."""
_ANSWERED: Final = ("remember", "forget_me")
"""Tools that are done with whatever they say, unless it is an error: a no is an answer."""

_CLOSING: Final = re.compile(
    r"\b(bye|goodbye|good night|see you|that is all|that's all|that was all|nothing else|thanks|thank you|no|"
    r"tschüss|tschüs|auf wieder(hören|sehen)|danke|nein|das war('s| alles)|"
    r"au revoir|merci|non|c'est tout|adiós|hasta luego|gracias|nada más|arrivederci|ciao|grazie|è tutto)\b",
    re.IGNORECASE,
)
_CLOSING_WORDS: Final = 7
"""A longer sentence says more than thanks or goodbye."""


@dataclass(frozen=True, slots=True)
class Past:
    """A call of the same caller with all that was said and done in it."""

    call: Call
    turns: Sequence[Turn]
    tools: Sequence[ToolRun]

    @property
    def over_at(self) -> datetime | None:
        """When it was over; None when it is not, or nobody knows."""
        if self.call.ended_at is not None:
            return self.call.ended_at
        if self.call.state is CallState.ENDED or not self.call.end_reason:
            return None
        # About to end: the last that was heard is near enough.
        return max((turn.ended_at for turn in self.turns), default=self.call.rang_at).astimezone(UTC)


def cut_off(past: Past) -> bool:
    """Whether a call that has ended stopped in the middle of something the caller may want to go on with.

    When our side ended it for a fault, for silence or for its length, that is so as soon as the caller had
    said something. When the caller's side went away they may have wanted that: then only if something was
    open, an answer or a question after the last thing that was done for them.
    """
    kind, _, _ = past.call.end_reason.partition(":")
    if past.over_at is None or kind in _OVER or past.call.end_reason == _SAID_GOODBYE:
        return False
    done_at = max((run.seq for run in past.tools if _is_done(run)), default=-1)
    wishes = [turn for turn in past.turns if turn.role == "caller" and _says_something(turn.text)]
    open_wishes = [turn for turn in wishes if turn.seq > done_at]
    if not open_wishes:
        return False
    if kind not in _LEFT:
        return True
    last = max(past.turns, key=lambda turn: turn.seq)
    return last.role == "caller" or last.interrupted or last.heard_ms is not None or _asks(last.text)


def to_go_on_with(calls: Sequence[Past], now: datetime) -> list[Past]:
    """The calls that a caller who rings at `now` may go on with, the oldest first; mostly one, or none.

    `calls` are the caller's, the latest first. A call that went on with another one belongs to it, as does
    one that broke before the caller had said anything.
    """
    found: list[Past] = []
    next_at = now
    for past in calls:
        over_at = past.over_at
        if over_at is None or not timedelta(0) <= next_at - over_at <= GO_ON_WITHIN:
            break
        silent = not any(turn.role == "caller" and turn.text.strip() for turn in past.turns)
        if not silent and not cut_off(past):
            break
        if not silent:
            found.append(past)
        next_at = past.call.rang_at
    return found[::-1]


def _is_done(run: ToolRun) -> bool:
    try:
        facts = json.loads(run.result)
    except ValueError:
        return False
    if not isinstance(facts, dict):
        return False
    answered = run.name in _ANSWERED and "error" not in facts
    return answered or any(facts.get(key) for key in _DONE)


def _says_something(text: str) -> bool:
    """More than thanks, no or goodbye."""
    words = text.split()
    return bool(words) and not (len(words) <= _CLOSING_WORDS and _CLOSING.search(text))


def _asks(text: str) -> bool:
    return text.rstrip().endswith("?")
