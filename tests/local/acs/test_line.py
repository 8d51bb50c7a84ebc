"""The line: what is heard is what was queued, sample for sample."""

import struct
from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from local.acs.bodies import MediaStreamingOptions
from local.acs.line import FRAME_BYTES, SILENCE, Line, PcmQueue, bytes_of_ms, interleave, mix
from local.acs.streaming import MediaStream
from tests.local.acs.wire import audio_message, stop_message

pieces = st.binary(max_size=3000)
steps = st.lists(
    st.one_of(
        pieces.map(lambda pcm: ("audio", pcm)),
        st.just(("stop", b"")),
        st.integers(1, 4).map(lambda ticks: ("tick", bytes(ticks))),
    ),
    max_size=60,
)


@given(steps)
def test_the_caller_hears_what_was_queued_less_what_was_stopped(script: list[tuple[str, bytes]]) -> None:
    """On any schedule of audio of any length, StopAudio and ticks, every byte is as a plain model says."""
    line = Line()
    options = MediaStreamingOptions(
        "websocket", "mixed", "ws://app", enable_bidirectional=True, audio_format="pcm24KMono"
    )
    stream = MediaStream(options, line, "4:+15550100", lambda _event, _uri: None)
    waiting: deque[int] = deque()
    for kind, value in script:
        if kind == "audio":
            stream.receive(audio_message(value))
            waiting.extend(value)
        elif kind == "stop":
            stream.receive(stop_message())
            waiting.clear()
        else:
            for _ in range(len(value)):
                due = min(FRAME_BYTES, len(waiting) - len(waiting) % 2)
                expected = bytes(waiting.popleft() for _ in range(due)).ljust(FRAME_BYTES, b"\0")
                assert line.tick().heard == expected


@given(st.lists(pieces, max_size=30))
def test_an_odd_byte_waits_for_its_other_half(parts: list[bytes]) -> None:
    """Cutting audio anywhere changes nothing: samples are never shifted by a byte."""
    queue = PcmQueue(60_000, drop="newest")
    for part in parts:
        queue.put(part)
    whole = b"".join(parts)
    taken, fresh = queue.take(len(whole) // 2 * 2)
    assert taken == whole[: len(whole) // 2 * 2]
    assert fresh == len(taken)


@given(st.lists(pieces, max_size=30), st.sampled_from(["oldest", "newest"]))
def test_a_full_queue_drops_whole_samples_and_counts_them(parts: list[bytes], drop: str) -> None:
    """The limit holds, nothing is dropped below it, and what is left is an end of what came."""
    queue = PcmQueue(20, drop="oldest" if drop == "oldest" else "newest")
    for part in parts:
        queue.put(part)
        assert queue.queued_ms <= 20
    assert queue.dropped_bytes % 2 == 0
    left, fresh = queue.take(bytes_of_ms(20))
    assert fresh // 2 == (sum(map(len, parts)) - queue.dropped_bytes) // 2
    if drop == "oldest" and fresh and sum(map(len, parts)) % 2 == 0:
        assert b"".join(parts).endswith(left[:fresh])


def say(line: Line, number: int) -> bytes:
    """A frame from the phone that can be told from others."""
    frame = struct.pack("<h", number) * (FRAME_BYTES // 2)
    line.caller.put(frame)
    return frame


def test_the_caller_is_carried_in_order_after_a_short_fill() -> None:
    """A phone that sends one frame a tick is heard whole, 40 ms later, without a gap."""
    line = Line()
    sent, heard = [], []
    for number in range(1, 50):
        sent.append(say(line, number))
        heard.append(line.tick().said)
    assert heard[:2] == [SILENCE, SILENCE]
    assert heard[2:] == sent[:-2]
    assert line.gaps == 0


def test_two_ticks_that_come_late_together_leave_no_gap() -> None:
    """What was filled up bridges them."""
    line = Line()
    for number in range(1, 10):
        say(line, number)
        line.tick()
    assert not line.tick().silent
    assert line.gaps == 0


def test_late_ticks_do_not_add_up_to_a_delay() -> None:
    """Silence put in for a late phone is taken out of the caller's own next silence."""
    line = Line()
    for number in range(1, 6):
        say(line, number)
        line.tick()
    for _ in range(4):
        line.tick()
    # The phone catches up with what it owes for the ticks that came late, and goes on.
    for number in range(6, 10):
        say(line, number)
    carried = []
    for step in range(30):
        say(line, 0 if 5 <= step < 15 else 100 + step)
        carried.append(line.tick().said)
    assert line.gaps == 1
    assert line.caller.queued_ms <= 60
    assert carried.count(SILENCE) < 10
    words = [struct.unpack_from("<h", frame)[0] for frame in carried if frame != SILENCE]
    assert words == [*range(6, 10), *(100 + step for step in range(30) if not 5 <= step < 15)][: len(words)]
    assert len(words) > 20


def test_silence_is_carried_whole_when_nothing_was_late() -> None:
    """A phone that sends ahead of time keeps its pauses."""
    line = Line()
    for number in (1, 1, 1, *[0] * 20, 2, 2, 2):
        say(line, number)
    carried = [line.tick().said != SILENCE for _ in range(26)]
    assert carried == [True] * 3 + [False] * 20 + [True] * 3


def test_a_single_frame_is_carried_though_the_buffer_never_fills() -> None:
    """The wait has a limit."""
    line = Line()
    frame = say(line, 7)
    assert [line.tick().said for _ in range(5)].count(frame) == 1


def test_a_muted_caller_is_silent_and_hears_on() -> None:
    """Muting takes the words, not the ears."""
    line = Line()
    line.muted = True
    for number in range(1, 5):
        say(line, number)
    line.agent.put(b"\1\0" * 480)
    tick = line.tick()
    assert (tick.said, tick.silent) == (SILENCE, True)
    assert tick.heard == b"\1\0" * 480


def test_on_hold_neither_side_hears_the_other_but_a_prompt_is_heard() -> None:
    """Hold music is what is played to the caller; the agent's clock goes on."""
    line = Line()
    line.on_hold = True
    line.agent.put(b"\1\0" * 480)
    assert line.tick(b"\2\0" * 480).heard == b"\2\0" * 480
    assert line.agent.queued_ms == 0


def test_a_prompt_is_added_to_the_agent_and_clipped() -> None:
    """Two loud voices do not wrap around."""
    assert mix(struct.pack("<2h", 30000, -5), struct.pack("<2h", 30000, 3)) == struct.pack("<2h", 32767, -2)


def test_stereo_has_the_first_side_left() -> None:
    """Samples alternate."""
    assert interleave(struct.pack("<2h", 1, 2), struct.pack("<2h", 3, 4)) == struct.pack("<4h", 1, 3, 2, 4)
