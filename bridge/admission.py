"""Who may bring audio for which call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from azure.core.exceptions import AzureError
from websockets.datastructures import Headers

from bridge.carriers import Carrier
from bridge.carriers.acs import AcsCarrier
from bridge.carriers.browser import BrowserCarrier
from bridge.services import Services
from shared.auth import AuthError, KeysUnavailableError, new_secret, secret_hash, secret_matches
from shared.call_store import UpdateConflictError
from shared.calls import Call as CallRecord
from shared.calls import CallState, is_call_id
from shared.clock import utc_now
from shared.talks import redeem

_SECONDS = 1.0
"""The store has to tell about a call that waits for its line: the caller hears nothing meanwhile."""
NO_PLACE = "no place for another call, or the call has a media socket already"


@dataclass(frozen=True, slots=True)
class Admission:
    """A media socket that has proved which call it belongs to."""

    record: CallRecord
    carrier: Carrier
    call_connection_id: str


class RefusedError(Exception):
    """The handshake is refused with this status; the text goes to the peer."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Door:
    """Checks the proof that a media socket brings: the token of ACS, the secret of the call.

    Args:
        known: the record of a call that waits here for another media socket, as it was when it began.
    """

    def __init__(
        self, services: Services, known: Callable[[str], CallRecord | None] = lambda _: None
    ) -> None:
        self._services = services
        self._known = known
        self._carriers: dict[str, Carrier] = {"acs": AcsCarrier(), "browser": BrowserCarrier()}

    async def admit(
        self,
        path: str,
        headers: Headers,
        is_full: Callable[[CallRecord], bool],
        *,
        may_try: bool,
        proved: Callable[[], None],
    ) -> Admission:
        """Let a media socket in, with the call that it has proved to belong to.

        Args:
            path: without its query.
            is_full: whether there is no place for a call.
            may_try: False for an address that has been refused too often. The token of ACS is looked at even
                so: resources of others call from the same addresses as ours.
            proved: is called once it is clear that it comes from ACS, or from a page of ours.

        Raises:
            RefusedError
        """
        carrier_name, _, rest = path.removeprefix("/").partition("/")
        call_id, _, secret = rest.partition("/")
        carrier = self._carriers.get(carrier_name)
        if carrier is None or not is_call_id(call_id) or not secret:
            raise RefusedError(HTTPStatus.NOT_FOUND, "media sockets are at /{carrier}/{call id}/{secret}")
        if carrier_name == "acs":
            await self._check_token(headers)
            proved()
        elif not may_try:
            raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, "refused too often; wait a minute")
        record = await self._record(call_id)
        if record is None or not secret_matches(secret, record.secret_hashes):
            # One answer for both: who guesses ids must not learn which exist.
            raise RefusedError(HTTPStatus.FORBIDDEN, "no such call, or not its secret")
        proved()
        if carrier_name != _carrier_of(record):
            # Else the secret alone would open a phone call, which must show the token of ACS as well.
            raise RefusedError(HTTPStatus.FORBIDDEN, "the call came over another carrier")
        if record.state is CallState.ENDED:
            raise RefusedError(HTTPStatus.GONE, "the call has ended")
        if is_full(record):
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, NO_PLACE)
        if record.talk is not None:
            await self._redeem(call_id, secret, headers)
        connection_id = headers.get("x-ms-call-connection-id", "") or record.call_connection_id
        return Admission(record, carrier, connection_id)

    async def _check_token(self, headers: Headers) -> None:
        authorization = headers.get_all("authorization")
        try:
            await self._services.acs_tokens.verify(authorization[0] if authorization else None)
        except KeysUnavailableError as error:
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, error.reason) from error
        except AuthError as error:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, error.reason) from error

    async def _redeem(self, call_id: str, secret: str, headers: Headers) -> None:
        """Use up the token of a talk; of several sockets that bring it at once, one gets in."""
        origins, receipt, now = headers.get_all("origin"), secret_hash(new_secret()), utc_now()
        origin = origins[0] if len(origins) == 1 else None
        try:
            record = await self._services.store.update(
                call_id, lambda known: redeem(known, secret_hash(secret), receipt, origin, now)
            )
        except (AzureError, UpdateConflictError) as error:
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "the store does not answer") from error
        if record is None or record.secret_hashes != (receipt,):
            raise RefusedError(HTTPStatus.FORBIDDEN, "the token is used up, too old, or for another page")

    async def _record(self, call_id: str) -> CallRecord | None:
        known = self._known(call_id)
        try:
            async with asyncio.timeout(None if known is None else _SECONDS):
                return await self._services.store.get(call_id)
        except (AzureError, TimeoutError) as error:
            if known is None:
                raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "the store does not answer") from error
            return known  # its line broke while the store is away: nobody else can have taken it


def _carrier_of(record: CallRecord) -> str:
    """The carrier a call came over."""
    return "acs" if record.talk is None else "browser"
