"""Frames of the media websocket. All of them are JSON text.

Wire facts: "Audio streaming concept" and quickstart, and the .NET and npm SDKs. Towards the app the
service writes camelCase. From the app it takes any casing: .NET and Python send PascalCase, Java camelCase.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec


class _Metadata(msgspec.Struct, rename={"subscription_id": "subscriptionId", "sample_rate": "sampleRate"}):
    subscription_id: str
    encoding: str
    sample_rate: int
    channels: int
    length: int


class _Audio(msgspec.Struct, omit_defaults=True, rename={"participant_raw_id": "participantRawID"}):
    timestamp: str
    data: str
    silent: bool
    participant_raw_id: str | None = None


class _AudioFrame(msgspec.Struct, rename="camel"):
    kind: str
    audio_data: _Audio


_encoder = msgspec.json.Encoder()


def metadata_frame(subscription_id: str, sample_rate: int) -> str:
    """The first frame of every connection. `length` is the bytes of one 20 ms frame."""
    metadata = _Metadata(subscription_id, "PCM", sample_rate, 1, sample_rate * 2 * 20 // 1000)
    return _encoder.encode({"kind": "AudioMetadata", "audioMetadata": metadata}).decode()


def audio_frame(pcm: bytes, at: datetime, *, silent: bool, participant: str | None) -> str:
    """20 ms of the caller. `participant` is the raw id in unmixed audio; mixed frames have none."""
    timestamp = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
    audio = _Audio(timestamp, base64.b64encode(pcm).decode(), silent, participant)
    return _encoder.encode(_AudioFrame("AudioData", audio)).decode()


def dtmf_frame(digit: str) -> str:
    """A key the caller pressed: one of 0-9, A-D, * and #."""
    return _encoder.encode({"kind": "DtmfData", "dtmfData": {"data": digit}}).decode()


@dataclass(frozen=True, slots=True)
class Audio:
    """Audio to play to the caller: PCM16LE at the stream's rate, any number of bytes."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class StopAudio:
    """Drop what is queued and stop playing."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A frame the service does nothing with. `reason` is fit for a counter's name."""

    reason: str


def parse_outbound(message: str | bytes) -> Audio | StopAudio | Ignored:
    """What the app sent.

    Never raises: a frame that makes no sense is `Ignored`, as the service ignores it.
    """
    if isinstance(message, bytes):
        return Ignored("binary")
    try:
        frame = msgspec.json.decode(message)
    except msgspec.DecodeError:
        return Ignored("not_json")
    kind = str(_member(frame, "kind") or "").casefold()
    if kind == "stopaudio":
        return StopAudio()
    if kind != "audiodata":
        return Ignored("unknown_kind")
    data = _member(_member(frame, "audiodata"), "data")
    if not isinstance(data, str):
        return Ignored("no_data")
    try:
        return Audio(base64.b64decode(data, validate=True))
    except (binascii.Error, ValueError):
        return Ignored("bad_base64")


def _member(value: Any, name: str) -> Any:  # noqa: ANN401 - any JSON value may stand where an object should
    """A member of a JSON object by its name in any casing."""
    if not isinstance(value, dict):
        return None
    for key, member in value.items():
        if key.casefold() == name:
            return member
    return None
