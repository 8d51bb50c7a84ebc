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
    [{"refuse_status": 503}, {"drop_after_audio_deltas": 3}],
    ids=lambda fault: next(iter(fault)),
)
async def test_another_session_takes_over_in_the_same_call(
    fault: dict[str, Any], system: System, place_call: Callable[..., Coroutine[None, None, CallReport]]
) -> None:
    """The caller hears the greeting once, and is answered."""
    await order(system, {**fault, "sessions": 1})
    report = await place_call("Goodbye.")
    assert report.outcome == "completed"
    said = " ".join(turn.text for turn in report.turns if turn.role == "agent")
    assert said.count("What would you like to eat?") == 1
    assert len([turn for turn in report.turns if turn.role == "caller"]) == 1


async def test_when_nothing_can_answer_a_person_is_called(
    system: System, place_call: Callable[..., Coroutine[None, None, CallReport]]
) -> None:
    """Settings that are refused will be refused by every session; the call is not left to silence."""
    await order(system, {"error_code": "invalid_value", "error_on": "session.update", "sessions": 1})
    report = await place_call("Hello.")
    assert report.outcome == "transferred"


async def order(system: System, fault: dict[str, Any]) -> None:
    """Have Voice Live make trouble."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{system.addresses.voice_live}/faults", json=fault) as answer,
    ):
        assert answer.status == 200
