"""The one-time token with which the page opens the media socket of a talk. No I/O and no clock."""

from __future__ import annotations

import hmac
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from shared.calls import Call

TOKEN_GOOD_FOR: Final = timedelta(seconds=60)
"""A browser opens its socket at once."""


def redeem(call: Call, token_hash: str, receipt: str, origin: str | None, now: datetime) -> Call:
    """Use up the token of a talk. Returns `call` itself unless it is that token, in time, at its origin.

    `receipt` takes the place of the token: of several who try at once, the one who finds theirs in the
    record has the talk.
    """
    known = any(hmac.compare_digest(token_hash, one) for one in call.secret_hashes)
    good = call.talk is not None and known and origin == call.talk.origin
    if not good or abs(now - call.rang_at) > TOKEN_GOOD_FOR:
        return call
    return replace(call, secret_hashes=(receipt,))
