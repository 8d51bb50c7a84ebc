"""The operator API as whoever uses it sees it, and calls for it to tell of."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from control.operator_services import operator_services
from control.services import services
from shared.calls import Call, CallEvent, CallState, EventKind, apply
from shared.tapes import PIECE, Piece
from tests.control.hosted_plane import OPERATOR_TOKEN, ControlPlane
from tests.shared.call_makers import a_call, booked, replied, said

CALLER, AGENT = 0x10, 0x90
"""Bytes of mu-law that are all that the one or the other says."""


@dataclass(frozen=True)
class Api:
    """The API, with the token unless told otherwise."""

    control: ControlPlane

    async def ask(
        self, method: str, path: str, *, json: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        sent = {"Authorization": f"Bearer {OPERATOR_TOKEN}"} | (headers or {})
        url = path if path.startswith("/api") else f"/api/v1{path}"
        async with self.control.http.request(
            method, self.control.url + url, json=json, headers=sent
        ) as answer:
            text = await answer.text()
            body = await answer.json(content_type=None) if "json" in answer.content_type and text else text
            return answer.status, body, answer.headers

    async def raw(self, path: str, headers: dict[str, str]) -> str:
        async with self.control.http.get(f"{self.control.url}/api/v1{path}", headers=headers) as answer:
            assert answer.status == 200
            return await answer.text()

    async def get(self, path: str) -> Any:
        status, body, _ = await self.ask("GET", path)
        assert status == 200, body
        return body


async def keep(*calls: Call) -> None:
    """Put ended calls on record and into the figures."""
    for call in calls:
        await services().line.calls.claim(call)
        await services().line.calls.add_turn(call.id, said(0, "A table for two please", call.rang_at))
        await services().line.calls.add_turn(call.id, replied(1, "It is booked.", 812, rang_at=call.rang_at))
        await services().line.calls.add_tool(call.id, booked(2))
        await operator_services().counter.count_now(call.id)


async def live(name: str = "live") -> Call:
    """A call in progress."""
    now = datetime.now(UTC)
    call = Call(
        id=a_call(name, now).id, rang_at=now, claimed_at=now, caller="4:+15550100", correlation_id=name
    )
    call = apply(call, CallEvent(EventKind.ANSWERED, now, call_connection_id="connection"))
    call = apply(call, CallEvent(EventKind.MEDIA_CONNECTED, now, "gpt-4.1"))
    await services().line.calls.claim(call)
    return call


async def taped(*, ended: bool = True, pieces: tuple[int, ...] = (0, 1), last: bool = True) -> Call:
    """A call of ten seconds that was recorded, in pieces of five."""
    call = a_call("taped")
    if not ended:
        call = replace(call, state=CallState.CONNECTED, ended_at=None)
    await services().line.calls.claim(call)
    tapes = operator_services().tapes
    await tapes.begin(call.id, call.rang_at + timedelta(seconds=2))
    for number in pieces:
        sound = bytes([CALLER]) * PIECE, bytes([AGENT]) * PIECE
        await tapes.add(call.id, Piece(number * PIECE, PIECE, *sound, last=last and number == pieces[-1]))
    return call


def signed_in(role: str, user: str = "42", name: str = "Vic") -> dict[str, str]:
    """What Easy Auth tells of somebody with that role."""
    claims = [{"typ": "oid", "val": user}, {"typ": "name", "val": name}, {"typ": "roles", "val": role}]
    return {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps({"claims": claims}).encode()).decode()}
