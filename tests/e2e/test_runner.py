"""The commands as scripts use them: `call --json`, stacks side by side, and an end that leaves nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sys
import wave
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from local.driver import System, running_system, start_system
from local.services import ROOT
from local.speech import Resampler, Speaker, float_to_pcm16, pcm16_to_float

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def ports_of(system: System) -> list[int]:
    addresses = system.addresses
    urls = [addresses.functions, addresses.bridge, addresses.acs, addresses.event_grid, addresses.voice_live]
    urls.append(addresses.tables.split("TableEndpoint=")[1].split(";")[0])
    return [port for url in urls if (port := urlsplit(url).port)]


def write_telephone_wav(text: str, path: Path) -> None:
    """Speech, as a WAV of 8 kHz mono."""
    audio = pcm16_to_float(b"".join(Speaker().stream(text, "low")))
    resampler = Resampler(24_000, 8_000)
    narrow = np.concatenate([resampler.feed(audio), resampler.flush()])
    with contextlib.closing(wave.open(str(path), "wb")) as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(float_to_pcm16(narrow))


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def until_silent(ports: list[int]) -> None:
    """Wait until nobody listens on any of the ports. A port that stays taken fails by the test's timeout."""
    while any(map(listens, ports)):  # noqa: ASYNC110 - a port tells nobody when it is given up
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_stopped_system_leaves_no_port_behind(number: signal.Signals) -> None:
    system = await start_system()
    ports = ports_of(system)
    assert len(ports) == 6
    assert all(map(listens, ports))
    assert await system.stop(number) == 0
    assert not any(map(listens, ports))


async def test_a_killed_runner_takes_its_services_along() -> None:
    system = await start_system()
    system.process.kill()
    await system.process.wait()
    await until_silent(ports_of(system))


async def test_a_call_finds_the_newest_system_and_prints_what_it_promises(
    system: System, tmp_path: Path
) -> None:
    """Two systems side by side: the call goes through the one started last. The caller is a WAV of 8 kHz, as
    from a telephone; the recording of the call is whole.
    """
    question = tmp_path / "question.wav"
    await asyncio.to_thread(write_telephone_wav, "I feel like sushi tonight.", question)
    async with running_system() as second:
        assert not set(ports_of(system)) & set(ports_of(second))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "local", "call", "--audio", str(question)),
            *("--json", "--save", str(tmp_path)),
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        output, _ = await process.communicate()
        assert process.returncode == 0
    report = json.loads(output)
    assert list(report) == ["call_id", "outcome", "answered_ms", "greeting_ms", "turns", "tools", "recording"]
    assert report["outcome"] == "completed"
    assert [turn["role"] for turn in report["turns"][:3]] == ["agent", "caller", "agent"]
    assert "sushi" in report["turns"][1]["text"].lower()
    assert report["turns"][2]["latency_ms"] > 0
    with contextlib.closing(wave.open(report["recording"])) as recording:
        assert (recording.getnchannels(), recording.getframerate(), recording.getsampwidth()) == (
            2,
            24_000,
            2,
        )
        seconds = recording.getnframes() / recording.getframerate()
    assert seconds > report["turns"][2]["end_ms"] / 1000 - 0.001
    assert (tmp_path / "transcript.txt").read_text().strip()
    assert json.loads((tmp_path / "call.json").read_text()) == report
