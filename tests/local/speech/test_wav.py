"""WAV files as people and recorders make them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.speech import AudioError, alaw_encode, read_wav, ulaw_encode
from local.speech.audio import FloatAudio
from tests.local.speech.measures import tone

RATE = 8_000
TONE = tone(300, 0.1, RATE)


def chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def wav(
    samples: bytes, encoding: int = 1, bits: int = 16, channels: int = 1, rate: int = RATE, extra: bytes = b""
) -> bytes:
    width = channels * bits // 8
    layout = struct.pack("<HHIIHH", encoding, channels, rate, rate * width, width, bits) + extra
    body = chunk(b"fmt ", layout) + chunk(b"LIST", b"odd") + chunk(b"data", samples)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def packed(audio: FloatAudio, bits: int) -> bytes:
    if bits == 8:
        return (audio * 128 + 128).astype(np.uint8).tobytes()
    wide = (audio.astype(np.float64) * 2**31).astype("<i4").view(np.uint8).reshape(-1, 4)
    return wide[:, 4 - bits // 8 :].tobytes()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (wav(packed(TONE, 8), bits=8), 1 / 128),
        (wav(packed(TONE, 16), bits=16), 1e-4),
        (wav(packed(TONE, 24), bits=24), 1e-6),
        (wav(packed(TONE, 32), bits=32), 1e-6),
        (wav(TONE.astype("<f4").tobytes(), 3, 32), 1e-7),
        (wav(TONE.astype("<f8").tobytes(), 3, 64), 1e-7),
        (wav(ulaw_encode(TONE), 7, 8), 0.02),
        (wav(alaw_encode(TONE), 6, 8), 0.02),
        (wav(packed(TONE, 16), 0xFFFE, extra=struct.pack("<HHIH", 22, 16, 4, 1) + bytes(14)), 1e-4),
    ],
    ids=["8", "16", "24", "32", "float", "double", "mu-law", "A-law", "extensible"],
)
def test_every_usual_encoding_is_read(data: bytes, error: float) -> None:
    audio, rate = read_wav(data)
    assert rate == RATE
    assert audio.dtype == np.float32
    np.testing.assert_allclose(audio, TONE, atol=error)


def test_channels_are_averaged() -> None:
    both = np.stack([TONE, -TONE / 2], axis=1).reshape(-1)
    audio, _ = read_wav(wav(packed(both, 24), bits=24, channels=2))
    np.testing.assert_allclose(audio, TONE / 4, atol=1e-6)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_recording_from_a_pipe_is_read_to_its_end(size: int) -> None:
    whole = wav(packed(TONE, 16))
    at = whole.index(b"data") + 4
    audio, _ = read_wav(whole[:at] + struct.pack("<I", size) + whole[at + 4 :])
    assert len(audio) == len(TONE)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "not a WAV file"),
        (b"ID3\x04 this is an mp3, not a wav at all", "not a WAV file"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "not a WAV file"),
        (wav(packed(TONE, 16))[:20], "cut off within its header"),
        (wav(packed(TONE, 16))[:40], "cut off before its audio begins"),
        (wav(packed(TONE, 16))[:-100], "cut off: 1600 bytes of audio announced, 1500 there"),
        (wav(b""), "there is no audio in it"),
        (wav(b"\0"), "there is no audio in it"),
        (wav(packed(TONE, 16), channels=0), "0 channels"),
        (wav(packed(TONE, 16), rate=0), "at 0 Hz"),
        (wav(packed(TONE, 16), encoding=2, bits=4), "encoding 2 with 4 bits"),
        (wav(packed(TONE, 16), encoding=85, bits=0), "encoding 85"),
        (wav(np.full(9, np.nan, "<f4").tobytes(), 3, 32), "not numbers"),
        (b"RIFF\x00\x00\x00\x00WAVE" + chunk(b"data", b"1234"), "before their format"),
    ],
)
def test_what_cannot_be_played_is_named_with_its_fault(tmp_path: Path, data: bytes, fault: str) -> None:
    path = tmp_path / "caller.wav"
    path.write_bytes(data)
    with pytest.raises(AudioError, match=rf"caller\.wav: .*{fault}"):
        read_wav(path)


def test_a_file_that_is_not_there_or_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"none\.wav: cannot be read: No such file"):
        read_wav(tmp_path / "none.wav")
    with pytest.raises(AudioError, match="cannot be read"):
        read_wav(tmp_path)


@given(st.binary(max_size=80), st.integers(0, 44), st.integers(0, 255))
def test_a_damaged_file_never_does_worse_than_an_audio_error(tail: bytes, at: int, value: int) -> None:
    data = bytearray(wav(tail))
    data[at] = value
    try:
        audio, _ = read_wav(bytes(data))
    except AudioError:
        return
    assert len(audio) > 0
    assert np.abs(audio).max() <= 1
