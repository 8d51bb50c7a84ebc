"""When Voice Live fails in a real call, the caller is not left on a silent line."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import pytest

from local.driver import System
from local.report import CallReport

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    "fault",
    [
        {"no_reply": True},
        {"refuse_status": 401},
        {"drop_after_audio_deltas": 3},
        {"error_code": "invalid_value", "error_on": "session.update"},
    ],
    ids=lambda fault: next(iter(fault)),
)
async def test_the_call_ends_as_failed(
    fault: dict[str, Any], system: System, place_call: Callable[..., Coroutine[None, None, CallReport]]
) -> None:
    """The fault is for this call's session alone; the next call goes well."""
    order = f"{system.addresses.voice_live}/faults"
    async with aiohttp.ClientSession() as http, http.post(order, json={**fault, "sessions": 1}) as answer:
        assert answer.status == 200
    failed = await place_call("Hello.")
    assert failed.outcome == "failed"
    well = await place_call("Goodbye.")
    assert well.outcome == "completed"
    assert any(turn.role == "agent" for turn in well.turns)
