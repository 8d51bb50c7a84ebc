"""Who said what and when: turns as they happen, in the order they began. No I/O, no clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from bridge.playout import Heard

_FASTEST_SPEECH = 0.018
"""Characters of text in a millisecond of brisk speech."""

_KEPT = 16
"""Turns remembered for late transcripts and interruptions; older ones are in the store."""


@dataclass(frozen=True, slots=True)
class CallerTurn:
    """What the caller said. Times are monotonic seconds, taken from the audio that was appended."""

    seq: int
    item_id: str
    started_at: float
    ended_at: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class AgentTurn:
    """What the agent said, as far as the caller heard it. Times are monotonic seconds of playback."""

    seq: int
    item_id: str
    response_id: str
    text: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    latency_ms: int | None = None
    """From the caller's last speech to the first audio written to the carrier; None for the greeting."""
    interrupted: bool = False
    heard_ms: int | None = None
    """How much of it was heard, when interrupted."""
    complete: bool = False
    """Whether all its words and audio are there."""


class TurnLog:
    """Keeps the turns of one call.

    Args:
        padding_ms: the audio before the speech that the service counts into `audio_start_ms`.
        silence_ms: the silence that ends a turn; the service counts it into `audio_end_ms`.
    """

    def __init__(self, *, padding_ms: int, silence_ms: int) -> None:
        self._padding = padding_ms / 1000
        self._silence = silence_ms / 1000
        self._appended = 0.0
        self._media_started_at = math.inf
        self._next_seq = 0
        self._caller: dict[str, CallerTurn] = {}
        self._agent: dict[str, AgentTurn] = {}
        self._unanswered_since: float | None = None

    def caller_audio(self, seconds: float, now: float) -> None:
        """Audio of the caller, `seconds` long, arrived at `now`: it moves the service's audio clock.

        Frames may come late but never early, so the earliest start that a frame proves is the true one.
        """
        self._appended += seconds
        self._media_started_at = min(self._media_started_at, now - self._appended)

    def caller_started(self, item_id: str, audio_start_ms: int) -> None:
        """The caller began to speak."""
        began = self._media_started_at + audio_start_ms / 1000 + self._padding
        self._caller[item_id] = CallerTurn(self.next_seq(), item_id, began, began)
        _forget_oldest(self._caller)

    def caller_stopped(self, item_id: str, audio_end_ms: int) -> None:
        """The caller has been quiet for long enough."""
        ended = self._media_started_at + audio_end_ms / 1000 - self._silence
        self._unanswered_since = ended
        if item_id in self._caller:
            turn = self._caller[item_id]
            self._caller[item_id] = replace(turn, ended_at=max(ended, turn.started_at))

    def caller_text(self, item_id: str, text: str) -> CallerTurn | None:
        """The words of a turn; None when there are none (a cough) or the turn is not known."""
        turn = self._caller.pop(item_id, None)
        words = text.strip()
        return replace(turn, text=words) if turn is not None and words else None

    def agent_item(self, item_id: str, response_id: str) -> None:
        """The agent is about to say something."""
        self._agent[item_id] = AgentTurn(self.next_seq(), item_id, response_id)
        _forget_oldest(self._agent)

    def agent_text_delta(self, item_id: str, delta: str) -> None:
        """More words of the agent."""
        turn = self._agent.get(item_id)
        if turn is not None and not turn.interrupted:
            self._agent[item_id] = replace(turn, text=turn.text + delta)

    def agent_text(self, item_id: str, text: str) -> None:
        """All words of the agent's turn."""
        turn = self._agent.get(item_id)
        if turn is not None and not turn.interrupted and text:
            self._agent[item_id] = replace(turn, text=text)

    def agent_audio(self, item_id: str, starts_at: float, ends_at: float, now: float) -> None:
        """Audio of a turn was written at `now` and plays from `starts_at` to `ends_at`."""
        turn = self._agent.get(item_id)
        if turn is None:
            return
        if turn.started_at is None:
            since, self._unanswered_since = self._unanswered_since, None
            latency_ms = round((now - since) * 1000) if since is not None else None
            turn = replace(turn, started_at=starts_at, latency_ms=latency_ms)
        self._agent[item_id] = replace(turn, ended_at=ends_at)

    def interrupted(self, heard: Heard, now: float) -> AgentTurn | None:
        """A turn was cut short: keeps the words heard. None when the turn is not known."""
        turn = self._agent.get(heard.item_id)
        if turn is None:
            return None
        cut = replace(
            turn,
            text=_heard_words(turn, heard),
            ended_at=now,
            interrupted=True,
            heard_ms=heard.heard_ms,
        )
        self._agent[heard.item_id] = cut
        return cut

    def finished(self, response_id: str) -> list[AgentTurn]:
        """A response has been generated: its turns that are being heard, but for those cut short."""
        for turn in [turn for turn in self._agent.values() if turn.response_id == response_id]:
            self._agent[turn.item_id] = replace(turn, complete=True)
        return [
            turn
            for turn in self._agent.values()
            if turn.response_id == response_id and turn.started_at is not None and not turn.interrupted
        ]

    def next_seq(self) -> int:
        """The next place in the order of turns and tools."""
        seq, self._next_seq = self._next_seq, self._next_seq + 1
        return seq


def _heard_words(turn: AgentTurn, heard: Heard) -> str:
    """The words that fit wholly into what was heard.

    Words arrive before their audio, so while a turn is being generated the part heard of what was written
    says little: then a brisk pace of speech is the limit.
    """
    share = heard.heard_ms / heard.written_ms if heard.written_ms else 0.0
    limit = int(len(turn.text) * share)
    if not turn.complete:
        limit = min(limit, int(heard.heard_ms * _FASTEST_SPEECH))
    if limit >= len(turn.text):
        return turn.text
    end = turn.text.rfind(" ", 0, limit + 1)
    return turn.text[:end] if end > 0 else ""


def _forget_oldest[Turn](turns: dict[str, Turn]) -> None:
    while len(turns) > _KEPT:
        del turns[next(iter(turns))]
