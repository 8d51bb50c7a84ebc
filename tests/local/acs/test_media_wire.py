"""Frames of the media socket, both ways.

Shapes: "Audio streaming quickstart" and the .NET, Java and npm SDKs.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.acs.media_wire import (
    Audio,
    Ignored,
    StopAudio,
    audio_frame,
    dtmf_frame,
    metadata_frame,
    parse_outbound,
)

AT = datetime(2026, 11, 22, 18, 4, 5, 6_789, tzinfo=UTC)


@pytest.mark.parametrize(
    "frame",
    [
        {"Kind": "AudioData", "AudioData": {"Data": "AQI="}, "StopAudio": None},
        {"kind": "AudioData", "audioData": {"data": "AQI="}, "stopAudio": None},
        {"kind": "audioData", "audioData": {"data": "AQI=", "timestamp": "x", "isSilent": False}},
        {"KIND": "AUDIODATA", "audiodata": {"DATA": "AQI="}},
    ],
)
def test_audio_is_taken_in_any_casing(frame: dict[str, Any]) -> None:
    """.NET and Python send PascalCase, Java camelCase, npm 1.6.0 a mixture."""
    assert parse_outbound(json.dumps(frame)) == Audio(b"\1\2")


@pytest.mark.parametrize("frame", [{"Kind": "StopAudio", "StopAudio": {}}, {"kind": "stopAudio"}])
def test_stop_is_taken_in_any_casing(frame: dict[str, Any]) -> None:
    """The same for StopAudio."""
    assert parse_outbound(json.dumps(frame)) == StopAudio()


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Connection authenticated.", "not_json"),
        ('{"kind": "MarkData", "markData": {"id": "1"}}', "unknown_kind"),
        ("[]", "unknown_kind"),
        ("null", "unknown_kind"),
        ('{"kind": "AudioData"}', "no_data"),
        ('{"kind": "AudioData", "audioData": {"data": 3}}', "no_data"),
        ('{"kind": "AudioData", "audioData": {"data": "???"}}', "bad_base64"),
        ('{"kind": "AudioData", "audioData": {"data": "AQI"}}', "bad_base64"),
        (b"\0\1", "binary"),
    ],
)
def test_what_makes_no_sense_is_ignored_with_a_reason(message: str | bytes, reason: str) -> None:
    """The service drops such frames; here they are counted by reason."""
    assert parse_outbound(message) == Ignored(reason)


@given(
    st.one_of(
        st.text(), st.binary(), st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps)
    )
)
def test_no_frame_can_break_the_parser(message: str | bytes) -> None:
    """Whatever an app sends, the call goes on."""
    assert isinstance(parse_outbound(message), Audio | StopAudio | Ignored)


@pytest.mark.parametrize(("rate", "length"), [(24_000, 960), (16_000, 640)])
def test_metadata_says_rate_and_frame_length(rate: int, length: int) -> None:
    """20 ms of PCM16 mono a frame."""
    assert json.loads(metadata_frame("s-1", rate)) == {
        "kind": "AudioMetadata",
        "audioMetadata": {
            "subscriptionId": "s-1",
            "encoding": "PCM",
            "sampleRate": rate,
            "channels": 1,
            "length": length,
        },
    }


def test_silent_frames_carry_data_too() -> None:
    """`participantRawID` has its capital ID, and only in unmixed audio."""
    assert json.loads(audio_frame(b"\0\0", AT, silent=True, participant="4:+15550100")) == {
        "kind": "AudioData",
        "audioData": {
            "timestamp": "2026-11-22T18:04:05.006Z",
            "participantRawID": "4:+15550100",
            "data": "AAA=",
            "silent": True,
        },
    }
    mixed = json.loads(audio_frame(b"\1\0", AT, silent=False, participant=None))
    assert set(mixed["audioData"]) == {"timestamp", "data", "silent"}


def test_a_key_is_a_frame_of_its_own() -> None:
    """As pressed."""
    assert json.loads(dtmf_frame("#")) == {"kind": "DtmfData", "dtmfData": {"data": "#"}}
