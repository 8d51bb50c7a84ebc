"""What a `Phone` does, on generated frames: each test plays the line, tick by tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.ear import FRAME_SAMPLES, RATE
from local.phone import FAREWELL_MS, FRAME_BYTES, GIVE_UP_MS, PATIENCE_MS, Line, Phone

TICK_MS = 20
PATIENCE = -(-PATIENCE_MS // TICK_MS) - 1
FAREWELL = -(-FAREWELL_MS // TICK_MS) - 1
"""Ticks from the end of a sound to the tick in which it has been quiet for long enough."""
LOUD = 5_000


def line(ms: int) -> Line:
    return Line(np.full(ms * RATE // 1000, LOUD, np.int16))


def frame(said: bytes, heard: int) -> bytes:
    return said + np.full(FRAME_SAMPLES, heard, "<i2").tobytes()


@dataclass
class Played:
    """What happened on the line, in ticks."""

    spoke: list[int] = field(default_factory=list)
    pressed: dict[int, str] = field(default_factory=dict)
    hung_up: int | None = None

    def spoken(self) -> list[tuple[int, int]]:
        """Stretches of speech as (first tick, last tick)."""
        stretches: list[tuple[int, int]] = []
        for tick in self.spoke:
            if stretches and tick == stretches[-1][1] + 1:
                stretches[-1] = (stretches[-1][0], tick)
            else:
                stretches.append((tick, tick))
        return stretches


def play(phone: Phone, agent: Sequence[tuple[int, int]], ticks: int = 3_000) -> Played:
    """Run the line: `agent` is (first tick, ticks) of each thing the agent says. The line is a tick late."""
    talking = {tick for start, length in agent for tick in range(start, start + length)}
    played = Played()
    waiting = bytearray(FRAME_BYTES)
    for tick in range(ticks):
        said = bytes(waiting[:FRAME_BYTES])
        del waiting[:FRAME_BYTES]
        move = phone.tick(frame(said, LOUD if tick in talking else 0))
        waiting += move.audio
        assert len(waiting) >= FRAME_BYTES
        if any(waiting[:FRAME_BYTES]):
            played.spoke.append(tick)
        if move.digits:
            played.pressed[tick] = move.digits
        if move.hang_up:
            played.hung_up = tick
            break
    return played


def test_the_caller_hears_the_greeting_out_before_speaking() -> None:
    played = play(Phone([line(1_000)]), [(30, 100)])
    first = played.spoken()[0][0]
    assert first == 130 + PATIENCE


def test_a_breath_between_two_sentences_is_no_end_of_a_reply() -> None:
    played = play(Phone([line(1_000)]), [(30, 100), (130 + 25, 50)])
    assert played.spoken()[0][0] == 205 + PATIENCE


def test_the_caller_speaks_anyway_when_the_agent_stays_silent() -> None:
    played = play(Phone([line(1_000), line(1_000)]), [])
    (first, first_end), (second, _) = played.spoken()
    assert first == GIVE_UP_MS // TICK_MS - 1
    assert second == pytest.approx(first_end + GIVE_UP_MS // TICK_MS, abs=2)


def test_the_caller_waits_for_a_reply_that_begins_late() -> None:
    """Quiet after one's own words is not the end of the other's."""
    played = play(Phone([line(400), line(400)]), [(0, 10), (200, 50)])
    assert played.spoken()[1][0] == 250 + PATIENCE


def test_keys_are_pressed_after_the_last_reply_and_then_answered_by_quiet() -> None:
    played = play(Phone([line(400)], digits="12#"), [(0, 10), (100, 20), (300, 20)])
    ((pressed, digits),) = played.pressed.items()
    assert (pressed, digits) == (120 + PATIENCE, "12#")
    assert played.hung_up == 320 + FAREWELL


def test_a_caller_with_nothing_to_say_hears_the_greeting_and_hangs_up() -> None:
    assert play(Phone([]), [(10, 50)]).hung_up == 60 + FAREWELL


@given(st.integers(0, 2_000))
@settings(max_examples=30)
def test_barge_in_begins_that_long_after_the_reply_began(ms: int) -> None:
    """The second line is said over a reply that would go on for 20 s; the greeting is heard out."""
    played = play(Phone([line(400), line(400)], barge_in_ms=ms), [(0, 50), (150, 1_000)])
    (first, _), (second, _) = played.spoken()
    assert first == 50 + PATIENCE
    assert 0 <= (second - 150 + 1) * TICK_MS - ms < 2 * TICK_MS


def test_a_single_line_with_barge_in_is_said_over_the_greeting() -> None:
    played = play(Phone([line(400)], barge_in_ms=500), [(10, 1_000)])
    assert played.spoken()[0][0] == pytest.approx(10 + 25, abs=1)


@given(
    lines=st.lists(st.integers(20, 1_000), max_size=3),
    agent=st.lists(st.tuples(st.integers(0, 1_000), st.integers(1, 200)), max_size=6),
    barge_in_ms=st.none() | st.integers(0, 3_000),
    digits=st.sampled_from(["", "1", "0*#"]),
)
@settings(max_examples=25, deadline=None)
def test_every_call_comes_to_an_end_with_everything_said(
    lines: list[int], agent: list[tuple[int, int]], barge_in_ms: int | None, digits: str
) -> None:
    """However the agent behaves: all lines are said, keys pressed once, and the caller hangs up last."""
    phone = Phone([line(ms) for ms in lines], digits=digits, barge_in_ms=barge_in_ms)
    played = play(phone, agent, ticks=10_000)
    spoken_samples = np.frombuffer(phone.recording, "<i2")[::2]
    assert played.hung_up is not None
    assert np.count_nonzero(spoken_samples) == sum(len(line(ms).samples) for ms in lines)
    assert "".join(played.pressed.values()) == digits
    assert all(tick < played.hung_up for tick in [*played.spoke, *played.pressed])


def test_the_recording_holds_both_sides_of_every_tick() -> None:
    phone = Phone([])
    phone.tick(frame(np.full(FRAME_SAMPLES, 7, "<i2").tobytes(), 9))
    recording = np.frombuffer(phone.recording, "<i2").reshape(-1, 2)
    assert recording.tolist() == [[7, 9]] * FRAME_SAMPLES


def test_a_frame_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="1920"):
        Phone([]).tick(bytes(960))
