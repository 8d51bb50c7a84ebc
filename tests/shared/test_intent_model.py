"""The second look at an intent, by a model that a test plays over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from local.serving import listening
from shared.call_store import CallStore
from shared.counter import Counter
from shared.insights import InsightStore
from shared.intent_model import IntentModel
from shared.intents import Decision, Intent
from shared.settings import IntentModelSettings, SettingError, StoreSettings
from shared.tables import Tables
from tests.shared.call_makers import a_call, booked, said
from tests.shared.test_insights import MAKER, ZONE

RULED = Decision(intent=Intent.FIND, reached=False, reason="rules")


@dataclass
class Service:
    """What the model answers, one answer a request, the last again and again; and what it was asked."""

    url: str = ""
    answers: list[tuple[int, str]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def says(self, **verdict: object) -> None:
        content = json.dumps({"choices": [{"message": {"content": json.dumps(verdict)}}]})
        self.answers.append((200, content))

    async def handle(self, request: web.Request) -> web.Response:
        assert request.headers["api-key"] == "key"
        self.asked.append(await request.json())
        status, text = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return web.Response(status=status, text=text, headers={"Location": "/elsewhere"})


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made, app = Service(), web.Application()
    app.router.add_post("/openai/v1/chat/completions", made.handle)
    async with listening(app) as made.url:
        yield made


@pytest.fixture
async def model(service: Service) -> AsyncIterator[IntentModel]:
    opened = IntentModel(IntentModelSettings(service.url, "small", "key"))
    yield opened
    await opened.close()


async def test_it_decides_with_a_reason(service: Service, model: IntentModel) -> None:
    service.says(intent="order", reached=False, reason="wanted food at home")
    decision = await model.decide([said(0, "Bring me a pizza")], [], RULED)
    assert decision == Decision(intent=Intent.ORDER, reached=False, reason="wanted food at home", by="model")
    shown = service.asked[0]["messages"][1]["content"]
    assert "caller: Bring me a pizza" in shown
    assert service.asked[0]["model"] == "small"


@pytest.mark.parametrize(
    "answer",
    [
        (429, ""),
        (500, "oops"),
        (302, ""),
        (200, "not JSON"),
        (200, '{"choices": []}'),
        (200, '{"choices": [{"message": {"content": "{\\"intent\\": \\"sing\\"}"}}]}'),
        (200, '{"choices": [{"message": {"content": null}}]}'),
    ],
)
async def test_the_rules_stay_whatever_goes_wrong(
    service: Service, model: IntentModel, answer: tuple[int, str]
) -> None:
    service.answers = [answer]
    assert await model.decide([said(0, "Hello")], [], RULED) is RULED
    assert len(service.asked) == 2  # it is tried once more


async def test_one_that_is_not_there_is_given_up() -> None:
    nowhere = IntentModel(IntentModelSettings("http://127.0.0.1:1", "small", "key"))
    assert await nowhere.decide([said(0, "Hello")], [], RULED) is RULED
    await nowhere.close()


async def test_a_call_without_a_word_is_not_shown(service: Service, model: IntentModel) -> None:
    assert await model.decide([], [], RULED) is RULED
    assert service.asked == []


async def test_what_it_says_is_kept_and_counted_and_an_operator_goes_before_it(
    service: Service, model: IntentModel, azurite: str, table_prefix: str
) -> None:
    service.says(intent="find", reached=True, reason="only looked around")
    async with Tables(StoreSettings(azurite, None, table_prefix)) as tables:
        insights = InsightStore(tables, ZONE)
        later = datetime.now(UTC) + timedelta(days=1)
        counter = Counter(tables, insights, MAKER, judge=model, clock=lambda: later)
        call = a_call()
        store = CallStore(tables)
        await store.claim(call)
        await store.add_turn(call.id, said(0, "A table"))
        await store.add_tool(call.id, booked(1))
        assert await counter.run() == 1
        facts = await insights.facts(call.id)
        assert facts is not None
        assert (facts.decision.intent, facts.decision.by) == (Intent.FIND, "model")
        await store.recount(call.id)
        assert await counter.run() == 1
        assert len(service.asked) == 1  # asked once a call
        rebuilt = Counter(tables, insights, MAKER)
        await rebuilt.rebuild(insights.day_of(call.rang_at))
        assert await insights.facts(call.id) == facts


def test_it_is_off_without_an_endpoint_and_needs_a_deployment() -> None:
    assert IntentModelSettings.from_env({}) is None
    with pytest.raises(SettingError, match="INTENT_MODEL_DEPLOYMENT"):
        IntentModelSettings.from_env({"INTENT_MODEL_ENDPOINT": "https://x.example"})
