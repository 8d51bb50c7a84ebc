"""Takes what operators want done with live calls from the store to the calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from azure.core.exceptions import AzureError

from bridge.call import Call
from shared.clock import utc_now
from shared.commands import GOOD_FOR, Commands

_EVERY = 1.0
"""Seconds between two looks, while there are calls: an operator who clicked waits for it."""

log = logging.getLogger(__name__)


async def watch_commands(
    commands: Commands,
    live: Mapping[str, Call | None],
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Hand commands to the calls of this process, `live` by id, for as long as it runs."""
    while True:
        await sleep(_EVERY)
        if not live:
            continue
        try:
            await _look(commands, live)
        except AzureError as error:
            log.warning("commands of operators cannot be read", extra={"reason": type(error).__name__})


async def _look(commands: Commands, live: Mapping[str, Call | None]) -> None:
    too_old = utc_now() - GOOD_FOR
    for command in await commands.waiting():
        call = live.get(command.call_id)
        if call is not None:
            call.obey(command)
        if call is not None or command.at < too_old:
            await commands.done(command)
