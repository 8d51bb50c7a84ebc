"""A tape is what was said and heard, where it was: placed, mixed and cut, whatever the network does."""

from __future__ import annotations

from array import array
from base64 import b64encode
from itertools import pairwise
from math import pi, sin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.tape_cutter import SETTLED, Cut, TapeCutter
from bridge.tape_sound import MARGIN, STEP, mu_law
from bridge.tape_track import Stream, Track
from shared.g711 import LEVELS, RATE
from shared.tapes import PIECE

FRAME = 480
"""20 ms at 24 kHz."""
BEGAN = 1000.0
PIECE_SECONDS = PIECE / RATE


def pcm(value: int, samples: int = FRAME) -> bytes:
    return array("h", [value]).tobytes() * samples


def frame(value: int, samples: int = FRAME) -> str:
    return b64encode(pcm(value, samples)).decode()


def channel(cuts: list[Cut], side: str) -> list[int]:
    """A side of pieces that follow each other, at 24 kHz."""
    samples: list[int] = []
    for cut in cuts:
        sound = getattr(cut, side)
        whole = array("h", sound or bytes(2 * (cut.samples * STEP + 2 * MARGIN)))
        samples += whole[MARGIN : len(whole) - MARGIN]
    return samples


def value_at(samples: list[int], seconds: float) -> int:
    return samples[round(seconds * RATE * STEP)]


class TestTrack:
    @given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20), st.integers(1, 9)), max_size=8))
    def test_is_what_was_put_there_and_silence_between(self, puts: list[tuple[int, int, int]]) -> None:
        track, model = Track(), [0] * 100
        end = 0
        for start, length, value in puts:
            track.put(start, pcm(value, length))
            at = end if abs(start - end) <= 2 else start
            model[at : at + length] = [value] * length
            end = at + length
        for begin, behind in ((0, 100), (7, 41), (30, 31)):
            rendered = track.render(begin, behind)
            assert list(array("h", rendered or bytes(2 * (behind - begin)))) == model[begin:behind]

    @given(st.integers(5, 50), st.integers(1, 50), st.integers(0, 120))
    def test_what_was_called_off_is_silence(self, start: int, length: int, place: int) -> None:
        track = Track()
        track.put(start, pcm(5, length))
        track.silence_from(place)
        rendered = list(array("h", track.render(0, 130) or bytes(260)))
        assert rendered == [5 if start <= n < min(start + length, place) else 0 for n in range(130)]


class TestStream:
    @given(st.lists(st.integers(0, 900), min_size=1, max_size=40))
    def test_frames_stand_where_they_were_said_after_the_first_that_was_in_time(
        self, delays: list[int]
    ) -> None:
        """Each comes late by some delay; none before the one before it."""
        delays = [*delays, 0]  # the last one is in time, and proves where all of them belong
        stream, arrived = Stream(), 0
        for n, delay in enumerate(delays):
            arrived = min(max(arrived, (n + 1) * FRAME + delay), len(delays) * FRAME)
            stream.add(frame(n + 1), arrived)
        [(start, sound)] = stream.take(10**9)
        assert start == 0
        assert list(array("h", sound)[::FRAME]) == list(range(1, len(delays) + 1))

    def test_a_burst_after_a_stall_fills_the_time_of_the_stall(self) -> None:
        stream = Stream()
        for n in range(10):
            stream.add(frame(1), (n + 1) * FRAME)
        for _ in range(90):
            stream.add(frame(2), 100 * FRAME)
        assert stream.take(10**9) == [(0, pcm(1, 10 * FRAME) + pcm(2, 90 * FRAME))]

    def test_a_break_stays_a_break(self) -> None:
        """The line was gone for two seconds: what follows is not moved up."""
        stream = Stream()
        stream.add(frame(1), FRAME)
        stream.add(frame(2), 101 * FRAME)
        assert stream.take(10**9) == [(0, pcm(1)), (100 * FRAME, pcm(2))]

    def test_what_begins_later_waits(self) -> None:
        stream = Stream()
        for n in range(10):
            stream.add(frame(1), (n + 1) * FRAME)
        assert stream.take(4 * FRAME) == [(0, pcm(1, 4 * FRAME))]
        assert stream.take(10**9) == [(4 * FRAME, pcm(1, 6 * FRAME))]


class TestCutter:
    @settings(max_examples=25)
    @given(
        st.floats(0.0, 30.0),
        st.lists(st.floats(0.05, 7.0), max_size=12),
        st.floats(0.0, 9.0),
    )
    def test_pieces_follow_each_other_without_a_gap(
        self, since: float, looks: list[float], rest: float
    ) -> None:
        """However late somebody looks, and wherever the tape was begun."""
        cutter, now = TapeCutter(BEGAN, BEGAN + since), BEGAN + since
        cuts: list[Cut] = []
        for pause in looks:
            now += pause
            cuts += cutter.due(now)
            assert all(cut.samples == PIECE for cut in cuts)
            assert cutter.due_at > now
        now += rest
        cuts += cutter.end(now)
        assert sum(cut.samples for cut in cuts) == pytest.approx((now - BEGAN - since) * RATE, abs=2)
        assert all(one.start + one.samples == other.start for one, other in pairwise(cuts))
        assert all(0 < cut.samples <= PIECE for cut in cuts)

    def test_both_sides_stand_where_they_were_heard(self) -> None:
        cutter = TapeCutter(BEGAN, BEGAN)
        for n in range(round(12 / 0.02)):
            cutter.caller(frame(100 if 250 <= n < 300 else 0), BEGAN + (n + 1) * 0.02)
        cutter.agent(pcm(200, 24_000), BEGAN + 4.5)  # over the edge of a piece
        cuts = cutter.due(BEGAN + 12) + cutter.end(BEGAN + 12)
        caller, agent = channel(cuts, "caller"), channel(cuts, "agent")
        assert len(caller) == len(agent) == 12 * RATE * STEP
        assert [value_at(caller, at) for at in (4.99, 5.01, 5.99, 6.01)] == [0, 100, 100, 0]
        assert [value_at(agent, at) for at in (4.49, 4.51, 5.49, 5.51)] == [0, 200, 200, 0]

    def test_what_was_flushed_is_not_on_the_tape(self) -> None:
        """300 ms are with the carrier when the caller speaks: of these, what they heard stays."""
        cutter = TapeCutter(BEGAN, BEGAN)
        cutter.agent(pcm(200, 7200), BEGAN + 1.0)
        cutter.stopped(BEGAN + 1.1)
        cutter.agent(pcm(300, 2400), BEGAN + 2.0)
        agent = channel(cutter.end(BEGAN + 3), "agent")
        assert agent.count(200) == 2400
        assert agent.count(300) == 2400
        assert value_at(agent, 1.11) == 0

    def test_what_nobody_waited_for_is_not_on_the_tape(self) -> None:
        """The call ended under it."""
        cutter = TapeCutter(BEGAN, BEGAN)
        cutter.agent(pcm(200, 7200), BEGAN + 1.0)
        assert channel(cutter.end(BEGAN + 1.1), "agent").count(200) == 2400

    def test_a_piece_waits_for_what_may_still_come(self) -> None:
        cutter = TapeCutter(BEGAN, BEGAN)
        assert cutter.due_at == BEGAN + PIECE_SECONDS + SETTLED
        cutter.caller(frame(100), BEGAN + 0.02)
        late = round((PIECE_SECONDS - 0.02) / 0.02)
        for _ in range(late):  # held up by the network until just before
            cutter.caller(frame(100), BEGAN + PIECE_SECONDS + SETTLED - 0.1)
        assert cutter.due(cutter.due_at - 0.01) == []
        [cut] = cutter.due(cutter.due_at)
        assert channel([cut], "caller").count(100) > (SETTLED - 0.2) * RATE * STEP

    def test_another_bridge_goes_on_at_the_true_place(self) -> None:
        """Its tape begins where the first bridge's did; what lay between is nobody's piece."""
        cutter = TapeCutter(BEGAN, BEGAN + 61.5)
        cutter.caller(frame(100), BEGAN + 62.0)
        [cut] = cutter.end(BEGAN + 62.5)
        assert cut.start == 61.5 * RATE
        assert value_at(channel([cut], "caller"), 0.49) == 100


class TestSound:
    @pytest.mark.parametrize(("hertz", "kept"), [(300, True), (1000, True), (3000, True), (5000, False)])
    def test_what_a_telephone_carries_is_kept_and_nothing_else(self, hertz: int, kept: bool) -> None:
        """What is above would come back as another tone."""
        count = RATE * STEP + 2 * MARGIN
        wave = array("h", (round(9000 * sin(2 * pi * hertz * n / (RATE * STEP))) for n in range(count)))
        codes = mu_law(wave.tobytes())
        assert len(codes) == RATE
        power = sum(LEVELS[code] ** 2 for code in codes) / RATE
        assert power == pytest.approx(9000**2 / 2, rel=0.02) if kept else power < 9000**2 / 2 / 10_000

    @settings(max_examples=30)
    @given(st.integers(-32_768, 32_767))
    def test_a_level_comes_back_as_the_nearest_there_is(self, level: int) -> None:
        codes = mu_law(pcm(level, STEP * 3 + 2 * MARGIN))
        assert {LEVELS[code] for code in codes} <= {
            best for best in LEVELS if abs(best - level) <= min(abs(other - level) for other in LEVELS) + 1
        }
