"""How much of a bridge its peers may take up: strangers before they have proved anything, and media sockets.

Without I/O and without a clock: times are seconds of any clock that only goes forward.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from bridge.carriers import BYTES_PER_MS, Audio, Inbound, audio_bytes

REFUSALS_AT_ONCE: Final = 30
"""Refused requests of one address before it is told to wait."""
REFUSALS_PER_SECOND: Final = 0.5
"""How fast an address may be refused again after that."""
_ADDRESSES: Final = 10_000
"""Addresses that are remembered; with more, those that were refused longest ago are forgotten."""

FRAMES_PER_SECOND: Final = 100.0
"""Twice what a carrier sends."""
FRAMES_AT_ONCE: Final = 1_500
"""Half a minute of them: a network that was away delivers at once what has piled up."""
AUDIO_PER_SECOND: Final = 2.0
"""Seconds of audio for each second that passes."""
AUDIO_AT_ONCE: Final = 60.0
"""Seconds of audio beyond that."""


class Limit(StrEnum):
    """What a peer can have too much of; the label of the metric."""

    CONNECTIONS = "connections"
    """Connections that have proved nothing yet."""
    SLOW_REQUEST = "slow_request"
    """Time until the whole request is there."""
    LARGE_REQUEST = "large_request"
    """Bytes of a request."""
    BAD_REQUEST = "bad_request"
    """A request that is none, or has more headers or longer ones than websockets reads."""
    ADDRESS = "address"
    """Refused requests of one address."""
    FRAMES = "frames"
    """Media frames in a time."""
    AUDIO = "audio"
    """Audio in a time."""
    FRAME_SIZE = "frame_size"
    """Bytes of a media frame."""
    BAD_FRAMES = "bad_frames"
    """Media frames that cannot be read."""


class Allowance:
    """So much at once, and so much more for each second that passes."""

    def __init__(self, at_once: float, per_second: float) -> None:
        self._at_once = at_once
        self._per_second = per_second
        self._left = at_once
        self._at: float | None = None

    def take(self, amount: float, now: float) -> bool:
        """Take `amount` if that much is left, and say whether it was."""
        has = self.has(amount, now)
        if has:
            self._left -= amount
        return has

    def has(self, amount: float, now: float) -> bool:
        """Whether `amount` is left."""
        if self._at is not None:
            self._left = min(self._at_once, self._left + max(0.0, now - self._at) * self._per_second)
        self._at = now
        return self._left >= amount


class Addresses:
    """Who has been refused how often."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Allowance] = OrderedDict()

    def may_try(self, address: str, now: float) -> bool:
        """Whether a request of `address` is looked at; else it has been refused too often."""
        known = self._known.get(address)
        return known is None or known.has(1, now)

    def refused(self, address: str, now: float) -> None:
        """A request of `address` was refused."""
        known = self._known.setdefault(address, Allowance(REFUSALS_AT_ONCE, REFUSALS_PER_SECOND))
        known.take(1, now)
        self._known.move_to_end(address)
        if len(self._known) > _ADDRESSES:
            self._known.popitem(last=False)


class MediaAllowance:
    """What one media socket may send."""

    def __init__(self) -> None:
        self._frames = Allowance(FRAMES_AT_ONCE, FRAMES_PER_SECOND)
        self._audio = Allowance(AUDIO_AT_ONCE, AUDIO_PER_SECOND)

    def exceeded(self, frame: Inbound | None, now: float) -> Limit | None:
        """The limit that this frame is beyond; None for one that is within all of them."""
        if not self._frames.take(1, now):
            return Limit.FRAMES
        seconds = audio_bytes(frame.base64) / BYTES_PER_MS / 1000 if isinstance(frame, Audio) else 0.0
        return None if self._audio.take(seconds, now) else Limit.AUDIO


def sender_of(peer: str, forwarded: Sequence[str], proxies: int) -> str:
    """The address that a request comes from, as one to count by.

    Args:
        peer: who the connection is with.
        forwarded: the values of `X-Forwarded-For`. Each proxy adds whom it was asked by at the end; what
            stands before those is the sender's own word.
        proxies: how many proxies of ours stand in front, each of which adds one.
    """
    hops = [hop.strip() for value in forwarded for hop in value.split(",")]
    if proxies and len(hops) >= proxies:
        return _counted(hops[-proxies])
    return _counted(peer)


def _counted(address: str) -> str:
    """The address; of IPv6 the /64, which is the least that one subscriber has."""
    text = address.strip("[]") if address.startswith("[") and address.endswith("]") else address
    text = text[1:].partition("]")[0] if text.startswith("[") else text
    if text.count(":") == 1:
        text = text.partition(":")[0]  # IPv4 with its port, as some proxies write it
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
