"""The tool by which a caller decides whether they are recorded."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from azure.core.exceptions import AzureError

from bridge.notice import Notice
from bridge.tape_writer import TapeWriter
from bridge.tool_parameters import RecordCall
from bridge.tool_results import ToolResult, failure, result
from shared.clock import utc_now

_DELETED: Final = "The recording is off, and nothing of this call is kept as sound."
_TO_BE_DELETED: Final = "The recording is off, and what there was of it will be deleted."

type Later = Callable[[Callable[[], Awaitable[object]], datetime], None]
"""Takes a deletion that is tried until it is done, and when it was wanted (UTC)."""

log = logging.getLogger(__name__)


class RecordingTools:
    """Acts on the recording of this call only.

    Args:
        words: what the caller is told or asked, in their language.
        later: takes a deletion that the store did not do at once.
    """

    def __init__(self, notice: Notice, tape: TapeWriter, *, words: Callable[[], str], later: Later) -> None:
        self._notice = notice
        self._tape = tape
        self._words = words
        self._later = later

    async def decide(self, wish: RecordCall) -> ToolResult:
        """record_call"""
        if not wish.agreed:
            deleted = await self.refuse()
            return result({"recording": False, "spoken": _DELETED if deleted else _TO_BE_DELETED})
        if self._tape.refused:
            return failure(
                "stays_off", "The caller did not want this call recorded, and that stands. Say so if asked."
            )
        if not self._notice.asked:
            return failure(
                "not_asked",
                "The caller has not heard what a yes would be to. Unless they said no: ask word for word "
                f"{self._words()!r}, and call this again with the answer.",
            )
        self._tape.start()
        return result({"recording": True, "spoken": "Thank you. What can I do for you?"})

    async def refuse(self) -> bool:
        """Stop at once and delete what there is; False when the store does it only later."""
        self._notice.refused = True
        deleted = False
        try:
            await self._tape.refuse()
            deleted = True
        except AzureError as error:
            log.warning("sound not deleted yet", extra={"reason": type(error).__name__})
        finally:  # also when this took too long and is given up
            if not deleted:
                self._later(self._tape.refuse, utc_now())
        return deleted
