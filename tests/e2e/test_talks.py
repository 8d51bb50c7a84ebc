"""How the agent behaves when a talk does not go straight: real calls, in audio, through the whole system."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from local.driver import System
from local.report import CallReport
from shared.agent_config import load_agent
from shared.call_store import CallStore
from shared.calls import Outcome, TransferState
from shared.phrases import Phrases
from tests.e2e.conftest import PERSON, PlaceCall

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture
def phrases(agent_folder: Path) -> Phrases:
    return load_agent(agent_folder).phrases_for("en")


@pytest.fixture
def impatient(agent_folder: Path) -> Iterator[None]:
    """The agent of calls that begin now waits a second instead of eight when nobody speaks."""
    file = agent_folder / "agent.toml"
    before = file.read_text("utf-8")
    file.write_text(re.sub(r"waits = .*", "waits = [1.0, 1.0, 1.0]", before), "utf-8")
    yield
    file.write_text(before, "utf-8")


def said_by_agent(report: CallReport) -> list[str]:
    return [turn.text for turn in report.turns if turn.role == "agent"]


class TestPerson:
    """By word, or by 0 at any time."""

    async def test_is_asked_for_by_word(self, place_call: PlaceCall, store: CallStore) -> None:
        """The model decides it, and sums the call up for the person."""
        report = await place_call("Can I speak to a person, please?")
        assert report.outcome == Outcome.TRANSFERRED
        assert [tool.name for tool in report.tools] == ["transfer_to_person"]
        call = await store.get(report.call_id or "")
        assert call is not None
        assert call.summary

    async def test_takes_the_call(self, place_call: PlaceCall, store: CallStore, phrases: Phrases) -> None:
        """The person is told what the call was about, and the caller is not hung up on."""
        report = await place_call("What is the address of Cedar Grill?", digits="0")
        assert report.outcome == Outcome.TRANSFERRED
        assert said_by_agent(report)[-1] == phrases.transferring
        call = await store.get(report.call_id or "")
        assert call is not None
        assert call.transfer_state is TransferState.ACCEPTED
        assert "Cedar Grill" in call.summary

    async def test_does_not_answer(
        self, system: System, place_call: PlaceCall, store: CallStore, phrases: Phrases
    ) -> None:
        """The agent is back and says so; the call goes on to its end."""
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{system.addresses.acs}/faults", json={"transfer_fails": 1}) as answer,
        ):
            assert answer.status == 200
        report = await place_call(digits="0")
        assert report.outcome == Outcome.COMPLETED
        assert said_by_agent(report)[1:3] == [phrases.transferring, phrases.transfer_failed]
        call = await store.get(report.call_id or "")
        assert call is not None
        assert call.transfer_state is TransferState.FAILED
        assert PERSON not in call.summary


async def test_a_caller_who_says_nothing_is_asked_twice_and_then_let_go(
    impatient: None, place_call: PlaceCall, phrases: Phrases
) -> None:
    """Configured between calls: the change counts from the next one on."""
    report = await place_call()
    assert report.outcome == Outcome.COMPLETED
    assert said_by_agent(report) == [
        phrases.greeting,
        phrases.still_there,
        phrases.still_there_again,
        phrases.silence_goodbye,
    ]


async def test_a_caller_who_cannot_be_understood_ends_with_a_person(
    system: System, place_call: PlaceCall, phrases: Phrases
) -> None:
    """Asked again, asked for less, offered the keys, handed over."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(
            f"{system.addresses.voice_live}/faults", json={"transcription_failed": True, "sessions": 1}
        ) as answer,
    ):
        assert answer.status == 200
    report = await place_call(*["I would like to book a table."] * 4)
    assert said_by_agent(report) == [
        phrases.greeting,
        phrases.not_heard,
        phrases.not_heard_again,
        phrases.key_offer(person=True),
        phrases.transferring,
    ]
    assert report.outcome == Outcome.TRANSFERRED


async def test_a_sign_of_listening_does_not_stop_the_agent(place_call: PlaceCall) -> None:
    """It falls silent for a moment and goes on to the end of its sentence; nobody answers "mm-hm"."""
    report = await place_call("What is the address of Sakura House?", "Mm-hm.", barge_in_ms=900)
    _, reply = (turn for turn in report.turns if turn.role == "agent")
    assert "Station Road" in reply.text
    assert not reply.interrupted
