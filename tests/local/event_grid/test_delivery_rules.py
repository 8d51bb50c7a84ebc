"""Delivery rules on a virtual clock. Numbers: "Event Grid message delivery and retry"."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.event_grid.delivery import RETRY_AFTER_S, DeliveryQueue, Faults, Filter, Policy
from local.event_grid.schemas import Event


def event(number: int = 1, *, kind: str = "Test.Kind", subject: str = "/caller/1") -> Event:
    """An event that can be told from others."""
    return Event(str(number), "topic", subject, kind, "2026-11-22T18:00:00.0000000Z", {"n": number})


def attempts(queue: DeliveryQueue, status: int | None, until: float) -> list[float]:
    """Fail every attempt; the times of all attempts before `until`."""
    times = []
    while (due := queue.next_due()) is not None and due < until:
        for pending in queue.take(due):
            times.append(due)
            queue.report(pending, status, due)
    return times


def test_retries_wait_longer_and_longer() -> None:
    """10 s, 30 s, 1, 5, 10, 30 min, 1, 3, 6 h, then every 12 h until the day is over."""
    queue = DeliveryQueue(Policy())
    queue.offer(event(), 0.0)
    times = attempts(queue, 503, 48 * 3600)
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert times[0] == 0.0
    assert waits == list(RETRY_AFTER_S[: len(waits)])
    assert times[-1] < 24 * 3600
    assert [letter.reason for letter in queue.dead_letters] == ["TimeToLiveExceeded"]


def test_a_time_scale_shrinks_every_wait() -> None:
    """A hundredth makes the first retry come after 0.1 s."""
    queue = DeliveryQueue(Policy(time_scale=0.01, max_attempts=3))
    queue.offer(event(), 0.0)
    assert attempts(queue, 500, 1000.0) == pytest.approx([0.0, 0.1, 0.4])
    assert [letter.reason for letter in queue.dead_letters] == ["MaxDeliveryAttemptsExceeded"]


def test_two_attempts_within_a_ring() -> None:
    """The settings advised for calls: two attempts, a minute to live."""
    queue = DeliveryQueue(Policy(max_attempts=2, ttl_s=60))
    queue.offer(event(), 5.0)
    assert attempts(queue, None, 1000.0) == [5.0, 15.0]
    letter = queue.dead_letters[0]
    assert (letter.attempts, letter.last_outcome) == (2, "TimedOut")


def test_events_can_be_delivered_late_and_twice_on_request() -> None:
    """The first is overtaken by the second, and comes twice; the third is an event like any other."""
    queue = DeliveryQueue(Policy(), faults=Faults(duplicate=1, delay=1, delay_ms=3_000))
    for number, now in ((1, 0.0), (2, 1.0), (3, 5.0)):
        queue.offer(event(number), now)
    delivered = []
    while (due := queue.next_due()) is not None:
        for pending in queue.take(due):
            delivered.append((pending.event.id, due))
            queue.report(pending, 200, due)
    assert delivered == [("2", 1.0), ("1", 3.0), ("1", 3.0), ("3", 5.0)]


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_some_answers_are_not_retried(status: int) -> None:
    """The endpoint does not want this event, now or later."""
    queue = DeliveryQueue(Policy())
    queue.offer(event(), 0.0)
    assert attempts(queue, status, 1e6) == [0.0]
    assert queue.dead_letters[0].reason == "NotRetriedStatus"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_success_is_200_to_204(status: int) -> None:
    """Nothing follows."""
    queue = DeliveryQueue(Policy())
    queue.offer(event(), 0.0)
    assert attempts(queue, status, 1e6) == [0.0]
    assert queue.counters.delivered == 1
    assert not queue.dead_letters


@given(
    st.lists(st.sampled_from([200, 202, 400, 413, 404, 500, 503, None]), min_size=1, max_size=200),
    st.integers(1, 5),
    st.integers(0, 2),
    st.integers(1, 4),
)
def test_every_event_is_delivered_or_buried_and_none_twice(
    answers: list[int | None], max_attempts: int, duplicates: int, events: int
) -> None:
    """At least once or a dead letter, whatever the endpoint answers, and never more attempts than allowed."""
    queue = DeliveryQueue(Policy(max_attempts=max_attempts, duplicates=duplicates))
    for number in range(events):
        assert queue.offer(event(number), 0.0)
    used = 0
    while (due := queue.next_due()) is not None:
        for pending in queue.take(due):
            queue.report(pending, answers[used % len(answers)], due)
            used += 1
            assert pending.attempts <= max_attempts
    copies = events * (1 + duplicates)
    assert queue.counters.delivered + queue.counters.dead_lettered == copies
    assert len(queue) == 0


@pytest.mark.parametrize(
    ("filter_", "wanted"),
    [
        (Filter(), True),
        (Filter(event_types=("test.kind",)), True),
        (Filter(event_types=("Other",)), False),
        (Filter(subject_begins_with="/CALLER"), True),
        (Filter(subject_begins_with="/recipient"), False),
        (Filter(subject_ends_with="/1"), True),
        (Filter(subject_ends_with="/2"), False),
    ],
)
def test_filters_by_type_and_subject(filter_: Filter, wanted: bool) -> None:
    """Without regard to case."""
    queue = DeliveryQueue(Policy(), filter_)
    assert queue.offer(event(), 0.0) is wanted
    assert (queue.counters.matched, queue.counters.filtered) == (int(wanted), int(not wanted))
