"""What a caller waits for between the end of a turn and the reply: how long, for what, at what cost.

No I/O and no clock: `now` is a monotonic time in seconds, handed in.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.voicelive.wire import Usage

_KEPT = 16
"""Turns and responses remembered; a caller waits for fewer."""


@dataclass(frozen=True, slots=True)
class Wait:
    """What it took until the first sound of a reply. None where nobody waited, or no tool ran."""

    first_audio_ms: int | None = None
    latency_ms: int | None = None
    tool_ms: int | None = None
    filler: bool = False


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one or more responses; `cached_tokens` is part of `input_tokens`."""

    input_tokens: int
    cached_tokens: int
    output_tokens: int

    @classmethod
    def of(cls, usage: Usage) -> Tokens:
        """The tokens of one response, as the service reports them."""
        details = usage.input_token_details
        cached = 0 if details is None else details.cached_tokens
        return cls(usage.input_tokens, cached, usage.output_tokens)

    def plus(self, other: Tokens | None) -> Tokens:
        """Both together."""
        if other is None:
            return self
        return Tokens(
            self.input_tokens + other.input_tokens,
            self.cached_tokens + other.cached_tokens,
            self.output_tokens + other.output_tokens,
        )


class ReplyWaits:
    """Measures one wait after the other, of one call.

    It lasts from the caller's last turn that wants an answer until a true reply is heard. A filler or a check
    may be heard meanwhile: it is noted and ends nothing.
    """

    def __init__(self) -> None:
        self._unanswered: dict[str, float] = {}
        """When the caller's turns ended that no reply has been heard to."""
        self._asides: dict[str, bool] = {}
        """Responses said in between: whether it is a filler."""
        self._first_audio: dict[str, int | None] = {}
        """Responses of which audio came: how long after the caller's last turn."""
        self._filler = False
        self._tools: set[str] = set()
        self._tools_since = 0.0
        self._tool_seconds: float | None = None
        self._tokens: Tokens | None = None

    def caller_stopped(self, item_id: str, at: float) -> None:
        """A turn of the caller ended at `at`."""
        self._unanswered[item_id] = at
        _forget_oldest(self._unanswered)

    @property
    def since(self) -> float | None:
        """When the caller last finished a turn that is still unanswered; None without one."""
        return max(self._unanswered.values(), default=None)

    def dismissed(self, item_id: str) -> None:
        """That turn wants no answer."""
        self._unanswered.pop(item_id, None)

    def tool_runs(self, call_id: str, now: float) -> None:
        """A tool has begun."""
        if not self._tools:
            self._tools_since = now
        self._tools.add(call_id)

    def tool_done(self, call_id: str, now: float) -> None:
        """A tool has ended; one that is not known to run changes nothing."""
        if call_id not in self._tools:
            return
        self._tools.remove(call_id)
        if not self._tools:
            self._tool_seconds = (self._tool_seconds or 0.0) + now - self._tools_since

    def aside(self, response_id: str, *, filler: bool) -> None:
        """This response answers nobody."""
        self._asides[response_id] = filler
        _forget_oldest(self._asides)

    def first_audio(self, response_id: str, now: float) -> None:
        """Audio of a response came; only the first time counts."""
        if response_id not in self._first_audio:
            self._first_audio[response_id] = self._since_caller(now)
            _forget_oldest(self._first_audio)

    def heard(self, response_id: str, now: float) -> Wait:
        """The first sound of one of a response's turns was written at `now`: a true reply ends the wait."""
        if response_id in self._asides:
            self._filler = self._filler or self._asides[response_id]
            return Wait()
        latency_ms = self._since_caller(now)
        wait = Wait(
            # A second turn of the same response answers nobody any more.
            first_audio_ms=None if latency_ms is None else self._first_audio.get(response_id),
            latency_ms=latency_ms,
            tool_ms=None if self._tool_seconds is None else round(self._tool_seconds * 1000),
            filler=self._filler,
        )
        self._unanswered.clear()
        self._filler = False
        self._tool_seconds = None
        return wait

    def used(self, tokens: Tokens | None) -> None:
        """A response cost this; None for not known."""
        if tokens is not None:
            self._tokens = tokens.plus(self._tokens)

    def tokens(self) -> Tokens | None:
        """What responses have cost since this was asked last; None for nothing known."""
        tokens, self._tokens = self._tokens, None
        return tokens

    def _since_caller(self, now: float) -> int | None:
        ended_at = next(reversed(self._unanswered.values()), None)
        return None if ended_at is None else max(0, round((now - ended_at) * 1000))


def _forget_oldest[Value](kept: dict[str, Value]) -> None:
    while len(kept) > _KEPT:
        del kept[next(iter(kept))]
