"""G.711 against the Recommendation: its reference levels and its digital milliwatt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.speech import FloatAudio, alaw_decode, alaw_encode, float_to_pcm16, ulaw_decode, ulaw_encode

type Encode = Callable[[FloatAudio], bytes]
type Decode = Callable[[bytes], FloatAudio]

LAWS = pytest.mark.parametrize(
    ("encode", "decode"), [(ulaw_encode, ulaw_decode), (alaw_encode, alaw_decode)], ids=["ulaw", "alaw"]
)


def pcm(audio: FloatAudio) -> list[int]:
    return np.frombuffer(float_to_pcm16(audio), "<i2").tolist()


def from_pcm(*samples: int) -> FloatAudio:
    return np.array(samples, np.float32) / np.float32(32768)


@pytest.mark.parametrize(
    ("code", "sample"),
    [(0x00, -32124), (0x80, 32124), (0x7F, 0), (0xFF, 0), (0xFE, 8), (0x8F, 16764), (0xF0, 120), (0xEF, 132)],
)
def test_mu_law_levels(code: int, sample: int) -> None:
    """Table 2 of the Recommendation, its 14-bit values times four."""
    assert pcm(ulaw_decode(bytes([code]))) == [sample]


@pytest.mark.parametrize(
    ("code", "sample"),
    [(0x2A, -32256), (0xAA, 32256), (0xD5, 8), (0x55, -8), (0xD4, 24), (0xC5, 264), (0xDA, 248), (0xF5, 528)],
)
def test_a_law_levels(code: int, sample: int) -> None:
    """Table 1 of the Recommendation, its 13-bit values times eight."""
    assert pcm(alaw_decode(bytes([code]))) == [sample]


@pytest.mark.parametrize(
    ("decode", "period", "overload", "headroom_db"),
    [
        (ulaw_decode, "1e0b0b1e9e8b8b9e", 8159 * 4, 3.17),
        (alaw_decode, "34212134b4a1a1b4", 4096 * 8, 3.14),
    ],
    ids=["ulaw", "alaw"],
)
def test_the_digital_milliwatt_has_its_level(
    decode: Decode, period: str, overload: int, headroom_db: float
) -> None:
    """Tables 5 and 6: these bytes are a tone of 1 kHz that lies `headroom_db` below the loudest sine."""
    level = np.sqrt(np.square(decode(bytes.fromhex(period)) * 32768).mean())
    assert 20 * np.log10(overload / np.sqrt(2) / level) == pytest.approx(headroom_db, abs=0.02)


@LAWS
def test_every_byte_comes_back(encode: Encode, decode: Decode) -> None:
    codes = bytes(code for code in range(256) if not (encode is ulaw_encode and code == 0x7F))
    assert encode(decode(codes)) == codes  # mu-law has two zeros; its negative one is sent as the positive


@pytest.mark.parametrize(
    ("encode", "sample", "code"),
    [
        (ulaw_encode, 0, 0xFF),
        (ulaw_encode, -1, 0x7F),
        (ulaw_encode, 32767, 0x80),
        (ulaw_encode, -32768, 0x00),
        (ulaw_encode, 31 * 4 - 1, 0xF0),  # the end of the first segment, 31 in table 2 ...
        (ulaw_encode, 31 * 4, 0xEF),  # ... and the start of the second
        (alaw_encode, 0, 0xD5),
        (alaw_encode, -1, 0x55),
        (alaw_encode, 32767, 0xAA),
        (alaw_encode, -32768, 0x2A),
        (alaw_encode, 64 * 8 - 1, 0xCA),
        (alaw_encode, 64 * 8, 0xF5),
    ],
)
def test_decision_values(encode: Encode, sample: int, code: int) -> None:
    assert encode(from_pcm(sample)) == bytes([code])


@pytest.mark.parametrize(
    ("encode", "decode", "bias"),
    [(ulaw_encode, ulaw_decode, 132), (alaw_encode, alaw_decode, 0)],
    ids=["ulaw", "alaw"],
)
@given(sample=st.integers(-32768, 32767))
def test_the_error_stays_within_half_a_step(encode: Encode, decode: Decode, bias: int, sample: int) -> None:
    """A step is a sixteenth of its segment; what is louder than the last level gets that level."""
    decoded = pcm(decode(encode(from_pcm(sample))))[0]
    half_a_step = max(8, (abs(sample) + bias) / 32)
    assert abs(decoded - sample) <= max(half_a_step, abs(sample) - 32124)
