"""The guard leaves nothing behind. Real processes; a pipe that all of them hold tells when all are gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

GUARD = Path(__file__).parents[3] / "local" / "guard.py"

STUBBORN = """
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    signal.pause()
print("running", flush=True)
signal.pause()
"""
"""A command with a child of its own, both deaf to SIGTERM."""

SAVER = """
import signal, sys
def save(*_):
    print("saved", flush=True)
    sys.exit(5)
signal.signal(signal.SIGINT, save)
print("running", flush=True)
while True:
    signal.pause()
"""


def start(script: str, *options: str) -> subprocess.Popen[str]:
    """A guarded command that says "running" once it is."""
    guarded = subprocess.Popen(
        [sys.executable, "-I", "-S", str(GUARD), *options, "--", sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert guarded.stdout is not None
    assert guarded.stdout.readline() == "running\n"
    return guarded


def rest_of(guarded: subprocess.Popen[str]) -> str:
    """What it still prints. Returns only when every process that holds its stdout is gone."""
    assert guarded.stdout is not None
    return guarded.stdout.read()


def test_closing_its_stdin_ends_a_stubborn_command_and_its_children() -> None:
    guarded = start(STUBBORN, "--grace", "0.1")
    assert guarded.stdin is not None
    guarded.stdin.close()
    assert rest_of(guarded) == ""
    assert guarded.wait() == 128 + signal.SIGKILL


def test_the_command_gets_the_chosen_signal_and_its_status_comes_back() -> None:
    guarded = start(SAVER, "--signal", "INT", "--grace", "60")
    assert guarded.stdin is not None
    guarded.stdin.close()
    assert rest_of(guarded) == "saved\n"
    assert guarded.wait() == 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_signal_to_the_guard_stops_the_command(number: signal.Signals) -> None:
    guarded = start(SAVER, "--signal", "INT", "--grace", "60")
    guarded.send_signal(number)
    assert rest_of(guarded) == "saved\n"


def test_killing_the_starter_outright_ends_the_command() -> None:
    """SIGKILL gives the starter no chance to tidy up; the pipe it held closes all the same."""
    starter = f"""
import subprocess, sys, time
guarded = subprocess.Popen(
    [sys.executable, "-I", "-S", {str(GUARD)!r}, "--grace", "0.1", "--", sys.executable, "-c", {STUBBORN!r}],
    stdin=subprocess.PIPE,
)
guarded.wait()
"""
    process = subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    process.kill()
    assert process.stdout.read() == ""  # not before the guard, the command and its child are gone
    assert process.wait() == -signal.SIGKILL


def test_what_a_command_leaves_behind_when_it_ends_by_itself_is_killed() -> None:
    guarded = start(STUBBORN.replace("flush=True)\nsignal.pause()", "flush=True)"), "--grace", "60")
    assert rest_of(guarded) == ""
    assert guarded.wait() == 0


def test_a_command_that_does_not_exist_is_said_plainly() -> None:
    guarded = subprocess.run(
        [sys.executable, "-I", "-S", str(GUARD), "--", "/no/such/command"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert guarded.returncode == 127
    assert "cannot start /no/such/command" in guarded.stderr


def test_the_guard_itself_hears_of_the_end_of_a_command_at_once() -> None:
    read, write = os.pipe()
    status = subprocess.run(
        [sys.executable, "-I", "-S", str(GUARD), "--", sys.executable, "-c", "raise SystemExit(7)"],
        stdin=read,
        check=False,
    ).returncode
    os.close(read)
    os.close(write)
    assert status == 7
