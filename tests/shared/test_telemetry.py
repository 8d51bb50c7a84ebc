"""Log lines: JSON, with the call they belong to."""

from __future__ import annotations

import io
import json
import logging

from shared.telemetry import LINES_AT_ONCE, LINES_SECONDS, FloodFilter, JsonFormatter, call_id_var


def _line(message: str, **fields: object) -> dict[str, object]:
    record = logging.getLogger("bridge").makeRecord(
        "bridge", logging.INFO, "f", 1, message, (), None, extra=fields
    )
    line: dict[str, object] = json.loads(JsonFormatter().format(record))
    return line


def test_a_line_is_an_event_with_fields() -> None:
    line = _line("tool run", tool="book_table", ms=12)
    assert (line["event"], line["tool"], line["ms"], line["level"]) == ("tool run", "book_table", 12, "info")
    assert "call_id" not in line


def test_a_line_carries_the_call_it_belongs_to() -> None:
    token = call_id_var.set("20261122-1-a")
    try:
        assert _line("call over")["call_id"] == "20261122-1-a"
    finally:
        call_id_var.reset(token)


def test_a_value_that_json_does_not_know_is_written_as_text() -> None:
    assert _line("x", reason=ValueError("no"))["reason"] == "no"


def test_a_flood_of_one_kind_of_line_does_not_fill_the_log() -> None:
    """The others are written all the same, and what was left out is counted in the next line."""
    now = 0.0
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(FloodFilter(lambda: now))
    log = logging.Logger("flooded")
    log.addHandler(handler)
    for number in range(1_000):
        log.warning("refused %d", number)
    log.warning("refused %d", 0, extra={"status": 503})
    now = LINES_SECONDS
    log.warning("refused %d", 1_000)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == LINES_AT_ONCE + 2
    assert (lines[-2]["event"], lines[-2]["status"]) == ("refused 0", 503)
    assert (lines[-1]["event"], lines[-1]["left_out"]) == ("refused 1000", 1_000 - LINES_AT_ONCE)
