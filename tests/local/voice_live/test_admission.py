"""Who gets in: credentials, query, rate; in the order the service checks them."""

from __future__ import annotations

import time

import jwt
import pytest

from local.voice_live.admission import API_VERSION, Admission, AdmissionError, FoundryAgent

QUERY = {"api-version": API_VERSION, "model": "gpt-realtime"}
KEY = {"api-key": "secret"}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def admission(**options: object) -> Admission:
    return Admission(Clock(), **options)  # type: ignore[arg-type]  # the options of Admission, passed on


def token(audience: str = "https://ai.azure.com", expires_in: int = 86_400) -> str:
    claims = {"aud": audience, "exp": int(time.time()) + expires_in}
    return jwt.encode(claims, "a made-up key that is long enough for it", algorithm="HS256")


AGENT = {"api-version": API_VERSION, "agent-name": "host", "agent-project-name": "tables"}


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


@pytest.mark.parametrize(
    ("query", "headers"),
    [({}, KEY), (KEY, {}), ({}, bearer(token())), (bearer(token()), {}), ({}, bearer("opaque"))],
)
def test_credentials_may_come_by_header_or_query(query: dict[str, str], headers: dict[str, str]) -> None:
    assert admission().admit({**QUERY, **query}, headers) == "gpt-realtime"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"api-key": ""},
        {"api-key": "wrong"},
        {"Authorization": "Basic abc"},
        bearer(""),
        bearer(token(audience="https://management.azure.com")),
        bearer(token(expires_in=-60)),
    ],
)
def test_anything_else_is_denied(headers: dict[str, str]) -> None:
    with pytest.raises(AdmissionError) as refused:
        admission(api_key="secret").admit(QUERY, headers)
    assert refused.value.status == 401
    assert refused.value.body["error"]["code"] == "401"


def test_with_an_audience_set_only_tokens_for_it_will_do() -> None:
    strict = admission(bearer_audience="https://mine")
    strict.admit(QUERY, bearer(token("https://mine")))
    for other in ("opaque", token()):
        with pytest.raises(AdmissionError):
            strict.admit(QUERY, bearer(other))


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"model": "gpt-realtime"}, "api-version"),
        ({"model": "gpt-realtime", "api-version": "2024-01-01"}, "api-version"),
        ({"api-version": API_VERSION}, "model"),
    ],
)
def test_a_query_that_lacks_something_is_a_bad_request(query: dict[str, str], named: str) -> None:
    with pytest.raises(AdmissionError, match=named) as refused:
        admission().admit(query, KEY)
    assert refused.value.status == 400


def test_connections_are_counted_by_minute_and_key() -> None:
    strict = admission(connections_per_minute=2)
    clock = strict.clock
    assert isinstance(clock, Clock)
    strict.admit(QUERY, KEY)
    clock.now += 20
    strict.admit(QUERY, KEY)
    with pytest.raises(AdmissionError) as refused:
        strict.admit(QUERY, KEY)
    assert refused.value.status == 429
    assert refused.value.headers == {"Retry-After": "40"}
    strict.admit(QUERY, {"api-key": "another"})
    clock.now += 40
    strict.admit(QUERY, KEY)


def test_no_limit_when_it_is_zero() -> None:
    open_door = admission(connections_per_minute=0)
    for _ in range(100):
        open_door.admit(QUERY, KEY)


@pytest.mark.parametrize("version", [None, "3"])
def test_an_agent_is_named_in_place_of_a_model(version: str | None) -> None:
    query = AGENT if version is None else {**AGENT, "agent-version": version}
    agent = admission(api_key="secret").admit(query, bearer(token()))
    assert agent == FoundryAgent("host", "tables", version)


@pytest.mark.parametrize("missing", ["agent-name", "agent-project-name"])
def test_an_agent_needs_its_project(missing: str) -> None:
    query = {name: value for name, value in AGENT.items() if name != missing}
    with pytest.raises(AdmissionError, match=missing) as refused:
        admission().admit(query, bearer(token()))
    assert refused.value.status == 400


@pytest.mark.parametrize(("query", "headers"), [(AGENT, KEY), ({**AGENT, **KEY}, {})])
def test_an_agent_takes_no_key(query: dict[str, str], headers: dict[str, str]) -> None:
    with pytest.raises(AdmissionError, match="bearer") as refused:
        admission(api_key="secret").admit(query, headers)
    assert refused.value.status == 401
