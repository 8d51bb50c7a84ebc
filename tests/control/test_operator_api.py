"""The operator API as a page and a script use it: through the host, with a real store."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate

from control.operator_api_document import document
from control.operator_api_routes import ENDPOINTS, Endpoint
from control.operator_services import operator_services
from control.services import services
from tests.control.hosted_plane import OPERATOR_TOKEN
from tests.control.operator_house import Api, keep, live, signed_in
from tests.shared import booking_house
from tests.shared.call_makers import a_call, booked


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


async def test_what_a_live_call_has_made_is_seen_while_it_goes_on(api: Api) -> None:
    call = await live()
    made = await booking_house.booked(
        operator_services().bookings, booking_house.ask(booking_house.house({2: 1}), call=call.id)
    )
    await services().line.calls.add_tool(call.id, booked(0, made.code))
    told = await api.get(f"/calls/{call.id}")
    assert told["intent"] is None
    assert [(one["code"], one["status"]) for one in told["bookings"]] == [(made.code, "booked")]


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


async def test_the_options_tell_what_there_is(api: Api) -> None:
    options = await api.get("/options")
    assert options["role"] == "operator"
    assert "de-DE" in options["languages"]
    assert options["default_voice"] == options["voices"][0]
    assert {"id": "golden-lotus", "name": "Golden Lotus"} in options["restaurants"]


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
