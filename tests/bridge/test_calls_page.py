"""What the platform is told by which it adds bridges, asked as KEDA's `metrics-api` asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp
import pytest

from bridge.carriers.acs import AcsCarrier
from bridge.reporting import Reporter
from bridge.server import BridgeServer
from bridge.services import Services
from doctor.scale import check_scale
from shared.admission import FRESH, Channel, Report
from shared.admission_store import AdmissionStore
from shared.settings import StoreSettings
from shared.waiting_queue import ANSWERED_WITHIN, Waiting
from shared.waiting_store import WaitingStore
from tests.bridge.stage import Stage, open_stage

TOKEN = "shown-by-the-platform"
NOWHERE = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;"


@pytest.fixture
async def stage(azurite: str, table_prefix: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """A bridge that lets numbers be read."""
    monkeypatch.setattr(AcsCarrier, "quiet_seconds", 60.0)  # these callers send only what a test is about
    async with open_stage(azurite, table_prefix, metrics_token=TOKEN) as opened:
        yield opened


async def ask(stage: Stage, path: str = "/calls", token: str | None = TOKEN) -> tuple[int, str]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.get(stage.url.replace("ws", "http", 1) + path) as answer,
    ):
        return answer.status, await answer.text()


async def test_any_bridge_tells_of_all_calls_and_of_those_on_their_way(stage: Stage) -> None:
    """A call counts once: from the ring, while it is held, until its end."""
    store = AdmissionStore(stage.services.tables)
    reporter, now = Reporter(store, "a", stage.server.load), datetime.now(UTC)
    await reporter.report(now)
    await store.report(Report("elsewhere", now, calls=50, live=7, late_ms=0, sessions=30))
    assert await ask(stage) == (200, '{"calls": 7}')
    call = await stage.call()
    assert isinstance(await store.admit(call.id, datetime.now(UTC)), Channel)
    assert await ask(stage) == (200, '{"calls": 8}')
    caller = await stage.bring(call)
    await reporter.report(datetime.now(UTC))
    assert await ask(stage) == (200, '{"calls": 8}')
    await caller.socket.close()
    await stage.hung_up(call)


async def test_callers_in_line_count(stage: Stage) -> None:
    """For them above all a bridge more is wanted."""
    await Reporter(AdmissionStore(stage.services.tables), "a", stage.server.load).report(datetime.now(UTC))
    now = datetime.now(UTC)
    waiting = Waiting(0, "a-call", now, "en-US", "secret", now + ANSWERED_WITHIN)
    assert await WaitingStore(stage.services.tables).join(waiting, 5) is not None
    assert await ask(stage) == (200, '{"calls": 1}')


async def test_each_release_is_told_its_own(stage: Stage) -> None:
    """By the path, since all releases ask at one address and the newest answers."""
    store, now = AdmissionStore(stage.services.tables), datetime.now(UTC)
    old = Report("a", now, calls=50, live=40, late_ms=0, sessions=30, release="20261101T090000Z")
    await store.report(old)
    await Reporter(store, "b", stage.server.load, release="20261127T090000Z").report(now)
    await store.admit("a-call", now)
    assert await ask(stage, "/calls/20261101T090000Z") == (200, '{"calls": 40}')
    assert await ask(stage, "/calls/20261127T090000Z") == (200, '{"calls": 1}')
    assert await ask(stage) == (200, '{"calls": 41}')


async def test_no_number_rather_than_one_too_small(stage: Stage) -> None:
    """Without an answer the platform keeps the bridges that there are."""
    store = AdmissionStore(stage.services.tables)
    await store.report(Report("a", datetime.now(UTC) - FRESH, calls=50, live=40, late_ms=0, sessions=30))
    assert await ask(stage) == (503, "no bridge of this release reports\n")
    lost = replace(stage.services.settings, store=StoreSettings(NOWHERE, None, ""))
    async with Services.open(lost) as services:
        server = BridgeServer(services)
        away = replace(stage, url=f"ws://127.0.0.1:{await server.start()}")
        status, text = await ask(away)
        await server.drain(0)
    assert (status, text.partition(":")[0]) == (503, "store")


async def test_numbers_are_for_who_shows_the_token(stage: Stage) -> None:
    for path in ("/calls", "/calls/20261127T090000Z", "/metrics"):
        for token in (None, "", "shown-by-somebody", TOKEN + "x", "é"):
            assert (await ask(stage, path, token))[0] in (401, 429), (path, token)
    assert (await ask(stage, "/metrics"))[0] == 200, "who has the token is not held up by who has not"


async def test_without_a_token_set_there_are_no_numbers(stage: Stage) -> None:
    settings = replace(stage.services.settings, metrics_token=None)
    async with Services.open(settings) as services:
        server = BridgeServer(services)
        silent = replace(stage, url=f"ws://127.0.0.1:{await server.start()}")
        assert [(await ask(silent, path, "None"))[0] for path in ("/calls", "/metrics")] == [404, 404]
        await server.drain(0)


async def test_the_doctor_asks_as_the_platform_does(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doctor.scale._PAUSE", 0.0)
    url = stage.url.replace("ws", "http", 1) + "/calls/20261127T090000Z"
    settings = replace(stage.services.settings, scale_url=url)
    assert [one.check for one in await check_scale(settings)] == ["scale.answer"]
    store = AdmissionStore(stage.services.tables)
    await Reporter(store, "a", stage.server.load, release="20261127T090000Z").report(datetime.now(UTC))
    assert [one.check for one in await check_scale(settings)] == ["scale.calls"]
    assert [one.check for one in await check_scale(replace(settings, metrics_token="other"))] == [
        "scale.token"
    ]
    assert await check_scale(replace(settings, scale_url=None)) == []
