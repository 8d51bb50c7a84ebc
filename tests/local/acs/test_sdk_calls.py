"""The unmodified SDK client against the stand-in: taking, making, moving and ending calls."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import jwt
import pytest
from azure.communication.callautomation import (
    CallAutomationClient as SyncClient,
)
from azure.communication.callautomation import (
    CallRejectReason,
    CommunicationUserIdentifier,
    PhoneNumberIdentifier,
)
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError

from tests.local.acs.harness import (
    CALLED,
    CALLER,
    KEY,
    NOBODY,
    PATIENCE_S,
    RESOURCE_ID,
    Stack,
    present,
    request,
    stack,
)

OTHER = PhoneNumberIdentifier("+15550111")
UNREACHABLE = PhoneNumberIdentifier(NOBODY)
SOURCE = PhoneNumberIdentifier(CALLED)


async def test_an_incoming_call_is_announced_as_the_service_does() -> None:
    """The event's shape: "Voice and video calling events", data as recorded by the SDK's live tests."""
    async with stack() as s, s.dial(sip_headers={"User-To-User": "abc"}) as (_phone, data):
        assert data["from"] == {
            "kind": "phoneNumber",
            "rawId": f"4:{CALLER}",
            "phoneNumber": {"value": CALLER},
        }
        assert data["to"]["rawId"] == f"4:{CALLED}"
        assert data["customContext"] == {"sipHeaders": {"User-To-User": "abc"}, "voipHeaders": {}}
        assert len(data["incomingCallContext"]) > 6000
        assert data["callerDisplayName"] == ""
        assert set(data) >= {"serverCallId", "correlationId"}


async def test_answer_and_the_calls_properties() -> None:
    """The ids of the event are the call's; the phone and the callbacks say it is connected."""
    async with stack() as s, s.dial() as (phone, data):
        answered = await s.client.answer_call(
            data["incomingCallContext"], f"{s.app.url}/callbacks/call", operation_context="oc"
        )
        assert answered.server_call_id == data["serverCallId"]
        assert answered.correlation_id == data["correlationId"]
        assert answered.call_connection_state == "connecting"
        assert (await phone.text())["call_connection_id"] == answered.call_connection_id
        connected = await s.app.event("CallConnected")
        assert connected["data"]["operationContext"] == "oc"
        assert connected["data"]["version"] == "2026-03-12"
        assert answered.call_connection_id is not None
        now = await s.client.get_call_connection(answered.call_connection_id).get_call_properties()
        assert now.call_connection_state == "connected"
        assert present(now.source).raw_id == f"4:{CALLER}"
        assert present(now.answered_for).raw_id == f"4:{CALLED}"


async def test_callbacks_carry_a_token_of_their_own() -> None:
    """RS256, issuer, audience, five minutes, from the published keys, and new for each event."""
    async with stack() as s, s.connected() as (_phone, call):
        await call.hang_up(True)
        await s.app.event("CallDisconnected")
        tokens = [posted.headers["authorization"].removeprefix("Bearer ") for posted in s.app.posted]
        openid = await request("GET", f"{s.url}/calling/.well-known/acsopenidconfiguration")
        keys = jwt.PyJWKSet.from_dict(await request("GET", openid["jwks_uri"]))
        for token in tokens:
            key = keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(
                token, key, algorithms=["RS256"], audience=RESOURCE_ID, issuer=openid["issuer"]
            )
            assert claims["exp"] - claims["iat"] == 300
        assert len(set(tokens)) == len(tokens) >= 3
        assert all(isinstance(json.loads(posted.body), list) for posted in s.app.posted)


@pytest.mark.parametrize("everyone", [True, False])
async def test_hang_up(everyone: bool) -> None:
    """Terminate or leave: with one phone on the call, both end it. Afterwards it is not found."""
    async with stack() as s, s.connected() as (phone, call):
        await call.hang_up(everyone)
        assert await phone.text() == {
            "type": "ended",
            "reason": "agent_hung_up",
            "code": 200,
            "sub_code": 7000,
        }
        disconnected = await s.app.event("CallDisconnected")
        assert disconnected["data"]["resultInformation"]["subCode"] == 7000
        with pytest.raises(ResourceNotFoundError) as error:
            await call.get_call_properties()
        assert error.value.error is not None
        assert error.value.error.code == "8522"


async def test_the_caller_hangs_up() -> None:
    """The app hears of it by CallDisconnected."""
    async with stack() as s, s.connected() as (phone, _call):
        await phone.send({"type": "hang_up"})
        assert (await phone.text())["reason"] == "caller_hung_up"
        await s.app.event("CallDisconnected")


async def test_a_phone_that_vanishes_has_hung_up() -> None:
    """A lost line is a call that ends."""
    async with stack() as s, s.connected() as (phone, _call):
        phone.socket.transport.abort()
        await s.app.event("CallDisconnected")


@pytest.mark.parametrize(("reason", "code"), [(None, 603), (CallRejectReason.BUSY, 486)])
async def test_reject(reason: CallRejectReason | None, code: int) -> None:
    """The phone hears it; the app gets no event."""
    async with stack() as s, s.dial() as (phone, data):
        await s.client.reject_call(
            data["incomingCallContext"], call_reject_reason=reason or CallRejectReason.NONE
        )
        ended = await phone.text()
        assert (ended["reason"], ended["code"]) == ("rejected", code)
        assert s.app.posted == []


async def test_redirect() -> None:
    """The call goes elsewhere; control is lost without an event."""
    async with stack() as s, s.dial() as (phone, data):
        await s.client.redirect_call(data["incomingCallContext"], OTHER)
        assert (await phone.text())["reason"] == "redirected"
        assert s.app.posted == []


async def test_a_call_nobody_answers_ends_and_cannot_be_answered_later() -> None:
    """The ring runs out; the context is stale."""
    async with stack(ring_s=0.1) as s, s.dial() as (phone, data):
        assert (await phone.text())["reason"] == "no_answer"
        with pytest.raises(ResourceNotFoundError, match="no_answer"):
            await s.client.answer_call(data["incomingCallContext"], f"{s.app.url}/callbacks/call")


async def test_a_context_works_once() -> None:
    """A second answer, with a new request id, finds no call."""
    async with stack() as s, s.dial() as (_phone, data):
        await s.client.answer_call(data["incomingCallContext"], f"{s.app.url}/callbacks/call")
        with pytest.raises(ResourceNotFoundError, match="answered already"):
            await s.client.answer_call(data["incomingCallContext"], f"{s.app.url}/callbacks/call")


async def test_an_unknown_context_is_refused() -> None:
    """400 that names the field."""
    async with stack() as s:
        with pytest.raises(HttpResponseError, match="incomingCallContext") as error:
            await s.client.answer_call("eyJ.made.up", f"{s.app.url}/callbacks/call")
        assert error.value.status_code == 400


async def test_create_call_to_somebody_who_picks_up() -> None:
    """A simulated callee; the call is like one that came in."""
    async with stack() as s:
        created = await s.client.create_call(
            OTHER, f"{s.app.url}/callbacks/out", source_caller_id_number=SOURCE, operation_context="out"
        )
        connected = await s.app.event("CallConnected")
        assert connected["data"]["callConnectionId"] == created.call_connection_id
        assert created.targets is not None
        assert created.targets[0].raw_id == OTHER.raw_id
        assert created.call_connection_id is not None
        await s.client.get_call_connection(created.call_connection_id).hang_up(True)
        await s.app.event("CallDisconnected")


async def test_create_call_to_somebody_who_does_not() -> None:
    """CreateCallFailed."""
    async with stack() as s:
        await s.client.create_call(UNREACHABLE, f"{s.app.url}/callbacks/out", source_caller_id_number=SOURCE)
        failed = await s.app.event("CreateCallFailed")
        assert failed["data"]["resultInformation"]["code"] == 480


async def test_transfer_accepted() -> None:
    """The app is told, the phone is moved, the call ends for the app."""
    async with stack() as s, s.connected() as (phone, call):
        result = await call.transfer_call_to_participant(
            OTHER,
            operation_context="xfer",
            operation_callback_url=f"{s.app.url}/callbacks/other",
            sip_headers={"User-To-User": "x"},
            source_caller_id_number=SOURCE,
        )
        assert result.operation_context == "xfer"
        assert (await phone.text())["reason"] == "transferred"
        accepted = await s.app.event("CallTransferAccepted")
        assert accepted["data"]["transferTarget"]["rawId"] == OTHER.raw_id
        assert accepted["data"]["transferee"]["rawId"] == f"4:{CALLER}"
        await s.app.event("CallDisconnected")
        assert [posted.path for posted in s.app.posted].count("/callbacks/other") == 1
        [transfer] = (await s.inspect())["calls"][0]["transfers"]
        assert (transfer["target"], transfer["state"]) == ("+15550111", "accepted")
        assert transfer["sip_headers"] == {"User-To-User": "x"}


@pytest.mark.parametrize(
    "headers",
    [
        {"sip_headers": {"Summary": "x"}},
        {"sip_headers": {"X-MS-Custom-Summary": "a table for two"}},
        {"sip_headers": {"X-MS-Custom-Summary": "x" * 257}},
        {"sip_headers": {f"X-MS-Custom-{n}": "x" for n in range(6)}},
        {"voip_headers": {"Summary": "x" * 1025}},
    ],
    ids=["prefix", "sign", "length", "count", "voip length"],
)
async def test_a_custom_context_beyond_its_limits_is_refused(headers: dict[str, Any]) -> None:
    """ "How to pass contextual data between calls": technical parameters."""
    async with stack() as s, s.connected() as (_phone, call):
        with pytest.raises(HttpResponseError) as refused:
            await call.transfer_call_to_participant(OTHER, **headers)
        assert refused.value.status_code == 400
        assert (await call.get_call_properties()).call_connection_state == "connected"


async def test_a_custom_context_at_its_limits_is_taken() -> None:
    """Five headers and User-To-User, 256 characters each."""
    headers = {f"X-MS-Custom-{n}": "x" * 256 for n in range(5)} | {"User-To-User": "y"}
    async with stack() as s, s.connected() as (phone, call):
        await call.transfer_call_to_participant(OTHER, sip_headers=headers)
        assert (await phone.text())["reason"] == "transferred"


async def test_nobody_picks_up_as_often_as_is_wanted() -> None:
    """The fault plays both outcomes of one number."""
    async with stack() as s, s.connected() as (phone, call):
        await s.faults(transfer_fails=1)
        await call.transfer_call_to_participant(OTHER, operation_context="first")
        assert (await s.app.event("CallTransferFailed"))["data"]["operationContext"] == "first"
        await call.transfer_call_to_participant(OTHER, operation_context="second")
        assert (await phone.text())["reason"] == "transferred"
        states = [transfer["state"] for transfer in (await s.inspect())["calls"][0]["transfers"]]
        assert states == ["failed", "accepted"]


async def test_transfer_failed() -> None:
    """The call stays up, and the caller can still be talked to."""
    async with stack() as s, s.connected() as (_phone, call):
        await call.transfer_call_to_participant(UNREACHABLE, operation_context="xfer")
        failed = await s.app.event("CallTransferFailed")
        assert failed["data"]["operationContext"] == "xfer"
        assert (await call.get_call_properties()).call_connection_state == "connected"


async def test_participants() -> None:
    """List, get, add (twice, once in vain), mute, remove."""
    async with stack() as s, s.connected() as (_phone, call):
        people = [person async for person in call.list_participants()]
        assert present(people[0].identifier).raw_id == f"4:{CALLER}"
        assert present(people[1].identifier).raw_id.startswith("8:acs:")
        caller = PhoneNumberIdentifier(CALLER)
        assert (await call.get_participant(caller)).is_muted is False

        added = await call.add_participant(OTHER, operation_context="add", source_caller_id_number=SOURCE)
        assert added.invitation_id
        assert (await s.app.event("AddParticipantSucceeded"))["data"]["operationContext"] == "add"
        await call.add_participant(UNREACHABLE, source_caller_id_number=SOURCE)
        assert (await s.app.event("AddParticipantFailed"))["data"]["participant"][
            "rawId"
        ] == UNREACHABLE.raw_id

        assert (await call.mute_participant(caller, operation_context="hush")).operation_context == "hush"
        assert (await call.get_participant(caller)).is_muted is True
        assert (await call.remove_participant(OTHER, operation_context="rm")).operation_context == "rm"
        await s.app.event("RemoveParticipantSucceeded")
        with pytest.raises(ResourceNotFoundError):
            await call.get_participant(OTHER)
        updates = [e["data"] for e in s.app.events if e["type"].endswith("ParticipantsUpdated")]
        assert [update["sequenceNumber"] for update in updates] == list(range(1, len(updates) + 1))


async def test_an_invitation_can_be_withdrawn() -> None:
    """Before the invited picks up."""
    async with stack() as s, s.connected() as (_phone, call):
        added = await call.add_participant(CommunicationUserIdentifier("8:acs:somebody"))
        assert added.invitation_id is not None
        await call.cancel_add_participant_operation(added.invitation_id, operation_context="no")
        event = await s.app.event("CancelAddParticipantSucceeded")
        assert event["data"]["invitationId"] == added.invitation_id
        await call.cancel_add_participant_operation(added.invitation_id)
        await s.app.event("CancelAddParticipantFailed")


async def test_removing_the_caller_ends_the_call() -> None:
    """Nobody is left to talk to."""
    async with stack() as s, s.connected() as (phone, call):
        await call.remove_participant(PhoneNumberIdentifier(CALLER))
        assert (await phone.text())["reason"] == "agent_hung_up"
        await s.app.event("CallDisconnected")


async def test_hold_and_unhold() -> None:
    """The participant's flag follows."""
    async with stack() as s, s.connected() as (_phone, call):
        caller = PhoneNumberIdentifier(CALLER)
        await call.hold(caller)
        assert (await call.get_participant(caller)).is_on_hold is True
        await call.unhold(caller)
        assert (await call.get_participant(caller)).is_on_hold is False


async def test_an_operation_the_stand_in_lacks_says_so() -> None:
    """501, not silence."""
    async with stack() as s, s.connected() as (_phone, call):
        with pytest.raises(HttpResponseError, match="startTranscription") as error:
            await call.start_transcription()
        assert error.value.status_code == 501


async def answer_by(s: Stack, client: SyncClient, context: str) -> str | None:
    """Answer through the synchronous client."""
    url = f"{s.app.url}/callbacks/call"
    return (await asyncio.to_thread(client.answer_call, context, url)).call_connection_id


async def test_the_synchronous_client_works_too() -> None:
    """Another transport under the same API."""
    async with stack() as s, s.dial() as (phone, data):
        with SyncClient(s.url, AzureKeyCredential(KEY), retry_total=0) as client:
            call_id = await answer_by(s, client, data["incomingCallContext"])
        assert (await phone.text())["call_connection_id"] == call_id


async def test_another_access_key_is_denied() -> None:
    """401 with a reason."""
    async with stack() as s, s.dial() as (_phone, data):
        with (
            SyncClient(s.url, AzureKeyCredential("b3RoZXI="), retry_total=0) as client,
            pytest.raises(ClientAuthenticationError, match="Signature"),
        ):
            await answer_by(s, client, data["incomingCallContext"])


async def test_twenty_calls_at_once() -> None:
    """All connect, each with its own ids, and all end."""
    async with stack() as s, asyncio.TaskGroup() as tasks:

        async def one() -> str:
            async with s.phone() as phone:
                await phone.send({"type": "dial", "from": CALLER, "to": CALLED})
                await phone.text()
                event = await s.app.incoming.get()
                context = event["data"]["incomingCallContext"]
                await s.client.answer_call(context, f"{s.app.url}/callbacks/call")
                call_id: str = (await phone.text())["call_connection_id"]
                await phone.listen(10)
                await phone.send({"type": "hang_up"})
                assert (await phone.text())["reason"] == "caller_hung_up"
                return call_id

        calls = [tasks.create_task(one()) for _ in range(20)]
        async with asyncio.timeout(PATIENCE_S):
            assert len({await call for call in calls}) == 20
