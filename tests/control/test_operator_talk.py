"""Talks from the page, as the operator API begins them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from control.operator_services import operator_services
from control.services import services
from shared.admission import Report
from shared.auth import secret_hash
from shared.commands import Order
from tests.control.operator_house import Api

ORIGIN = "https://tables.example"


async def test_a_talk_begins_with_a_token_for_this_page(api: Api) -> None:
    status, ticket, _ = await api.ask("POST", "/talk", json={"language": "de-DE"}, headers={"Origin": ORIGIN})
    assert status == 201
    call = await services().line.calls.get(ticket["id"])
    assert call is not None
    assert call.talk is not None
    assert (call.talk.user, call.talk.origin, call.talk.language) == ("local", ORIGIN, "de-DE")
    token = ticket["url"].rpartition("/")[2]
    assert ticket["url"] == f"ws://127.0.0.1:1/browser/{call.id}/{token}"
    assert call.secret_hashes == (secret_hash(token),)
    status, _, _ = await api.ask("POST", f"/calls/{call.id}/end")
    assert status == 202
    commands = await operator_services().commands.waiting()
    assert [(one.call_id, one.order) for one in commands] == [(call.id, Order.END)]


async def test_what_bridges_can_hold_is_told_and_a_talk_needs_a_place(api: Api) -> None:
    now = datetime.now(UTC)
    report = Report("one", now, calls=0, live=0, late_ms=0, sessions=0)
    await operator_services().admission.report(replace(report, calls=20, sessions=30))
    assert (await api.get("/insights"))["capacity"]["capacity"] == 20
    status, _, _ = await api.ask("POST", "/talk", json={}, headers={"Origin": ORIGIN})
    assert status == 201
    await operator_services().admission.report(report)
    status, body, _ = await api.ask("POST", "/talk", json={}, headers={"Origin": ORIGIN})
    assert (status, body["type"]) == (503, "urn:tabletalk:problem:full")


@pytest.mark.parametrize(
    ("order", "field"),
    [({"language": "xx"}, "language"), ({"voice": "nobody"}, "voice"), ({"prompt": "{what}"}, "prompt")],
)
async def test_a_talk_with_what_there_is_not_is_refused(api: Api, order: dict[str, str], field: str) -> None:
    status, body, _ = await api.ask("POST", "/talk", json=order, headers={"Origin": ORIGIN})
    assert (status, body["field"]) == (400, field)


async def test_a_talk_needs_a_page(api: Api) -> None:
    status, body, _ = await api.ask("POST", "/talk", json={})
    assert (status, body["field"]) == (400, "Origin")
