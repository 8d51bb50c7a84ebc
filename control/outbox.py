"""Trigger that sends events out, and moves the queue of callers who wait for a place."""

from __future__ import annotations

import asyncio

import azure.functions as func

from control.moving_up import advance
from control.services import services
from shared.clock import utc_now

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its __init__ has no annotations


@blueprint.function_name("relay_outbox")
@blueprint.timer_trigger(arg_name="timer", schedule="*/5 * * * * *", run_on_startup=False)
async def relay_outbox(timer: func.TimerRequest) -> None:
    """Publish the events that wait; without a topic they go on waiting, and /api/health says so.

    And do what is due for callers in line that nobody was told of: a place is free, a callback got lost, a
    process died. A timer of its own would be paid for by all those who have no queue.
    """
    live = services()

    async def relay() -> None:
        if live.events is not None:
            live.events.report.take(await live.events.relay.run(), utc_now())

    # At once: neither waits for what the other needs, nor goes undone because that is away.
    for failed in await asyncio.gather(relay(), advance(live.line), return_exceptions=True):
        if isinstance(failed, BaseException):
            raise failed
