"""Judge recognition and mind on sentences and voices that nothing was tuned on.

    python -m tests.local.understanding.judge FILE.tsv [--voice V | --say COMMAND | --wavs FOLDER]

FILE.tsv has a row for each case, its columns parted by tabs: the tool that must be called last, its
arguments as JSON (those named must be equal; the others are free), and what the caller says, a column for
each line. Empty rows and rows that start with # are skipped. Times are judged as of Sunday 22 November 2026,
10:00 UTC. For example:

    find_restaurants<TAB>{"cuisine": "Greek"}<TAB>I would love some Greek food.
    book_table<TAB>{"party_size": 2}<TAB>A table at Hanabi.<TAB>Two of us, today at seven.<TAB>Ann.<TAB>Yes.

Every case is a session of its own, said after the greeting: as text (what the mind makes of the exact words),
clean, and as a telephone line (G.711 mu-law) carries it. Who speaks is one of:

    --voice agent | low | bright | old | PITCH,TRACT,PACE    the project's own synthesis, its voice reshaped
    --say "pico2wave -l en-GB -w {wav} {text}"               any synthesiser that writes a WAV file
    --wavs FOLDER                                            recordings: ROW-LINE.wav, both counted from 1
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from local import azurite
from local.processes import free_ports
from local.speech import VOICES, AudioError, FloatAudio, Speaker, pcm16_to_float, read_wav
from local.speech.audio import speech_level
from local.speech.voices import VoiceShape
from local.voice_live.service import load_parts
from tests.local.understanding.talks import Line, Talk, over_the_telephone, resampled, serving, talk, toolbox

CARRIED = ("text", "clean", "telephone")
_LEVEL_DB = -20.0


class JudgeError(Exception):
    """The command cannot be carried out; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Row:
    """A case of the file."""

    number: int
    tool: str
    arguments: dict[str, Any]
    said: tuple[str, ...]


type Voice = Callable[[Row, int], FloatAudio]
"""Speaks one line (counted from 0) of a row: 24 kHz."""


def rows(path: Path) -> list[Row]:
    """Read the cases. Raises JudgeError that names the row."""
    found: list[Row] = []
    for at, text in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not text.strip() or text.startswith("#"):
            continue
        tool, *rest = (column.strip() for column in text.split("\t"))
        said = tuple(line for line in rest[1:] if line)
        if not said:
            raise JudgeError(
                f"{path.name}:{at}: expected tool, arguments and at least one line, parted by tabs"
            )
        try:
            arguments = json.loads(rest[0] or "{}")
        except ValueError as error:
            raise JudgeError(f"{path.name}:{at}: the second column is no JSON: {error}") from error
        if not isinstance(arguments, dict):
            raise JudgeError(f"{path.name}:{at}: the second column must be a JSON object")
        found.append(Row(len(found) + 1, tool, arguments, said))
    if not found:
        raise JudgeError(f"{path.name}: no case in it")
    return found


def own_voice(name: str) -> Voice:
    """The project's synthesis: one of its voices, or three factors that shape a new one."""
    if name not in VOICES:
        try:
            VOICES[name] = VoiceShape(*(float(factor) for factor in name.split(",")))
        except (TypeError, ValueError) as error:
            known = ", ".join(VOICES)
            raise JudgeError(f"--voice {name}: use {known}, or factors like 0.7,0.9,0.95") from error
    speaker = Speaker()
    return lambda row, line: pcm16_to_float(b"".join(speaker.stream(row.said[line], name)))


def other_voice(command: str) -> Voice:
    """A synthesiser that is run for each line, with {text} and {wav} filled in."""
    if "{wav}" not in command:
        raise JudgeError(
            "--say: the command needs {wav}, the file to write, and {text} (or reads text on stdin)"
        )

    def say(row: Row, line: int) -> FloatAudio:
        with tempfile.TemporaryDirectory() as folder:
            wav = Path(folder) / "said.wav"
            filled = [part.format(wav=wav, text=row.said[line]) for part in shlex.split(command)]
            text = row.said[line].encode()
            done = subprocess.run(filled, input=text, capture_output=True, timeout=60, check=False)
            if done.returncode or not wav.is_file():
                raise JudgeError(f"--say: {filled[0]} failed: {done.stderr.decode(errors='replace')[-300:]}")
            return _levelled(*read_wav(wav))

    return say


def recordings(folder: Path) -> Voice:
    """Files that were made before."""
    return lambda row, line: _levelled(*read_wav(folder / f"{row.number}-{line + 1}.wav"))


def _levelled(audio: FloatAudio, rate: int) -> FloatAudio:
    """At 24 kHz, and as loud as the project's own voices."""
    audio = resampled(audio, rate, 24_000)
    gain = 10 ** ((_LEVEL_DB - speech_level(audio, 24_000)) / 20)
    louder: FloatAudio = np.clip(audio * np.float32(gain), np.float32(-0.95), np.float32(0.95))
    return louder


@contextlib.contextmanager
def _store() -> Iterator[str]:
    """A table service in memory; its connection string."""
    [port] = free_ports(1)
    command = azurite.tables_command(port, None)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None or not any(azurite.READY in line for line in process.stdout):
            raise JudgeError("Azurite did not start; run `make setup`")
        yield azurite.connection_string(port)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)


async def judge(cases: list[Row], voice: Voice | None, carried: list[str]) -> dict[str, list[Talk]]:
    """Hold a talk for every case in every way it is carried."""
    results: dict[str, list[Talk]] = {way: [] for way in carried}
    with _store() as storage:
        async with serving(load_parts()) as url:
            for row, way in itertools.product(cases, carried):
                async with toolbox(storage, f"judge{row.number}{way}") as tools:  # a call of its own
                    told = await talk(url, tools, _lines(row, voice, way))
                results[way].append(told)
                print(_line(row, way, told), flush=True)
    return results


def _lines(row: Row, voice: Voice | None, way: str) -> list[Line]:
    if way == "text" or voice is None:
        return list(row.said)
    audio = [voice(row, line) for line in range(len(row.said))]
    return [over_the_telephone(one) for one in audio] if way == "telephone" else list(audio)


def _line(row: Row, way: str, told: Talk) -> str:
    right = told.led_to(row.tool, row.arguments)
    text = f"{row.number:3} {way:9} {'right' if right else 'WRONG'}  {' / '.join(told.heard or row.said)}"
    if right:
        return text
    called = "no tool" if told.called is None else f"{told.called[0]} {json.dumps(told.called[1])}"
    wanted = f"{row.tool} {json.dumps(row.arguments)}"
    return f"{text}\n      said    {' / '.join(row.said)}\n      wanted  {wanted}\n      called  {called}"


def _options(argv: list[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(
        prog="python -m tests.local.understanding.judge",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("file", type=Path, help="the cases")
    who = options.add_mutually_exclusive_group()
    who.add_argument("--voice", help="a voice of the project, or three factors")
    who.add_argument("--say", help="command of a synthesiser, with {wav} and {text}")
    who.add_argument("--wavs", type=Path, help="folder with recordings")
    options.add_argument("--carried", nargs="+", choices=CARRIED, help="default: all that the options allow")
    options.add_argument("--json", type=Path, help="file to write every talk to")
    return options.parse_args(argv)


def main(argv: list[str]) -> int:
    """Print what came of every case and a table of sums. 0 if no way has more than one in twenty wrong."""
    options = _options(argv)
    try:
        cases = rows(options.file)
        voice = (
            own_voice(options.voice)
            if options.voice
            else other_voice(options.say)
            if options.say
            else recordings(options.wavs)
            if options.wavs
            else None
        )
        carried = options.carried or (list(CARRIED) if voice else ["text"])
        results = asyncio.run(judge(cases, voice, carried))
    except (JudgeError, AudioError, azurite.AzuriteMissingError, OSError) as error:
        print(f"judge: {error}", file=sys.stderr)
        return 2
    right = {
        way: sum(told.led_to(row.tool, row.arguments) for row, told in zip(cases, talks, strict=True))
        for way, talks in results.items()
    }
    print("\n" + "\n".join(f"{way:9} {count} of {len(cases)} right" for way, count in right.items()))
    if options.json:
        options.json.write_text(json.dumps({way: [str(t) for t in talks] for way, talks in results.items()}))
    return 0 if all(20 * (len(cases) - count) <= len(cases) for count in right.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
