"""Input that is nearly right: good samples with something changed, which gets further than noise does."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["", "\x00", "\ud800", "2026-13-45T99:99:99Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z"]
    )
    | st.sampled_from(["../..", "' or 1 eq 1", "{0.__class__}", "%s%n", "a" * 5_000, "١٢٣", "1e999"])
)
values = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
"""Whatever JSON can hold, and a little more."""


@st.composite
def changed(draw: st.DrawFn, samples: Sequence[Any]) -> Any:
    """A sample in which up to four places have another value, are missing, doubled, or wrapped in a list."""
    document = copy.deepcopy(draw(st.sampled_from(samples)))
    for _ in range(draw(st.integers(0, 4))):
        holder: Any = None
        key: Any = None
        node = document
        while isinstance(node, dict | list) and node and draw(st.integers(0, 3)):
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            holder, key = node, draw(st.sampled_from(keys))
            node = node[key]
        if holder is None:
            return draw(values)
        match draw(st.integers(0, 4)):
            case 0 | 1:
                holder[key] = draw(values)
            case 2:
                del holder[key]
            case 3:
                holder[key] = [node, copy.deepcopy(node)]
            case _ if isinstance(holder, dict):
                holder[draw(st.text(max_size=8))] = holder.pop(key)
            case _:
                holder.insert(0, draw(values))
    return document


@st.composite
def damaged(draw: st.DrawFn, samples: Sequence[bytes]) -> bytes:
    """A sample of bytes that is cut, has pieces of noise in it, or is nested beyond reason."""
    data = bytearray(draw(st.sampled_from(samples)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        match draw(st.integers(0, 3)):
            case 0:
                del data[at:]
            case 1:
                data[at : at + 4] = draw(st.binary(max_size=8))
            case 2:
                data[at:at] = data[: draw(st.integers(0, 64))]
            case _:
                data[at:at] = draw(st.sampled_from([b"[", b'{"a":', b"("])) * draw(
                    st.sampled_from([3, 5_000])
                )
    return bytes(data)


def json_bytes(samples: Sequence[Any]) -> st.SearchStrategy[bytes]:
    """JSON of changed samples, and damaged JSON of good ones."""
    good = [json.dumps(sample).encode() for sample in samples]
    return changed(samples).map(lambda document: json.dumps(document).encode()) | damaged(good)


def is_short(error: Exception) -> None:
    """An error goes into logs and answers, so it repeats nothing that was sent."""
    assert len(str(error)) < 200
