"""Rows as CSV. No I/O."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping


def write_csv(rows: Iterable[Mapping[str, object]]) -> bytes:
    """Rows of one kind as CSV (RFC 4180) with a header line.

    A text that a spreadsheet would take for a formula gets an apostrophe in front: wishes are what callers
    said.
    """
    listed = list(rows)
    out = io.StringIO()
    if listed:
        writer = csv.DictWriter(out, list(listed[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in listed)
    return out.getvalue().encode("utf-8")


def _cell(value: object) -> object:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return "" if value is None else value
