"""The record of a call follows the facts, whatever order they arrive in."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.call_claim import CLAIM_LEASE, MAX_SECRET_HASHES, RING, release, ring_left, take_over
from shared.calls import (
    Call,
    CallEvent,
    CallState,
    EventKind,
    Outcome,
    TransferState,
    apply,
    derive_call_id,
    is_call_id,
    is_given_up,
    is_silent,
    partition_of,
)

RANG = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)

DAY_MS = 86_400_000

moments = st.integers(0, 365 * DAY_MS).map(
    lambda ms: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
times_of_day = st.integers(0, DAY_MS - 1).map(
    lambda ms: datetime(2026, 5, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
events = st.builds(
    CallEvent,
    st.sampled_from(EventKind),
    st.integers(0, 600).map(lambda s: RANG + timedelta(seconds=s)),
    st.sampled_from(["", "200/7000", "no voice"]),
    st.just("connection-1"),
    transfer=st.integers(0, 3),
    summary=st.sampled_from(["", "wants a person", "wants to change a booking"]),
    ms=st.none() | st.integers(0, 9000),
)


def a_call() -> Call:
    return Call(id=derive_call_id(RANG, "c"), rang_at=RANG, claimed_at=RANG, secret_hashes=("first",))


def after(*happened: CallEvent, call: Call | None = None) -> Call:
    return functools.reduce(apply, happened, call or a_call())


def event(kind: EventKind, second: float = 0, detail: str = "") -> CallEvent:
    return CallEvent(kind, RANG + timedelta(seconds=second), detail, "connection-1")


class TestIds:
    @given(moments, st.text(min_size=1))
    def test_same_event_same_id(self, moment: datetime, correlation: str) -> None:
        elsewhere = moment.astimezone(timezone(timedelta(hours=-7)))
        assert derive_call_id(moment, correlation) == derive_call_id(elsewhere, correlation)
        assert is_call_id(derive_call_id(moment, correlation))

    @given(times_of_day, times_of_day)
    def test_ids_of_a_day_in_ascending_order_list_the_newest_call_first(
        self, one: datetime, other: datetime
    ) -> None:
        assert (one > other) == (derive_call_id(one, "same") < derive_call_id(other, "same"))

    def test_calls_of_one_millisecond_differ_by_their_correlation(self) -> None:
        assert derive_call_id(RANG, "a") != derive_call_id(RANG, "b")

    def test_partition_is_the_day_and_one_of_sixteen(self) -> None:
        partitions = {partition_of(derive_call_id(RANG, str(n))) for n in range(500)}
        assert partitions == {f"20261122-{digit}" for digit in "0123456789abcdef"}

    @pytest.mark.parametrize(
        "text", ["", "x", "20261122-1-ab", "20261122-00000000-0123456789abcdef\n", "../a"]
    )
    def test_other_text_is_no_id(self, text: str) -> None:
        assert not is_call_id(text)


class TestAnyOrder:
    @given(st.lists(events, max_size=8).flatmap(lambda e: st.tuples(st.just(e), st.permutations(e))))
    def test_order_of_events_does_not_matter(self, orders: tuple[list[CallEvent], list[CallEvent]]) -> None:
        assert after(*orders[0]) == after(*orders[1])

    @given(st.lists(events, max_size=6), st.data())
    def test_repeated_events_do_not_matter(self, happened: list[CallEvent], data: st.DataObject) -> None:
        repeats = data.draw(st.lists(st.sampled_from(happened))) if happened else []
        assert after(*happened, *repeats) == after(*happened)

    @given(st.lists(events, max_size=8), events)
    def test_ended_is_final(self, happened: list[CallEvent], late: CallEvent) -> None:
        call = after(*happened)
        if call.state is CallState.ENDED:
            assert apply(call, late).state is CallState.ENDED

    @given(st.lists(events, max_size=8))
    def test_a_call_has_an_outcome_exactly_when_it_has_ended(self, happened: list[CallEvent]) -> None:
        call = after(*happened)
        assert (call.state is CallState.ENDED) == (call.outcome is not None) == (call.ended_at is not None)

    @given(st.lists(events, max_size=8), events)
    def test_a_call_never_goes_back(self, happened: list[CallEvent], then: CallEvent) -> None:
        order = list(CallState)
        call = after(*happened)
        assert order.index(apply(call, then).state) >= order.index(call.state)

    @pytest.mark.parametrize("lost", [None, EventKind.ANSWERED, EventKind.CONNECTED])
    def test_a_lost_callback_does_not_change_what_the_call_came_to(self, lost: EventKind | None) -> None:
        whole = [
            event(EventKind.ANSWERED, 1),
            event(EventKind.CONNECTED, 2),
            event(EventKind.DISCONNECTED, 60, "200/7000"),
        ]
        call = after(*(e for e in whole if e.kind is not lost))
        assert (call.state, call.outcome) == (CallState.ENDED, Outcome.COMPLETED)
        assert call.ended_at == RANG + timedelta(seconds=60)
        assert call.end_reason == "disconnected: 200/7000"


class TestProgress:
    def test_a_new_call_is_claimed(self) -> None:
        assert a_call().state is CallState.CLAIMED

    def test_answered(self) -> None:
        call = after(event(EventKind.ANSWERED, 1))
        assert (call.state, call.call_connection_id) == (CallState.ANSWERED, "connection-1")
        assert call.answered_at == RANG + timedelta(seconds=1)

    @pytest.mark.parametrize("kind", [EventKind.CONNECTED, EventKind.MEDIA_CONNECTED])
    def test_either_sign_of_life_means_connected(self, kind: EventKind) -> None:
        assert after(event(kind)).state is CallState.CONNECTED

    def test_a_media_socket_that_comes_again_keeps_the_first_time(self) -> None:
        call = after(event(EventKind.MEDIA_CONNECTED, 3), event(EventKind.MEDIA_CONNECTED, 30))
        assert call.media_connected_at == RANG + timedelta(seconds=3)

    def test_times_are_kept_in_utc(self) -> None:
        local = RANG.astimezone(timezone(timedelta(hours=2)))
        call = after(CallEvent(EventKind.CONNECTED, local))
        assert call.connected_at is not None
        assert call.connected_at.tzinfo is UTC


class TestOutcome:
    @pytest.mark.parametrize(
        ("happened", "outcome"),
        [
            ([EventKind.ANSWERED, EventKind.CONNECTED, EventKind.DISCONNECTED], Outcome.COMPLETED),
            ([EventKind.CONNECTED, EventKind.HUNG_UP, EventKind.DISCONNECTED], Outcome.COMPLETED),
            ([EventKind.CONNECTED, EventKind.LOST], Outcome.COMPLETED),
            ([EventKind.MEDIA_CONNECTED, EventKind.LOST], Outcome.COMPLETED),
            ([EventKind.RING_ENDED], Outcome.MISSED),
            ([EventKind.CALLER_LEFT], Outcome.MISSED),
            ([EventKind.ANSWERED, EventKind.CALLER_LEFT, EventKind.DISCONNECTED], Outcome.MISSED),
            ([EventKind.REJECTED], Outcome.REJECTED),
            ([EventKind.ANSWER_FAILED], Outcome.FAILED),
            ([EventKind.ANSWERED, EventKind.ANSWER_FAILED, EventKind.DISCONNECTED], Outcome.FAILED),
            ([EventKind.ANSWERED, EventKind.LOST], Outcome.FAILED),
            ([EventKind.CONNECTED, EventKind.MEDIA_FAILED, EventKind.DISCONNECTED], Outcome.FAILED),
            ([EventKind.CONNECTED, EventKind.FAILED, EventKind.DISCONNECTED], Outcome.FAILED),
        ],
    )
    def test_outcome(self, happened: list[EventKind], outcome: Outcome) -> None:
        call = after(*(event(kind, second) for second, kind in enumerate(happened)))
        assert (call.state, call.outcome) == (CallState.ENDED, outcome)

    def test_a_call_we_hung_up_is_no_failure_when_its_media_then_breaks(self) -> None:
        call = after(
            event(EventKind.CONNECTED),
            event(EventKind.HUNG_UP, 5, "goodbye"),
            event(EventKind.MEDIA_FAILED, 5, "streamConnectionUnsuccessful"),
            event(EventKind.DISCONNECTED, 6, "200/0"),
        )
        assert (call.outcome, call.end_reason) == (Outcome.COMPLETED, "hung_up: goodbye")

    @pytest.mark.parametrize("kind", [EventKind.FAILED, EventKind.HUNG_UP, EventKind.MEDIA_FAILED])
    def test_giving_a_call_up_does_not_end_it(self, kind: EventKind) -> None:
        call = after(event(EventKind.CONNECTED), event(kind, 1, "why"))
        assert (call.state, call.outcome) == (CallState.CONNECTED, None)


def transfer(kind: EventKind, number: int = 1, detail: str = "", summary: str = "") -> CallEvent:
    return CallEvent(kind, RANG + timedelta(seconds=9), detail, transfer=number, summary=summary)


STARTED, FAILED, ACCEPTED = (
    EventKind.TRANSFER_STARTED,
    EventKind.TRANSFER_FAILED,
    EventKind.TRANSFER_ACCEPTED,
)


class TestTransfer:
    def test_a_hand_over_that_fails_leaves_the_call_up(self) -> None:
        call = after(
            event(EventKind.CONNECTED),
            transfer(STARTED, summary="wants a person"),
            transfer(FAILED, detail="480/10037"),
        )
        assert (call.transfer, call.transfer_state) == (1, TransferState.FAILED)
        assert (call.transfer_detail, call.summary) == ("480/10037", "wants a person")
        assert (call.state, call.transferred_at, call.end_reason) == (CallState.CONNECTED, None, "")

    def test_a_call_a_person_took_ends_as_transferred(self) -> None:
        call = after(
            event(EventKind.CONNECTED),
            transfer(STARTED),
            transfer(ACCEPTED),
            event(EventKind.MEDIA_CLOSED, 10, "1006"),
            event(EventKind.DISCONNECTED, 11, "200/7000"),
        )
        assert (call.state, call.outcome) == (CallState.ENDED, Outcome.TRANSFERRED)
        assert call.end_reason == "transfer_accepted"
        assert call.transferred_at == RANG + timedelta(seconds=9)

    @given(st.permutations([STARTED, FAILED]), st.permutations([STARTED, FAILED]), st.data())
    def test_a_second_hand_over_is_not_taken_for_the_first(
        self, first: list[EventKind], second: list[EventKind], data: st.DataObject
    ) -> None:
        """However late the callback of the first comes, the second stands as it stands."""
        late = [transfer(kind, 1, "first" if kind is FAILED else "", "one") for kind in first]
        now = [transfer(kind, 2, "second" if kind is FAILED else "", "two") for kind in second]
        for count in (1, 2):
            happened = data.draw(st.permutations([*late, *now[:count]]))
            call = after(*happened)
            expected = TransferState.FAILED if FAILED in second[:count] else TransferState.STARTED
            assert (call.transfer, call.transfer_state) == (2, expected)
            assert call.transfer_detail == ("second" if FAILED in second[:count] else "")
            assert call.summary == "two"

    def test_an_answer_before_the_question_is_kept(self) -> None:
        """The callback may be on record before the bridge's own event."""
        call = after(transfer(FAILED, detail="486/0"), transfer(STARTED, summary="wants a person"))
        assert (call.transfer_state, call.summary) == (TransferState.FAILED, "wants a person")

    def test_a_person_who_took_an_earlier_call_took_it(self) -> None:
        """The caller is with them whatever was tried after that."""
        call = after(transfer(STARTED, 2), transfer(ACCEPTED, 1), event(EventKind.DISCONNECTED, 20))
        assert call.outcome is Outcome.TRANSFERRED

    def test_nobody_hangs_up_on_a_person(self) -> None:
        """The media stream goes with the caller, and may say that it failed."""
        call = after(event(EventKind.CONNECTED), transfer(ACCEPTED), event(EventKind.MEDIA_FAILED, 10))
        assert not is_given_up(call)
        assert not is_silent(call)

    def test_a_silent_call_is_not_ended_while_somebody_may_take_it(self) -> None:
        pending = after(event(EventKind.CONNECTED), transfer(STARTED), event(EventKind.MEDIA_FAILED, 10))
        assert not is_silent(pending)
        assert is_silent(apply(pending, transfer(FAILED)))

    def test_the_summary_is_not_shown_when_printed(self) -> None:
        happened = transfer(STARTED, summary="Anna Smith wants a table")
        assert "Smith" not in repr(happened)
        assert "Smith" not in repr(after(happened))


def test_the_greeting_counts_once() -> None:
    """A media socket that comes again greets again; the caller waited for the first."""
    greeted = [CallEvent(EventKind.GREETED, RANG, ms=ms) for ms in (900, 640, None)]
    assert after(*greeted).greeting_ms == 640


class TestSilentCall:
    def test_a_call_whose_media_failed_must_be_hung_up(self) -> None:
        assert is_silent(after(event(EventKind.MEDIA_FAILED, 1, "forbidden")))

    def test_not_once_it_has_ended(self) -> None:
        assert not is_silent(after(event(EventKind.MEDIA_FAILED, 1), event(EventKind.DISCONNECTED, 2)))

    def test_not_while_it_is_well(self) -> None:
        call = after(event(EventKind.CONNECTED, 1))
        assert not is_silent(call)
        assert not is_given_up(call)

    @pytest.mark.parametrize("kind", [EventKind.FAILED, EventKind.HUNG_UP, EventKind.MEDIA_FAILED])
    def test_a_call_somebody_ended_is_given_up_until_it_is_over(self, kind: EventKind) -> None:
        call = after(event(EventKind.CONNECTED, 1), event(kind, 2))
        assert is_given_up(call)
        assert is_silent(call) == (kind is EventKind.MEDIA_FAILED)
        assert not is_given_up(apply(call, event(EventKind.DISCONNECTED, 3)))


class TestClaim:
    def test_a_live_claim_is_not_taken(self) -> None:
        call = a_call()
        assert take_over(call, "second", RANG + CLAIM_LEASE - timedelta(microseconds=1)) is call

    def test_a_claim_that_ran_out_goes_to_the_next_and_keeps_the_old_secret(self) -> None:
        now = RANG + CLAIM_LEASE
        call = take_over(a_call(), "second", now)
        assert (call.secret_hashes, call.claimed_at) == (("second", "first"), now)
        assert take_over(call, "third", now) is call

    def test_an_answered_call_is_never_taken(self) -> None:
        call = after(event(EventKind.ANSWERED))
        assert take_over(call, "second", RANG + RING) is call

    def test_secrets_are_bounded(self) -> None:
        call = a_call()
        for n in range(10):
            call = take_over(call, f"s{n}", call.claimed_at + CLAIM_LEASE)
        assert call.secret_hashes == ("s9", "s8", "s7", "s6")
        assert len(call.secret_hashes) == MAX_SECRET_HASHES

    def test_a_released_claim_is_free_at_once(self) -> None:
        assert take_over(release(a_call(), "first"), "second", RANG).secret_hashes[0] == "second"

    def test_only_the_holder_can_release(self) -> None:
        call = a_call()
        assert release(call, "other") is call

    def test_the_lease_ends_before_event_grid_delivers_again(self) -> None:
        assert timedelta(0) < CLAIM_LEASE < timedelta(seconds=10)

    def test_ring_left(self) -> None:
        assert ring_left(a_call(), RANG + timedelta(seconds=10)) == timedelta(seconds=20)


def test_a_call_shows_no_number_when_printed() -> None:
    call = replace(a_call(), caller="4:+15550100", called="4:+15550199")
    assert "1555" not in repr(call)
