"""In which language a call begins: real calls, in audio, through the whole system."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest

from local.ear import RATE, Samples
from local.report import CallReport, TurnReport
from local.speech import Speaker
from shared.agent_config import load_agent
from tests.e2e.conftest import PlaceCall
from tests.e2e.interruptions.alignment import follow
from tests.e2e.interruptions.verdicts import speech_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

GERMAN = "+4930901820"


def said_by_agent(report: CallReport) -> list[TurnReport]:
    return [turn for turn in report.turns if turn.role == "agent"]


def heard_by_caller(report: CallReport) -> Samples:
    """The side of the recording that the caller heard, shape (n,)."""
    with wave.open(str(report.recording)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)[:, 1]


def is_heard_whole(report: CallReport, turn: TurnReport) -> bool:
    """Whether the caller heard all of the agent's turn, sample for sample, whatever pauses there were."""
    assert turn.start_ms is not None
    heard = follow(heard_by_caller(report), speech_of(Speaker())(turn.text), turn.start_ms * RATE // 1000)
    return heard is not None and heard.whole


async def test_a_caller_from_germany_is_greeted_in_german(place_call: PlaceCall, agent_folder: Path) -> None:
    """The shipped agent tells by the number; to other numbers it speaks another language."""
    agent = load_agent(agent_folder)
    report = await place_call(caller=GERMAN)
    greeting = said_by_agent(report)[0]
    assert greeting.text == agent.phrases_for("de-DE").greeting
    assert greeting.text != agent.phrases_for(agent.languages.default).greeting
    assert await asyncio.to_thread(is_heard_whole, report, greeting)
