"""Which bridge has a call: told in its record, so that two never speak in one call."""

from __future__ import annotations

import logging

from azure.core.exceptions import AzureError

from shared.call_media import has_media, take_media
from shared.call_store import CallStore, UpdateConflictError
from shared.calls import CallState

log = logging.getLogger(__name__)


class MediaOwner:
    """The claim of one bridge to one call.

    Args:
        bridge: names this process among all bridges.
        seen: the epoch that the record had when the call came here.
    """

    def __init__(self, store: CallStore, call_id: str, bridge: str, seen: int) -> None:
        self._store = store
        self._call_id = call_id
        self._bridge = bridge
        self._seen = seen

    async def take(self) -> bool:
        """Take the call; False when another bridge was faster, or the call is over.

        Done again, it changes nothing.

        Raises:
            AzureError, UpdateConflictError: the store does not say.
        """
        call = await self._store.update(
            self._call_id, lambda known: take_media(known, self._bridge, self._seen)
        )
        return call is not None and has_media(call, self._bridge, self._seen + 1)

    async def is_elsewhere(self) -> bool:
        """Whether another bridge has taken the call since. Without the store none could have."""
        try:
            call = await self._store.get(self._call_id)
        except (AzureError, UpdateConflictError) as error:
            log.warning("nobody knows who has the call", extra={"reason": type(error).__name__})
            return False
        if call is None or call.state is CallState.ENDED or call.media_epoch <= self._seen:
            return False
        return not has_media(call, self._bridge, self._seen + 1)
