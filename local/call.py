"""`python -m local call`: a caller dials, talks by script, and the call is reported and saved."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
from azure.core.exceptions import AzureError

from local.azurite import AzuriteMissingError
from local.ear import RATE, to_ms
from local.follow import Follower
from local.line import LineError, Progress, place_call
from local.phone import Line, Phone
from local.processes import StartError, Tell
from local.report import CallReport, report_tool, report_turns, summary
from local.services import ROOT, Addresses
from local.speech import AudioError, Resampler, Speaker, float_to_pcm16, read_wav
from local.stack import find_stack, open_stack
from shared.call_store import CallStore
from shared.settings import StoreSettings
from shared.tables import Tables

CALLER = "+15550100"
CALLED = "+15550199"
VOICE = "low"
SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class Script:
    """What the caller does, in order."""

    lines: Sequence[Line]
    digits: str = ""
    barge_in_ms: int | None = None


def main(argv: list[str]) -> int:
    """The `call` command. Exit status 0 after an answered call, 1 after any other, 2 for bad options."""
    options = _parser().parse_args(argv)
    tell = _to_stderr if options.json else print
    try:
        report = asyncio.run(_run(options, tell))
    except (AudioError, ValueError) as error:
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
        print(f"\n{summary(report)}\nsaved: {report.recording}, and transcript.txt and call.json beside it")
    return 0 if report.answered_ms is not None else 1


async def _run(options: argparse.Namespace, tell: Tell) -> CallReport:
    # First of all: a file that cannot be played is no reason to start a system.
    lines = await asyncio.to_thread(read_lines, options.script or [], options.voice)
    script = Script(lines, options.dtmf, options.barge_in_ms)
    async with contextlib.AsyncExitStack() as cleanup:
        addresses = await _addresses(cleanup, tell)
        return await run_call(
            addresses, script, tell, caller=options.caller, called=options.called, save=options.save
        )


async def _addresses(cleanup: contextlib.AsyncExitStack, tell: Tell) -> Addresses:
    running = find_stack()
    if running is not None:
        return running.addresses
    tell("no running system found; starting one for this call ...")
    stack = await cleanup.enter_async_context(open_stack(on_disk=False, tell=tell))
    return stack.addresses


async def run_call(
    addresses: Addresses,
    script: Script,
    tell: Tell,
    *,
    caller: str = CALLER,
    called: str = CALLED,
    save: Path | None = None,
) -> CallReport:
    """Place one call through the system at `addresses`, saying what happens as it does, and save it.

    Raises LineError when the line breaks, AzureError when the store cannot tell how the call went.
    """
    phone = Phone(script.lines, digits=script.digits, barge_in_ms=script.barge_in_ms)
    progress = Progress()
    async with Tables(StoreSettings(addresses.tables, endpoint=None, prefix="")) as tables:
        follower = Follower(CallStore(tables), phone, progress, tell)
        try:
            async with asyncio.TaskGroup() as group:
                following = group.create_task(follower.follow())
                await place_call(addresses.acs, phone, progress, caller=caller, called=called)
                following.cancel()
        except* LineError as failures:
            raise failures.exceptions[0] from None
        await follower.settle()
    return _saved(_report(follower, phone, progress), phone, follower.transcript(), save)


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
    return CallReport(
        call_id=None if call is None else call.id,
        outcome=progress.ended if call is None or call.outcome is None else str(call.outcome),
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


def _saved(report: CallReport, phone: Phone, transcript: list[str], save: Path | None) -> CallReport:
    """Write recording.wav, transcript.txt and call.json, and name the recording in the report."""
    directory = save or ROOT / "calls" / _folder_name(report)
    directory.mkdir(parents=True, exist_ok=True)
    recording = directory / "recording.wav"
    with wave.open(str(recording), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(phone.recording))
    report.recording = str(recording)
    text = "\n".join([*transcript, "", summary(report), ""])
    (directory / "transcript.txt").write_text(text, encoding="utf-8")
    (directory / "call.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))
    return report


def _folder_name(report: CallReport) -> str:
    """Time and id, the time by the clock on the wall of whoever looks for it."""
    return f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{(report.call_id or 'none')[-8:]}"


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
    parser.add_argument("--from", dest="caller", default=CALLER, metavar="NUMBER", help=f"default {CALLER}")
    parser.add_argument("--to", dest="called", default=CALLED, metavar="NUMBER", help=f"default {CALLED}")
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
