"""Callers who ring again, on real sockets: what the model is told, and what is said first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from azure.core.exceptions import ServiceRequestError

import bridge.caller_recall
from bridge.server import BridgeServer
from bridge.services import Services
from shared.caller_key import CallerKeys
from shared.caller_memory import Told, begun, with_told
from shared.callers import CallerStore, Known
from shared.calls import Call, CallEvent, EventKind, apply
from tests.bridge import test_server
from tests.bridge.stage import Stage, soon
from tests.bridge.stand_ins import Caller, ModelSession, call_record
from tests.shared.until import until

stage = test_server.stage

NUMBER = "+15550100"
TABLE = {"restaurant": "Golden Lotus", "party_size": 2, "name": "Kim"}


@dataclass
class Begun:
    """A call up to its first words."""

    record: Call
    caller: Caller
    session: ModelSession
    instructions: str
    tools: list[str]
    history: list[dict[str, Any]]
    """Items before the greeting."""
    greeting: str

    async def says(self, text: str) -> None:
        """A turn of the caller, heard to its end."""
        await self.caller.say()
        await self.session.emit("input_audio_buffer.speech_started", item_id="c1", audio_start_ms=0)
        await self.session.emit("input_audio_buffer.speech_stopped", item_id="c1", audio_end_ms=900)
        words = {"item_id": "c1", "content_index": 0, "transcript": text}
        await self.session.emit("conversation.item.input_audio_transcription.completed", **words)

    async def is_told(self, line: Line, text: str) -> None:
        """The agent says something, and is heard to the end."""
        await self.session.speak(f"r-{len(text)}", text, bytes(960))
        async with asyncio.timeout(20):
            while text not in [turn.text for turn in await line.stage.services.store.turns(self.record.id)]:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)

    async def runs(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The model calls a tool; what it gets."""
        await self.session.speak(f"r-{tool}", "", b"", calls=(tool, json.dumps(arguments)))
        output = await soon(self.session.next("conversation.item.create"))
        found: dict[str, Any] = json.loads(output["item"]["output"])
        return found

    async def leaves(self, line: Line) -> None:
        """The line breaks, and the record says so."""
        await self.caller.socket.close()
        await line.stage.hung_up(self.record)
        # The record is whole when the bridge has let go of the call.
        await until(lambda: self.record.id not in line.stage.server._live)
        ended = CallEvent(EventKind.DISCONNECTED, datetime.now(UTC))
        await line.stage.services.store.update(self.record.id, lambda known: apply(known, ended))


@dataclass
class Line:
    """A bridge with a key to name callers with."""

    stage: Stage
    calls: int = 0

    @property
    def callers(self) -> CallerStore:
        callers = self.stage.services.callers
        assert callers is not None
        return callers

    async def ring(self, number: str = f"4:{NUMBER}") -> Begun:
        self.calls += 1
        record = replace(call_record(self.calls), caller=number)
        assert await self.stage.services.store.claim(record)
        caller = await Caller.dial(self.stage.url, record, self.stage.acs.token())
        session: ModelSession = await soon(self.stage.model.sessions.get())
        events: list[dict[str, Any]] = []
        while not events or events[-1]["type"] != "response.create":
            events.append(await soon(session.received.get()))
        update, *items, create = events
        message = create["response"]["pre_generated_assistant_message"]
        await session.speak("greeting", "Hello.", bytes(960))
        await soon(caller.hears())
        return Begun(
            record,
            caller,
            session,
            update["session"]["instructions"],
            [tool["name"] for tool in update["session"]["tools"]],
            [item["item"] for item in items],
            message["content"][0]["text"],
        )


@pytest.fixture
async def line(stage: Stage) -> AsyncIterator[Line]:
    settings = replace(stage.services.settings, caller_keys=CallerKeys(b"k" * 32))
    async with Services.open(settings) as services:
        server = BridgeServer(services)
        port = await server.start()
        yield Line(replace(stage, services=services, server=server, url=f"ws://127.0.0.1:{port}"))
        await server.drain(0)


async def test_what_was_agreed_to_is_known_when_the_caller_rings_again(line: Line) -> None:
    first = await line.ring()
    assert "have not been asked" in first.instructions
    await first.says("I can't eat nuts.")
    kept = await first.runs("remember", consent=True, allergies="nuts", language="de")
    assert kept["remembered"] is True
    await first.runs("end_call")
    await first.session.speak("bye", "Goodbye.", bytes(960))
    await line.stage.hung_up(first.record)

    second = await line.ring()
    assert '- allergies: "nuts"' in second.instructions
    assert second.greeting.startswith("Hallo, hier ist Larkhaven Tables.")
    assert second.history == []
    stranger = await line.ring("4:+15550111")
    assert "nuts" not in stranger.instructions
    assert stranger.greeting.startswith("Hello, this is Larkhaven Tables.")


async def test_a_call_that_was_cut_off_is_gone_on_with(line: Line) -> None:
    """With what was said and done before, also when it is cut off once more."""
    first = await line.ring()
    await first.says("A table for two at Golden Lotus, please.")
    booking = {**TABLE, "date": f"{datetime.now(UTC).year + 2}-01-01", "time": "19:30"}
    await first.runs("book_table", **booking)  # too far ahead: nothing is done yet
    await first.is_told(line, "For which day?")
    await first.leaves(line)

    second = await line.ring()
    assert second.greeting.startswith("Hello again, this is the AI assistant")
    assert "# The call before this one\n\nThis caller was cut off about 1 minute ago." in second.instructions
    assert [item["type"] for item in second.history[-4:]] == [
        "message",
        "function_call",
        "function_call_output",
        "message",
    ]
    said = second.history[-4]
    assert (said["role"], said["content"]) == (
        "user",
        [{"type": "input_text", "text": "A table for two at Golden Lotus, please."}],
    )
    called, output = second.history[-3:-1]
    assert called["call_id"] == output["call_id"]
    assert json.loads(called["arguments"]) == booking
    assert second.history[-1]["role"] == "assistant"
    await second.says("Yes, please.")
    await second.is_told(line, "We had Golden Lotus for two. For which day?")
    await second.leaves(line)

    third = await line.ring()
    texts = [item["content"][0]["text"] for item in third.history if item["type"] == "message"]
    assert texts.index("A table for two at Golden Lotus, please.") < texts.index("Yes, please.")


async def test_the_same_booking_is_not_made_twice_by_going_on(line: Line) -> None:
    first = await line.ring()
    await first.says("A table for two.")
    booking = await book_somewhen(first)
    await first.says("And another thing.")
    await first.leaves(line)
    second = await line.ring()
    assert second.greeting.startswith("Hello again")
    again = await second.runs("book_table", **booking)
    assert again["booked"] is True
    stand = await line.stage.services.bookings.of_caller(NUMBER, datetime.now(UTC).date())
    assert [found.code for found in stand] == [again["code"]]


async def book_somewhen(call: Begun) -> dict[str, Any]:
    """A table on the first of the next days that has one."""
    today = datetime.now(UTC).date()
    for ahead in range(2, 9):
        on = today.fromordinal(today.toordinal() + ahead)
        booking = {**TABLE, "date": on.isoformat(), "time": "19:30"}
        await call.session.speak(f"b{ahead}", "", b"", calls=("book_table", json.dumps(booking)))
        output = await soon(call.session.next("conversation.item.create"))
        if json.loads(output["item"]["output"]).get("booked"):
            return booking
    raise AssertionError("no table in a week")


async def test_a_goodbye_is_an_end(line: Line) -> None:
    first = await line.ring()
    await first.says("When does Golden Lotus open?")
    await first.runs("end_call")
    await first.session.speak("bye", "At noon. Goodbye.", bytes(960))
    await line.stage.hung_up(first.record)
    second = await line.ring()
    assert second.history == []
    assert second.greeting.startswith("Hello, this is Larkhaven Tables.")


@pytest.mark.parametrize("fault", ["silent", "refuses", "spoilt"])
async def test_a_store_in_trouble_costs_the_caller_nothing(
    line: Line, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    async def look(*_: object) -> Known:
        if fault == "silent":
            await asyncio.Event().wait()
        raise ServiceRequestError("no") if fault == "refuses" else ValueError("a row nobody understands")

    monkeypatch.setattr(bridge.caller_recall, "SECONDS", 0.05)
    monkeypatch.setattr(CallerStore, "look", look)
    call = await line.ring()
    assert "cannot be looked up now. Do not offer to remember anything." in call.instructions
    assert "remember" in call.tools
    assert "caller not looked up" in caplog.text
    assert NUMBER not in caplog.text


async def test_a_withheld_number_is_nobody(line: Line) -> None:
    for number in ("", "4:anonymous"):
        assert "shows no number" in (await line.ring(number)).instructions


async def test_without_a_key_there_is_no_memory(stage: Stage) -> None:
    call = await Line(stage).ring()
    assert not {"remember", "forget_me"} & set(call.tools)
    assert "# What you know about this caller" not in call.instructions


async def test_readiness_says_that_callers_are_remembered(line: Line) -> None:
    url = line.stage.url.replace("ws://", "http://")
    async with aiohttp.ClientSession() as http, http.get(f"{url}/readyz") as answer:
        assert (await answer.text()).endswith("; callers are remembered\n")


async def test_a_call_counts_as_the_callers_from_its_beginning(line: Line) -> None:
    """Also when it ends at once: what was said in it is to be found when they want to be forgotten."""
    memory = with_told(begun(datetime.now(UTC).date()), Told(name="Kim"))
    await line.callers.change(NUMBER, lambda _: memory, datetime.now(UTC))
    call = await line.ring()
    await call.leaves(line)
    assert await line.callers.calls(NUMBER) == [call.record.id]


async def test_an_order_that_was_begun_is_still_there(line: Line) -> None:
    """With its menu in the tools, and what was chosen."""
    first = await line.ring()
    await first.says("Pizza to my door, please.")
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    door = {"restaurant": "Napoli Pizza", "address": "18 Dock Road", "time": f"{tomorrow} 19:30"}
    started = await first.runs("start_order", **door)
    assert "error" not in started, started
    chosen = await first.runs("order_item", item="calzone", quantity=2)
    assert "error" not in chosen, chosen
    await first.is_told(line, "Two calzone. Anything else?")
    await first.leaves(line)

    second = await line.ring()
    assert second.greeting.startswith("Hello again")
    cart = await second.runs("review_order")
    assert cart["items"] == chosen["items"]
