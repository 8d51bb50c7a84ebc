"""A recording as a WAV file, whole and in any ranges: what is asked for is what there is."""

from __future__ import annotations

import io
import wave
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.g711 import LEVELS, RATE, SILENT
from shared.tape_wav import (
    ByteRange,
    UnsatisfiableError,
    cut,
    read_range,
    samples_of,
    size_of,
)
from shared.tapes import Extent, Piece, Span, extent, joined

LEFT = bytes(range(200)) * 2
RIGHT = bytes(reversed(range(200))) * 2
SAMPLES = len(LEFT)
MOST = 10**9


def whole() -> bytes:
    return cut(ByteRange(0, size_of(SAMPLES) - 1), SAMPLES, LEFT, RIGHT)


def test_any_tool_reads_it() -> None:
    with wave.open(io.BytesIO(whole())) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE)
        assert file.getnframes() == SAMPLES
        sound = array("h", file.readframes(SAMPLES))
    assert list(sound[0::2]) == [LEVELS[code] for code in LEFT]
    assert list(sound[1::2]) == [LEVELS[code] for code in RIGHT]


@given(st.integers(0, size_of(SAMPLES) - 1), st.integers(0, size_of(SAMPLES) - 1))
def test_a_range_is_that_part_of_the_whole(one: int, other: int) -> None:
    """And of the store only what it is made of is read."""
    part = ByteRange(min(one, other), max(one, other))
    first, behind = samples_of(part)
    assert 0 <= first <= behind <= SAMPLES
    found = cut(part, SAMPLES, LEFT[first:behind], RIGHT[first:behind])
    assert found == whole()[part.first : part.last + 1]
    assert behind - first <= len(found) // 4 + 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bytes=0-", (0, 999)),
        ("bytes=0-0", (0, 0)),
        ("bytes=990-2000", (990, 999)),
        ("bytes=-10", (990, 999)),
        ("bytes=-5000", (0, 999)),
        ("Bytes=5-9", (5, 9)),
        ("bytes=9-5", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("seconds=0-1", None),
        ("", None),
    ],
)
def test_ranges_are_read_as_http_has_them(text: str, found: tuple[int, int] | None) -> None:
    """RFC 9110, 14.1.2 and 14.2."""
    expected = None if found is None else ByteRange(*found)
    assert read_range(text, 1000, MOST) == expected


@pytest.mark.parametrize("text", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_behind_the_end_is_told(text: str) -> None:
    with pytest.raises(UnsatisfiableError):
        read_range(text, 1000, MOST)


def test_no_answer_is_longer_than_it_may_be() -> None:
    assert read_range("bytes=100-", 1000, 50) == ByteRange(100, 149)


SPANS = st.lists(st.tuples(st.integers(0, 90), st.integers(1, 40), st.booleans()), max_size=6)


@given(SPANS)
def test_the_extent_is_what_the_pieces_make_together(spans: list[tuple[int, int, bool]]) -> None:
    pieces = [Span(*span) for span in spans]
    covered = {n for span in pieces for n in range(span.start, span.end)}
    end = max((span.end for span in pieces), default=0)
    there = bool(pieces) and covered == set(range(end)) and any(span.last for span in pieces)
    assert extent(pieces) == Extent(end, there)


@given(SPANS, st.integers(0, 130), st.integers(0, 130))
def test_what_no_piece_has_is_silence_in_its_place(
    spans: list[tuple[int, int, bool]], one: int, other: int
) -> None:
    begin, end = sorted((one, other))
    model = [[SILENT, SILENT] for _ in range(200)]
    pieces = []
    for number, (start, samples, quiet) in enumerate(spans):
        pieces.append(Piece(start, samples, b"" if quiet else bytes([number]) * samples, b"\x55" * samples))
        for at in range(start, start + samples):
            model[at] = [model[at][0] if quiet else number, 0x55]
    caller, agent = joined(pieces, begin, end)
    assert list(caller) == [moment[0] for moment in model[begin:end]]
    assert list(agent) == [moment[1] for moment in model[begin:end]]
