"""The rules of a call, on a virtual clock of 20 ms ticks."""

from __future__ import annotations

import json
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.acs import bodies
from local.acs.call import Call, CallSettings, CallState
from local.acs.errors import ServiceError
from local.acs.events import BAD_FILE, CallEvent
from local.acs.identifiers import identify
from local.acs.line import FRAME_BYTES
from local.acs.operations import MAX_WAITING, MediaOperation
from local.acs.roster import REACH_TICKS
from tests.local.acs.wire import audio_message, stop_message

CALLER = identify("+15550100", "from")
CALLED = identify("+15550199", "to")
NOBODY = identify("+15550404", "target")
START = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
RING_TICKS = 1500


class Recorder:
    """What a call wants done outside, written down."""

    def __init__(self) -> None:
        self.events: list[tuple[str, CallEvent, str]] = []
        self.phone: list[dict[str, Any]] = []
        self.said = bytearray()
        self.heard = bytearray()
        self.media: list[dict[str, Any]] = []
        self.media_open = 0

    def callback(self, _call: Call, event: CallEvent, uri: str, _source: str | None) -> None:
        self.events.append((event.type, event, uri))

    def to_phone(self, _call: Call, message: dict[str, Any]) -> None:
        self.phone.append(message)

    def phone_audio(self, _call: Call, frame: bytes) -> None:
        self.said += frame[:FRAME_BYTES]
        self.heard += frame[FRAME_BYTES:]

    def open_media(self, _call: Call) -> None:
        self.media_open += 1

    def close_media(self, _call: Call) -> None:
        self.media_open -= 1

    def to_media(self, _call: Call, frame: str) -> None:
        self.media.append(json.loads(frame))

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.events]


def new_call(recorder: Recorder, recordings: Path = Path("/nowhere")) -> Call:
    """A call that rings."""
    shared = CallSettings(identify("8:acs:app", "app"), RING_TICKS, frozenset({NOBODY.address}), recordings)
    return Call(CALLER, CALLED, settings=shared, outside=recorder, server_call_id="s", now=lambda: START)


def answer(call: Call, **streaming: Any) -> None:
    """Answer it and wait until it is connected."""
    options = None
    if streaming:
        streaming = {"audio_format": "pcm24KMono", "enable_bidirectional": True, **streaming}
        options = bodies.MediaStreamingOptions("websocket", "mixed", "ws://app", **streaming)
    body = bodies.Answer("ctx", "http://app/cb", operation_context="oc", media_streaming_options=options)
    call.answer(body, "2026-03-12")
    pass_ticks(call, 5)


def pass_ticks(call: Call, count: int) -> None:
    for _ in range(count):
        call.tick()


def test_ringing_ends_when_nobody_answers() -> None:
    """30 s, then the phone hears no answer and the app nothing."""
    out = Recorder()
    call = new_call(out)
    pass_ticks(call, RING_TICKS - 1)
    assert call.state is CallState.RINGING
    call.tick()
    assert [message["reason"] for message in out.phone] == ["no_answer"]
    assert out.events == []


def test_an_answered_call_does_not_ring_out() -> None:
    """The ring timer is for ringing calls."""
    out = Recorder()
    call = new_call(out)
    answer(call)
    pass_ticks(call, RING_TICKS)
    assert call.state is CallState.CONNECTED


def test_connecting_tells_app_and_phone() -> None:
    """CallConnected with the answer's context, then who is on the call."""
    out = Recorder()
    call = new_call(out)
    answer(call)
    assert out.kinds == ["CallConnected", "ParticipantsUpdated"]
    assert out.events[0][1].context == "oc"
    assert out.events[1][1].data["sequenceNumber"] == 1
    assert out.phone == [{"type": "answered", "call_connection_id": call.id}]


def test_a_caller_who_gives_up_before_connecting_fails_the_answer() -> None:
    """AnswerFailed stands in place of CallDisconnected."""
    out = Recorder()
    call = new_call(out)
    call.answer(bodies.Answer("ctx", "http://app/cb"), "2026-03-12")
    call.phone_hung_up()
    pass_ticks(call, 10)
    assert out.kinds == ["AnswerFailed"]
    assert out.phone[-1]["reason"] == "caller_hung_up"


@pytest.mark.parametrize(("who", "reason"), [("phone", "caller_hung_up"), ("app", "agent_hung_up")])
def test_hanging_up_ends_everything_once(who: str, reason: str) -> None:
    """The stream stops, the call disconnects, the phone is told; a second time changes nothing."""
    out = Recorder()
    call = new_call(out)
    answer(call, start_media_streaming=True)
    assert call.stream is not None
    call.stream.opened()
    for _ in range(2):
        call.phone_hung_up() if who == "phone" else call.hang_up()
    assert out.kinds[-2:] == ["MediaStreamingStopped", "CallDisconnected"]
    assert out.kinds.count("CallDisconnected") == 1
    assert out.events[-1][1].result.sub_code == 7000
    assert out.phone[-1] == {"type": "ended", "reason": reason, "code": 200, "sub_code": 7000}
    assert out.media_open == 0


def test_a_transfer_that_works_takes_the_call_away() -> None:
    """Accepted first, then the app's leg ends."""
    out = Recorder()
    call = new_call(out)
    answer(call)
    call.transfer(bodies.Transfer(target_participant=identify("+15550111", "t"), operation_context="xfer"))
    pass_ticks(call, 100)
    assert out.kinds[-2:] == ["CallTransferAccepted", "CallDisconnected"]
    assert out.events[-2][1].context == "xfer"
    assert out.phone[-1]["reason"] == "transferred"


def test_a_transfer_that_fails_leaves_the_call_up() -> None:
    """The caller goes on talking to the app."""
    out = Recorder()
    call = new_call(out)
    answer(call)
    call.transfer(bodies.Transfer(target_participant=NOBODY, operation_callback_uri="http://app/other"))
    pass_ticks(call, REACH_TICKS + 1)
    assert out.events[-1][0] == "CallTransferFailed"
    assert out.events[-1][2] == "http://app/other"
    assert call.state is CallState.CONNECTED


def test_nothing_happens_twice_to_a_call_in_transfer() -> None:
    """A mid-call operation is refused until the transfer is settled."""
    call = new_call(Recorder())
    answer(call)
    call.transfer(bodies.Transfer(target_participant=NOBODY))
    with pytest.raises(ServiceError, match="transferring"):
        call.require_connected()


def test_every_tick_is_a_frame_to_phone_and_app_with_its_own_time() -> None:
    """Silent frames are sent too, and say so; times are 20 ms apart."""
    out = Recorder()
    call = new_call(out)
    answer(call, start_media_streaming=True)
    assert call.stream is not None
    call.stream.opened()
    before = call.line.ticks
    call.phone_said(b"\1\0" * 480 * 3)
    pass_ticks(call, 4)
    frames = [frame["audioData"] for frame in out.media]
    assert [frame["silent"] for frame in frames] == [False, False, False, True]
    assert all(len(frame["data"]) == 1280 for frame in frames)
    expected = [START + timedelta(milliseconds=20 * (before + index)) for index in range(4)]
    assert [frame["timestamp"] for frame in frames] == [
        f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z" for at in expected
    ]
    assert len(out.heard) == call.line.ticks * FRAME_BYTES


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(st.binary(max_size=4000), st.just("stop"), st.integers(1, 3)),
        max_size=40,
    )
)
def test_the_recorded_call_is_what_the_app_sent_less_what_it_stopped(script: list[bytes | str | int]) -> None:
    """Through the whole call: frames in, phone frames out, byte for byte."""
    out = Recorder()
    call = new_call(out)
    answer(call, start_media_streaming=True)
    assert call.stream is not None
    call.stream.opened()
    out.heard.clear()
    queued, expected = b"", b""
    for step in script:
        if isinstance(step, bytes):
            call.stream.receive(audio_message(step))
            queued += step
        elif step == "stop":
            call.stream.receive(stop_message())
            queued = b""
        else:
            pass_ticks(call, int(step))
            for _ in range(int(step)):
                now = queued[: min(FRAME_BYTES, len(queued) // 2 * 2)]
                queued = queued[len(now) :]
                expected += now.ljust(FRAME_BYTES, b"\0")
    assert bytes(out.heard) == expected


def test_keys_reach_the_stream_and_the_recogniser() -> None:
    """DtmfData on the socket, an event for each tone; unknown keys are left out."""
    out = Recorder()
    call = new_call(out)
    answer(call, start_media_streaming=True, enable_dtmf_tones=True)
    assert call.stream is not None
    call.stream.opened()
    call.start_dtmf(bodies.TargetOperation(target_participant=CALLER, operation_context="keys"))
    call.phone_pressed("1x#")
    assert [frame["dtmfData"]["data"] for frame in out.media] == ["1", "#"]
    tones = [event for kind, event, _ in out.events if kind == "ContinuousDtmfRecognitionToneReceived"]
    assert [(tone.data["tone"], tone.data["sequenceId"]) for tone in tones] == [("one", 1), ("pound", 2)]
    call.stop_dtmf(bodies.TargetOperation(target_participant=CALLER))
    call.phone_pressed("2")
    assert out.kinds[-1] == "ContinuousDtmfRecognitionStopped"


def loaded(pcm: bytes, **options: Any) -> MediaOperation:
    """A play whose audio is here."""
    operation = MediaOperation("play", **options)
    operation.load(pcm)
    return operation


def test_plays_follow_each_other_and_are_mixed_over_the_agent() -> None:
    """Started and completed, one after the other."""
    out = Recorder()
    call = new_call(out)
    answer(call)
    out.heard.clear()
    call.line.agent.put(b"\x01\0" * 480)
    call.operations.add(loaded(b"\x02\0" * 480, context="a"))
    call.operations.add(loaded(b"\x04\0" * 240, context="b"))
    pass_ticks(call, 4)
    assert bytes(out.heard[:FRAME_BYTES]) == b"\x03\0" * 480
    assert bytes(out.heard[FRAME_BYTES : 2 * FRAME_BYTES]) == b"\x04\0" * 240 + bytes(480)
    played = [(kind, event.context) for kind, event, _ in out.events if kind.startswith("Play")]
    assert played == [
        ("PlayStarted", "a"),
        ("PlayCompleted", "a"),
        ("PlayStarted", "b"),
        ("PlayCompleted", "b"),
    ]


def test_a_play_that_cannot_be_loaded_fails_when_its_turn_comes() -> None:
    """With the index of the bad source; the next one plays."""
    out = Recorder()
    call = new_call(out)
    answer(call)
    slow, bad = MediaOperation("play", context="slow"), MediaOperation("play", context="bad")
    call.operations.add(slow)
    call.operations.add(bad)
    bad.fail(1, BAD_FILE)
    pass_ticks(call, 3)
    assert "PlayFailed" not in out.kinds
    slow.load(b"\1\0" * 480)
    pass_ticks(call, 3)
    assert out.kinds[-3:] == ["PlayStarted", "PlayCompleted", "PlayFailed"]
    failed = out.events[-1][1]
    assert (failed.data, failed.result.sub_code) == ({"failedPlaySourceIndex": 1}, 8535)


def test_a_loop_goes_on_until_it_is_cancelled() -> None:
    """Cancelling ends what plays and what waits."""
    out = Recorder()
    call = new_call(out)
    answer(call)
    call.operations.add(loaded(b"\1\0" * 480, loop=True))
    call.operations.add(loaded(b"\1\0" * 480))
    pass_ticks(call, 10)
    call.operations.cancel_all()
    assert out.kinds.count("PlayStarted") == 1
    assert out.kinds.count("PlayCanceled") == 2
    out.heard.clear()
    call.tick()
    assert bytes(out.heard) == bytes(FRAME_BYTES)


def test_an_interrupting_play_takes_the_place_of_the_others() -> None:
    """What was before it is cancelled."""
    out = Recorder()
    call = new_call(out)
    answer(call)
    call.operations.add(loaded(b"\1\0" * 4800, context="old"))
    pass_ticks(call, 2)
    call.operations.add(loaded(b"\2\0" * 480, context="new"), interrupt=True)
    out.heard.clear()
    call.tick()
    assert bytes(out.heard) == b"\2\0" * 480
    assert ("PlayCanceled", "old") in [(kind, event.context) for kind, event, _ in out.events]


def test_a_call_takes_a_limited_number_of_operations() -> None:
    """Then it is full until one is through."""
    call = new_call(Recorder())
    answer(call)
    for _ in range(MAX_WAITING):
        call.operations.add(loaded(b"\1\0"))
    assert call.operations.full
    pass_ticks(call, 2)
    assert not call.operations.full


@pytest.mark.parametrize(("channels", "count"), [("mixed", 1), ("unmixed", 2)])
def test_a_recording_holds_both_sides_without_its_pauses(channels: Any, count: int, tmp_path: Path) -> None:
    """Unmixed is the caller left and what they heard right; a pause leaves no trace."""
    out = Recorder()
    call = new_call(out, tmp_path)
    answer(call)
    body = bodies.StartRecording(
        recording_channel_type=channels, recording_state_callback_uri="http://app/rec"
    )
    recording = call.record(body)
    call.phone_said(b"\x01\0" * 480 * 3)
    call.line.agent.put(b"\x02\0" * 480 * 3)
    pass_ticks(call, 1)
    recording.set_state("inactive")
    pass_ticks(call, 1)
    recording.set_state("active")
    pass_ticks(call, 1)
    call.hang_up()
    with wave.open(str(recording.path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (count, 24_000, 960)
        expected = b"\x03\0" if channels == "mixed" else b"\x01\0\x02\0"
        assert file.readframes(960) == expected * 960
    states = [event.data["state"] for kind, event, _ in out.events if kind == "RecordingStateChanged"]
    assert states == ["active", "inactive"]


def test_a_broken_stream_that_comes_back_is_reestablished() -> None:
    """Failed, then started with other details; the first time it was a new subscription."""
    out = Recorder()
    call = new_call(out)
    answer(call, start_media_streaming=True)
    assert call.stream is not None
    call.stream.opened()
    call.stream.failed("streamConnectionInterrupted", final=False)
    call.tick()
    assert out.media == []
    call.stream.opened()
    details = [
        event.data["mediaStreamingUpdate"]["mediaStreamingStatusDetails"]
        for kind, event, _ in out.events
        if kind.startswith("MediaStreaming")
    ]
    assert details == ["subscriptionStarted", "streamConnectionInterrupted", "streamConnectionReestablished"]


def test_streaming_cannot_be_started_without_options_or_twice() -> None:
    """Both are the app's mistake, and said so."""
    call = new_call(Recorder())
    answer(call)
    with pytest.raises(ServiceError, match="not set up"):
        call.start_streaming(bodies.Operation())
    other = new_call(Recorder())
    answer(other, start_media_streaming=True)
    with pytest.raises(ServiceError, match="active already"):
        other.start_streaming(bodies.Operation())
