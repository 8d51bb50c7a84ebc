"""Azure Communication Services media streaming: JSON text frames, 20 ms each.

Inbound frames are camelCase. Outbound ones are PascalCase, which most deployments send; the service reads
either (ACS audio streaming quickstart; .NET `OutStreamingData`).
"""

from __future__ import annotations

import msgspec

from bridge.carriers import CarrierError, Inbound, MediaFormat, Told, checked_audio, checked_key, read_frame


class _Metadata(msgspec.Struct, rename="camel"):
    sample_rate: int
    channels: int = 1


class _AudioData(msgspec.Struct):
    # `silent` is not read: silent frames carry data, and Voice Live needs them to see a turn end.
    data: str


class _DtmfData(msgspec.Struct):
    data: str


class _Frame(msgspec.Struct, rename="camel"):
    kind: str
    audio_data: _AudioData | None = None
    audio_metadata: _Metadata | None = None
    dtmf_data: _DtmfData | None = None


_decoder = msgspec.json.Decoder(_Frame)


class AcsCarrier:
    """Frames of `audioFormat` pcm24KMono, `audioChannelType` mixed."""

    name = "acs"
    quiet_seconds: float | None = 5.0
    """It sends 50 frames a second, silent ones too, from the first to the last."""
    reconnects = True

    def decode(self, frame: str | bytes) -> Inbound | None:
        match read_frame(_decoder.decode, frame, "an ACS media frame"):
            case _Frame(kind="AudioData", audio_data=_AudioData(data)):
                return checked_audio(data) if data else None
            case _Frame(kind="AudioMetadata", audio_metadata=_Metadata(sample_rate, channels)):
                return MediaFormat(sample_rate, channels)
            case _Frame(kind="DtmfData", dtmf_data=_DtmfData(key)):
                return checked_key(key)
            case _Frame(kind="AudioData" | "AudioMetadata" | "DtmfData" as kind):
                raise CarrierError(
                    f"not an ACS media frame: kind {kind} without its {kind[0].lower()}{kind[1:]}"
                )
        return None

    def encode_audio(self, base64: str) -> str:
        return '{"Kind":"AudioData","AudioData":{"Data":"' + base64 + '"},"StopAudio":null}'

    def encode_stop(self) -> str:
        return '{"Kind":"StopAudio","AudioData":null,"StopAudio":{}}'

    def encode_told(self, told: Told) -> str | None:
        return None
