"""Call Automation: answering, turning away, handing over and ending calls (REST 2026-03-12, through
Microsoft's client).

Every call here is made while somebody waits on the phone, so timeouts are short, retries few, and one
deadline stands over all of them (a `Retry-After` from the service would otherwise be slept out in full).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final, Self

from azure.communication.callautomation import (
    AudioFormat,
    CallRejectReason,
    CommunicationUserIdentifier,
    FileSource,
    MediaStreamingAudioChannelType,
    MediaStreamingContentType,
    MediaStreamingOptions,
    MicrosoftTeamsUserIdentifier,
    PhoneNumberIdentifier,
    StreamingTransportType,
)
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import AzureError, HttpResponseError

from shared.acs_signature import signing
from shared.handover import sip_headers, voip_headers
from shared.identity import Identity
from shared.settings import AcsSettings

DEADLINE: Final = 8.0
"""Seconds one operation may take, retries included; less than `call_claim.CLAIM_LEASE`."""

_POLICY: Final[dict[str, Any]] = {
    "connection_timeout": 3,
    "read_timeout": 5,
    "retry_total": 2,
    "retry_backoff_factor": 0.4,
}
_GONE: Final = frozenset({404, 410})
_PHONE_NUMBER: Final = "4:"
_TEAMS_USER: Final = "8:orgid:"
"""Prefixes of raw ids."""


class TelephonyError(Exception):
    """Call Automation did not do as asked. The message names operation and status, nothing personal."""

    def __init__(self, operation: str, problem: str, status: int | None = None) -> None:
        super().__init__(f"{operation}: {problem}")
        self.status = status
        """HTTP status; None when there was no answer."""

    @property
    def transient(self) -> bool:
        """Whether the same request may do better later: no answer, throttled, or their own trouble."""
        return self.status is None or self.status in (408, 429) or self.status >= 500

    @property
    def gone(self) -> bool:
        """Whether the service knows the call no more."""
        return self.status in _GONE


class Telephony:
    """The operations we use on calls. An async context manager; belongs to one event loop."""

    def __init__(self, acs: AcsSettings) -> None:
        credential: AzureKeyCredential | Identity
        self._identity: Identity | None = None
        options = dict(_POLICY)
        if acs.access_key:
            credential = AzureKeyCredential(acs.access_key)
            options["raw_request_hook"] = signing(acs.access_key)
        else:
            credential = self._identity = Identity()
        # A trailing slash would be signed as part of the host, and every request refused.
        self._client = CallAutomationClient(acs.endpoint.rstrip("/"), credential, **options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections. The object is not usable afterwards."""
        await self._client.close()
        if self._identity is not None:
            await self._identity.close()

    async def answer(
        self,
        *,
        incoming_call_context: str,
        callback_url: str,
        transport_url: str,
        operation_context: str,
        request_id: str,
        first_sent: datetime,
        streams: bool = True,
    ) -> str:
        """Answer, with the call's audio streamed to and from `transport_url`: PCM 24 kHz mono, mixed, key
        tones on. Without `streams` that begins with `start_media`.

        `request_id` (a UUID) and `first_sent` pin the repeatability headers (OASIS Repeatable Requests
        1.0): sent again with the same two, by whichever process, the answer is given once.

        Returns:
            the call connection id.

        Raises:
            TelephonyError
        """
        media = MediaStreamingOptions(
            transport_url=transport_url,
            transport_type=StreamingTransportType.WEBSOCKET,
            content_type=MediaStreamingContentType.AUDIO,
            audio_channel_type=MediaStreamingAudioChannelType.MIXED,
            start_media_streaming=streams,
            enable_bidirectional=True,
            audio_format=AudioFormat.PCM24_K_MONO,
            enable_dtmf_tones=True,
        )
        properties = await _within_deadline(
            "answer",
            self._client.answer_call(
                incoming_call_context,
                callback_url,
                media_streaming=media,
                operation_context=operation_context,
                headers=_repeatability(request_id, first_sent),
                retry_on_methods=["POST"],  # pinned, so a lost response may be asked for again
            ),
        )
        return str(properties.call_connection_id)

    async def redirect(
        self, *, incoming_call_context: str, target: str, request_id: str, first_sent: datetime
    ) -> None:
        """Let a ringing call ring at `target` instead: a phone number in E.164, or a raw id.

        `request_id` and `first_sent` as for `answer`.

        Raises:
            TelephonyError
        """
        await _within_deadline(
            "redirect",
            self._client.redirect_call(
                incoming_call_context,
                _phone_number(target) or _user(target),
                headers=_repeatability(request_id, first_sent),
                retry_on_methods=["POST"],
            ),
        )

    async def reject(self, *, incoming_call_context: str, request_id: str, first_sent: datetime) -> None:
        """Turn a ringing call away: the caller hears that the line is busy.

        `request_id` and `first_sent` as for `answer`.

        Raises:
            TelephonyError
        """
        await _within_deadline(
            "reject",
            self._client.reject_call(
                incoming_call_context,
                call_reject_reason=CallRejectReason.BUSY,
                headers=_repeatability(request_id, first_sent),
                retry_on_methods=["POST"],
            ),
        )

    async def transfer(
        self,
        call_connection_id: str,
        target: str,
        *,
        summary: str,
        operation_context: str,
        source: str = "",
    ) -> None:
        """Hand the caller over to `target`: a phone number in E.164, or a raw id.

        Returns once Call Automation has taken the order; how it goes, a callback with `operation_context`
        says. `summary` travels in the custom calling context, as much of it as that holds. `source` is the
        raw id that was called: when it is a phone number, the person sees that number ring them.

        Raises:
            TelephonyError
        """
        if not call_connection_id:
            raise TelephonyError("transfer", "the call has no connection id yet")
        called, person = _phone_number(source), _phone_number(target)
        await _within_deadline(
            "transfer",
            self._client.get_call_connection(call_connection_id).transfer_call_to_participant(
                person or _user(target),
                operation_context=operation_context,
                sip_headers=None if person is None else sip_headers(summary),
                voip_headers=voip_headers(summary) if person is None else None,
                # Shown to the person; a number can only be that of the line the caller dialled.
                source_caller_id_number=None if person is None else called,
                retry_on_methods=["POST"],  # the client repeats it under one repeatability id
            ),
        )

    async def play(self, call_connection_id: str, url: str, *, operation_context: str) -> None:
        """Have everybody on the call hear the file at `url`: WAV, mono, 16 bit, 16 kHz.

        Returns once Call Automation has taken the order; a callback with `operation_context` says when it is
        over.

        Raises:
            TelephonyError
        """
        connection = self._client.get_call_connection(call_connection_id)
        await _within_deadline(
            "play",
            connection.play_media(FileSource(url), operation_context=operation_context),
        )

    async def stop_playing(self, call_connection_id: str) -> None:
        """Break off what is played, and drop what waits to be.

        Raises:
            TelephonyError
        """
        connection = self._client.get_call_connection(call_connection_id)
        await _within_deadline("stop playing", connection.cancel_all_media_operations())

    async def hear_keys(self, call_connection_id: str, caller: str, *, hears: bool = True) -> None:
        """Have callbacks tell of each key that the caller presses, or no longer.

        Args:
            caller: raw id.

        Raises:
            TelephonyError
        """
        connection = self._client.get_call_connection(call_connection_id)
        who = _phone_number(caller) or _user(caller)
        order = (
            connection.start_continuous_dtmf_recognition(who)
            if hears
            else connection.stop_continuous_dtmf_recognition(who)
        )
        await _within_deadline("hear keys", order)

    async def start_media(self, call_connection_id: str) -> None:
        """Begin the media stream, for the first time or anew, to the address given with the answer.

        Raises:
            TelephonyError
        """
        await _within_deadline(
            "start media", self._client.get_call_connection(call_connection_id).start_media_streaming()
        )

    async def hang_up(self, call_connection_id: str) -> None:
        """End the call for everyone on it. A call that is gone already is fine.

        Raises:
            TelephonyError
        """
        if not call_connection_id:
            raise TelephonyError("hang up", "the call has no connection id yet")
        try:
            await _within_deadline(
                "hang up", self._client.get_call_connection(call_connection_id).hang_up(is_for_everyone=True)
            )
        except TelephonyError as error:
            if not error.gone:
                raise

    async def state(self, call_connection_id: str) -> str | None:
        """The service's word for the state of the call ("connected", "disconnected", ...); None for one it
        does not know.

        Raises:
            TelephonyError
        """
        try:
            properties = await _within_deadline(
                "get call", self._client.get_call_connection(call_connection_id).get_call_properties()
            )
        except TelephonyError as error:
            if error.gone:
                return None
            raise
        return str(getattr(properties.call_connection_state, "value", properties.call_connection_state))


def _phone_number(target: str) -> PhoneNumberIdentifier | None:
    """The identifier of E.164 or of the raw id of a phone number; None for anybody else."""
    number = target.removeprefix(_PHONE_NUMBER)
    return PhoneNumberIdentifier(number) if number.startswith("+") else None


def _user(raw_id: str) -> CommunicationUserIdentifier | MicrosoftTeamsUserIdentifier:
    if raw_id.startswith(_TEAMS_USER):
        return MicrosoftTeamsUserIdentifier(raw_id.removeprefix(_TEAMS_USER))
    return CommunicationUserIdentifier(raw_id)


def _repeatability(request_id: str, first_sent: datetime) -> dict[str, str]:
    return {
        "Repeatability-Request-ID": request_id,
        # An HTTP date (RFC 9110) whatever the process's locale.
        "Repeatability-First-Sent": format_datetime(first_sent.astimezone(UTC), usegmt=True),
    }


async def _within_deadline[T](operation: str, request: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(DEADLINE):
            return await request
    except TimeoutError as error:
        raise TelephonyError(operation, f"no answer within {DEADLINE:.0f} s") from error
    except HttpResponseError as error:
        code = getattr(error.error, "code", None) or "no code"
        raise TelephonyError(operation, f"HTTP {error.status_code} ({code})", error.status_code) from error
    except AzureError as error:
        # The class is enough: the message may quote the request.
        raise TelephonyError(operation, type(error).__name__) from error
