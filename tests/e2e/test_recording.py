"""A caller talks over the agent in a call that is recorded: real audio, through the whole system."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.tape_sound import MARGIN, STEP, mu_law
from local.driver import System
from local.report import CallReport
from shared.g711 import LEVELS, RATE
from shared.settings import StoreSettings
from shared.tables import Tables
from shared.tapes import TapeStore, extent
from tests.e2e.conftest import PlaceCall

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

type Sound = NDArray[np.float64]

_FAR = RATE * 4 // 10
"""So far from where it is on the tape, the sound of a turn is looked for."""
_LEVELS = np.array(LEVELS, np.float64)


@pytest.fixture(scope="module")
async def report(place_call: PlaceCall, agent_folder: Path) -> CallReport:
    """A call that is recorded, whose second line begins 600 ms into a long reply."""
    file = agent_folder / "agent.toml"
    before = file.read_text("utf-8")
    file.write_text(before.replace('mode = "off"', 'mode = "announce"'), "utf-8")
    try:
        return await place_call(
            "What is on the menu at Golden Lotus?", "What is the address of Sakura House?", barge_in_ms=600
        )
    finally:
        file.write_text(before, "utf-8")


async def test_a_caller_who_talks_over_the_agent_stops_it(report: CallReport) -> None:
    """The agent falls silent and answers what was said over it."""
    cut = [turn for turn in report.turns if turn.interrupted]
    assert [turn.role for turn in cut] == ["agent"]
    talked_over = next(
        turn for turn in report.turns if turn.role == "caller" and "address" in turn.text.lower()
    )
    assert cut[0].end_ms is not None
    assert talked_over.end_ms is not None
    assert cut[0].end_ms < talked_over.end_ms, "the agent fell silent while the caller spoke"
    assert report.turns[-1].role == "agent"
    assert report.turns[-1].start_ms is not None
    assert report.turns[-1].start_ms > talked_over.end_ms


async def test_the_tape_has_what_was_said_and_what_was_heard(report: CallReport, system: System) -> None:
    """Each turn on its side and in its place; of a reply that was cut off, what the caller heard."""
    assert report.call_id is not None
    assert "This call is recorded" in report.turns[0].text
    caller, agent = await tape(system, report.call_id)
    said, heard = await asyncio.to_thread(phone, report)

    turns = [turn for turn in report.turns[1:] if turn.start_ms is not None and turn.end_ms is not None]
    assert {turn.role for turn in turns} == {"caller", "agent"}
    assert any(turn.interrupted for turn in turns)
    base = await asyncio.to_thread(place_of, heard, agent)
    for turn in turns:
        assert turn.start_ms is not None
        assert turn.end_ms is not None
        begin, end = (ms * RATE // 1000 for ms in (turn.start_ms, turn.end_ms))
        mine, tape_of = (said, caller) if turn.role == "caller" else (heard, agent)
        likeness, late = found(mine[begin:end], tape_of, begin + base)
        assert likeness > 0.9, f"{turn.role}: {turn.text!r} is not on its side of the tape"
        assert abs(late) < RATE // 10, f"{turn.role}: {turn.text!r} is {late / RATE:.3f} s off"

    cut = next(turn for turn in turns if turn.interrupted)
    again = next(turn for turn in turns if turn.role == "agent" and turn.start_ms > (cut.end_ms or 0))  # type: ignore[operator]  # all of `turns` have one
    assert cut.end_ms is not None
    assert again.start_ms is not None
    silent = agent[base + (cut.end_ms + 150) * RATE // 1000 : base + (again.start_ms - 150) * RATE // 1000]
    assert len(silent) > RATE // 2
    assert float(np.abs(silent).max()) == 0.0, "what was flushed is on the tape"


async def tape(system: System, call_id: str) -> tuple[Sound, Sound]:
    """Caller and agent as they were recorded, once all of it is there."""
    async with Tables(StoreSettings(system.addresses.tables, endpoint=None, prefix="")) as tables:
        tapes = TapeStore(tables)
        async with asyncio.timeout(30):
            # The bridge tells nobody when it has written the last piece.
            while not (found := extent(await tapes.spans(call_id))).complete:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        channels = await tapes.read(call_id, 0, found.samples)
    return decoded(channels[0]), decoded(channels[1])


def phone(report: CallReport) -> tuple[Sound, Sound]:
    """What was said into the phone and what it played, made as small as a tape."""
    with wave.open(str(report.recording)) as file:
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    whole = len(both) // STEP * STEP
    padded = np.pad(both[:whole], ((MARGIN, MARGIN), (0, 0)))
    said, heard = (decoded(mu_law(padded[:, side].tobytes())) for side in (0, 1))
    return said, heard


def decoded(codes: bytes) -> Sound:
    return _LEVELS[np.frombuffer(codes, np.uint8)]


def place_of(recording: Sound, tape: Sound) -> int:
    """How many samples later something is on the tape than in the phone's recording: negative, as the tape
    begins after the greeting."""
    size = 1 << (len(recording) + len(tape)).bit_length()
    product = np.fft.irfft(np.fft.rfft(tape, size) * np.conj(np.fft.rfft(recording, size)), size)
    best = int(product.argmax())
    return best - size if best > size // 2 else best


def found(sound: Sound, tape: Sound, expected: int) -> tuple[float, int]:
    """How alike a sound and the likeliest place on the tape are (1: the same), and how late that is."""
    first = max(0, expected - _FAR)
    around = tape[first : expected + len(sound) + _FAR]
    scores = np.correlate(around, sound, "valid")
    power = np.convolve(around**2, np.ones(len(sound)), "valid")
    likeness = scores / np.sqrt(np.maximum(power, 1.0) * (sound**2).sum())
    best = int(likeness.argmax())
    return float(likeness[best]), first + best - expected
