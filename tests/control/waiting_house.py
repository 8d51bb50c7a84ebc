"""A control plane in which callers wait in line, and a clock in the test's hand."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from control.admitting import Gate
from control.answering import Answer, Line, answer_incoming, follow
from control.moving_up import hear
from control.waiting import Files, Queue
from shared.acs_events import Callback, IncomingCall, call_events, parse_callbacks
from shared.admission import Report
from shared.admission_store import AdmissionStore
from shared.agent_config import load_agent
from shared.call_store import CallStore
from shared.calls import (
    Call,
)
from shared.recorded_lines import RecordedLines, texts_in_line
from shared.settings import (
    DEFAULT_AGENT_DIR,
    DEFAULT_RESTAURANTS_FILE,
    AdmissionSettings,
    OperatorSettings,
    QueueSettings,
    StoreSettings,
    WhenFull,
)
from shared.tables import Tables
from shared.telephony import Telephony
from shared.waiting_store import WaitingStore
from tests.shared.acs_server import AcsServer

RANG = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
PERSON = "+15550142"
SETTINGS = QueueSettings(length=3)
PHRASES = load_agent(DEFAULT_AGENT_DIR).phrases_for("en")


def sound(text: str) -> bytes:
    """Different for each text."""
    return text.encode("utf-16-le") * 40


@dataclass
class House:
    """A control plane with a place or two, and a clock in the test's hand."""

    line: Line
    acs: AcsServer
    seconds: float = 0.0
    calls: int = 0

    def now(self) -> datetime:
        return RANG + timedelta(seconds=self.seconds)

    @property
    def channels(self) -> AdmissionStore:
        assert self.line.gate is not None
        return self.line.gate.channels

    @property
    def queue(self) -> Queue:
        assert self.line.queue is not None
        return self.line.queue

    async def places(self, calls: int) -> None:
        """So many can be held from now on."""
        self.calls = calls
        await self.channels.report(Report("a", self.now(), calls=calls, live=0, late_ms=0, sessions=100))

    async def at(self, seconds: float) -> None:
        """It is so long after the first ring, and the bridge has reported again."""
        self.seconds = seconds
        await self.places(self.calls)

    async def rings(self, number: int) -> Answer:
        """A phone rings now."""
        return await answer_incoming(self.line, self.incoming(number))

    def incoming(self, number: int) -> IncomingCall:
        rang_at = RANG + timedelta(milliseconds=number)
        return IncomingCall(rang_at, "4:+15550100", "4:+15550199", f"call-{number}", "", f"context-{number}")

    async def call(self, number: int) -> Call:
        call = await self.line.calls.get(self.incoming(number).call_id)
        assert call is not None
        return call

    async def called_back(self, number: int, kind: str, **data: Any) -> None:
        """What Call Automation reports of a call."""
        call = await self.call(number)
        event: dict[str, Any] = {"type": f"Microsoft.Communication.{kind}", "time": self.now().isoformat()}
        event |= {"data": {"callConnectionId": call.call_connection_id, **data}}
        reported: list[Callback] = parse_callbacks(as_sent(event))
        followed = await follow(self.line, call.id, call_events(reported, self.now()))
        assert followed is not None
        await hear(self.line, followed, reported)

    async def fills(self) -> None:
        """Call 0 takes the one place, and a bridge has it."""
        assert await self.rings(0) is Answer.ANSWERED
        seen = await self.channels.seen()
        await self.channels.hold("a", [self.incoming(0).call_id], self.now(), seen)

    async def waits(self, number: int) -> None:
        """A phone rings, is put in line, and is up."""
        assert await self.rings(number) is Answer.QUEUED
        await self.called_back(number, "CallConnected")

    async def ends(self, number: int) -> None:
        """A call that a bridge holds ends."""
        call_id = self.incoming(number).call_id
        [channel] = [one for one in (await self.channels.seen()).channels.values() if one.call_id == call_id]
        await self.channels.give_back(channel)
        await self.called_back(number, "CallDisconnected")

    async def queue_now(self) -> list[int]:
        """The seats that are taken, as the numbers of their calls, the first in line first."""
        ids = {self.incoming(number).call_id: number for number in range(40)}
        rows = sorted((await self.channels.seen()).waiting, key=lambda one: (one.since, one.call_id))
        return [ids[one.call_id] for one in rows]

    def played(self) -> list[tuple[str, str]]:
        """File and operation context of all that Call Automation was asked to play."""
        return [
            (one.body["playSources"][0]["file"]["uri"].rpartition("/")[2], one.body["operationContext"])
            for one in self.acs.of(":play")
        ]

    async def begun(self) -> list[int]:
        """The calls whose audio was begun, in that order."""
        connections = {
            (await self.call(n)).call_connection_id: n for n in range(12) if await self._is_there(n)
        }
        paths = [one.path.rpartition("/")[2] for one in self.acs.of(":startMediaStreaming")]
        return [connections[path.removesuffix(":startMediaStreaming")] for path in paths]

    async def _is_there(self, number: int) -> bool:
        return await self.line.calls.get(self.incoming(number).call_id) is not None


def as_sent(event: dict[str, Any]) -> bytes:
    """The body of a callback."""
    return json.dumps(event).encode()


def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, nobody is let in unseen."""
    monkeypatch.setattr("control.services.Gate", functools.partial(Gate, within=60.0))
    monkeypatch.setattr("control.waiting._SECONDS", 60.0)


@contextlib.asynccontextmanager
async def open_house(
    azurite: str, table_prefix: str, acs: AcsServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """A house with one place, whose agent, with a person to call, is put into `folder`."""
    patient(monkeypatch)
    monkeypatch.setattr("control.moving_up._FREED_EVERY", 0.0)
    await asyncio.to_thread(_agent_with_a_person, folder)
    operator = OperatorSettings(None, False, folder, DEFAULT_RESTAURANTS_FILE)
    async with Tables(StoreSettings(azurite, None, table_prefix)) as tables, Telephony(acs.settings) as phone:
        recorded = RecordedLines(tables)
        for text in texts_in_line(load_agent(folder), "en", SETTINGS.length):
            await recorded.put(text, "voice", sound(text))
        settings = AdmissionSettings(WhenFull.QUEUE, queue=SETTINGS)
        house = House(line=None, acs=acs)  # type: ignore[arg-type]  # it has the clock that the line needs
        house.line = Line(
            CallStore(tables),
            phone,
            "https://func.example",
            "wss://bridge.example",
            house.now,
            gate=Gate(AdmissionStore(tables), phone, settings, within=60.0),
            queue=Queue(WaitingStore(tables), recorded, SETTINGS, Files(operator), "https://func.example"),
        )
        await house.places(1)
        yield house


def _agent_with_a_person(folder: Path) -> None:
    shutil.copytree(DEFAULT_AGENT_DIR, folder, dirs_exist_ok=True)
    with (folder / "agent.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[transfer]\nto = "{PERSON}"\n')


def with_settings(house: House, settings: QueueSettings) -> None:
    house.line = replace(house.line, queue=replace(house.queue, settings=settings))
