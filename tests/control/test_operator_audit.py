"""The log tells who saw and who did what, and nothing of callers."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from azure.core.exceptions import ServiceRequestError

from control import operator_api_audit
from control.operator_api_audit import audited
from control.operator_api_auth import Role, User
from control.operator_api_http import ApiAnswer
from control.operator_api_routes import ENDPOINTS
from control.operator_services import operator_services
from control.services import services
from shared.calls import Call
from shared.tapes import PIECE, Piece
from tests.control.hosted_plane import ControlPlane
from tests.control.operator_house import live, signed_in
from tests.shared.call_makers import a_call, said

ANN = "7d5f2a61-0000-4a8e-9f51-1c1de3b0a001"
"""An operator, as Entra names her."""
VIC = "7d5f2a61-0000-4a8e-9f51-1c1de3b0a002"
"""A viewer."""
WORDS = "Zwetschgendatschi"

Lines = Callable[[], list[str]]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Lines:
    """The lines that were written since it was last asked, without their beginning."""
    monkeypatch.setenv("OPERATOR_TOKEN", "")
    monkeypatch.setenv("OPERATOR_EASY_AUTH", "true")
    caplog.set_level(logging.INFO)

    def taken() -> list[str]:
        for personal in (WORDS, "15550100", "Ann Lee"):
            assert personal not in caplog.text
        found = [r.getMessage() for r in caplog.records if r.name == operator_api_audit.__name__]
        caplog.clear()
        return [line.removeprefix("audit: act=") for line in found]

    return taken


async def ask(
    control: ControlPlane, user: str, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, str]:
    """Status and ETag of what somebody gets who is signed in."""
    role = "Tabletalk.Viewer" if user == VIC else "Tabletalk.Operator"
    sent = signed_in(role, user, "Ann Lee") | headers
    url = f"{control.url}/api/v1{path}"
    async with control.http.request(method, url, json=body, headers=sent) as answer:
        await answer.read()
        return answer.status, answer.headers.get("ETag", "")


async def ended() -> Call:
    """A call that is over, was counted, and can be heard."""
    call = a_call("taped")
    await services().line.calls.claim(call)
    await services().line.calls.add_turn(call.id, said(0, WORDS, call.rang_at))
    tapes = operator_services().tapes
    await tapes.begin(call.id, call.rang_at)
    await tapes.add(call.id, Piece(0, PIECE, b"\x10" * PIECE, b"\x90" * PIECE, last=True))
    await operator_services().counter.count_now(call.id)
    return call


async def test_who_heard_read_and_corrected_a_call_is_told(control: ControlPlane, lines: Lines) -> None:
    call = await ended()
    await ask(control, ANN, "GET", f"/calls/{call.id}/recording", Range="bytes=0-99")
    _, tag = await ask(control, ANN, "GET", f"/calls/{call.id}")
    assert await ask(control, ANN, "GET", f"/calls/{call.id}", **{"If-None-Match": tag}) == (304, tag)
    order = {"intent": "book", "reached": True, "reason": f"wants {WORDS}"}
    await ask(control, ANN, "PATCH", f"/calls/{call.id}/intent", order)
    await ask(control, ANN, "GET", f"/calls.csv?from=2026-11-01&said={WORDS}")
    assert lines() == [
        f"get_recording call={call.id} user={ANN} role=operator status=206",
        f"get_call call={call.id} user={ANN} role=operator status=200",
        f"correct_intent call={call.id} user={ANN} role=operator status=200",
        f"list_csv call=none user={ANN} role=operator status=200",
    ]


async def test_who_put_through_and_ended_a_call_is_told(control: ControlPlane, lines: Lines) -> None:
    call = await live()
    status, _ = await ask(
        control, ANN, "POST", f"/calls/{call.id}/transfer", {"summary": f"{WORDS}, +15550100"}
    )
    assert (await ask(control, ANN, "POST", f"/calls/{call.id}/end"))[0] == 202
    assert (await ask(control, ANN, "POST", "/talk", {}, Origin="https://tables.example"))[0] == 201
    assert lines() == [
        f"transfer_call call={call.id} user={ANN} role=operator status={status}",
        f"end_call call={call.id} user={ANN} role=operator status=202",
        f"begin_talk call=none user={ANN} role=operator status=201",
    ]


async def test_who_tried_in_vain_is_told_too(control: ControlPlane, lines: Lines) -> None:
    """A viewer who wants to listen; a call that is none, whose id may be anything."""
    call = await ended()
    await ask(control, VIC, "GET", f"/calls/{call.id}/recording")
    await ask(control, ANN, "POST", "/calls/+15550100/end")
    await ask(control, ANN, "POST", f"/calls/{call.id}/end")
    assert lines() == [
        f"get_recording call={call.id} user={VIC} role=viewer status=403",
        f"end_call call=unknown user={ANN} role=operator status=404",
        f"end_call call={call.id} user={ANN} role=operator status=409",
    ]


async def test_what_fails_half_way_is_told(lines: Lines) -> None:
    """The hang-up may be on record when the store goes away."""

    async def breaks() -> ApiAnswer:
        raise ServiceRequestError("store")

    with pytest.raises(ServiceRequestError):
        await audited("end_call", User(ANN, "Ann Lee", Role.OPERATOR), a_call("x").id, breaks())
    assert lines() == [f"end_call call={a_call('x').id} user={ANN} role=operator status=failed"]


async def test_a_user_cannot_write_lines_of_their_own(lines: Lines) -> None:
    async def works() -> ApiAnswer:
        return ApiAnswer(200, b"", "text/csv")

    await audited("list_csv", User("x\naudit: act=y" + "z" * 900, "Ann Lee", Role.VIEWER), None, works())
    [line] = lines()
    assert "\n" not in line
    assert " act=" not in line
    assert len(line) < 200


async def test_what_the_page_asks_every_second_is_not(control: ControlPlane, lines: Lines) -> None:
    for path in ("/options", "/live", "/insights?from=2026-11-01"):
        assert (await ask(control, ANN, "GET", path))[0] == 200
    assert lines() == []


def test_whatever_acts_or_shows_a_call_is_audited() -> None:
    quiet = {endpoint.name for endpoint in ENDPOINTS if not endpoint.audited}
    assert quiet == {"get_options", "live_calls", "get_insights", "get_csv"}
