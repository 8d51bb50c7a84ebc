"""An event loop on a virtual clock: whatever waits for time alone waits no time at all.

For code that owns timeouts, with stand-ins that do no I/O. Durations come out exact, on any machine.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class _Jump(selectors.SelectSelector):
    """Where the loop would sleep, the clock jumps."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "nothing will ever happen"
            self.now += max(timeout, 0.0)
        return ready


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now

    def sleeps(self, seconds: float) -> None:
        """The process gets no time for so long."""
        self._jump.now += seconds


def run_virtually[T](test: Coroutine[Any, Any, T]) -> T:
    """Run a test to its end; `asyncio.get_running_loop().time()` starts at 0 s."""
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        return runner.run(test)


def asleep(seconds: float) -> None:
    """The process gets no time for so long: a machine that sleeps, a container that is starved."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, _VirtualLoop)
    loop.sleeps(seconds)
