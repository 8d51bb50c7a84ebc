"""The control plane in a process that starts on a machine whose clock is wrong: through Microsoft's worker
library, against Azurite, whose time is right."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from control.services import services
from shared.calls import CallState
from shared.clock import Clock
from tests.control.hosted_plane import ControlPlane

DAY = timedelta(days=1)

type Start = Callable[[timedelta], None]
"""Begins a process anew, on a machine whose clock is off by so much."""


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Start:
    def start(off: timedelta) -> None:
        clock = Clock(lambda: time.time() + off.total_seconds())
        monkeypatch.setattr("shared.clock.CLOCK", clock)
        monkeypatch.setattr("shared.tables.CLOCK", clock)

    return start


@pytest.mark.parametrize("off", [-DAY, -timedelta(hours=1), timedelta(hours=1), 500 * DAY], ids=str)
async def test_its_first_call_is_answered_at_the_right_time(
    control: ControlPlane, incoming: dict[str, Any], start: Start, off: timedelta
) -> None:
    """Else it would be missed, since its ring seemed over, or claimed twice, since the claim did."""
    start(off)
    assert await control.deliver(incoming) == 202
    call = await control.record(incoming)
    assert call is not None
    assert call.state is CallState.ANSWERED
    assert abs(call.claimed_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_its_first_look_at_what_is_old_deletes_nothing_young(
    control: ControlPlane, incoming: dict[str, Any], start: Start
) -> None:
    assert await control.deliver(incoming) == 202
    start(500 * DAY)
    await control.run("retention")
    assert await control.record(incoming) is not None


@pytest.mark.parametrize("off", [-DAY, 500 * DAY], ids=str)
async def test_its_first_callback_is_believed(
    control: ControlPlane, incoming: dict[str, Any], start: Start, off: timedelta
) -> None:
    """It came to a process that had not asked the store for anything yet."""
    assert await control.deliver(incoming) == 202
    [address] = control.callback_addresses()
    start(off)
    assert (await control.call_back(address, []))[0] == 200


async def test_what_is_no_token_of_the_service_is_not_asked_about(
    control: ControlPlane, incoming: dict[str, Any], start: Start
) -> None:
    assert await control.deliver(incoming) == 202
    [address] = control.callback_addresses()
    start(500 * DAY)
    assert (await control.call_back(address, [], authorization="Bearer a.b.c"))[0] == 401
    assert not services().tables.knows_the_time
