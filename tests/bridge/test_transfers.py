"""A hand-over whose answer, callback or store is slow or lost: on a virtual clock, and with real parts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from azure.core.exceptions import ServiceRequestError

from bridge.metrics import Metrics
from bridge.recorder import Recorder
from bridge.transfers import Transfers
from shared import telephony
from shared.call_store import CallStore
from shared.calls import Call, CallEvent, EventKind, TransferState, apply
from shared.settings import StoreSettings
from shared.tables import Tables
from shared.telephony import Telephony, TelephonyError
from tests.bridge.stand_ins import call_record
from tests.bridge.virtual_time import run_virtually
from tests.shared.acs_server import acs_server, failure

PERSON = "+15550101"
BACK_WITHIN = 2.0
"""Seconds after which the agent must be back from a hand-over that failed."""
FOREVER = 10_000.0
RECORD = call_record()
CALLBACK = {
    TransferState.ACCEPTED: EventKind.TRANSFER_ACCEPTED,
    TransferState.FAILED: EventKind.TRANSFER_FAILED,
}

type Order = Callable[[], Awaitable[None]]


class Network(Telephony):
    """Stands for Call Automation where the time of its answer matters."""

    def __init__(self, order: Order) -> None:
        self._order = order

    async def transfer(
        self, call_connection_id: str, target: str, *, summary: str, operation_context: str, source: str = ""
    ) -> None:
        await self._order()


class Record(CallStore):
    """Stands for the store with one call in it; looks can hang and fail."""

    def __init__(self) -> None:
        self.call = RECORD
        self.hanging_looks = 0
        self.failing_looks = 0

    async def get(self, call_id: str) -> Call | None:
        if self.hanging_looks:
            self.hanging_looks -= 1
            await asyncio.sleep(FOREVER)
        if self.failing_looks:
            self.failing_looks -= 1
            raise ServiceRequestError("the store is away")
        return self.call

    def callback(self, state: TransferState, number: int = 1) -> None:
        """The control plane writes what Call Automation has told it."""
        self.call = apply(self.call, CallEvent(CALLBACK[state], datetime.now(UTC), transfer=number))

    async def callback_after(self, seconds: float, state: TransferState) -> None:
        await asyncio.sleep(seconds)
        self.callback(state)


class Writer(Recorder):
    """Stands for the recorder; writes at once."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def event(self, event: CallEvent) -> None:
        self._record.call = apply(self._record.call, event)


def transfers(record: Record, order: Order, connection_id: str = "connection") -> Transfers:
    """The hand-overs of a call whose order goes as told."""
    return Transfers(
        Network(order),
        record,
        Writer(record),
        call_id=RECORD.id,
        call_connection_id=connection_id,
        called="",
        made=0,
    )


async def taken() -> None:
    """The order is taken at once."""


async def unanswered() -> None:
    """What the client makes of an answer that does not come."""
    await asyncio.sleep(telephony.DEADLINE)
    raise TelephonyError("transfer", "no answer")


def refused(status: int) -> Order:
    async def order() -> None:
        raise TelephonyError("transfer", f"HTTP {status}", status)

    return order


async def timed(handing_over: Transfers) -> tuple[bool, float]:
    """Whether a person took the call, and how many seconds it took to know."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    return await handing_over.run(PERSON, "A table for twenty."), loop.time() - began


@pytest.mark.parametrize("order", [unanswered, refused(500), refused(503)])
@pytest.mark.parametrize("state", CALLBACK)
def test_of_an_order_without_a_clear_answer_the_callback_decides(order: Order, state: TransferState) -> None:
    """It may have been taken: "nobody answers" would be wrong while the person's phone rings."""

    async def scene() -> None:
        record = Record()
        handing_over = transfers(record, order)
        async with asyncio.TaskGroup() as group:
            group.create_task(record.callback_after(15.0, state))
            running = group.create_task(timed(handing_over))
            await asyncio.sleep(14.0)
            assert handing_over.may_have_taken_it
        accepted, seconds = running.result()
        assert accepted is handing_over.may_have_taken_it is (state is TransferState.ACCEPTED)
        assert 15.0 <= seconds < 15.0 + BACK_WITHIN

    run_virtually(scene())


@pytest.mark.parametrize("status", [400, 404, 410, 429])
def test_a_refusal_brings_the_agent_back_at_once(status: int) -> None:
    """A throttled order was not taken either."""

    async def scene() -> None:
        record = Record()
        handing_over = transfers(record, refused(status))
        assert await timed(handing_over) == (False, 0.0)
        assert not handing_over.may_have_taken_it
        assert record.call.transfer_state is TransferState.FAILED

    run_virtually(scene())


def test_an_order_that_comes_before_the_call_is_connected_is_repeated() -> None:
    """The media socket opens some moments before the service takes actions on the call."""

    async def scene() -> None:
        record, loop = Record(), asyncio.get_running_loop()
        connected = loop.time() + 1.0

        async def order() -> None:
            if loop.time() < connected:
                raise TelephonyError("transfer", "HTTP 403 (8501)", 403)
            record.callback(TransferState.ACCEPTED)

        accepted, seconds = await timed(transfers(record, order))
        assert accepted
        assert 1.0 <= seconds < BACK_WITHIN

    run_virtually(scene())


def test_an_order_that_is_forbidden_for_good_brings_the_agent_back_soon() -> None:
    async def scene() -> None:
        accepted, seconds = await timed(transfers(Record(), refused(403)))
        assert not accepted
        assert seconds < BACK_WITHIN

    run_virtually(scene())


def test_a_call_without_a_connection_is_a_refusal() -> None:
    """Nothing was sent, so there is nothing to wait for."""

    async def scene() -> None:
        async def no_id() -> None:
            raise TelephonyError("transfer", "the call has no connection id yet")

        assert await timed(transfers(Record(), no_id, connection_id="")) == (False, 0.0)

    run_virtually(scene())


def test_a_callback_counts_though_the_answer_has_not_come() -> None:
    async def scene() -> None:
        record = Record()
        async with asyncio.TaskGroup() as group:
            group.create_task(record.callback_after(1.0, TransferState.FAILED))
            accepted, seconds = await timed(transfers(record, unanswered))
        assert not accepted
        assert seconds < 1.0 + BACK_WITHIN

    run_virtually(scene())


def test_a_store_that_hangs_or_fails_once_does_not_keep_the_caller_waiting() -> None:
    async def scene(*, hanging: int, failing: int) -> None:
        record = Record()
        record.hanging_looks, record.failing_looks = hanging, failing
        async with asyncio.TaskGroup() as group:
            group.create_task(record.callback_after(0.1, TransferState.FAILED))
            accepted, seconds = await timed(transfers(record, taken))
        assert not accepted
        assert seconds < 0.1 + BACK_WITHIN

    run_virtually(scene(hanging=1, failing=0))
    run_virtually(scene(hanging=0, failing=3))


@pytest.mark.parametrize(("order", "ringing"), [(taken, 60.0), (unanswered, 30.0)])
def test_a_hand_over_of_which_nobody_tells_is_given_up(order: Order, ringing: float) -> None:
    """After the service itself has given it up; sooner when the order may never have arrived."""

    async def scene() -> None:
        handing_over = transfers(Record(), order)
        accepted, seconds = await timed(handing_over)
        assert not accepted
        assert not handing_over.may_have_taken_it
        assert ringing < seconds < ringing + 10.0

    run_virtually(scene())


class TestTakenAfterAll:
    """The media may go before the record has been looked at again."""

    def _interrupted(self, told: TransferState | None, order: Order = taken) -> tuple[bool, bool]:
        """What a last look tells of a hand-over that the end of the call cut short, and
        `may_have_taken_it` after it."""

        async def scene() -> tuple[bool, bool]:
            record = Record()
            handing_over = transfers(record, order)
            running = asyncio.create_task(handing_over.run(PERSON, ""))
            await asyncio.sleep(1.0)
            running.cancel()
            await asyncio.wait([running])
            if told is not None:
                record.callback(told)
            return await handing_over.taken_after_all(), handing_over.may_have_taken_it

        return run_virtually(scene())

    def test_by_what_the_record_says_now(self) -> None:
        assert self._interrupted(TransferState.ACCEPTED) == (True, True)
        assert self._interrupted(TransferState.FAILED) == (False, False)
        assert self._interrupted(None) == (False, True)

    @pytest.mark.parametrize("order", [unanswered, refused(404)])
    def test_also_after_it_was_given_up(self, order: Order) -> None:
        """The agent was back when somebody took the call: hanging up for everyone would cut them off."""

        async def scene() -> None:
            record = Record()
            handing_over = transfers(record, order)
            assert not await handing_over.run(PERSON, "")
            record.callback(TransferState.ACCEPTED)
            assert await handing_over.taken_after_all()
            assert handing_over.may_have_taken_it

        run_virtually(scene())

    def test_without_a_hand_over_the_store_is_not_asked(self) -> None:
        async def scene() -> None:
            record = Record()
            record.hanging_looks = 1
            assert not await transfers(record, taken).taken_after_all()
            assert record.hanging_looks == 1

        run_virtually(scene())

    def test_a_store_that_hangs_does_not_hold_up_the_end(self) -> None:
        async def scene() -> None:
            record = Record()
            handing_over = transfers(record, unanswered)
            await handing_over.run(PERSON, "")
            record.hanging_looks = 1
            began = asyncio.get_running_loop().time()
            assert not await handing_over.taken_after_all()
            assert asyncio.get_running_loop().time() - began <= 1.0

        run_virtually(scene())


async def test_an_order_that_was_taken_though_its_answers_are_errors(
    azurite: str, table_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real client against a service in trouble, the real store, and a person who takes the call."""
    monkeypatch.setitem(telephony._POLICY, "retry_backoff_factor", 0)  # no wait between tries
    async with (
        acs_server() as acs,
        Telephony(acs.settings) as network,
        Tables(StoreSettings(azurite, None, table_prefix)) as tables,
        Recorder(CallStore(tables), RECORD.id, metrics=Metrics(())) as recorder,
        asyncio.TaskGroup() as group,
    ):
        store = CallStore(tables)
        assert await store.claim(RECORD)
        acs.replies = [failure(503)] * 3
        handing_over = Transfers(
            network, store, recorder, call_id=RECORD.id, call_connection_id="c", called="", made=0
        )
        running = group.create_task(handing_over.run(PERSON, "A table for twenty."))
        for _ in range(3):
            await asyncio.wait_for(acs.arrived.get(), 20)
        told = CallEvent(EventKind.TRANSFER_ACCEPTED, datetime.now(UTC), transfer=1)
        await store.update(RECORD.id, lambda call: apply(call, told))
        assert await asyncio.wait_for(running, 20)
