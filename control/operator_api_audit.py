"""Who did what to which call: one log line for each thing that an operator saw or did."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable
from typing import Final

from control.operator_api_auth import User
from control.operator_api_http import ApiAnswer, ApiError
from shared.calls import is_call_id

_log = logging.getLogger(__name__)

_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9@._-]")
_LONGEST_ID: Final = 80


async def audited(act: str, user: User, call_id: str | None, asked: Awaitable[ApiAnswer]) -> ApiAnswer:
    """The answer to what a user asks, with a line of the log for it, also when it is refused or fails.

    Args:
        act: the operation, as the API's document names it.
        call_id: as it stands in the address, or None when that names no call.
    """
    outcome = "failed"
    try:
        answer = await asked
        outcome = str(answer.status)
        return answer
    except ApiError as error:
        outcome = str(error.problem.status)
        raise
    finally:
        if outcome != "304":  # which shows nothing that they have not seen
            _log.info(
                "audit: act=%s call=%s user=%s role=%s status=%s",
                act,
                "none" if call_id is None else call_id if is_call_id(call_id) else "unknown",
                _NOT_PLAIN.sub("?", user.id)[:_LONGEST_ID],
                user.role.name.lower(),
                outcome,
            )
