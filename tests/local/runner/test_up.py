"""The call that `up` shows: whatever becomes of it, the system stays up."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import up
from local.line import LineError
from local.phone import Line
from local.services import Addresses
from local.stack import Stack


async def no_lines() -> list[Line]:
    return []


async def no_model() -> list[Line]:
    raise FileNotFoundError(2, "No such file or directory", "model.onnx")


@pytest.mark.parametrize("error", [LineError("the line broke"), PermissionError(13, "Permission denied")])
async def test_a_call_that_fails_is_told_in_one_line(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(up, "run_call", fail)
    told: list[str] = []
    await up._demonstrate(a_stack(tmp_path), no_lines(), told.append)
    assert told[1:] == [f"the call failed: {error} (logs: {tmp_path})"]


async def test_speech_that_cannot_be_made_takes_nothing_down(tmp_path: Path) -> None:
    told: list[str] = []
    await up._demonstrate(a_stack(tmp_path), no_model(), told.append)
    assert "model.onnx" in told[-1]


def test_the_directions_name_the_system_for_the_next_call(tmp_path: Path) -> None:
    assert "20260101-000000-a" in up._directions(a_stack(tmp_path))


def a_stack(directory: Path) -> Stack:
    return Stack("20260101-000000-a", directory, Addresses("", "", "", "", "", ""), [])
