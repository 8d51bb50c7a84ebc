"""The operator API as a page and a script use it: through the host, with a real store."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate

from control.operator_api_document import document
from control.operator_api_insights import insights
from control.operator_api_routes import ENDPOINTS, Endpoint
from control.operator_services import operator_services
from control.services import services
from shared.admission import Report
from shared.auth import secret_hash
from shared.calls import Call, CallEvent, EventKind, apply
from shared.commands import Order
from tests.control.conftest import OPERATOR_TOKEN, ControlPlane
from tests.shared import booking_house
from tests.shared.call_makers import a_call, booked, ran, replied, said

ORIGIN = "https://tables.example"


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


@pytest.fixture
async def api(control: ControlPlane) -> Api:
    return Api(control)


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


def test_the_document_is_valid_and_names_every_address() -> None:
    described = document()
    validate(described)
    assert {(path, method) for path, item in described["paths"].items() for method in item} == {
        (endpoint.path, endpoint.method.lower()) for endpoint in ENDPOINTS
    }


async def test_the_document_is_served(api: Api) -> None:
    assert (await api.get("/openapi.json"))["openapi"] == "3.1.0"


@pytest.mark.parametrize(
    "header", [{"Authorization": ""}, {"Authorization": "Bearer wrong"}, {"Authorization": "x"}]
)
async def test_nobody_gets_anything_without_the_token(api: Api, header: dict[str, str]) -> None:
    for path in ("/openapi.json", "/options", "/live", "/calls", "/insights", "/nothing"):
        status, body, headers = await api.ask("GET", path, headers=header)
        assert (status, body["type"]) == (401, "urn:tabletalk:problem:unauthorized")
        assert headers["WWW-Authenticate"] == "Bearer"
        assert headers["Content-Type"].startswith("application/problem+json")


async def test_the_headers_of_easy_auth_are_not_believed_where_it_is_off(api: Api) -> None:
    status, _, _ = await api.ask(
        "GET", "/calls", headers={"Authorization": "", "X-MS-CLIENT-PRINCIPAL": "e30="}
    )
    assert status == 401


async def test_another_site_cannot_use_the_browser_of_an_operator(api: Api) -> None:
    status, body, _ = await api.ask("GET", "/calls", headers={"Sec-Fetch-Site": "cross-site"})
    assert (status, body["type"]) == (403, "urn:tabletalk:problem:other_site")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/calls?limit=0", "limit"),
        ("/calls?limit=many", "limit"),
        ("/calls?outcome=great", "outcome"),
        ("/calls?from=yesterday", "from"),
        ("/calls?colour=red", "colour"),
        ("/calls?continuation=rubbish", "continuation"),
        ("/calls?said=%3F", "said"),
        ("/calls?to=null", "to"),
        ("/insights?from=2026-11-20&to=2026-11-01", "from"),
        ("/insights?from=2020-01-01", "from"),
    ],
)
async def test_a_wrong_parameter_is_named_with_what_to_do(api: Api, path: str, field: str) -> None:
    status, body, _ = await api.ask("GET", path)
    assert (status, body["field"]) == (400, field), body
    assert body["fix"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("POST", "/calls", 405), ("GET", "/calls/x", 404), ("DELETE", "/live", 405)],
)
async def test_what_there_is_not_is_told(api: Api, method: str, path: str, status: int) -> None:
    got, body, headers = await api.ask(method, path)
    assert (got, body["status"]) == (status, status)
    assert ("Allow" in headers) == (status == 405)


async def test_past_calls_are_listed_and_told_in_full(api: Api) -> None:
    first, second = a_call("a", seconds=61), a_call("b", datetime.now(UTC) - timedelta(hours=2))
    await keep(first, second)
    page = await api.get("/calls?from=2026-11-01&outcome=booked&limit=1")
    assert [call["id"] for call in page["calls"]] == [second.id]
    page = await api.get(f"/calls?from=2026-11-01&outcome=booked&limit=1&continuation={page['continuation']}")
    assert [call["id"] for call in page["calls"]] == [first.id]
    told = await api.get(f"/calls/{first.id}")
    assert (
        told["call"] | {"outcome": "booked", "seconds": 61, "restaurants": ["golden-lotus"]} == told["call"]
    )
    assert [turn["text"] for turn in told["turns"]] == ["A table for two please", "It is booked."]
    assert told["tools"][0]["result"]["code"] == "HKLMO"
    assert told["intent"] == {
        "intent": "book",
        "reached": True,
        "reason": "book_table: booked",
        "by": "rules",
    }
    assert told["actions"] == {"end": False, "transfer": False, "correct": True, "listen": False}


async def test_calls_are_found_by_what_was_said_in_them(api: Api) -> None:
    first, second = a_call("a"), a_call("b", datetime.now(UTC) - timedelta(hours=2))
    await keep(first, second)
    page = await api.get("/calls?from=2026-11-01&said=tabl+%22for+two%22&limit=1")
    assert [call["id"] for call in page["calls"]] == [second.id]
    assert page["calls"][0]["excerpts"] == [{"seq": 0, "role": "caller", "text": "A table for two please"}]
    page = await api.get(
        f"/calls?from=2026-11-01&said=tabl+%22for+two%22&limit=1&continuation={page['continuation']}"
    )
    assert [call["id"] for call in page["calls"]] == [first.id]
    assert (await api.get("/calls?from=2026-11-01&said=sushi"))["calls"] == []
    _, body, _ = await api.ask("GET", "/calls.csv?from=2026-11-01&said=booked")
    assert {row["excerpts"] for row in csv.DictReader(io.StringIO(body))} == {"agent: It is booked."}


async def test_a_call_that_nothing_has_changed_is_not_sent_again(api: Api) -> None:
    await keep(a_call("a"))
    path = f"/calls/{a_call('a').id}"
    _, _, headers = await api.ask("GET", path)
    status, body, _ = await api.ask("GET", path, headers={"If-None-Match": headers["ETag"]})
    assert (status, body) == (304, "")


async def test_csv_of_calls_goes_on_at_its_link(api: Api) -> None:
    await keep(*(a_call(f"c{n}") for n in range(3)))
    path, rows = "/calls.csv?from=2026-11-01&limit=2", []
    while path:
        status, body, headers = await api.ask("GET", path)
        assert (status, headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
        rows += list(csv.DictReader(io.StringIO(body)))
        path = headers["Link"].partition(">")[0].removeprefix("<") if "Link" in headers else ""
    assert {row["id"] for row in rows} == {a_call(f"c{n}").id for n in range(3)}
    assert rows[0]["outcome"] == "booked"


async def test_every_figure_leads_to_the_calls_behind_it(api: Api) -> None:
    await keep(a_call("a"), a_call("b", datetime.now(UTC) - timedelta(days=2)))
    figures = await api.get("/insights?from=2026-11-01")
    assert (figures["calls"], figures["conversations"]) == (2, 2)
    assert figures["containment"]["share"] == 1.0
    assert abs(figures["replies"]["p50_ms"] - 812) <= 812 * figures["percentile_error"]
    behind = [
        (figures["calls"], figures["calls_url"]),
        *(
            (row["calls"], row["calls_url"])
            for name in ("days", "hours", "outcomes")
            for row in figures[name]
        ),
        *((row["calls"], row["calls_url"]) for name in ("intents", "restaurants") for row in figures[name]),
        *(
            (figures[name]["calls"], figures[name]["calls_url"])
            for name in ("interruptions", "misunderstandings")
        ),
        (figures["containment"]["contained"], figures["containment"]["contained_url"]),
        *((row["contained"], row["contained_url"]) for row in figures["days"]),
        (figures["conversations"], figures["conversations_url"]),
        (figures["unpriced_calls"], figures["unpriced_url"]),
        *(
            (row[name], row[f"{name}_url"])
            for name in ("bookings", "orders")
            for row in figures["restaurants"]
        ),
        *((row["runs"], row["runs_url"]) for row in figures["tools"]),
        *((row["faults"], row["calls_url"]) for row in figures["tools"]),
        (0, figures["containment"]["others_url"]),
    ]
    for calls, url in behind:
        assert len((await api.get(url))["calls"]) == calls, url


async def test_figures_come_as_csv_too(api: Api) -> None:
    await keep(a_call("a"))
    rows = {}
    for table in ("days", "hours", "outcomes", "intents", "tools", "restaurants", "wishes", "summary"):
        body = await api.get(f"/insights.csv?from=2026-11-19&to=2026-11-21&table={table}")
        rows[table] = len(list(csv.DictReader(io.StringIO(body))))
    ones = dict.fromkeys(("outcomes", "intents", "tools", "restaurants", "summary"), 1)
    assert rows == {"days": 3, "hours": 24, "wishes": 0} | ones


async def test_what_a_list_is_too_long_for_stands_in_the_csv(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insights, "__kwdefaults__", {"most_names": 1})
    await keep(a_call("a"))
    for n, dish in enumerate(("ramen", "fondue")):
        call = a_call(f"w{n}")
        await services().line.calls.claim(call)
        run = ran(0, "find_restaurants", {"dish": dish}, {"error": "nothing_found", "message": ""})
        await services().line.calls.add_tool(call.id, run)
        await operator_services().counter.count_now(call.id)
    figures = await api.get("/insights?from=2026-11-01")
    assert ([row["wish"] for row in figures["wishes"]], figures["wishes_in_all"]) == (["fondue"], 2)
    body = await api.get("/insights.csv?from=2026-11-01&table=wishes")
    assert [row["wish"] for row in csv.DictReader(io.StringIO(body))] == ["fondue", "ramen"]


async def test_what_a_live_call_has_made_is_seen_while_it_goes_on(api: Api) -> None:
    call = await live()
    made = await booking_house.booked(
        operator_services().bookings, booking_house.ask(booking_house.house({2: 1}), call=call.id)
    )
    await services().line.calls.add_tool(call.id, booked(0, made.code))
    told = await api.get(f"/calls/{call.id}")
    assert told["intent"] is None
    assert [(one["code"], one["status"]) for one in told["bookings"]] == [(made.code, "booked")]


async def test_a_corrected_intent_counts_and_stays(api: Api) -> None:
    call = a_call("a")
    await keep(call)
    order = {"intent": "ask", "reached": False, "reason": "only wanted to know the hours"}
    status, body, _ = await api.ask("PATCH", f"/calls/{call.id}/intent", json=order)
    assert (status, body["by"]) == (200, "operator")
    assert (await api.get(f"/calls/{call.id}"))["intent"]["intent"] == "ask"
    figures = await api.get("/insights?from=2026-11-01")
    assert [(row["intent"], row["calls"], row["reached"]) for row in figures["intents"]] == [("ask", 1, 0)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"intent": "sing", "reached": True, "reason": "x"}, "intent"),
        ({"intent": "ask", "reached": True}, "reason"),
        ({"intent": "ask", "reached": True, "reason": ""}, "reason"),
        ({"intent": "ask", "reached": True, "reason": "x", "more": 1}, "more"),
    ],
)
async def test_a_wrong_body_is_named(api: Api, body: dict[str, Any], field: str) -> None:
    await keep(a_call("a"))
    status, problem, _ = await api.ask("PATCH", f"/calls/{a_call('a').id}/intent", json=body)
    assert (status, problem["field"]) == (400, field)


async def test_live_calls_are_seen_and_can_be_ended(api: Api) -> None:
    call = await live()
    _, body, headers = await api.ask("GET", "/live")
    assert [(one["id"], one["state"]) for one in body["calls"]] == [(call.id, "connected")]
    status, _, _ = await api.ask("GET", "/live", headers={"If-None-Match": headers["ETag"]})
    assert status == 304
    assert (await api.get("/calls?state=live"))["calls"] == body["calls"]
    status, _, _ = await api.ask("POST", f"/calls/{call.id}/end")
    assert status == 202
    assert api.control.acs.of(":terminate") or api.control.acs.of("/callConnections/connection")
    record = await services().line.calls.get(call.id)
    assert record is not None
    assert record.end_reason == "hung_up: operator"


async def test_nobody_can_be_put_through_where_nobody_takes_calls(api: Api) -> None:
    call = await live()
    status, body, _ = await api.ask("POST", f"/calls/{call.id}/transfer", json={})
    assert (status, body["type"]) == (409, "urn:tabletalk:problem:nobody")


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


async def test_the_options_tell_what_there_is(api: Api) -> None:
    options = await api.get("/options")
    assert options["role"] == "operator"
    assert "de-DE" in options["languages"]
    assert options["default_voice"] == options["voices"][0]
    assert {"id": "golden-lotus", "name": "Golden Lotus"} in options["restaurants"]


def signed_in(role: str) -> dict[str, str]:
    claims = [{"typ": "oid", "val": "42"}, {"typ": "name", "val": "Vic"}, {"typ": "roles", "val": role}]
    return {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps({"claims": claims}).encode()).decode()}


async def test_a_viewer_sees_nothing_personal_and_does_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPERATOR_TOKEN", "")
    monkeypatch.setenv("OPERATOR_EASY_AUTH", "true")
    ended, running = a_call("a"), await live()
    await keep(ended)
    viewer, operator = signed_in("Tabletalk.Viewer"), signed_in("Tabletalk.Operator")
    paths = [
        f"/calls/{ended.id}",
        f"/calls/{running.id}",
        *("/calls?from=2026-11-01", "/calls.csv?from=2026-11-01", "/live", "/insights?from=2026-11-01"),
        *("/calls?state=live", "/options"),
    ]
    seen, all_there_is = "", ""
    for path in paths:
        seen += await api.raw(path, viewer)
        all_there_is += await api.raw(path, operator)
    for personal in ("15550100", "A table for two please", "It is booked.", "HKLMO", "Today is {date}"):
        assert personal in all_there_is
        assert personal not in seen
    for text in ("15550100", "HKLMO"):
        assert '"calls":[]' in await api.raw(f"/calls?from=2026-11-01&text={text}", viewer)
    for asker in (viewer, operator):
        status, body, _ = await api.ask("GET", "/calls?from=2026-11-01&said=table", headers=asker)
        assert status == (403 if asker is viewer else 200)
        assert asker is operator or body["field"] == "said"
    for method, path, body in (
        ("POST", f"/calls/{running.id}/end", None),
        ("POST", f"/calls/{running.id}/transfer", {}),
        ("PATCH", f"/calls/{ended.id}/intent", {"intent": "ask", "reached": True, "reason": "x"}),
        ("POST", "/talk", {}),
    ):
        status, _, _ = await api.ask(method, path, json=body, headers=viewer)
        assert status == 403


_JUNK = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", "0", "-1", "true", "2026-13-40", "2026-11-20", "any", "\x00", "%"]),
)


@st.composite
def _requests(draw: st.DrawFn) -> tuple[Endpoint, dict[str, str], bytes]:
    endpoint = draw(st.sampled_from(ENDPOINTS))
    kind = endpoint.query or endpoint.body
    names = [] if kind is None else [field.encode_name for field in msgspec.structs.fields(kind)]
    given_ = draw(st.dictionaries(st.sampled_from([*names, "x"]), _JUNK, max_size=3))
    if endpoint.body is None:
        return endpoint, given_, b""
    return endpoint, {}, draw(st.sampled_from([json.dumps(given_).encode(), b"", b"[", b"{}", b"\xff"]))


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(request_=_requests())
async def test_no_request_breaks_it(api: Api, request_: tuple[Endpoint, dict[str, str], bytes]) -> None:
    """Whatever is sent, the answer is one that the document tells of."""
    endpoint, query, body = request_
    address = f"{api.control.url}/api/v1{endpoint.path.replace('{id}', a_call('a').id)}"
    headers = {"Authorization": f"Bearer {OPERATOR_TOKEN}", "Content-Type": "application/json"}
    async with api.control.http.request(
        endpoint.method, address, params=query, data=body, headers=headers
    ) as answer:
        told = document()["paths"][endpoint.path][endpoint.method.lower()]["responses"]
        assert str(answer.status) in told, await answer.text()
        if answer.ok and answer.status != 304 and endpoint.answers is not None:
            msgspec.json.decode(await answer.read(), type=endpoint.answers)
