"""Log lines as JSON, each with the call it belongs to. No personal data is ever put in one."""

from __future__ import annotations

import contextvars
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

import msgspec

call_id_var: contextvars.ContextVar[str | None] = contextvars.ContextVar("call_id", default=None)
"""The call that the running task works for; set once where a call begins, inherited by its tasks."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


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
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # The Azure SDK logs each request's headers and URL at INFO; a callback URL carries a call's secret.
    for noisy in ("azure", "websockets", "aiohttp.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
