"""What the control plane is sent: events, callbacks, requests of operators, sign-ins and tokens."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import azure.functions as func
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.operator_api_auth import authenticate
from control.operator_api_http import ApiError, ApiRequest, read_body, read_query, read_request
from control.operator_api_routes import ENDPOINTS, _find
from control.operator_api_talk import _origin
from shared.acs_events import EventError, call_events, parse_callbacks, parse_incoming_call
from shared.auth import AcsTokens, AuthError, secret_matches
from shared.call_search import BadTokenError, CallFilter, _read_token, _token
from shared.calls import Call, apply, is_call_id
from shared.settings import DEFAULT_AGENT_DIR, DEFAULT_RESTAURANTS_FILE, OperatorSettings
from tests.fuzz.mutations import changed, damaged, is_short, json_bytes, values
from tests.shared.acs_server import AcsServer, acs_server

NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
INCOMING = [
    {
        "to": {"kind": "phoneNumber", "rawId": "4:+15550199", "phoneNumber": {"value": "+15550199"}},
        "from": {"kind": "phoneNumber", "rawId": "4:+15550100", "phoneNumber": {"value": "+15550100"}},
        "serverCallId": "aHR0cHM6Ly9h",
        "callerDisplayName": "",
        "incomingCallContext": "ctx",
        "correlationId": "c-1",
    }
]
_KINDS = (
    *("CallConnected", "CallDisconnected", "AnswerFailed", "CallTransferAccepted"),
    *("CallTransferFailed", "MediaStreamingFailed", "MediaStreamingStarted"),
)
CALLBACKS: list[Any] = [
    [
        {
            "id": "1",
            "source": "calling/callConnections/c",
            "type": f"Microsoft.Communication.{kind}",
            "time": "2026-11-22T18:04:05.1234567Z",
            "specversion": "1.0",
            "data": {
                "callConnectionId": "c",
                "operationContext": "transfer-1",
                "resultInformation": {"code": 487, "subCode": 10004, "message": "m"},
                "mediaStreamingUpdate": {"mediaStreamingStatusDetails": "streamConnectionInterrupted"},
            },
        }
    ]
    for kind in _KINDS
]
PRINCIPAL = [
    {
        "auth_typ": "aad",
        "role_typ": "roles",
        "claims": [
            {"typ": "oid", "val": "42"},
            {"typ": "name", "val": "Ann"},
            {"typ": "roles", "val": "Tabletalk.Operator"},
        ],
    }
]
OPERATORS = OperatorSettings(None, True, DEFAULT_AGENT_DIR, DEFAULT_RESTAURANTS_FILE)
ON_A_LAPTOP = OperatorSettings("t" * 32, False, DEFAULT_AGENT_DIR, DEFAULT_RESTAURANTS_FILE)
texts = st.text(max_size=60) | st.text(st.characters(codec="ascii"), max_size=60)


@given(data=changed(INCOMING), time=st.datetimes(timezones=st.none() | st.timezones()) | st.none())
def test_a_ringing_phone_is_read_or_an_event_error(data: Any, time: datetime | None) -> None:
    with contextlib.suppress(EventError):
        incoming = parse_incoming_call(time, data)
        assert is_call_id(incoming.call_id)


@given(body=json_bytes(CALLBACKS))
def test_callbacks_are_read_or_an_event_error(body: bytes) -> None:
    """What is read changes a record without failing, whatever times and codes it has."""
    try:
        reported = parse_callbacks(body)
    except EventError as error:
        is_short(error)
        return
    call = Call(id="20261122-64445000-0123456789abcdef", rang_at=NOW, claimed_at=NOW)
    assert reduce(apply, call_events(reported, NOW), call).id == call.id


class TestOperators:
    """Requests of the operator API, from the address to the body."""

    @pytest.mark.parametrize("kind", sorted({e.query for e in ENDPOINTS if e.query}, key=str))
    @given(data=st.data())
    def test_queries(self, kind: type[msgspec.Struct], data: st.DataObject) -> None:
        names = st.sampled_from([f.encode_name for f in msgspec.structs.fields(kind)] or ["x"]) | texts
        odd = st.sampled_from(
            ["2026-11-22", "true", "ended", "acs", "-1", "1e9", "0x10", "\u0661", "9" * 400]
        )
        query = data.draw(st.dictionaries(names, texts | odd, max_size=5))
        with contextlib.suppress(ApiError):
            read_query(query, kind)

    @pytest.mark.parametrize("kind", sorted({e.body for e in ENDPOINTS if e.body}, key=str))
    @given(data=st.data())
    def test_bodies(self, kind: type[msgspec.Struct], data: st.DataObject) -> None:
        samples: list[Any] = [
            {"intent": "book", "reached": True, "reason": "said so"},
            {"to": "+15550142", "summary": "Wants a table."},
            {"language": "de-DE", "voice": "Ava", "prompt": "Be brief."},
        ]
        body = data.draw(json_bytes(samples))
        request = ApiRequest("POST", "/talk", {}, {"content-type": "application/json"}, body)
        with contextlib.suppress(ApiError):
            assert isinstance(read_body(request, kind), kind)

    @given(path=texts, method=st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE"]))
    def test_addresses(self, path: str, method: str) -> None:
        with contextlib.suppress(ApiError):
            _find(ApiRequest(method, f"/{path}", {}, {}))

    @given(body=st.binary(max_size=200), headers=st.dictionaries(texts, texts, max_size=4))
    def test_requests_as_the_host_hands_them_over(self, body: bytes, headers: dict[str, str]) -> None:
        request = func.HttpRequest("POST", "http://h/api/v1/talk", headers=headers, params={}, body=body)
        assert read_request(request, "/talk").body == body

    @given(header=json_bytes(PRINCIPAL).map(lambda raw: base64.b64encode(raw).decode()) | texts)
    def test_sign_ins(self, header: str) -> None:
        """Nobody gets in whose sign-in does not name a role of ours."""
        try:
            user = authenticate({"x-ms-client-principal": header}, OPERATORS)
        except ApiError:
            return
        assert b"Tabletalk." in base64.b64decode(header)
        assert user.id

    @given(header=texts.map(lambda text: f"Bearer {text}") | texts)
    def test_tokens_of_a_laptop(self, header: str) -> None:
        with pytest.raises(ApiError):
            authenticate({"authorization": header}, ON_A_LAPTOP)

    @given(header=texts | texts.map(lambda text: f"https://{text}"))
    def test_origins(self, header: str) -> None:
        with contextlib.suppress(ApiError):
            assert _origin(header).startswith(("http://", "https://"))

    @given(data=st.data())
    def test_continuations(self, data: st.DataObject) -> None:
        """Of another list, or of none: refused, and never an error of ours."""
        wanted = CallFilter(first=NOW.date(), last=NOW.date())
        good = _token(NOW.date(), "row", wanted).encode()
        packed = st.binary(max_size=80).map(base64.urlsafe_b64encode)
        token = data.draw(damaged([good]) | packed).decode("utf-8", "replace")
        with contextlib.suppress(BadTokenError):
            assert _read_token(token, wanted).day == NOW.date()


@given(shown=st.text(max_size=50))
def test_no_text_is_the_secret_of_a_call(shown: str) -> None:
    assert not secret_matches(shown, ["0" * 64, "f" * 64])


@pytest.fixture(scope="module")
async def keys() -> AsyncIterator[tuple[AcsServer, AcsTokens]]:
    async with acs_server() as server, AcsTokens(server.settings) as tokens:
        yield server, tokens


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@given(data=st.data())
async def test_no_token_is_taken_but_the_services_own(
    keys: tuple[AcsServer, AcsTokens], data: st.DataObject
) -> None:
    """Headers, claims and signatures changed each by itself, algorithms asked for by name, noise."""
    server, tokens = keys
    good = server.token()
    header, claims, signature = good.split(".")
    payload = json.loads(base64.urlsafe_b64decode(claims + "=="))
    asks = {"alg": "RS256", "kid": server.key_id, "typ": "JWT"}
    algorithms = st.sampled_from(["none", "None", "HS256", "RS384", "PS256", "ES256", "", "RS256"])
    headers = changed([asks]).map(_part) | algorithms.map(lambda name: _part(asks | {"alg": name}))
    other = st.tuples(
        headers | st.just(header),
        changed([payload]).map(_part) | st.just(claims),
        st.just(signature)
        | st.just("")
        | st.binary(max_size=300).map(lambda b: base64.urlsafe_b64encode(b).decode()),
    ).map(".".join)
    token = data.draw(
        other | damaged([good.encode()]).map(lambda raw: raw.decode("latin-1")) | values.map(str)
    )
    try:
        await tokens.verify(f"Bearer {token}")
    except AuthError as error:
        is_short(error)
    else:
        assert token.split(".")[:2] == [header, claims]
