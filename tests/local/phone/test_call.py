"""The `call` command: options that cannot work, and calls that end badly and are kept all the same."""

from __future__ import annotations

import json
import socket
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection, serve

from local import azurite as store
from local import call, follow, stack
from local.phone import STEREO_FRAME_BYTES
from local.processes import free_ports
from local.services import Addresses
from local.stack import StackFile

FRAMES = 10

type End = Callable[[ServerConnection], None]


@contextmanager
def line(end: End) -> Iterator[str]:
    """The address of a stand-in that rings, answers, sends some frames and ends the call with `end`.

    On a thread: the command under test runs an event loop of its own.
    """

    def handle(connection: ServerConnection) -> None:
        connection.recv()
        connection.send(json.dumps({"type": "ringing", "correlation_id": "nobody-knows-it"}))
        connection.send(json.dumps({"type": "answered"}))
        for _ in range(FRAMES):
            connection.send(bytes(STEREO_FRAME_BYTES))
            connection.recv()
        end(connection)

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


def hang_up(connection: ServerConnection) -> None:
    connection.send(json.dumps({"type": "ended", "reason": "agent_hung_up"}))


def abort(connection: ServerConnection) -> None:
    connection.socket.shutdown(socket.SHUT_RDWR)


def run_through(
    monkeypatch: pytest.MonkeyPatch, acs: str, tables: str, *options: str, settle_s: float = 0.0
) -> int:
    """Run the command against a line and a store, as if a running system had them."""
    addresses = Addresses("", "", acs, "", "", tables)
    monkeypatch.setattr(call, "find_stack", lambda _: StackFile("20260101-000000-a", addresses))
    monkeypatch.setattr(follow, "SETTLE_SECONDS", settle_s)
    return call.main(list(options))


def assert_kept(directory: Path, printed: str, outcome: str) -> None:
    """All that was heard is in the directory, and the printed report is the saved one."""
    report = json.loads(printed)
    assert report["outcome"] == outcome
    assert report["answered_ms"] is not None
    assert json.loads((directory / "call.json").read_text()) == report
    assert outcome in (directory / "transcript.txt").read_text()
    with closing(wave.open(report["recording"])) as recording:
        assert recording.getnframes() * 4 == FRAMES * STEREO_FRAME_BYTES


def test_a_call_whose_line_breaks_is_saved_and_reported(
    azurite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with line(abort) as acs:
        status = run_through(monkeypatch, acs, azurite, "--json", "--save", str(tmp_path / "kept"))
    assert status == 1
    out, err = capsys.readouterr()
    assert "the call broke off" in err
    assert_kept(tmp_path / "kept", out, "line_broke")


def test_a_call_whose_store_is_lost_is_saved_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = store.connection_string(free_ports(1)[0])
    with line(hang_up) as acs:
        options = ("--json", "--save", str(tmp_path))
        status = run_through(monkeypatch, acs, nobody, *options, settle_s=5.0)
    assert status == 1
    out, err = capsys.readouterr()
    assert "the store does not say how the call went" in err
    assert_kept(tmp_path, out, "store_lost")


def test_a_call_that_cannot_be_saved_in_the_end_is_reported(
    azurite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The disk is full by then, so to speak."""
    (tmp_path / "recording.wav").mkdir()
    with line(hang_up) as acs:
        status = run_through(monkeypatch, acs, azurite, "--json", "--save", str(tmp_path))
    assert status == 1
    out, err = capsys.readouterr()
    assert "the call cannot be saved" in err
    assert (json.loads(out)["outcome"], json.loads(out)["recording"]) == ("agent_hung_up", None)


def test_a_directory_that_cannot_be_written_is_refused_before_dialling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(call, "find_stack", lambda _: pytest.fail("it dialled"))
    file = tmp_path / "file"
    file.touch()
    assert call.main(["--save", str(file / "calls")]) == 2
    err = capsys.readouterr().err
    assert str(file / "calls") in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("option", ["--from", "--to"])
@pytest.mark.parametrize("number", ["nobody", "15550100", "+0123456789", "+1555010012345678", ""])
def test_what_is_no_number_is_refused_by_option(
    option: str, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        call.main([option, number])
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert f"argument {option}: {number!r}" in err
    assert "+15550100" in err


@pytest.mark.parametrize("number", ["+15550100", "anonymous", "8:acs:resource_user"])
def test_who_may_call(number: str) -> None:
    assert call._parser().parse_args(["--from", number]).caller == number


def test_an_unknown_system_is_refused_with_those_that_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    addresses = Addresses("", "", "", "", "", "")
    running = [StackFile("20260102-000000-b", addresses), StackFile("20260101-000000-a", addresses)]
    monkeypatch.setattr(stack, "running_stacks", lambda: running)
    assert call.main(["--stack", "20260103-000000-c", "--save", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert "20260103-000000-c" in err
    assert "running: 20260102-000000-b, 20260101-000000-a" in err
