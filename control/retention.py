"""Triggers that delete what has been kept long enough, and what callers wanted forgotten."""

from __future__ import annotations

import logging

import azure.functions as func

from control.services import services

_log = logging.getLogger(__name__)

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its __init__ has no annotations


@blueprint.function_name("forget")
@blueprint.timer_trigger(arg_name="timer", schedule="30 * * * * *", run_on_startup=False)
async def forget(timer: func.TimerRequest) -> None:
    """Go on with what callers wanted forgotten."""
    if swept := await services().retention.forget(await services().tables.time()):
        _log.info("forgotten: %s", swept)


@blueprint.function_name("retention")
@blueprint.timer_trigger(arg_name="timer", schedule="0 17 * * * *", run_on_startup=False)
async def sweep_old(timer: func.TimerRequest) -> None:
    """Delete what is older than the settings allow."""
    if swept := await services().retention.sweep(await services().tables.time()):
        _log.info("retention: %s", swept)
