"""Who may answer a call while it rings. No I/O and no clock.

Event Grid delivers at least once, to any process. Whoever puts the call on record first holds the claim on it
and alone answers; another takes the claim over when its holder has had its time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from shared.calls import Call, CallState

RING = timedelta(seconds=30)
"""An unanswered call rings this long (Call Automation: incoming call concepts)."""

CLAIM_LEASE = timedelta(seconds=9)
"""How long a claim keeps others from answering. Event Grid sends an unacknowledged event again after 10 s:
by then the claim of one who died has run out, and there is ring left."""

MAX_SECRET_HASHES = 4
"""Each take-over of a claim adds one secret; Event Grid delivers at most a few times within the ring."""


def ring_left(call: Call, now: datetime) -> timedelta:
    """How much of the ring is left at `now`; zero or less once the caller has gone."""
    return call.rang_at + RING - now


def take_over(call: Call, secret_hash: str, now: datetime) -> Call:
    """Hand the claim to the owner of `secret_hash`, when its holder has had its time and nobody has answered.

    Returns `call` itself when it may not be taken: the caller sees it by `secret_hashes[0]`. Older secrets
    stay good: Call Automation may have accepted an answer that carried one just before its sender died.
    """
    if call.state is not CallState.CLAIMED or now < call.claimed_at + CLAIM_LEASE:
        return call
    hashes = (secret_hash, *call.secret_hashes)[:MAX_SECRET_HASHES]
    return replace(call, claimed_at=now, secret_hashes=hashes)


def release(call: Call, secret_hash: str) -> Call:
    """Give up the claim at once, so that the next delivery of the event need not wait for the lease."""
    if call.state is not CallState.CLAIMED or call.secret_hashes[:1] != (secret_hash,):
        return call
    return replace(call, claimed_at=call.rang_at - CLAIM_LEASE)
