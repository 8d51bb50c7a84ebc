"""The tool by which a caller decides whether they are recorded."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from azure.core.exceptions import AzureError

from bridge.notice import Notice
from bridge.tape_writer import TapeWriter
from bridge.tool_memory import Later
from bridge.tool_parameters import RecordCall
from bridge.tool_results import ToolResult, failure, result

_OFF: Final = "The recording is off, and nothing of this call is kept as sound."

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
            await self.refuse()
            return result({"recording": False, "spoken": _OFF})
        if self._notice.refused:
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

    async def refuse(self) -> None:
        """Stop at once and delete what there is, later if the store does not do it now."""
        self._notice.refused = True
        try:
            await self._tape.refuse()
        except AzureError as error:
            log.warning("sound not deleted yet", extra={"reason": type(error).__name__})
            self._later(self._tape.refuse)
