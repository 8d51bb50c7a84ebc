"""How a call is handed over to a person: announced, transferred, and what if not. No I/O, no clock."""

from __future__ import annotations

from shared.handover import Transfer

_MARGIN = 0.3
"""Seconds between the end of the announcement and the transfer: carriers play later than we write."""


class HandingOver:
    """From the wish for a person to the outcome."""

    def __init__(self) -> None:
        self.transfer: Transfer | None = None
        """What is to be done, or is being done; None when nobody wants a person."""
        self.tool_call_id: str | None = None
        """The tool call that waits for the outcome; None when the caller asked for it by key."""
        self._announced = False
        self.under_way = False
        """Whether the telephone network has the call: nothing is to be said meanwhile."""

    @property
    def announcing(self) -> bool:
        """Whether the caller is being told and can still change their mind."""
        return self.transfer is not None and not self.under_way

    @property
    def told(self) -> bool:
        """Whether the announcement is generated: nothing is to be said after it."""
        return self._announced or self.under_way

    def begin(self, transfer: Transfer, tool_call_id: str | None) -> None:
        """The caller is to be told, then handed over."""
        self.transfer, self.tool_call_id = transfer, tool_call_id
        self._announced = self.under_way = False

    def announced(self) -> None:
        """The announcement is generated; what is left is to let it be heard."""
        self._announced = self.transfer is not None

    def send(self) -> Transfer | None:
        """The announcement has been heard: the transfer to make now."""
        self.under_way = self.transfer is not None
        return self.transfer

    def over(self) -> str | None:
        """It has failed or is not wanted any more; returns the tool call that waits."""
        waiting, self.tool_call_id = self.tool_call_id, None
        self.transfer = None
        self._announced = self.under_way = False
        return waiting

    def due(self, playout_ends_at: float) -> float | None:
        """When to transfer: once the announcement has been heard."""
        return playout_ends_at + _MARGIN if self._announced and not self.under_way else None
