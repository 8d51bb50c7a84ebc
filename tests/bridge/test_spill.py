"""Records on a real disk: all of one write or nothing, for one process at a time, within bounds."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.records import CallNoted, EventRecord, Record, Recount, ToolRecord, TurnRecord, decode, encode
from bridge.spill import Spill, SpillFullError
from bridge.spill_frames import frame, frames
from shared.calls import CallEvent, EventKind, ToolRun, Turn, derive_call_id

NOW = datetime(2026, 11, 22, 18, 4, 5, 678901, tzinfo=UTC)
CALL = derive_call_id(NOW, "one")
OTHER = derive_call_id(NOW, "other")


class TestFrames:
    @given(st.lists(st.binary(min_size=1, max_size=20), max_size=6), st.data())
    def test_a_crash_at_any_byte_leaves_what_was_whole(
        self, payloads: list[bytes], data: st.DataObject
    ) -> None:
        """And what the disk made of the rest, zeros or anything, is no record."""
        written = b"".join(map(frame, payloads))
        cut = data.draw(st.integers(0, len(written)))
        left = written[:cut] + data.draw(st.sampled_from([b"", b"\0" * 64]))
        found = list(frames(left))
        whole = [end for end in _ends(payloads) if end <= cut]
        assert found == payloads[: len(whole)]

    @given(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=4), st.data())
    def test_a_byte_that_changed_costs_its_frame_and_what_follows(
        self, payloads: list[bytes], data: st.DataObject
    ) -> None:
        written = bytearray(b"".join(map(frame, payloads)))
        at = data.draw(st.integers(0, len(written) - 1))
        written[at] ^= data.draw(st.integers(1, 255))
        hit = next(n for n, end in enumerate(_ends(payloads)) if at < end)
        assert list(frames(bytes(written))) == payloads[:hit]

    def test_nothing_is_no_payload(self) -> None:
        with pytest.raises(ValueError, match="0 bytes"):
            frame(b"")


@pytest.mark.parametrize(
    "record",
    [
        TurnRecord(Turn(3, "agent", "Grüß Gott", NOW, NOW, latency_ms=7, interrupted=True, filler=False)),
        ToolRecord(ToolRun(4, "book_table", '{"name": "Zoë"}', "{}", 12, NOW)),
        EventRecord(CallEvent(EventKind.TRANSFER_STARTED, NOW, transfer=2, summary="wants a person")),
        CallNoted(NOW),
        Recount(),
    ],
)
def test_a_record_comes_back_as_it_was(record: Record) -> None:
    assert decode(encode(record)) == record


def test_what_one_process_left_another_reads(tmp_path: Path) -> None:
    """One that was killed, with half a record written."""
    code = f"""
import os, signal
from pathlib import Path
from bridge.spill import Spill
file = Spill.open(Path({str(tmp_path / "spill")!r}), 1000).new_file({CALL!r})
file.append([b"one", b"two"])
os.write(file._descriptor, b"\\0\\0\\0\\5half")
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    spill = Spill.open(tmp_path / "spill", 1000)
    (path,) = spill.left()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    file = spill.take(path)
    assert file is not None
    assert (file.call_id, list(file.payloads())) == (CALL, [b"one", b"two"])


def test_one_holds_a_file_and_nobody_gets_it_twice(tmp_path: Path) -> None:
    spill, elsewhere = Spill.open(tmp_path, 1000), Spill.open(tmp_path, 1000)
    file = spill.new_file(CALL)
    (path,) = elsewhere.left()
    assert elsewhere.take(path) is None
    file.close()
    taken = elsewhere.take(path)
    assert taken is not None
    assert spill.take(path) is None
    taken.remove()
    assert spill.take(path) is None
    assert spill.left() == []


def test_whoever_waited_for_a_file_that_was_removed_gets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spill = Spill.open(tmp_path, 1000)
    file = spill.new_file(CALL)
    (path,) = spill.left()
    opened = os.open

    def slow(*args: object, **kwargs: object) -> int:
        descriptor = opened(*args, **kwargs)  # type: ignore[arg-type]  # as it was called
        file.remove()  # while the other has it open, and not locked yet
        return descriptor

    monkeypatch.setattr(os, "open", slow)
    assert spill.take(path) is None


def test_files_of_a_call_are_taken_from_the_oldest(tmp_path: Path) -> None:
    spill = Spill.open(tmp_path, 1000)
    made = [spill.new_file(call) for call in (CALL, OTHER, CALL)]
    for number, file in enumerate(made):
        file.append([b"%d" % number])
        file.close()
    assert [path.name.partition(".")[0] for path in spill.left(CALL)] == [CALL, CALL]
    first, second = (spill.take(path) for path in spill.left(CALL))
    assert first is not None
    assert second is not None
    assert [*first.payloads(), *second.payloads()] == [b"0", b"2"]


def test_strange_files_are_left_alone(tmp_path: Path) -> None:
    spill = Spill.open(tmp_path, 1000)
    (tmp_path / "notes.held").write_text("mine")
    assert [spill.take(path) for path in spill.left()] == [None]
    assert (tmp_path / "notes.held").exists()


def test_a_full_folder_takes_nothing_and_loses_nothing(tmp_path: Path) -> None:
    told: list[int] = []
    spill = Spill.open(tmp_path, 40, told.append)
    file, other = spill.new_file(CALL), spill.new_file(OTHER)
    file.append([b"0123456789"])
    with pytest.raises(SpillFullError):
        other.append([b"0123456789", b"0123456789"])
    other.append([b"0123456789"])
    assert (list(file.payloads()), list(other.payloads())) == ([b"0123456789"], [b"0123456789"])
    assert sum(told) == 36
    file.remove()
    other.append([b"more"])
    assert sum(told) == 30
    other.close()
    assert sum(_reopened(tmp_path)) == 30


def test_what_a_full_disk_took_half_of_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else all that is written after it would be lost behind half a record."""
    spill = Spill.open(tmp_path, 1000)
    file = spill.new_file(CALL)
    file.append([b"one"])
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        write(descriptor, bytes(data)[:5])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="space"):
            file.append([b"two"])
    file.append([b"three"])
    assert list(file.payloads()) == [b"one", b"three"]


def test_the_last_ones_are_read_back(tmp_path: Path) -> None:
    file = Spill.open(tmp_path, 1000).new_file(CALL)
    written = [b"%d" % number for number in range(5)]
    for payload in written:
        file.append([payload])
    for count in range(1, 6):
        for most in range(1, 7):
            assert file.last(count, most) == written[5 - count :][:most]


def _ends(payloads: list[bytes]) -> list[int]:
    ends, at = [], 0
    for payload in payloads:
        at += len(frame(payload))
        ends.append(at)
    return ends


def _reopened(folder: Path) -> list[int]:
    told: list[int] = []
    Spill.open(folder, 1000, told.append)
    return told
