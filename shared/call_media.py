"""Who speaks in a call, and what is done when its media stream fails. No I/O and no clock.

A call has one media socket. When it breaks, the carrier opens another, to whichever bridge takes it. That
one counts `media_epoch` up, if it still is what the bridge has read: of several one wins, and the others
learn that the call is not theirs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from shared.calls import Call, CallEvent, CallState, EventKind, TransferState, is_given_up, never_called

MOST_RESTARTS: Final = 3
"""Times that a media stream is begun anew. The service has tried by itself several times before each."""

_WORTH_A_RESTART: Final = frozenset({"streamConnectionUnsuccessful", "initialWebSocketConnectionFailed"})
"""Failures of the stream after which another try may reach another bridge, or the same one come back."""


def take_media(call: Call, bridge: str, seen: int) -> Call:
    """The record once `bridge` has taken the media of a call of which it has read epoch `seen`.

    The call itself when another was faster.
    """
    if call.state is CallState.ENDED or call.media_epoch != seen:
        return call
    return replace(call, media_owner=bridge, media_epoch=seen + 1)


def has_media(call: Call, bridge: str, epoch: int) -> bool:
    """Whether the media of a call is with `bridge`, which took it as `epoch`."""
    return (call.media_owner, call.media_epoch) == (bridge, epoch)


def is_restartable(call: Call, event: CallEvent) -> bool:
    """Whether a failure of the media stream is answered by beginning it anew."""
    return (
        event.kind is EventKind.MEDIA_FAILED
        and event.detail in _WORTH_A_RESTART
        and call.media_restarts < MOST_RESTARTS
        and call.state is not CallState.ENDED
        and not is_given_up(call)
        and call.transfer_state is not TransferState.STARTED
    )


def is_answered(call: Call, event: CallEvent) -> bool:
    """Whether it is about a failure of the media stream after which that was begun anew: told once more, or
    late."""
    answered = call.media_failed_at
    return event.kind is EventKind.MEDIA_FAILED and answered is not None and event.at <= answered


def is_mute(call: Call) -> bool:
    """Whether no bridge has ever had the media of a call that should have it by now: nobody was told that the
    stream failed, or could write it down."""
    ours = not never_called(call) and call.talk is None and call.transferred_at is None
    return ours and call.media_connected_at is None and call.state is not CallState.ENDED


def restarted(call: Call, failed_at: datetime | None) -> Call:
    """The record once the media stream is begun anew after a failure; the call itself when it was already.

    Args:
        failed_at: None when nobody told of a failure.
    """
    if failed_at is None:
        return replace(call, media_restarts=call.media_restarts + 1)
    if call.media_failed_at is not None and failed_at <= call.media_failed_at:
        return call
    return replace(call, media_restarts=call.media_restarts + 1, media_failed_at=failed_at.astimezone(UTC))
