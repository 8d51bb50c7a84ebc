"""Trigger that puts calls that have ended into the figures."""

from __future__ import annotations

import logging

import azure.functions as func

from control.operator_services import NotReadyError, operator_services

_log = logging.getLogger(__name__)

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its __init__ has no annotations


@blueprint.function_name("count_calls")
@blueprint.timer_trigger(arg_name="timer", schedule="*/5 * * * * *", run_on_startup=False)
async def count_calls(timer: func.TimerRequest) -> None:
    """Count the calls that have ended since; what cannot be counted now waits."""
    try:
        counted = await operator_services().counter.run()
    except NotReadyError as error:
        _log.error("calls are not counted: %s", error)
        return
    if counted:
        _log.info("calls counted: %d", counted)
