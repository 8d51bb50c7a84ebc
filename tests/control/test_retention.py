"""The timers that delete and forget, in Microsoft's worker, with a real store."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from control.services import close_services, services
from local.functions_host.timers import timer_datum
from shared.calls import Call, CallEvent, EventKind, Turn, apply, derive_call_id
from shared.retention_agenda import Agenda, Kind
from tests.control.hosted_plane import ControlPlane

SAID = "a word of the caller"


async def run(control: ControlPlane, name: str) -> None:
    """Run a timer's function now."""
    function, now = control.worker.find(name), datetime.now(UTC)
    assert function is not None
    result = await control.worker.run(function, timer_datum(now, now))
    assert result.ok, result.error


async def call(days_ago: float) -> Call:
    at = datetime.now(UTC) - timedelta(days=days_ago)
    record = Call(derive_call_id(at, f"{days_ago}"), at, at, caller="4:+15550100")
    record = apply(record, CallEvent(EventKind.DISCONNECTED, at + timedelta(seconds=9)))
    calls = services().line.calls
    assert await calls.claim(record)
    await calls.add_turn(record.id, Turn(0, "caller", SAID, at, at))
    return record


async def test_the_hourly_one_deletes_by_the_setting(
    control: ControlPlane, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="control.retention")
    monkeypatch.setenv("RETENTION_CALL_DAYS", "7")
    await close_services()
    old, new = await call(9), await call(5)
    await run(control, "retention")
    calls = services().line.calls
    assert await calls.get(old.id) is None
    assert await calls.turns(old.id) == []
    assert await calls.get(new.id) == new
    assert "retention: calls=1 " in caplog.text
    caplog.clear()
    await run(control, "retention")
    assert "retention" not in caplog.text


async def test_the_one_of_each_minute_forgets(
    control: ControlPlane, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="control.retention")
    record = await call(0.1)
    now = datetime.now(UTC)
    await Agenda(services().tables).add(Kind.FORGET_CALL, now.date(), record.id)
    await run(control, "forget")
    calls = services().line.calls
    assert [turn.text for turn in await calls.turns(record.id)] == [""]
    forgotten = await calls.get(record.id)
    assert forgotten is not None
    assert forgotten.caller == ""
    assert "forgotten=1 failed=0" in caplog.text
    assert SAID not in caplog.text
