"""`python -m local up`: the whole system, up until it is told to stop, and one call through it to show."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Awaitable

import msgspec

from local.azurite import AzuriteMissingError
from local.call import VOICE, Script, closing, read_lines, run_call
from local.line import LineError
from local.phone import Line
from local.processes import ServiceDiedError, StartError, Tell
from local.services import Addresses
from local.stack import SETTINGS, Stack, open_stack

DEMO = (
    "Hello, I feel like pizza tonight.",
    "What is on the menu at Napoli Pizza?",
    "I would like to book a table for four, tomorrow at seven.",
    "My name is Anna.",
    "Yes, please.",
    "No, that is all. Goodbye.",
)
"""What the caller of the demonstration says."""


def main(argv: list[str]) -> int:
    """The `up` command. Exit status 0 when it was told to stop, 1 when something failed."""
    options = _parser().parse_args(argv)
    try:
        asyncio.run(_up(options))
    except (StartError, ServiceDiedError, AzuriteMissingError, OSError) as error:
        print(f"up: {error}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        return 0
    return 0


async def _up(options: argparse.Namespace) -> None:
    _cancel_on_signals()
    tell: Tell = _to_stderr if options.json else _print
    begun = time.monotonic()
    demo = options.demo and not options.json
    speech = (
        asyncio.create_task(asyncio.to_thread(read_lines, [("say", text) for text in DEMO], VOICE))
        if demo
        else None
    )
    tell("starting the system ...")
    async with open_stack(
        host=options.host,
        bridges=options.bridges,
        planes=lambda _: {"BRIDGE_MAX_CALLS": str(options.max_calls)},
        tell=tell,
    ) as stack:
        tell(f"ready after {time.monotonic() - begun:.1f} s")
        if options.json:
            print(_ready_line(stack.addresses), flush=True)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(stack.watch())
                if speech is not None:
                    await _demonstrate(stack, speech, tell)
                if not options.json:
                    tell(_directions(stack))
        except* ServiceDiedError as deaths:
            raise deaths.exceptions[0] from None


async def _demonstrate(stack: Stack, speech: Awaitable[list[Line]], tell: Tell) -> None:
    """Place the call that shows the system. The system stays up whatever becomes of it."""
    tell("\none call through it, as it happens:\n")
    try:
        report = await run_call(stack.addresses, Script(await speech), tell)
    except (LineError, OSError) as error:
        tell(f"the call failed: {error} (logs: {stack.directory})")
        return
    tell(f"\n{closing(report)}")


def _ready_line(addresses: Addresses) -> str:
    return msgspec.json.encode({"ready": True, **msgspec.structs.asdict(addresses)}).decode()


def _directions(stack: Stack) -> str:
    """Where everything is, and what to try."""
    addresses = msgspec.structs.asdict(stack.addresses)
    width = max(map(len, addresses)) + 2
    return "\n".join(
        [
            "",
            f"  {'id':<{width}}{stack.id}   (call --stack chooses it among several)",
            *(f"  {name.replace('_', ' '):<{width}}{address}" for name, address in addresses.items()),
            f"  {'inbox':<{width}}{stack.inbox}   (what restaurants were told)",
            f"  {'logs':<{width}}{stack.directory}",
            "",
            "try, in another terminal:",
            '  make call SAY="I feel like sushi tonight"',
            '  make call SAY="A table for two at Tokyo Corner | Tomorrow at seven | Anna | Yes | Goodbye"',
            "  make call AUDIO=file.wav",
            f"  make doctor ARGS='--settings {stack.directory / SETTINGS}'",
            "",
            "Ctrl-C stops everything.",
        ]
    )


def _cancel_on_signals() -> None:
    """Let SIGINT, SIGTERM and a closed terminal end the command; once, so that none stops the stopping."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop() -> None:
        for number in signals:
            loop.add_signal_handler(number, lambda: None)
        if task is not None:
            task.cancel()

    for number in signals:
        loop.add_signal_handler(number, stop)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local up",
        description="Start the whole system on free ports, place one call through it, stay up until Ctrl-C.",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the addresses as one JSON line when ready, and place no call",
    )
    parser.add_argument("--no-demo", dest="demo", action="store_false", help="place no call")
    parser.add_argument(
        "--host",
        choices=["embedded", "func"],
        default="embedded",
        help="what runs the Functions app: our own host (default), or Functions Core Tools from the PATH",
    )
    parser.add_argument(
        "--bridges",
        type=int,
        choices=range(1, 9),
        default=1,
        metavar="N",
        help="how many bridges hold the calls, 1 to 8: one that ends comes back, its calls go on at another",
    )
    parser.add_argument(
        "--max-calls",
        type=int,
        choices=range(1, 1001),
        default=50,
        metavar="N",
        help="how many calls a bridge holds, 1 to 1000 (50): more find it full",
    )
    return parser


def _print(text: str) -> None:
    print(text, flush=True)


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
