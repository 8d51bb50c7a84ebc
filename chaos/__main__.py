"""`python -m chaos`: take away what calls need while people talk, and see what they notice of it."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import wave
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import msgspec
from azure.core.exceptions import AzureError

from chaos.faults import BY_NAME, FAULTS, SHORT, SHORT_CLOCKS, Fault
from chaos.house import House, open_house
from chaos.run import AFTER_S, Placed, Speech, Stream
from chaos.schedule import Step, at_random, each_once
from chaos.verdict import Row, judge, settle, table
from local.azurite import AzuriteMissingError
from local.ear import RATE
from local.processes import ServiceDiedError, StartError, Tell
from local.services import ROOT

FAILURES = ROOT / ".local" / "chaos"
"""Where the recordings and logs of runs that went wrong are kept."""


def main(argv: list[str]) -> int:
    """Exit status 0 when every promise was kept, 1 when not or when nothing could be tried, 2 for options."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.chance_only and (options.short or options.minutes <= 0):
        parser.error("--chance-only takes --minutes above 0, and not --short: else nothing is tried")
    tell: Tell = _to_stderr
    try:
        rows = asyncio.run(_run(options, tell))
    except (StartError, ServiceDiedError, AzuriteMissingError, AzureError, OSError, TimeoutError) as error:
        print(f"chaos: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(msgspec.json.encode(rows).decode() if options.json else table(rows))
    return 1 if any(row.broken for row in rows) else 0


def plan(faults: Sequence[Fault], seed: int, minutes: float, *, each: bool = True) -> list[Step]:
    """Every fault once, unless not `each`, then faults of chance for so many minutes."""
    names = [fault.name for fault in faults]
    lasts = [fault.lasts_s + AFTER_S for fault in faults]
    once = each_once(names, seed) if each else []
    return [*once, *(at_random(names, seed, minutes * 60, lasts) if minutes else [])]


async def _run(options: argparse.Namespace, tell: Tell) -> list[Row]:
    chosen = [BY_NAME[name] for name in (SHORT if options.short else options.faults or BY_NAME)]
    minutes = 0.0 if options.short else options.minutes
    steps = plan(chosen, options.seed, minutes, each=not options.chance_only)
    wrong = SHORT_CLOCKS if options.short else {}
    return await try_out(steps, options.calls, options.seed, tell, wrong_clocks=wrong)


async def try_out(
    steps: Sequence[Step],
    calls: int,
    seed: int,
    tell: Tell,
    *,
    wrong_clocks: Mapping[str, float] = MappingProxyType({}),
) -> list[Row]:
    """Start a system, go through a schedule with so many calls at a time, and judge.

    Args:
        wrong_clocks: seconds by which the clocks of services are off all the while, as far as no fault sets
            them.
    """
    tell(f"seed {seed}: {len(steps)} faults among {calls} calls at a time")
    speech = await asyncio.to_thread(Speech)
    async with open_house(calls, tell) as house:
        stream = Stream(house, calls, seed, speech, tell)
        with house.clocks(wrong_clocks):
            await stream.run(BY_NAME, steps)
        tell(f"{len(stream.calls)} calls are over; waiting for their records")
        kept = await settle(house.addresses, stream.calls)
        rows = judge(stream.windows, stream.calls, kept)
        bad = {
            int(text.split()[1].rstrip(":"))
            for row in rows
            for text in row.broken
            if text.startswith("call ")
        }
        if any(row.broken for row in rows):
            folder = await asyncio.to_thread(
                keep, house, [call for call in stream.calls if call.number in bad]
            )
            tell(f"recordings, talks and logs: {folder}")
        return rows


def keep(house: House, calls: Sequence[Placed]) -> Path:
    """Save the recordings of these calls, what was understood in them, and the logs of the system."""
    folder = FAILURES / house.stack.id
    folder.mkdir(parents=True, exist_ok=True)
    for call in calls:
        name = f"call-{call.number:03d}"
        with (folder / f"{name}.wav").open("wb") as opened, wave.open(opened, "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(bytes(call.caller.recording))
        text = [f"correlation id {call.progress.correlation_id}", *call.caller.talk, call.progress.ended, ""]
        (folder / f"{name}.txt").write_text("\n".join(text), encoding="utf-8")
    for log in house.stack.directory.glob("*.log"):
        shutil.copy(log, folder)
    return folder


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m chaos",
        description="Start a system with two bridges, keep calls going through it, take away what they need, "
        "one thing after the other, and hold what callers heard and what the store has against the promises. "
        "Recordings and logs of what went wrong are kept in .local/chaos.",
        epilog="faults: " + ", ".join(fault.name for fault in FAULTS),
    )
    parser.add_argument("--seed", type=int, default=1, help="of pauses, callers and chance (default 1)")
    parser.add_argument(
        "--minutes",
        type=float,
        default=5.0,
        help="how long faults of chance follow after each was tried once (5)",
    )
    parser.add_argument("--chance-only", action="store_true", help="leave out trying each once")
    parser.add_argument("--faults", type=_names, metavar="A,B", help="these alone (default: all)")
    parser.add_argument(
        "--calls", type=int, choices=range(1, 21), default=3, metavar="N", help="at a time, 1 to 20 (3)"
    )
    parser.add_argument("--short", action="store_true", help=f"only {', '.join(SHORT)}, and none of chance")
    parser.add_argument("--json", action="store_true", help="print the rows as one JSON line")
    return parser


def _names(text: str) -> list[str]:
    known = {fault.name for fault in FAULTS}
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"no fault {name!r}; there are {', '.join(sorted(known))}")
    return names


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
