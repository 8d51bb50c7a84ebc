"""`python -m chaos.clock FILE -m MODULE ...`: a service whose wall clock is off by what a file says.

The file holds seconds, and may change at any time: then the clock leaps. What no wall clock should move stays
as it is: `time.monotonic`, and with it the timers of the event loop.
"""

from __future__ import annotations

import runpy
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from local.processes import Spec

_LOOK_EVERY_S = 0.1
_PYTHON_MODULE = (sys.executable, "-m")


def with_clock(spec: Spec, directory: Path) -> Spec:
    """The same service with a clock that can be set; one that is no Python module stays as it is."""
    if tuple(spec.command[:2]) != _PYTHON_MODULE:
        return spec
    command = [*_PYTHON_MODULE, "chaos.clock", str(_file(directory, spec.name)), *spec.command[1:]]
    return replace(spec, command=command)


def set_clock(directory: Path, name: str, off_s: float) -> None:
    """Have a service's clock differ by so many seconds from the machine's, from now on and when it is
    started again."""
    file = _file(directory, name)
    new = file.with_suffix(".new")
    new.write_text(str(off_s), "ascii")
    new.replace(file)  # nobody reads half a number


def _file(directory: Path, name: str) -> Path:
    return directory / f"{name}.clock"


def _off(file: Path) -> float:
    try:
        return float(file.read_text("ascii"))
    except FileNotFoundError:
        return 0.0


def main(argv: Sequence[str]) -> None:
    """Run a module as the interpreter does, with the clock of a file."""
    # It sets the clock of all that is in this process, and looks for pytest, of which a service has no use.
    sys.modules["pytest"] = None  # type: ignore[assignment]  # how an import is made to fail
    import time_machine

    del sys.modules["pytest"]
    path, option, module, *arguments = argv
    if option != "-m":
        raise SystemExit("usage: python -m chaos.clock FILE -m MODULE ...")
    file, known = Path(path), _off(Path(path))
    clock = time_machine.travel(timedelta(seconds=known)).start()
    time.time()  # from the first look on it goes

    def follow(known: float) -> None:
        while True:
            time.sleep(_LOOK_EVERY_S)
            off = _off(file)
            if off != known:
                clock.shift(off - known)
                known = off

    threading.Thread(target=follow, args=(known,), daemon=True, name="clock").start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
