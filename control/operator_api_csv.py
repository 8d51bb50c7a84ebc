"""Rows as CSV. No I/O."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence


def write_csv(names: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Rows of one kind as CSV (RFC 4180) with a header line, without rows too: pages are put together.

    A text that a spreadsheet would take for a formula gets an apostrophe in front: wishes are what callers
    said.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return out.getvalue().encode("utf-8")


def _cell(value: object) -> object:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return "" if value is None else value
