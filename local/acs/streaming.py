"""The media stream of one call: what goes to the app and what comes from it, without the socket.

Wire facts: "Audio streaming" of Call Automation. A tick becomes one AudioData frame, silent or not. From
the app, audio is queued and played at real time; StopAudio drops the queue. A stream that breaks off is
opened again.
"""

from collections import Counter
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

from local.acs.bodies import MediaStreamingOptions
from local.acs.events import COMPLETED, STREAM_TROUBLE, CallEvent, media_update
from local.acs.line import RATE, Line, Tick
from local.acs.media_wire import Audio, StopAudio, audio_frame, dtmf_frame, metadata_frame, parse_outbound
from local.acs.operations import Emit
from local.acs.rates import RateConverter

FailureDetails = Literal[
    "initialWebSocketConnectionFailed",
    "authenticationFailure",
    "forbidden",
    "streamConnectionInterrupted",
    "streamConnectionUnsuccessful",
]


class MediaStream:
    """One subscription to a call's media. The socket that carries it may come and go."""

    def __init__(self, options: MediaStreamingOptions, line: Line, participant: str, emit: Emit) -> None:
        self.options = options
        self.subscription_id = str(uuid4())
        self.wanted = False
        self.up = False
        self.counters: Counter[str] = Counter()
        self._line = line
        self._participant = participant if options.audio_channel_type == "unmixed" else None
        self._emit = emit
        self._context: str | None = None
        self._callback_uri: str | None = None
        self._opened_before = False
        self._reset_rates()

    def subscription(self) -> dict[str, Any]:
        """`mediaStreamingSubscription` of the call's properties."""
        state = "active" if self.wanted else "inactive"
        return {"id": self.subscription_id, "state": state, "subscribedContentTypes": ["audio"]}

    # -- asked for by the app

    def start(self, context: str | None, callback_uri: str | None) -> bool:
        """Want the stream. False when it is wanted already."""
        if self.wanted:
            return False
        self.wanted = True
        self._opened_before = False
        self._context, self._callback_uri = context, callback_uri
        return True

    def stop(self, context: str | None = None, callback_uri: str | None = None) -> bool:
        """Want it no longer: it stops, and the event says so. False when it was not wanted."""
        if not self.wanted:
            return False
        self._down()
        update = media_update("mediaStreamingStopped", "subscriptionStopped")
        self._emit(CallEvent("MediaStreamingStopped", COMPLETED, context, update), callback_uri)
        return True

    # -- reported by the socket

    def opened(self) -> str:
        """The socket is open. Returns the frame to send first."""
        self.up = True
        self._reset_rates()
        details = "streamConnectionReestablished" if self._opened_before else "subscriptionStarted"
        self._opened_before = True
        self.counters["connections"] += 1
        update = media_update("mediaStreamingStarted", details)
        self._emit(CallEvent("MediaStreamingStarted", COMPLETED, self._context, update), self._callback_uri)
        return metadata_frame(self.subscription_id, self.options.sample_rate)

    def failed(self, details: FailureDetails, *, final: bool) -> None:
        """The socket could not be opened, or broke off. `final`: nobody will try again. The call stays up."""
        self.up = False
        if final:
            self._down()
        update = media_update("mediaStreamingFailed", details)
        self._emit(
            CallEvent("MediaStreamingFailed", STREAM_TROUBLE, self._context, update), self._callback_uri
        )

    def closed_by_app(self) -> None:
        """The app closed the socket in good order."""
        self.stop(self._context, self._callback_uri)

    def _down(self) -> None:
        self.wanted = False
        self.up = False
        self._line.agent.clear()

    # -- audio

    def frame(self, tick: Tick, at: datetime) -> str:
        """The AudioData frame of one tick. `at` is when its first sample was spoken."""
        pcm = tick.said if self._to_app is None else self._to_app.feed(tick.said)
        self.counters["frames_sent"] += 1
        return audio_frame(pcm, at, silent=tick.silent, participant=self._participant)

    def dtmf(self, digit: str) -> str | None:
        """The DtmfData frame of a pressed key, when the app asked for keys."""
        return dtmf_frame(digit) if self.up and self.options.enable_dtmf_tones else None

    def receive(self, message: str | bytes) -> None:
        """Take one frame from the app. Frames that make no sense are counted and left alone."""
        self.counters["frames_received"] += 1
        if not self.options.enable_bidirectional:
            self.counters["ignored_not_bidirectional"] += 1
            return
        outbound = parse_outbound(message)
        if isinstance(outbound, Audio):
            pcm = outbound.pcm if self._from_app is None else self._from_app.feed(outbound.pcm)
            self._line.agent.put(pcm)
            self.counters["audio_bytes"] += len(outbound.pcm)
        elif isinstance(outbound, StopAudio):
            self.counters["stopped_bytes"] += self._line.agent.clear()
            self.counters["stop_audio"] += 1
            self._reset_rates()
        else:
            self.counters[f"ignored_{outbound.reason}"] += 1

    def _reset_rates(self) -> None:
        rate = self.options.sample_rate
        self._to_app = None if rate == RATE else RateConverter(RATE, rate)
        self._from_app = None if rate == RATE else RateConverter(rate, RATE)
