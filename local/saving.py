"""What a call leaves on disk: its recording, its transcript and its report."""

from __future__ import annotations

import tempfile
import wave
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from local.ear import RATE
from local.report import CallReport, summary
from local.services import ROOT

CALLS = ROOT / "calls"


def check_writable(directory: Path) -> None:
    """Make the directory if need be, and write into it: better now than after the call. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory) as probe:
        probe.write(b"\n")


def save_call(
    report: CallReport, recording: bytes, transcript: Sequence[str], directory: Path | None
) -> None:
    """Write recording.wav, transcript.txt and call.json, and name the recording in the report.

    `recording`: interleaved stereo PCM16LE at 24 kHz. `directory` None: calls/TIME-ID. Raises OSError.
    """
    directory = directory or CALLS / _folder_name(report)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "recording.wav"
    with path.open("wb") as opened, wave.open(opened, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(recording)
    report.recording = str(path)
    text = "\n".join([*transcript, "", summary(report), ""])
    (directory / "transcript.txt").write_text(text, encoding="utf-8")
    (directory / "call.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))


def _folder_name(report: CallReport) -> str:
    """Time and id, the time by the clock on the wall of whoever looks for it."""
    return f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{(report.call_id or 'none')[-8:]}"
