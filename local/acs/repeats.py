"""Repeatable requests: the first answer is given again, and nothing is done twice.

Wire fact: the `Repeatability-Request-ID` header of the OASIS repeatable requests draft, which the SDK sends
on every request that acts. How long the service remembers is not documented; five minutes covers the SDK's
own retries.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from local.acs.errors import ServiceError

WINDOW_S = 300.0
_MAX_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: HTTP status and JSON body (empty for 204)."""

    status: int
    body: bytes


@dataclass(slots=True)
class _Entry:
    path: str
    expires_at: float
    answer: "asyncio.Future[Answer]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Repeats:
    """Remembers answers by request id. The oldest are forgotten after the window, or above 10,000."""

    def __init__(self, clock: Callable[[], float], *, window_s: float = WINDOW_S) -> None:
        self._clock = clock
        self._window_s = window_s
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self.replayed = 0

    async def first_answer(self, request_id: str, path: str) -> Answer | None:
        """The answer to give again, or None the first time: then act, and call `settle` or `forget`.

        A repeat that arrives while the first is still acting waits for it. Raises `ServiceError` 400 when the
        id was used for another path.
        """
        self._expire()
        entry = self._entries.get(request_id)
        if entry is None:
            self._entries[request_id] = _Entry(path, self._clock() + self._window_s)
            return None
        if entry.path != path:
            raise ServiceError(
                400,
                "RepeatabilityRequestIdReused",
                f"Repeatability-Request-ID: was used for {entry.path}; make a new one for each operation",
                "Repeatability-Request-ID",
            )
        self.replayed += 1
        return await asyncio.shield(entry.answer)

    def settle(self, request_id: str, answer: Answer) -> None:
        """The first request was answered so."""
        self._entries[request_id].answer.set_result(answer)

    def forget(self, request_id: str) -> None:
        """The first request was not carried out (503 and the like): a repeat shall act."""
        entry = self._entries.pop(request_id, None)
        if entry is not None and not entry.answer.done():
            entry.answer.set_result(Answer(503, b""))

    def _expire(self) -> None:
        now = self._clock()
        while self._entries:
            oldest = next(iter(self._entries.values()))
            if oldest.expires_at > now and len(self._entries) <= _MAX_REMEMBERED:
                return
            self._entries.popitem(last=False)
