"""The rules by which peers are held to limits: allowances, addresses, and whose address it is."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import limits
from bridge.carriers import Audio, KeyPressed
from bridge.limits import Addresses, Allowance, Limit, MediaAllowance, sender_of

SILENCE = Audio(base64.b64encode(bytes(960)).decode())
"""20 ms, as carriers send them."""


@given(
    asked=st.lists(st.tuples(st.floats(0, 5), st.floats(0, 10)), max_size=60),
    at_once=st.floats(1, 20),
    per_second=st.floats(0.1, 10),
)
def test_nobody_gets_more_than_the_allowance(
    asked: list[tuple[float, float]], at_once: float, per_second: float
) -> None:
    """Whenever it is asked for how much: over any time, what is at once and what the time brings."""
    allowance, now, got = Allowance(at_once, per_second), 0.0, 0.0
    for pause, amount in asked:
        now += pause
        if allowance.take(amount, now):
            got += amount
        assert got <= at_once + now * per_second + 1e-6


def test_an_allowance_comes_back_with_time() -> None:
    allowance = Allowance(2, 0.5)
    assert [allowance.take(1, 0.0) for _ in range(3)] == [True, True, False]
    assert not allowance.take(1, 1.0)
    assert allowance.take(1, 2.0)


class TestMedia:
    """What a media socket may send."""

    def test_a_call_of_an_hour_with_a_network_that_stops_and_catches_up(self) -> None:
        """50 frames a second with a stop of twenty seconds every minute, whose frames come all at once."""
        allowance, frames = MediaAllowance(), 0
        for second in range(3600):
            due = (second + 1) * 50
            if second % 60 < 40:
                while frames < due:
                    assert allowance.exceeded(SILENCE, float(second)) is None
                    frames += 1

    def test_too_many_frames(self) -> None:
        allowance = MediaAllowance()
        found = [allowance.exceeded(None, 0.0) for _ in range(limits.FRAMES_AT_ONCE + 1)]
        assert found[-2:] == [None, Limit.FRAMES]

    def test_keys_count_as_frames(self) -> None:
        allowance = MediaAllowance()
        found = {allowance.exceeded(KeyPressed("1"), 0.0) for _ in range(limits.FRAMES_AT_ONCE + 1)}
        assert found == {None, Limit.FRAMES}

    def test_too_much_audio_in_few_frames(self) -> None:
        """A second and a third in a frame: what is heard in a minute must not come in a moment."""
        allowance, large = MediaAllowance(), Audio(base64.b64encode(bytes(64_000)).decode())
        found = [allowance.exceeded(large, 0.0) for _ in range(50)]
        assert found.index(Limit.AUDIO) in (44, 45)
        assert allowance.exceeded(large, 60.0) is None


class TestAddresses:
    """Who is refused too often waits, and nobody else does."""

    def test_one_address_waits_and_the_others_do_not(self) -> None:
        known = Addresses()
        for _ in range(limits.REFUSALS_AT_ONCE):
            assert known.may_try("a", 0.0)
            known.refused("a", 0.0)
        assert not known.may_try("a", 0.0)
        assert known.may_try("b", 0.0)
        assert known.may_try("a", 1 / limits.REFUSALS_PER_SECOND)

    def test_as_many_are_remembered_as_there_is_room_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "_ADDRESSES", 3)
        known = Addresses()
        for address in ["first", *"abc"]:
            for _ in range(limits.REFUSALS_AT_ONCE):
                known.refused(address, 0.0)
        assert [address for address in ["first", *"abc"] if known.may_try(address, 0.0)] == ["first"]


class TestSender:
    """Whose address a request has: never the word of the sender."""

    @pytest.mark.parametrize(
        ("forwarded", "proxies", "sender"),
        [
            ([], 0, "192.0.2.1"),
            (["198.51.100.7"], 0, "192.0.2.1"),
            (["198.51.100.7"], 1, "198.51.100.7"),
            (["10.0.0.1, 203.0.113.9, 198.51.100.7"], 1, "198.51.100.7"),
            (["10.0.0.1", "198.51.100.7"], 1, "198.51.100.7"),
            (["10.0.0.1, 198.51.100.7, 203.0.113.9"], 2, "198.51.100.7"),
            (["198.51.100.7:4711"], 1, "198.51.100.7"),
            (["[2001:db8:1:2:3:4:5:6]:4711"], 1, "2001:db8:1:2::/64"),
            (["2001:db8:1:2::9"], 1, "2001:db8:1:2::/64"),
            (["::ffff:198.51.100.7"], 1, "198.51.100.7"),
            (["nonsense"], 1, "unknown"),
            ([], 1, "192.0.2.1"),
        ],
    )
    def test_is_what_our_own_proxy_says(self, forwarded: list[str], proxies: int, sender: str) -> None:
        assert sender_of("192.0.2.1", forwarded, proxies) == sender

    @given(claimed=st.lists(st.text(max_size=60), max_size=4))
    def test_is_not_what_the_sender_says(self, claimed: list[str]) -> None:
        """Whatever stands before the last entry, and however long it is."""
        assert sender_of("192.0.2.1", [*claimed, "198.51.100.7"], 1) == "198.51.100.7"
