"""The phone rings while the store fails: answered once if it can be, else turned away in time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from control.admitting import Gate
from control.answering import Answer, Line
from control.store_down import _NOTED_WITHIN, answer_when_store_answers
from local.functions_host.config import read_host_json
from shared.acs_events import IncomingCall
from shared.admission_store import AdmissionStore
from shared.auth import secret_matches
from shared.call_claim import RING
from shared.call_store import CallStore
from shared.calls import CallState, derive_call_id
from shared.settings import AdmissionSettings, StoreSettings, WhenStoreDown
from shared.tables import Tables
from shared.telephony import Telephony, TelephonyError
from tests.shared.acs_server import AcsServer, failure
from tests.shared.faulty_tables import Fault, FaultyTables

RANG = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
RECEPTION = "+15550142"


class AwayTables(FaultyTables):
    """A store that is away from some request on, and may come back."""

    def __init__(self, real: Tables, away_from: int = 1) -> None:
        super().__init__(real)
        self.away_from: float = away_from

    async def strike[T](self, act: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self.requests + 1 >= self.away_from:
            self.requests += 1
            raise ServiceRequestError("away")
        return await super().strike(act)


class Town:
    """A line whose store fails, a phone network, and a clock that only waiting moves."""

    def __init__(self, tables: Tables, acs: AcsServer, phone: Telephony) -> None:
        self.tables = tables
        self.acs = acs
        self.phone = phone
        self.now = RANG + timedelta(seconds=1)

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def line(self, tables: Tables, down: WhenStoreDown = WhenStoreDown.REJECT) -> Line:
        settings = AdmissionSettings(redirect_to=RECEPTION, when_store_down=down)
        gate = Gate(AdmissionStore(tables), self.phone, settings)
        return Line(
            CallStore(tables),
            self.phone,
            "https://func.example",
            "wss://bridge.example",
            lambda: self.now,
            gate=gate,
        )

    async def ring(self, line: Line, who: str = "one") -> Answer:
        incoming = IncomingCall(RANG, "4:+15550100", "4:+15550199", who, "server call", "ctx")
        return await answer_when_store_answers(line, incoming, self.sleep)


@pytest.fixture
async def town(azurite: str, table_prefix: str, acs: AcsServer) -> AsyncIterator[Town]:
    async with Tables(StoreSettings(azurite, None, table_prefix)) as tables, Telephony(acs.settings) as phone:
        yield Town(tables, acs, phone)


@pytest.mark.parametrize("fault", [Fault.NEVER_SENT, Fault.ANSWER_LOST, Fault.LATE])
async def test_one_request_that_fails_costs_no_call(town: Town, fault: Fault) -> None:
    """Whichever it is, and whether it was done or not: answered once, and on record so."""
    counting = FaultyTables(town.tables)
    assert await town.ring(town.line(counting), "counted") is Answer.ANSWERED
    for at in range(1, counting.requests + 1):
        who, asked = f"{fault} {at}", len(town.acs.of(":answer"))
        faulty = FaultyTables(town.tables, fault, at)
        assert await town.ring(town.line(faulty), who) is Answer.ANSWERED, f"request {at}"
        await faulty.settle()
        call = await CallStore(town.tables).get(derive_call_id(RANG, who))
        assert call is not None
        assert call.state is CallState.ANSWERED, f"request {at}"
        assert call.call_connection_id.startswith("connection-")
        answers = town.acs.of(":answer")[asked:]
        assert len({request.headers["Repeatability-Request-ID"] for request in answers}) == 1
        (secret,) = {request.body["callbackUri"].rpartition("/")[2] for request in answers}
        assert secret_matches(secret, call.secret_hashes)
    assert town.acs.of(":reject") == []


async def test_a_store_that_comes_back_within_the_ring_answers(town: Town) -> None:
    tables = AwayTables(town.tables)

    async def sleep(seconds: float) -> None:
        await Town.sleep(town, seconds)
        if town.now >= RANG + timedelta(seconds=15):
            tables.away_from = float("inf")

    town.sleep = sleep  # type: ignore[method-assign]  # while time passes the store comes back
    assert await town.ring(town.line(tables)) is Answer.ANSWERED
    assert (len(town.acs.of(":answer")), town.acs.of(":reject")) == (1, [])


@pytest.mark.parametrize(
    ("down", "answer", "path", "latest"),
    [
        (WhenStoreDown.REJECT, Answer.REJECTED, ":reject", 21),
        (WhenStoreDown.REDIRECT, Answer.REDIRECTED, ":redirect", 9),
    ],
)
async def test_one_that_stays_away_has_the_caller_turned_away_within_the_ring(
    town: Town, down: WhenStoreDown, answer: Answer, path: str, latest: int
) -> None:
    """A person who is called instead must have time to pick up."""
    assert await town.ring(town.line(AwayTables(town.tables), down)) is answer
    assert len(town.acs.of(path)) == 1
    assert town.now <= RANG + timedelta(seconds=latest)
    assert town.now < RANG + RING
    assert town.acs.of(":answer") == []


async def test_several_processes_turn_a_caller_away_once(town: Town) -> None:
    lines = [town.line(AwayTables(town.tables), WhenStoreDown.REDIRECT) for _ in range(4)]
    answers = await asyncio.gather(*(town.ring(line) for line in lines))
    assert Counter(answers) == {Answer.REDIRECTED: 4}
    sent = {request.headers["Repeatability-Request-ID"] for request in town.acs.of(":redirect")}
    assert len(sent) == 1


async def test_one_who_cannot_be_redirected_hears_that_the_line_is_busy(town: Town) -> None:
    town.acs.replies = [failure(400)]
    line = town.line(AwayTables(town.tables), WhenStoreDown.REDIRECT)
    assert await town.ring(line) is Answer.REJECTED


async def test_one_whom_another_process_has_answered_is_left_alone(town: Town) -> None:
    """Its store is there, ours is not."""
    assert await town.ring(town.line(town.tables)) is Answer.ANSWERED
    town.acs.replies = [failure(404, "8522")]
    assert await town.ring(town.line(AwayTables(town.tables))) is Answer.GONE
    call = await CallStore(town.tables).get(derive_call_id(RANG, "one"))
    assert call is not None
    assert call.state is CallState.ANSWERED


async def test_one_who_is_answered_is_not_turned_away_for_want_of_a_record(town: Town) -> None:
    counting = FaultyTables(town.tables)
    await town.ring(town.line(counting), "counted")
    tables = AwayTables(town.tables, away_from=counting.requests - 1)  # where the answer is to be written
    assert await town.ring(town.line(tables)) is Answer.ANSWERED
    assert (town.acs.of(":reject"), town.acs.of(":redirect")) == ([], [])
    assert len(town.acs.of(":answer")) == 2, "one for each call"


async def test_one_who_is_answered_is_on_record_when_the_store_is_back(town: Town) -> None:
    """Also when the ring is long over, and Event Grid has given up waiting."""
    counting = FaultyTables(town.tables)
    await town.ring(town.line(counting), "counted")
    tables = AwayTables(town.tables, away_from=counting.requests - 1)

    async def sleep(seconds: float) -> None:
        await Town.sleep(town, seconds)
        if town.now >= RANG + timedelta(seconds=90):
            tables.away_from = float("inf")

    town.sleep = sleep  # type: ignore[method-assign]  # while time passes the store comes back
    assert await town.ring(town.line(tables)) is Answer.ANSWERED
    call = await CallStore(town.tables).get(derive_call_id(RANG, "one"))
    assert call is not None
    assert call.state is CallState.ANSWERED
    assert call.call_connection_id.startswith("connection-")


async def test_an_event_that_comes_after_the_ring_is_dropped(town: Town) -> None:
    town.now = RANG + RING
    assert await town.ring(town.line(AwayTables(town.tables))) is Answer.TOO_LATE
    assert town.acs.requests == []


async def test_trouble_with_the_phone_network_as_well_asks_for_another_delivery(town: Town) -> None:
    town.acs.replies = [failure(503) for _ in range(10)]
    with pytest.raises(TelephonyError):
        await town.ring(town.line(AwayTables(town.tables)))


async def test_a_line_without_a_gate_turns_away_as_well(town: Town) -> None:
    line = replace(town.line(AwayTables(town.tables)), gate=None)
    assert await town.ring(line) is Answer.REJECTED


def test_the_host_lets_a_function_wait_for_the_store() -> None:
    """It would end all others of the process with the one that takes too long."""
    assert read_host_json(Path(__file__).parents[2]).timeout > _NOTED_WITHIN + timedelta(minutes=1)
