"""Log lines as JSON, each with the call it belongs to. No personal data is ever put in one."""

from __future__ import annotations

import contextvars
import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TextIO

import msgspec

call_id_var: contextvars.ContextVar[str | None] = contextvars.ContextVar("call_id", default=None)
"""The call that the running task works for; set once where a call begins, inherited by its tasks."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


LINES_AT_ONCE: Final = 100
LINES_SECONDS: Final = 10.0
"""Lines of one kind that are written in so many seconds; the others are counted in the next that is."""
_KINDS: Final = 1_000
"""Kinds of lines that are told apart; a kind is a logger, a text before its values are put in, and the status
that a peer was given: whoever is refused for knocking must not hide who is refused for want of a place."""


class FloodFilter(logging.Filter):
    """Keeps whoever makes us log from filling the log, and from taking our time with it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._kinds: dict[tuple[str, str, object], tuple[float, int]] = {}
        """Since when each is counted, and how many there were."""

    def filter(self, record: logging.LogRecord) -> bool:
        kind, now = (record.name, str(record.msg), getattr(record, "status", None)), self._clock()
        since, lines = self._kinds.get(kind, (now, 0))
        if now - since >= LINES_SECONDS:
            if lines > LINES_AT_ONCE:
                record.left_out = lines - LINES_AT_ONCE
            since, lines = now, 0
        if kind not in self._kinds and len(self._kinds) >= _KINDS:
            self._kinds.clear()
        self._kinds[kind] = since, lines + 1
        return lines < LINES_AT_ONCE


class JsonFormatter(logging.Formatter):
    """`log.info("answered", extra={"ms": 12})` as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        call_id = call_id_var.get()
        if call_id is not None:
            line["call_id"] = call_id
        line.update((key, value) for key, value in vars(record).items() if key not in _STANDARD)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def configure_logging(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send all log lines of this process to `stream` (stderr) as JSON."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(FloodFilter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # The Azure SDK logs each request's headers and URL at INFO; a callback URL carries a call's secret.
    for noisy in ("azure", "websockets", "aiohttp.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
