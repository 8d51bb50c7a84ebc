"""Log lines about the outbox, and the alarm."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from shared.outbox_relay import Round
from shared.outbox_report import Report

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="shared.outbox_report")
    return caplog


def late(log: pytest.LogCaptureFixture) -> list[str]:
    """The lines above the plain numbers, since last asked."""
    lines = [record.getMessage() for record in log.records if record.levelno > logging.INFO]
    log.clear()
    return lines


def test_a_round_in_which_nothing_happened_is_silent(log: pytest.LogCaptureFixture) -> None:
    Report(60).take(Round(), NOW)
    assert log.records == []


def test_the_numbers_stand_in_the_text(log: pytest.LogCaptureFixture) -> None:
    Report(60).take(Round(published=3, failed=1, dead=1, pending=2, unread=1, oldest=NOW), after(12))
    [record] = log.records
    assert record.getMessage() == (
        "events: published=3 failed=1 dead=1 pending=2 oldest_s=12 unread=1 topic=ok"
    )


def test_the_alarm_comes_once_a_minute_and_says_when_it_is_over(log: pytest.LogCaptureFixture) -> None:
    report = Report(60)
    waiting = Round(pending=2, oldest=NOW, down="HTTP 403")
    report.take(waiting, after(60))
    assert late(log) == []
    report.take(waiting, after(61))
    assert late(log) == [
        "events overdue: the oldest of 2 is 61 s old, 60 s are allowed; topic: HTTP 403",
    ]
    report.take(waiting, after(120))
    assert late(log) == []
    report.take(waiting, after(121))
    assert len(late(log)) == 1
    report.take(Round(unread=1), after(125))
    assert late(log) == [], "what was not looked into may still wait"
    report.take(Round(published=2), after(130))
    assert late(log) == ["events no longer overdue"]
    report.take(Round(), after(135))
    assert late(log) == []


def test_an_event_from_the_future_is_not_overdue(log: pytest.LogCaptureFixture) -> None:
    """The writer's clock may be ahead of ours."""
    Report(60).take(Round(pending=1, oldest=after(5)), NOW)
    assert late(log) == []
