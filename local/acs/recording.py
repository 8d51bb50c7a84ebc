"""Recordings of a call, written as WAV while it runs.

Wire facts: "Call Recording" of Call Automation: mixed is one channel with everybody in it, unmixed one
channel a participant (here the caller left, what the caller heard right). A paused recording is `inactive`,
and nothing is written for the time it is paused.
"""

import base64
import json
import wave
from pathlib import Path
from typing import Literal
from uuid import uuid4

from local.acs.line import RATE, Tick, interleave, mix

State = Literal["active", "inactive"]


class Recording:
    """One recording in a file of its own, from start to `stop`."""

    def __init__(
        self,
        folder: Path,
        *,
        call_connection_id: str,
        callback_uri: str | None,
        channels: Literal["mixed", "unmixed"],
        paused: bool,
        started_at: str,
    ) -> None:
        ids = {"PlatformEndpointId": call_connection_id, "ResourceSpecificId": str(uuid4())}
        self.id = base64.urlsafe_b64encode(json.dumps(ids).encode()).rstrip(b"=").decode()
        self.callback_uri = callback_uri
        self.started_at = started_at
        self.path = folder / f"{ids['ResourceSpecificId']}.wav"
        self.state: State = "inactive" if paused else "active"
        self.stopped = False
        self._mixed = channels == "mixed"
        self._file = wave.open(str(self.path), "wb")  # noqa: SIM115 - lives as long as the recording
        self._file.setparams((1 if self._mixed else 2, 2, RATE, 0, "NONE", "not compressed"))

    def write(self, tick: Tick) -> None:
        """Add 20 ms, unless paused or stopped."""
        if self.state == "active":
            join = mix if self._mixed else interleave
            self._file.writeframesraw(join(tick.said, tick.heard))

    def set_state(self, state: State) -> bool:
        """Pause or resume. False when that changes nothing."""
        if self.stopped or self.state == state:
            return False
        self.state = state
        return True

    def stop(self) -> bool:
        """Finish the file. False when it was finished before."""
        if self.stopped:
            return False
        self.stopped = True
        self.state = "inactive"
        self._file.close()
        return True
