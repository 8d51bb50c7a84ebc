"""A caller in line at the phone: the control plane moves the line, the stand-in plays what they hear."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from aiohttp import web

from control.admitting import Gate
from control.answering import Answer, Line, answer_incoming, follow
from control.moving_up import advance, hear
from control.waiting import Files, Queue
from control.waiting_audio import wav
from local.acs.prompts import line_audio
from local.serving import listening
from shared.acs_events import call_events, parse_callbacks, parse_incoming_call
from shared.admission import Report
from shared.admission_store import AdmissionStore
from shared.agent_config import load_agent
from shared.call_store import CallStore
from shared.calls import Outcome
from shared.recorded_lines import RATE, RecordedLines, texts_in_line
from shared.settings import (
    ACS_ISSUER,
    DEFAULT_AGENT_DIR,
    DEFAULT_RESTAURANTS_FILE,
    AcsSettings,
    AdmissionSettings,
    OperatorSettings,
    QueueSettings,
    StoreSettings,
    WhenFull,
)
from shared.tables import Tables
from shared.telephony import Telephony
from shared.waiting_store import WaitingStore
from tests.local.acs.harness import KEY, RESOURCE_ID, Stack, stack
from tests.local.acs.schema import check_event

SETTINGS = QueueSettings(length=1, every=timedelta(seconds=1))
PHRASES = load_agent(DEFAULT_AGENT_DIR).phrases_for("en")


def sound(text: str) -> bytes:
    """A third of a second, different for each text."""
    noise = np.random.default_rng(len(text)).integers(-9000, 9000, RATE // 3)
    return noise.astype("<i2").tobytes()


def at_the_ear(words: list[bytes]) -> bytes:
    """What a phone hears of them, but for their very end, which is smeared into what follows."""
    return line_audio(wav(words, timedelta(0)))[:-4800]


@asynccontextmanager
async def control_plane(s: Stack, azurite: str, prefix: str) -> AsyncIterator[Line]:
    """The line as the Functions app runs it, with its callbacks and its files."""
    acs = AcsSettings(s.url, KEY, RESOURCE_ID, ACS_ISSUER, f"{s.url}/calling/keys")
    operator = OperatorSettings(None, False, DEFAULT_AGENT_DIR, DEFAULT_RESTAURANTS_FILE)
    admission = AdmissionSettings(WhenFull.QUEUE, queue=SETTINGS)
    lines: list[Line] = []

    async def callbacks(request: web.Request) -> web.Response:
        reported = parse_callbacks(await request.read())
        for event in await request.json():
            check_event(event)
        call = await follow(lines[0], request.match_info["id"], call_events(reported, datetime.now(UTC)))
        assert call is not None
        await hear(lines[0], call, reported)
        return web.Response()

    async def file(request: web.Request) -> web.Response:
        one = await queue.store.find(request.match_info["id"])
        data = None if one is None else await queue.sound(one, request.match_info["file"])
        return web.Response(status=404) if data is None else web.Response(body=data)

    http = web.Application()
    http.router.add_post("/api/calls/{id}/events/{secret}", callbacks)
    http.router.add_get("/api/waiting/{id}/{secret}/{file}", file)
    async with (
        Tables(StoreSettings(azurite, None, prefix)) as tables,
        Telephony(acs) as phone,
        listening(http) as url,
    ):
        recorded = RecordedLines(tables)
        for text in texts_in_line(load_agent(DEFAULT_AGENT_DIR), "en", SETTINGS.length):
            await recorded.put(text, "voice", sound(text))
        queue = Queue(WaitingStore(tables), recorded, SETTINGS, Files(operator), url)
        gate = Gate(AdmissionStore(tables), phone, admission, within=60.0)
        lines.append(Line(CallStore(tables), phone, url, s.app.media_url, gate=gate, queue=queue))
        yield lines[0]


async def bridges_hold(line: Line, calls: int) -> None:
    """One bridge reports that it may hold so many."""
    assert line.gate is not None
    await line.gate.channels.report(
        Report("a", datetime.now(UTC), calls=calls, live=0, late_ms=0, sessions=9)
    )


async def test_who_waits_hears_where_they_stand_until_the_audio_begins(
    azurite: str, table_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("control.waiting._SECONDS", 60.0)
    first = at_the_ear([sound(PHRASES.waiting), sound(PHRASES.waiting_at(1))])
    again = at_the_ear([sound(PHRASES.waiting_at(1))])
    async with stack() as s, control_plane(s, azurite, table_prefix) as line, s.dial() as (phone, data):
        await bridges_hold(line, 0)
        incoming = parse_incoming_call(datetime.now(UTC), data)
        assert await answer_incoming(line, incoming) is Answer.QUEUED
        assert (await phone.text())["type"] == "answered"
        await phone.listen(lambda: first in phone.heard)
        heard = len(phone.heard)
        await phone.listen(lambda: again in phone.heard[heard:])
        assert s.app.media.empty(), "there is no media socket yet"

        await bridges_hold(line, 1)
        await advance(line)
        media = await s.app.next_media()
        assert media.socket.request is not None
        assert media.socket.request.path.startswith(f"/acs/{incoming.call_id}/")
        await media.next("AudioData")
        heard = len(phone.heard)
        await media.play(again)
        await phone.listen(lambda: again in phone.heard[heard:])  # and nothing else is mixed into it

        await phone.socket.close()
        await media.ended.wait()
        call = await line.calls.get(incoming.call_id)
        assert call is not None
        assert call.called_at is not None
        assert line.queue is not None
        assert await line.queue.store.find(incoming.call_id) is None


async def test_who_hangs_up_in_line_has_given_up(
    azurite: str, table_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("control.waiting._SECONDS", 60.0)
    async with stack() as s, control_plane(s, azurite, table_prefix) as line, s.dial() as (phone, data):
        await bridges_hold(line, 0)
        incoming = parse_incoming_call(datetime.now(UTC), data)
        assert await answer_incoming(line, incoming) is Answer.QUEUED
        assert (await phone.text())["type"] == "answered"
        await phone.listen(5)
        await phone.socket.close()
        for _ in range(500):
            call = await line.calls.get(incoming.call_id)
            if call is not None and call.outcome is not None:
                break
            await asyncio.sleep(0.02)
        assert call is not None
        assert call.outcome is Outcome.GAVE_UP
