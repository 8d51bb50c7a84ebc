"""Run one command so that it never outlives whoever started it.

    python -I -S guard.py --signal INT --grace 5 -- COMMAND ARGUMENT...

The guard holds a pipe on its standard input whose other end belongs to the starter. When that pipe
closes, because the starter is done or because it was killed with no chance to tidy up, the guard sends
the chosen signal to the command, waits out the grace, then kills whatever is left of its process group.
The command's output goes straight to the guard's own, and its exit status becomes the guard's
(128 + N after a signal N, as a shell has it).

Only the standard library, and nothing that needs site-packages: several guards start with every stack.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import signal
import subprocess
import sys
import time

STOP_SIGNALS = {"INT": signal.SIGINT, "TERM": signal.SIGTERM}


def main(argv: list[str]) -> int:
    """Run the command in `argv` to its end and return its exit status."""
    parser = argparse.ArgumentParser(prog="guard", description="Run a command that ends with its starter.")
    parser.add_argument("--signal", choices=sorted(STOP_SIGNALS), default="TERM", help="what stops it")
    parser.add_argument("--grace", type=float, default=5.0, help="seconds before it is killed")
    parser.add_argument("--pid-file", help="where to write the command's process id, which is its group's")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(argv)
    wakeup = _wake_on(signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    try:
        child = subprocess.Popen(options.command, stdin=subprocess.DEVNULL, process_group=0)
    except OSError as error:
        print(f"guard: cannot start {options.command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    if options.pid_file:
        with open(options.pid_file, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib takes as long to load as all the rest
            file.write(str(child.pid))
    try:
        if _wait(child, wakeup, stdin=sys.stdin.fileno()) is None:
            child.send_signal(STOP_SIGNALS[options.signal])
            _wait(child, wakeup, timeout=options.grace)
    finally:
        # Also after a tidy exit: a command may leave children of its own in the group.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    status = child.wait()
    return status if status >= 0 else 128 - status


def _wake_on(*signals: signal.Signals) -> int:
    """Return a descriptor that becomes readable when one of `signals` arrives."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in signals:
        signal.signal(number, lambda *_: None)
    return reader


def _wait(
    child: subprocess.Popen[bytes], wakeup: int, *, stdin: int | None = None, timeout: float | None = None
) -> int | None:
    """Wait for the command to end and return its status.

    None when the command still runs, because `timeout` seconds have passed or, where `stdin` is watched,
    because it closed or a stop signal came. Once the stop has begun (no `stdin`) more signals change nothing.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    watched = [wakeup] if stdin is None else [wakeup, stdin]
    while (status := child.poll()) is None:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select(watched, [], [], left)
        if not ready:
            return None
        arrived = set(os.read(wakeup, 64)) if wakeup in ready else set()
        if stdin is not None and (arrived - {signal.SIGCHLD} or (stdin in ready and not os.read(stdin, 64))):
            return None
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
