"""Trigger that sends events out."""

from __future__ import annotations

from datetime import UTC, datetime

import azure.functions as func

from control.services import services

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its __init__ has no annotations


@blueprint.function_name("relay_outbox")
@blueprint.timer_trigger(arg_name="timer", schedule="*/5 * * * * *", run_on_startup=False)
async def relay_outbox(timer: func.TimerRequest) -> None:
    """Publish the events that wait; without a topic they go on waiting, and /api/health says so."""
    events = services().events
    if events is not None:
        events.report.take(await events.relay.run(), datetime.now(UTC))
