"""A hand-over from our request to the call's record: the real client, the ACS stand-in, a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import unquote_plus

from control.answering import Line, follow
from shared.acs_events import call_events, parse_callbacks
from shared.call_store import CallStore
from shared.calls import Call, CallEvent, CallState, EventKind, Outcome, TransferState, derive_call_id
from shared.handover import transfer_context
from shared.settings import AcsSettings, StoreSettings
from shared.tables import Tables
from shared.telephony import Telephony
from tests.local.acs.harness import CALLED, CALLER, KEY, NOBODY, RESOURCE_ID, Stack, present, stack

RANG = datetime.now(UTC)
CALL_ID = derive_call_id(RANG, "correlation")
PERSON = "+15550111"
SUMMARY = "Anna Löwe, party of 12 on Friday; nothing booked yet."


class Transferring:
    """A connected call of the stand-in with its record, as bridge and control plane see it."""

    def __init__(self, stand_in: Stack, line: Line, connection: str) -> None:
        self.stand_in = stand_in
        self._line = line
        self._connection = connection
        self._followed = 0

    async def transfer(self, number: int, target: str) -> None:
        """What the bridge does."""
        await self._follow(CallEvent(EventKind.TRANSFER_STARTED, RANG, transfer=number, summary=SUMMARY))
        await self._line.telephony.transfer(
            self._connection,
            target,
            summary=SUMMARY,
            operation_context=transfer_context(number),
            source=f"4:{CALLED}",
        )

    async def record_after(self, kind: str) -> Call:
        """The record once the control plane has followed the callbacks up to one of a kind."""
        posted = self.stand_in.app.posted
        await self.stand_in.app.event(kind, after=self._followed)
        for request in posted[self._followed :]:
            await self._follow(*call_events(parse_callbacks(request.body), datetime.now(UTC)))
        self._followed = len(posted)
        return present(await self._line.calls.get(CALL_ID))

    async def _follow(self, *events: CallEvent) -> None:
        await follow(self._line, CALL_ID, events)


@asynccontextmanager
async def transferring(azurite: str, prefix: str) -> AsyncIterator[Transferring]:
    async with (
        stack() as stand_in,
        Tables(StoreSettings(azurite, None, prefix)) as tables,
        Telephony(AcsSettings(stand_in.url, KEY, RESOURCE_ID, "", "")) as telephony,
    ):
        store = CallStore(tables)
        await store.claim(Call(id=CALL_ID, rang_at=RANG, claimed_at=RANG, caller=f"4:{CALLER}"))
        line = Line(store, telephony, "", "")
        async with stand_in.connected(stream=True) as (_phone, client):
            connection = present((await client.get_call_properties()).call_connection_id)
            yield Transferring(stand_in, line, connection)


async def test_a_person_takes_the_call(azurite: str, table_prefix: str) -> None:
    """They are told what the call was about, and it is on record."""
    async with transferring(azurite, table_prefix) as call:
        await call.transfer(1, PERSON)
        ended = await call.record_after("CallDisconnected")
        assert (ended.state, ended.outcome) == (CallState.ENDED, Outcome.TRANSFERRED)
        assert (ended.transfer, ended.transfer_state) == (1, TransferState.ACCEPTED)
        assert (ended.summary, ended.end_reason) == (SUMMARY, "transfer_accepted")
        assert ended.transferred_at is not None
        [told] = (await call.stand_in.inspect())["calls"][0]["transfers"]
        assert told["target"] == PERSON
        assert unquote_plus(told["sip_headers"]["X-MS-Custom-Summary"]) == SUMMARY


async def test_a_user_takes_the_call(azurite: str, table_prefix: str) -> None:
    """Somebody on Communication Services gets the words as they are."""
    async with transferring(azurite, table_prefix) as call:
        await call.transfer(1, "8:acs:1_2")
        assert (await call.record_after("CallDisconnected")).outcome is Outcome.TRANSFERRED
        [told] = (await call.stand_in.inspect())["calls"][0]["transfers"]
        assert (told["target"], told["voip_headers"]) == ("8:acs:1_2", {"Summary": SUMMARY})


async def test_nobody_takes_the_call_and_then_somebody_does(azurite: str, table_prefix: str) -> None:
    """The caller is still with us after the first, and the second is told apart from it."""
    async with transferring(azurite, table_prefix) as call:
        await call.transfer(1, NOBODY)
        back = await call.record_after("CallTransferFailed")
        assert (back.state, back.outcome) == (CallState.CONNECTED, None)
        assert (back.transfer, back.transfer_state) == (1, TransferState.FAILED)
        assert back.transfer_detail == "480/10037"
        await call.transfer(2, PERSON)
        ended = await call.record_after("CallDisconnected")
        assert (ended.transfer, ended.transfer_state) == (2, TransferState.ACCEPTED)
        assert (ended.outcome, ended.transfer_detail) == (Outcome.TRANSFERRED, "")
