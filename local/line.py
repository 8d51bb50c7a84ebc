"""The phone line: a websocket to the ACS stand-in, with a handset at the near end.

The stand-in owns the clock. Every 20 ms it sends one stereo frame, and what is said to it is the answer to
that: as much in the long run as was played, sent ahead a little where it is speech.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from local.phone import Handset

CONNECT_SECONDS = 10.0
MAX_CALL_SECONDS = 900.0
"""No call of ours is longer; one that is has lost its other side."""


class LineError(Exception):
    """The line could not be dialled or broke; the message says why and what to look at."""


class _Message(msgspec.Struct):
    """What the stand-in sends as text."""

    type: str
    correlation_id: str = ""
    reason: str = ""
    message: str = ""


@dataclass(slots=True)
class Progress:
    """How a call stands; filled in while it goes on. Times are seconds, `time.time()`."""

    dialled_at: float = 0.0
    correlation_id: str = ""
    answered_at: float | None = None
    first_frame_at: float | None = None
    """When the line's clock started: sample 0 of the recording."""
    ended: str = ""
    """Why the call ended: caller_hung_up, agent_hung_up, no_answer, rejected, ..."""

    @property
    def answered_ms(self) -> int | None:
        """From dialling to the answer."""
        return None if self.answered_at is None else round((self.answered_at - self.dialled_at) * 1000)


async def place_call(acs: str, phone: Handset, progress: Progress, *, caller: str, called: str) -> None:
    """Dial through the ACS stand-in at `acs` (http://host:port) and hold the line until the call has ended.

    Raises LineError.
    """
    url = f"ws{acs.removeprefix('http')}/phone"
    try:
        async with (
            asyncio.timeout(MAX_CALL_SECONDS),
            connect(url, compression=None, open_timeout=CONNECT_SECONDS) as socket,
        ):
            progress.dialled_at = time.time()
            await _send(socket, {"type": "dial", "from": caller, "to": called})
            await _hold(socket, phone, progress)
    except TimeoutError:
        raise LineError(
            f"the call did not end within {MAX_CALL_SECONDS:.0f} s, or {url} did not answer"
        ) from None
    except (OSError, InvalidHandshake) as error:
        raise LineError(f"cannot reach the phone line at {url}: {error}") from None
    except ConnectionClosed as error:
        if not progress.ended:  # else it was only the farewell of the sockets that failed
            raise LineError(f"the phone line at {url} broke: {error}") from None
    if not progress.ended:
        raise LineError(f"the phone line at {url} closed without saying how the call ended")


async def _hold(socket: ClientConnection, phone: Handset, progress: Progress) -> None:
    async for message in socket:
        if isinstance(message, str):
            _note(msgspec.json.decode(message, type=_Message), progress)
            continue
        if progress.first_frame_at is None:
            progress.first_frame_at = time.time() - 0.02  # a frame comes when its 20 ms are over
        move = phone.tick(message)
        if progress.ended:
            continue
        # A line that has closed said `ended` first; it is among the messages still to be read.
        with contextlib.suppress(ConnectionClosed):
            await socket.send(move.audio)
            if move.digits:
                await _send(socket, {"type": "dtmf", "digits": move.digits})
            if move.hang_up:
                await _send(socket, {"type": "hang_up"})


def _note(message: _Message, progress: Progress) -> None:
    match message.type:
        case "ringing":
            progress.correlation_id = message.correlation_id
        case "answered":
            progress.answered_at = time.time()
        case "ended":
            progress.ended = message.reason or "ended"
        case "error":
            raise LineError(f"the phone line refused: {message.message}")
        case _:
            pass  # a newer stand-in may tell more than a phone needs


async def _send(socket: ClientConnection, message: dict[str, str]) -> None:
    await socket.send(msgspec.json.encode(message).decode())
