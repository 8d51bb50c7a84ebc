"""How a call begins and how it ends when its time is up: real calls, in audio, through the whole system."""

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
from shared.call_store import CallStore
from shared.calls import Outcome
from tests.e2e.conftest import PlaceCall
from tests.e2e.interruptions.alignment import follow
from tests.e2e.interruptions.verdicts import speech_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

GERMAN = "+4930901820"
QUESTION = "What is the address of Sakura House?"
QUESTIONS = 7
"""Each takes about twelve seconds with its answer: together more than the minute that the call may last."""


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


async def test_a_call_that_lasts_too_long_ends_with_the_farewell(
    place_call: PlaceCall, store: CallStore, agent_folder: Path
) -> None:
    """A caller who would talk on is answered, hears the farewell to its end, and the agent hangs up."""
    file = agent_folder / "agent.toml"
    shipped = file.read_text("utf-8")
    file.write_text(shipped.replace("max_call_minutes = 15", "max_call_minutes = 1"), "utf-8")
    try:
        report = await place_call(*[QUESTION] * QUESTIONS)
    finally:
        file.write_text(shipped, "utf-8")
    _, reply, *_, farewell = said_by_agent(report)
    assert "Station Road" in reply.text
    assert farewell.text == load_agent(agent_folder).phrases_for("en").farewell
    assert await asyncio.to_thread(is_heard_whole, report, farewell)
    call = await store.get(report.call_id or "")
    assert call is not None
    assert (call.outcome, call.end_reason) == (Outcome.COMPLETED, "hung_up: limit_reached")
