"""`python -m local call`: a caller dials, talks by script, and the call is reported and saved."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from azure.core.exceptions import AzureError

from local.acs.identifiers import identify
from local.azurite import AzuriteMissingError
from local.decoding import FieldError
from local.ear import RATE, to_ms
from local.follow import Follower
from local.line import LineError, Progress, place_call
from local.phone import Line, Phone
from local.processes import StartError, Tell
from local.report import CallReport, report_tool, report_turns, summary
from local.saving import CALLS, check_writable, save_call
from local.services import Addresses
from local.speech import AudioError, Resampler, Speaker, float_to_pcm16, read_wav
from local.stack import StackNotFoundError, find_stack, open_stack
from shared.call_store import CallStore
from shared.settings import StoreSettings
from shared.tables import Tables

CALLER = "+15550100"
CALLED = "+15550199"
VOICE = "low"
SEPARATOR = "|"

LINE_BROKE = "line_broke"
STORE_LOST = "store_lost"
"""Outcomes of calls that nobody ended: the line broke; the store would not say how the call went."""


@dataclass(frozen=True, slots=True)
class Script:
    """What the caller does, in order."""

    lines: Sequence[Line]
    digits: str = ""
    barge_in_ms: int | None = None


def main(argv: list[str]) -> int:
    """The `call` command.

    Exit status 0 after an answered call that was saved, 1 after any other, 2 for options that cannot work.
    """
    options = _parser().parse_args(argv)
    tell = _to_stderr if options.json else print
    directory = options.save or CALLS
    try:
        check_writable(directory)
    except OSError as error:
        print(
            f"call: {directory}: cannot be written to ({error.strerror}); choose another with --save",
            file=sys.stderr,
        )
        return 2
    try:
        report = asyncio.run(_run(options, tell))
    except (AudioError, StackNotFoundError, ValueError) as error:
        print(f"call: {error}", file=sys.stderr)
        return 2
    except (LineError, StartError, AzuriteMissingError, AzureError, OSError) as error:
        print(f"call: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if options.json:
        print(msgspec.json.encode(report).decode())
    else:
        print(f"\n{closing(report)}")
    whole = report.outcome not in (LINE_BROKE, STORE_LOST) and report.recording is not None
    return 0 if whole and report.answered_ms is not None else 1


def closing(report: CallReport) -> str:
    """The numbers of a call, and where it was saved."""
    saved = f"saved: {report.recording}, and transcript.txt and call.json beside it"
    return f"{summary(report)}\n{saved if report.recording else 'not saved'}"


async def _run(options: argparse.Namespace, tell: Tell) -> CallReport:
    # First of all: a file that cannot be played is no reason to start a system.
    lines = await asyncio.to_thread(read_lines, options.script or [], options.voice)
    script = Script(lines, options.dtmf, options.barge_in_ms)
    async with contextlib.AsyncExitStack() as cleanup:
        addresses = await _addresses(cleanup, options.stack, tell)
        return await run_call(
            addresses, script, tell, caller=options.caller, called=options.called, save=options.save
        )


async def _addresses(cleanup: contextlib.AsyncExitStack, stack_id: str | None, tell: Tell) -> Addresses:
    running = find_stack(stack_id)
    if running is not None:
        return running.addresses
    tell("no running system found; starting one for this call ...")
    stack = await cleanup.enter_async_context(open_stack(on_disk=False, tell=tell))
    return stack.addresses


def somebody() -> str:
    """A number that nobody has called from."""
    return f"+1555{secrets.randbelow(9_000_000) + 1_000_000}"


async def run_call(
    addresses: Addresses,
    script: Script,
    tell: Tell,
    *,
    caller: str | None = None,
    called: str = CALLED,
    save: Path | None = None,
) -> CallReport:
    """Place one call through the system at `addresses`, saying what happens as it does, and save it.

    Without a `caller` it comes from a number that never called before: who rings again may be known, and
    asked whether to go on.

    A call that breaks off, one whose record the store does not give, and one that cannot be saved are
    reported all the same (as LINE_BROKE, as STORE_LOST, with no `recording`), and `tell` gets the reason.
    Raises LineError when the call did not come so far as to ring.
    """
    phone = Phone(script.lines, digits=script.digits, barge_in_ms=script.barge_in_ms)
    progress = Progress()
    async with Tables(StoreSettings(addresses.tables, endpoint=None, prefix="")) as tables:
        follower = Follower(CallStore(tables), phone, progress, tell)
        try:
            async with asyncio.TaskGroup() as group:
                following = group.create_task(follower.follow())
                await place_call(addresses.acs, phone, progress, caller=caller or somebody(), called=called)
                following.cancel()
        except* LineError as failures:
            if not progress.correlation_id:
                raise failures.exceptions[0] from None
            tell(f"the call broke off: {failures.exceptions[0]}")
            progress.ended = LINE_BROKE
        try:
            await follower.settle()
        except AzureError as error:
            tell(f"the store does not say how the call went: {type(error).__name__}")
            progress.ended = progress.ended if progress.ended == LINE_BROKE else STORE_LOST
    report = _report(follower, phone, progress)
    try:
        await asyncio.to_thread(save_call, report, bytes(phone.recording), follower.transcript(), save)
    except OSError as error:
        tell(f"the call cannot be saved: {error}")
        report.recording = None
    return report


def read_lines(script: Sequence[tuple[str, str]], voice: str) -> list[Line]:
    """Speech for each ("say", text) and ("audio", path) of the script.

    Raises AudioError naming a file that cannot be played, ValueError for a text with nothing to say.
    """
    speaker = Speaker() if any(kind == "say" for kind, _ in script) else None
    lines: list[Line] = []
    for kind, value in script:
        if kind == "audio":
            lines.append(_played(Path(value)))
        elif speaker is not None:
            texts = [text.strip() for text in value.split(SEPARATOR)]
            lines += [_spoken(speaker, text, voice) for text in texts if text]
    return lines


def _spoken(speaker: Speaker, text: str, voice: str) -> Line:
    samples = np.frombuffer(b"".join(speaker.stream(text, voice)), "<i2")
    if not len(samples):
        raise ValueError(f"--say {text!r}: nothing in it can be spoken; use words or numbers")
    return Line(samples)


def _played(path: Path) -> Line:
    audio, rate = read_wav(path)
    resampler = Resampler(rate, RATE)
    resampled = np.concatenate([resampler.feed(audio), resampler.flush()])
    return Line(np.frombuffer(float_to_pcm16(resampled), "<i2"))


def _report(follower: Follower, phone: Phone, progress: Progress) -> CallReport:
    call, sound = follower.call, follower.sound
    told = None if call is None or progress.ended in (LINE_BROKE, STORE_LOST) else call.outcome
    return CallReport(
        call_id=None if call is None else call.id,
        outcome=progress.ended if told is None else str(told),
        answered_ms=progress.answered_ms,
        greeting_ms=_greeting_ms(phone, progress),
        turns=[] if sound is None else list(report_turns(follower.turns, sound).values()),
        tools=[report_tool(run) for run in follower.tools],
        recording=None,
    )


def _greeting_ms(phone: Phone, progress: Progress) -> int | None:
    """From the answer to the agent's first sound; the line's clock may start a moment after the answer."""
    onset = phone.agent.onset_after(0)
    if onset is None or progress.answered_at is None or progress.first_frame_at is None:
        return None
    return to_ms(onset) + max(0, round((progress.first_frame_at - progress.answered_at) * 1000))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local call",
        description="Place a call through the running system, or through one started for this call. "
        "Without --say and --audio the caller listens to the greeting and hangs up.",
    )
    for name, metavar, meaning in (
        ("--say", "TEXT", "a line to speak; may be repeated, and a | parts lines too"),
        ("--audio", "FILE", "a WAV of any rate to play as a line; may be repeated"),
    ):
        parser.add_argument(name, dest="script", action=_InOrder, metavar=metavar, help=meaning)
    parser.add_argument("--voice", default=VOICE, help=f"who speaks the lines (default {VOICE})")
    for name, dest, default in (("--from", "caller", CALLER), ("--to", "called", CALLED)):
        parser.add_argument(
            name,
            dest=dest,
            type=_address,
            default=default,
            metavar="NUMBER",
            help=f"as +15550100, anonymous, or 8:acs:... (default {default})",
        )
    parser.add_argument(
        "--stack", metavar="ID", help="the running system to call, by the id it printed (default: the newest)"
    )
    parser.add_argument(
        "--barge-in-ms",
        type=_milliseconds,
        metavar="N",
        help="say every line but the first N ms after the agent began its reply, over it; a single line is "
        "said over the greeting",
    )
    parser.add_argument(
        "--dtmf", type=_digits, default="", metavar="DIGITS", help="keys to press after the last line"
    )
    parser.add_argument("--json", action="store_true", help="print the report as one JSON line")
    parser.add_argument("--save", type=Path, metavar="DIR", help="default calls/TIME-ID")
    return parser


class _InOrder(argparse.Action):
    """Keeps --say and --audio in the order they were given, as (kind, value)."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        script = [*(getattr(namespace, self.dest) or []), ((option_string or "").lstrip("-"), values)]
        setattr(namespace, self.dest, script)


def _address(text: str) -> str:
    try:
        identify(text, "")
    except FieldError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number such as +15550100, anonymous, or 8:acs:..."
        ) from None
    return text


def _milliseconds(text: str) -> int:
    if not text.isdecimal() or int(text) > 60_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of milliseconds from 0 to 60000")
    return int(text)


def _digits(text: str) -> str:
    if set(text) - set("0123456789*#ABCD"):
        raise argparse.ArgumentTypeError(f"{text!r}: keys are 0 to 9, *, # and A to D")
    return text


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr)
