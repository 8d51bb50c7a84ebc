"""The thread pool: urgent work first, and a place that is given back whatever happens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from functools import partial

import pytest

from local.voice_live.workers import Urgency, Workers


@pytest.fixture
async def one_thread() -> AsyncIterator[Workers]:
    async with Workers(threads=1) as workers:
        yield workers


class Line:
    """A busy thread, freed by setting `gate`, and work standing in line behind it."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self.gate = threading.Event()
        self.busy = asyncio.create_task(workers.run(Urgency.TURN, partial(self.gate.wait, 10)))
        self.done: list[Urgency] = []

    async def stand(self, urgency: Urgency) -> asyncio.Task[None]:
        task = asyncio.create_task(self._workers.run(urgency, partial(self.done.append, urgency)))
        await asyncio.sleep(0)  # lets the busy task and this one take their places, in this order
        return task


async def test_urgent_work_overtakes(one_thread: Workers) -> None:
    line = Line(one_thread)
    tasks = [await line.stand(urgency) for urgency in (Urgency.PARTIAL, Urgency.TURN, Urgency.SPEECH)]
    assert not one_thread.idle
    line.gate.set()
    await asyncio.gather(*tasks)
    assert line.done == [Urgency.SPEECH, Urgency.TURN, Urgency.PARTIAL]


async def test_work_nobody_waits_for_any_more_gives_its_place_back(one_thread: Workers) -> None:
    line = Line(one_thread)
    given_up = await line.stand(Urgency.TURN)
    wanted = await line.stand(Urgency.AHEAD)
    line.busy.cancel()
    given_up.cancel()
    line.gate.set()
    await wanted
    assert line.done == [Urgency.AHEAD]


async def test_a_turn_that_comes_too_late_is_passed_on(
    one_thread: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task is cancelled in the moment between being called and running."""
    line = Line(one_thread)
    called = await line.stand(Urgency.TURN)
    wanted = await line.stand(Urgency.AHEAD)
    call_next = one_thread._next

    def call_and_cancel() -> None:
        call_next()
        called.cancel()

    monkeypatch.setattr(one_thread, "_next", call_and_cancel)
    line.gate.set()
    await wanted
    assert line.done == [Urgency.AHEAD]


async def test_a_failure_is_the_callers_and_not_the_pools(one_thread: Workers) -> None:
    with pytest.raises(ZeroDivisionError):
        await one_thread.run(Urgency.TURN, lambda: 1 // 0)
    assert await one_thread.run(Urgency.TURN, lambda: 7) == 7
