"""What is remembered of a transfer, for a look from outside: whom it was to reach, and with what words."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(slots=True)
class Transfer:
    """One attempt to hand the caller over."""

    target: str
    """As dialled: a number or a user id."""
    sip_headers: dict[str, str] = field(default_factory=dict)
    voip_headers: dict[str, str] = field(default_factory=dict)
    state: Literal["ringing", "accepted", "failed"] = "ringing"
