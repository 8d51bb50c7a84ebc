"""Who may use the operator API."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from control.operator_api_auth import Role, User, authenticate, require
from control.operator_api_http import ApiError
from shared.settings import DEFAULT_AGENT_DIR, DEFAULT_RESTAURANTS_FILE, OperatorSettings, SettingError

AZURE = OperatorSettings(None, True, DEFAULT_AGENT_DIR, DEFAULT_RESTAURANTS_FILE)
NOBODY = OperatorSettings(None, False, DEFAULT_AGENT_DIR, DEFAULT_RESTAURANTS_FILE)
OID = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def principal(*claims: tuple[str, str], **more: Any) -> dict[str, str]:
    body = {"auth_typ": "aad", "claims": [{"typ": typ, "val": val} for typ, val in claims]} | more
    return {"x-ms-client-principal": base64.b64encode(json.dumps(body).encode()).decode()}


def refusal(headers: dict[str, str], settings: OperatorSettings) -> int:
    with pytest.raises(ApiError) as refused:
        authenticate(headers, settings)
    return refused.value.problem.status


def test_entra_tells_who_and_what_role() -> None:
    headers = principal((OID, "42"), ("name", "Ann"), ("roles", "Other"), ("roles", "Tabletalk.Operator"))
    assert authenticate(headers, AZURE) == User("42", "Ann", Role.OPERATOR)


def test_roles_may_have_the_long_name_that_entra_gives_them() -> None:
    long = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
    headers = principal((OID, "42"), (long, "Tabletalk.Viewer"), role_typ=long)
    assert authenticate(headers, AZURE) == User("42", "42", Role.VIEWER)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": f"Bearer {'t' * 32}"}, 401),
        ({"x-ms-client-principal": "%%%"}, 401),
        ({"x-ms-client-principal": base64.b64encode(b"[]").decode()}, 401),
        ({"x-ms-client-principal": "A" * 40_000}, 401),
        (principal(("roles", "Tabletalk.Operator")), 401),
        (principal((OID, "42")), 403),
        (principal((OID, "42"), ("roles", "tabletalk.operator")), 403),
        (principal((OID, "42"), ("groups", "Tabletalk.Operator")), 403),
    ],
)
def test_everything_else_is_refused(headers: dict[str, str], status: int) -> None:
    assert refusal(headers, AZURE) == status


def test_without_a_setting_nobody_may() -> None:
    assert refusal(principal((OID, "42"), ("roles", "Tabletalk.Operator")), NOBODY) == 503


def test_a_viewer_may_not_act() -> None:
    with pytest.raises(ApiError) as refused:
        require(User("42", "Ann", Role.VIEWER), Role.OPERATOR)
    assert refused.value.problem.status == 403


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({"OPERATOR_TOKEN": "short"}, "OPERATOR_TOKEN"),
        ({"OPERATOR_EASY_AUTH": "yes"}, "OPERATOR_EASY_AUTH"),
        ({"OPERATOR_TOKEN": "t" * 32, "OPERATOR_EASY_AUTH": "true"}, "OPERATOR_TOKEN"),
    ],
)
def test_wrong_settings_are_named(env: dict[str, str], name: str) -> None:
    with pytest.raises(SettingError) as refused:
        OperatorSettings.from_env(env)
    assert str(refused.value).startswith(f"{name}:")
    assert "tttt" not in str(refused.value)
