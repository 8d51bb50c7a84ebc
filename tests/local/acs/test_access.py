"""HMAC, as the SDK's own policy signs. Scheme: "HMAC authentication" of Azure Communication Services."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from azure.communication.callautomation._shared.policy import HMACCredentialsPolicy
from azure.core.credentials import AzureKeyCredential
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.rest import HttpRequest

from local.acs.access import AccessError, Received, check_access

KEY = b"0123456789abcdef"
URL = "http://127.0.0.1:8080"
PATH = "/calling/callConnections/a%3Ab:play?api-version=2026-03-12"


def signed(body: str = '{"x": 1}', *, endpoint: str = URL) -> Received:
    """A request as the SDK sends it."""
    request = HttpRequest("POST", URL + PATH, content=body)
    policy = HMACCredentialsPolicy(endpoint, AzureKeyCredential(base64.b64encode(KEY).decode()))
    policy.on_request(PipelineRequest(request, PipelineContext(None)))
    headers = {**dict(request.headers), "Host": "127.0.0.1:8080"}
    return Received("POST", PATH, headers, body.encode())


def test_the_sdks_signature_is_accepted() -> None:
    """Percent-encoding in the path is signed as it is sent."""
    check_access(signed(), KEY, datetime.now(UTC))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"body": b"{}"}, "x-ms-content-sha256"),
        ({"method": "PUT"}, "Signature"),
        ({"path": PATH.replace("play", "stop")}, "Signature"),
    ],
)
def test_any_change_after_signing_is_seen(change: dict[str, object], says: str) -> None:
    """Body, verb and path are covered."""
    request = replace(signed(), **change)  # type: ignore[arg-type] # one field each
    with pytest.raises(AccessError, match=says):
        check_access(request, KEY, datetime.now(UTC))


def test_another_key_is_refused() -> None:
    """The signature must be of this resource's key."""
    with pytest.raises(AccessError, match="Signature"):
        check_access(signed(), b"another key", datetime.now(UTC))


def test_an_endpoint_with_a_trailing_slash_is_refused_with_a_hint() -> None:
    """The SDK then signs a host that is not the one it sends."""
    with pytest.raises(AccessError, match="trailing slash"):
        check_access(signed(endpoint=URL + "/"), KEY, datetime.now(UTC))


@pytest.mark.parametrize("minutes", [-16, 16])
def test_an_old_or_future_date_is_refused(minutes: int) -> None:
    """Fifteen minutes either way."""
    now = datetime.now(UTC) + timedelta(minutes=minutes)
    with pytest.raises(AccessError, match="x-ms-date"):
        check_access(signed(), KEY, now)


@pytest.mark.parametrize("name", ["x-ms-date", "x-ms-content-sha256", "Authorization"])
def test_a_missing_header_is_named(name: str) -> None:
    """The error says which."""
    request = signed()
    headers = {key: value for key, value in request.headers.items() if key.lower() != name.lower()}
    with pytest.raises(AccessError, match=name):
        check_access(replace(request, headers=headers), KEY, datetime.now(UTC))


@pytest.mark.parametrize(
    ("value", "fits"), [("Bearer token", True), ("Bearer ", False), ("Basic eA==", False)]
)
def test_a_bearer_token_must_be_there(value: str, fits: bool) -> None:
    """Who issued it is not this stand-in's business; an empty one is none."""
    request = Received("GET", "/", {"Authorization": value}, b"")
    if fits:
        check_access(request, KEY, datetime.now(UTC))
    else:
        with pytest.raises(AccessError):
            check_access(request, KEY, datetime.now(UTC))
