"""What the service itself plays to the caller: files, speech and touch tones, one after another.

Wire facts: "Play audio" and "Send DTMF" of Call Automation. An operation that cannot be loaded fails when its
turn comes; cancelling ends the one that plays and all that wait.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from local.acs.events import COMPLETED, PLAY_CANCELED, CallEvent, Result
from local.acs.line import FRAME_BYTES

MAX_WAITING = 10
"""Operations a call may have at once; more is refused."""

Emit = Callable[[CallEvent, str | None], None]
"""Send an event: to the callback address of the operation, or the call's own when None."""


@dataclass(slots=True)
class MediaOperation:
    """One `:play` or `:sendDtmfTones`. It waits until `pcm` or `failure` is set."""

    kind: Literal["play", "tones"]
    context: str | None = None
    callback_uri: str | None = None
    loop: bool = False
    audible: bool = True
    pcm: bytes | None = None
    failure: tuple[int, Result] | None = None
    started: bool = field(default=False, init=False)
    position: int = field(default=0, init=False)

    def load(self, pcm: bytes) -> None:
        """The audio is here: PCM16LE at the line's rate."""
        self.pcm = pcm

    def fail(self, source_index: int, why: Result) -> None:
        """The source at `source_index` cannot be played."""
        self.failure = (source_index, why)


class MediaOperations:
    """The operations of one call, in the order they were asked for."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._waiting: deque[MediaOperation] = deque()

    @property
    def full(self) -> bool:
        """Whether no further operation is taken."""
        return len(self._waiting) >= MAX_WAITING

    def add(self, operation: MediaOperation, *, interrupt: bool = False) -> None:
        """Queue an operation; with `interrupt`, in place of all before it."""
        if interrupt:
            self.cancel_all()
        self._waiting.append(operation)

    def cancel_all(self) -> None:
        """Stop what plays and drop what waits."""
        while self._waiting:
            operation = self._waiting.popleft()
            kind = "PlayCanceled" if operation.kind == "play" else "SendDtmfTonesFailed"
            self._emit(CallEvent(kind, PLAY_CANCELED, operation.context), operation.callback_uri)

    def tick(self) -> bytes | None:
        """The next 20 ms to mix into what the caller hears, or None when nothing plays."""
        while self._waiting:
            operation = self._waiting[0]
            if operation.failure is not None:
                self._fail(operation, *operation.failure)
            elif operation.pcm is None:
                return None
            elif operation.position >= len(operation.pcm) and not (operation.loop and operation.pcm):
                self._complete(operation)
            else:
                return self._advance(operation, operation.pcm)
        return None

    def _advance(self, operation: MediaOperation, pcm: bytes) -> bytes | None:
        if not operation.started:
            operation.started = True
            if operation.kind == "play":
                self._emit(CallEvent("PlayStarted", COMPLETED, operation.context), operation.callback_uri)
        if operation.position >= len(pcm):
            operation.position = 0
        frame = pcm[operation.position : operation.position + FRAME_BYTES]
        operation.position += FRAME_BYTES
        return frame.ljust(FRAME_BYTES, b"\0") if operation.audible else None

    def _complete(self, operation: MediaOperation) -> None:
        self._waiting.popleft()
        kind = "PlayCompleted" if operation.kind == "play" else "SendDtmfTonesCompleted"
        self._emit(CallEvent(kind, COMPLETED, operation.context), operation.callback_uri)

    def _fail(self, operation: MediaOperation, source_index: int, why: Result) -> None:
        self._waiting.popleft()
        event = CallEvent("PlayFailed", why, operation.context, {"failedPlaySourceIndex": source_index})
        self._emit(event, operation.callback_uri)
