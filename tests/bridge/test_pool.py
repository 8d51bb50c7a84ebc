"""Which endpoint is asked, how often, and which are left alone: rules on a virtual clock."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.voicelive.pool import Pool, Trouble

_TROUBLES = [*Trouble, None, None, None]
"""What comes of a connection; None when it is good."""


def pool(size: int = 2, connections: int = 30, tokens: int = 1_000) -> Pool:
    return Pool(size, connections_per_minute=connections, tokens_per_minute=tokens)


class TestOrder:
    """The first that is well gets every session."""

    def test_the_first_comes_first(self) -> None:
        assert [pool().choose(float(now)) for now in range(3)] == [0, 0, 0]

    def test_one_that_was_tried_is_passed_over(self) -> None:
        assert pool().choose(0.0, {0}) == 1

    def test_none_is_left(self) -> None:
        assert pool().choose(0.0, {0, 1}) is None

    def test_after_its_quota_the_next(self) -> None:
        several = pool(connections=2)
        assert [several.choose(0.0) for _ in range(5)] == [0, 0, 1, 1, None]
        assert several.choose(60.0) == 0

    def test_some_of_the_quota_can_be_left_to_others(self) -> None:
        assert [pool(1, connections=3).choose(0.0, spare=2), pool(1, connections=2).choose(0.0, spare=2)] == [
            0,
            None,
        ]

    def test_who_shares_a_quota_keeps_to_an_equal_part_of_it(self) -> None:
        one = pool(1, connections=10)
        one.share(4)
        assert one.left(0.0) == 2
        assert [one.choose(0.0) for _ in range(3)] == [0, 0, None]
        one.share(1)
        assert one.left(0.0) == 8
        one.share(40)
        assert one.choose(61.0) == 0, "each may have one"

    def test_after_its_tokens_the_next(self) -> None:
        several = pool(tokens=100)
        several.used(0, 100, 1.0)
        assert several.choose(2.0) == 1
        assert several.choose(61.0) == 0

    def test_tokens_send_nobody_away(self) -> None:
        """What counts is known to the service alone: with no other endpoint it is asked all the same."""
        lone = pool(1, tokens=100)
        lone.used(0, 1_000, 1.0)
        assert lone.choose(2.0) == 0


class TestTrouble:
    """An endpoint that fails is left alone, and tried again."""

    @pytest.mark.parametrize("trouble", [Trouble.FAILED, Trouble.LOST, Trouble.SILENT])
    def test_three_failures_in_a_row(self, trouble: Trouble) -> None:
        several = pool()
        for now in (0.0, 0.1):
            several.failed(0, trouble, now)
            assert several.choose(now) == 0
        several.failed(0, trouble, 0.2)
        assert several.choose(0.3) == 1
        assert several.choose(1.2) == 0

    def test_a_good_one_in_between_counts(self) -> None:
        several = pool()
        for now in range(9):
            several.failed(0, Trouble.FAILED, float(now))
            several.failed(0, Trouble.FAILED, float(now))
            several.opened(0)
        assert several.choose(9.0) == 0

    def test_a_refusal_counts_at_once(self) -> None:
        several = pool()
        several.failed(0, Trouble.REFUSED, 0.0)
        assert several.choose(9.9) == 1
        assert several.choose(10.0) == 0

    def test_one_that_names_a_time_is_left_alone_for_it(self) -> None:
        several = pool()
        several.failed(0, Trouble.THROTTLED, 0.0, retry_after=33.0)
        assert several.choose(32.9) == 1
        assert several.choose(33.0) == 0

    def test_after_a_rest_one_tries_for_all(self) -> None:
        several = pool()
        several.failed(0, Trouble.REFUSED, 0.0)
        assert [several.choose(10.0), several.choose(10.0)] == [0, 1]
        several.opened(0)
        assert several.choose(10.1) == 0

    def test_a_try_that_never_ended_does_not_block(self) -> None:
        lone = pool(1)
        lone.failed(0, Trouble.REFUSED, 0.0)
        assert lone.choose(10.0) == 0
        assert lone.choose(19.9) is None
        assert lone.choose(20.0) == 0


_steps = st.lists(
    st.tuples(st.floats(0.0, 8.0), st.sampled_from(_TROUBLES), st.integers(0, 400)), min_size=1, max_size=120
)


@settings(max_examples=60, deadline=None)
@given(_steps, st.integers(1, 3), st.integers(1, 6))
def test_whatever_happens_no_quota_of_connections_is_exceeded(
    steps: list[tuple[float, Trouble | None, int]], size: int, connections: int
) -> None:
    """Over any minute; what could be asked is asked, in the order of failover, those with tokens first."""
    several = pool(size, connections, tokens=1_000)
    made: dict[int, list[float]] = defaultdict(list)
    spent: dict[int, list[tuple[float, int]]] = defaultdict(list)
    rests_until: dict[int, float] = defaultdict(float)
    now = 0.0
    for after, trouble, tokens in steps:
        now += after
        chosen = several.choose(now)
        free = [n for n in range(size) if sum(at + 60.0 > now for at in made[n]) < connections]
        rich = [n for n in free if sum(count for at, count in spent[n] if at + 60.0 > now) < 1_000]
        assert chosen is None or chosen in free, f"{chosen} is over its quota"
        passed = free if chosen is None else [n for n in rich if chosen not in rich or n < chosen]
        assert all(now < rests_until[n] for n in passed), "another one could have been asked"
        if chosen is None:
            continue
        made[chosen].append(now)
        if trouble is None:
            several.opened(chosen)
            several.used(chosen, tokens, now)
            spent[chosen].append((now, tokens))
        else:
            several.failed(chosen, trouble, now)
            rests_until[chosen] = now + 10.0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(list(Trouble)), min_size=1, max_size=30))
def test_an_endpoint_is_never_given_up(troubles: list[Trouble]) -> None:
    """Whoever waits as long as a caller does gets to try it, however often it has failed."""
    lone = pool(1, connections=1_000)
    now = 0.0
    for trouble in troubles:
        asked = next(at for tick in range(25) if lone.choose(at := now + tick * 0.5) is not None)
        assert asked <= now + 12.0
        now = asked
        lone.failed(0, trouble, now)


def test_what_is_left_of_all_quotas() -> None:
    two = pool(connections=3, tokens=100)
    assert two.left(0) == 6
    two.choose(0)
    assert two.left(1) == 5
    two.used(0, 100, 1)
    assert two.left(2) == 5, "used-up tokens turn nobody away"
    assert two.left(62) == 6
