"""Who asks, and what they may do.

In Azure, App Service authentication ("Easy Auth") signs people in with Entra before a request gets here and
tells about them in `X-MS-CLIENT-PRINCIPAL`; it takes that header off every request from outside, so it is
believed only where the setting says that Easy Auth is on. On a laptop a bearer token stands for the operator.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import msgspec

from control.operator_api_http import ApiError
from shared.auth import same_text
from shared.json_errors import NOT_JSON
from shared.settings import OperatorSettings


class Role(IntEnum):
    """What somebody may do; a higher one may all that a lower one may."""

    VIEWER = 1
    """See calls and figures, without numbers, names and words of callers."""
    OPERATOR = 2
    """See everything, and act."""


ROLES: Final[Mapping[str, Role]] = {"Tabletalk.Viewer": Role.VIEWER, "Tabletalk.Operator": Role.OPERATOR}
"""App roles of the Entra application, by the value they have there."""

_USER_CLAIMS: Final = ("http://schemas.microsoft.com/identity/claims/objectidentifier", "oid", "sub")
_NAME_CLAIMS: Final = ("name", "preferred_username")
_HEADER_LIMIT: Final = 32 * 1024


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who has proved who they are."""

    id: str
    """Of the directory; "local" on a laptop."""
    name: str
    role: Role


class _Claim(msgspec.Struct):
    typ: str
    val: str = ""


class _Principal(msgspec.Struct):
    claims: list[_Claim] = []
    role_typ: str = "roles"


def authenticate(headers: Mapping[str, str], settings: OperatorSettings) -> User:
    """Who sends a request with these headers (names in lower case).

    Raises:
        ApiError: 401 without a proof that holds, 403 for somebody without a role, 503 when nobody may.
    """
    if settings.easy_auth:
        return _signed_in(headers.get("x-ms-client-principal", ""))
    if settings.token is not None:
        return _with_token(headers.get("authorization", ""), settings.token)
    raise ApiError(
        503,
        "operator_api_off",
        "nobody may use the operator API",
        fix="set OPERATOR_TOKEN on a laptop, or OPERATOR_EASY_AUTH=true in Azure",
    )


def require(user: User, role: Role, *, field: str = "") -> None:
    """Refuse who may not do it, or not with this `field`.

    Raises:
        ApiError: 403.
    """
    if user.role < role:
        name = next(name for name, known in ROLES.items() if known is role)
        raise ApiError(
            403,
            "not_allowed",
            f"this needs the role {name}",
            field=field,
            fix=f"have {name} assigned to you{f', or leave {field} out' if field else ''}",
        )


def same_site(headers: Mapping[str, str]) -> None:
    """Refuse what another site makes a browser send, whatever cookies it sends along.

    Raises:
        ApiError: 403.
    """
    # Browsers set it on every request, and no page can (Fetch Metadata); programs send none.
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise ApiError(403, "other_site", "the request comes from another site", field="Sec-Fetch-Site")


def _with_token(authorization: str, token: str) -> User:
    scheme, _, shown = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not same_text(shown.strip(), token):
        raise ApiError(
            401,
            "unauthorized",
            "no token, or not the right one",
            field="Authorization",
            fix="send Authorization: Bearer with the value of OPERATOR_TOKEN",
        )
    return User("local", "operator", Role.OPERATOR)


def _signed_in(header: str) -> User:
    if not header:
        raise ApiError(401, "unauthorized", "nobody is signed in", fix="sign in at /.auth/login/aad")
    if len(header) > _HEADER_LIMIT:
        raise ApiError(401, "unauthorized", "the sign-in cannot be read", field="X-MS-CLIENT-PRINCIPAL")
    try:
        raw = base64.b64decode(header, validate=True)
        principal = msgspec.json.decode(raw, type=_Principal)
    except (binascii.Error, ValueError, *NOT_JSON) as error:
        raise ApiError(
            401, "unauthorized", "the sign-in cannot be read", field="X-MS-CLIENT-PRINCIPAL"
        ) from error
    claims = principal.claims
    role_types = {principal.role_typ, "roles"}
    roles = [ROLES[claim.val] for claim in claims if claim.typ in role_types and claim.val in ROLES]
    user = _claim(claims, _USER_CLAIMS)
    if not user:
        raise ApiError(401, "unauthorized", "the sign-in names nobody", field="X-MS-CLIENT-PRINCIPAL")
    if not roles:
        raise ApiError(
            403,
            "no_role",
            "you are signed in and have no role here",
            fix="have Tabletalk.Viewer or Tabletalk.Operator assigned to you",
        )
    return User(user, _claim(claims, _NAME_CLAIMS) or user, max(roles))


def _claim(claims: list[_Claim], types: tuple[str, ...]) -> str:
    """The value of the first of these types that there is."""
    values = {claim.typ: claim.val for claim in reversed(claims)}
    return next((values[kind] for kind in types if values.get(kind)), "")
