"""Counts of durations from which percentiles are read, within 1 %. No I/O.

Bucket n holds the values above G^(n-1) and up to G^n, G = 1.02, and stands for its middle: a percentile is
off by at most 1 % of itself, whatever the values (the idea of DDSketch; unlike its library these can be taken
back out, which a corrected call needs). Two of them add up by adding their counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

ERROR: Final = 0.01
"""Largest relative error of a percentile."""
_GROWTH: Final = 1.02
_LOG: Final = math.log(_GROWTH)

type Histogram = dict[int, int]
"""Bucket to count; buckets without a value are left out."""


def bucket(value: int) -> int:
    """The bucket of a value; all below 1 share bucket 0."""
    return 0 if value <= 1 else math.ceil(math.log(value) / _LOG - 1e-9)


def add(histogram: Histogram, values: Iterable[int], count: int = 1) -> None:
    """Put values in, or with -1 take them out."""
    for value in values:
        merge(histogram, {bucket(value): count})


def merge(histogram: Histogram, other: Mapping[int, int]) -> None:
    """Add another one to this one."""
    for key, count in other.items():
        total = histogram.get(key, 0) + count
        if total:
            histogram[key] = total
        else:
            histogram.pop(key, None)


def percentile(histogram: Mapping[int, int], share: float) -> int | None:
    """The value that `share` (above 0, at most 1) of all values do not exceed; None when there are none."""
    total = sum(histogram.values())
    if total == 0:
        return None
    rank = max(1, math.ceil(share * total - 1e-9))
    seen = 0
    for key in sorted(histogram):
        seen += histogram[key]
        if seen >= rank:
            return round(2 * _GROWTH**key / (1 + _GROWTH)) if key else 1
    raise AssertionError("the counts add up to their total")
