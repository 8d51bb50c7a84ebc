"""One response at a time: when to ask the model for a reply. No I/O, no clock."""

from __future__ import annotations

from bridge.voicelive import wire

_MOST_FAILURES = 3
"""Failures in a row after which there is no use in asking again."""

_PAUSE = 0.5
"""Seconds before the second try; each further one waits as much longer."""

_CROSSED = "conversation_already_has_active_response"


class Replies:
    """Follows the responses of a session and the requests for them.

    The service begins responses by itself when the caller has finished, and others when asked. A request
    while one is active is an error, so it waits for `response.done`.
    """

    def __init__(self) -> None:
        self.active: str | None = None
        """The response being generated."""
        self.wanted = False
        """Whether there is something that a response should tell, such as a tool's result."""
        self.retry_at: float | None = None
        """When the next request may be made, after a failure."""
        self._request = ""
        self._unanswered = False
        self._failures = 0

    @property
    def exhausted(self) -> bool:
        """Whether responses failed so often that the call cannot go on."""
        return self._failures >= _MOST_FAILURES

    def may_ask(self, now: float) -> bool:
        """Whether a reply is wanted and nothing of the session is in its way."""
        early = self.retry_at is not None and now < self.retry_at
        return self.wanted and self.active is None and not self._unanswered and not early

    def ask(self, event_id: str, say: str | None = None) -> wire.ResponseCreate:
        """The request for a reply; with `say`, for these words and no others."""
        self.wanted = False
        self.retry_at = None
        self._request = event_id
        self._unanswered = True
        if say is None:
            return wire.ResponseCreate(event_id=event_id)
        message = wire.MessageItem("assistant", [wire.TextPart("text", say)])
        options = wire.ResponseOptions(pre_generated_assistant_message=message)
        return wire.ResponseCreate(event_id=event_id, response=options)

    def created(self, response_id: str) -> None:
        """A response begins. Tool results that were sent before are in its history."""
        self.active = response_id
        self.wanted = False
        self._unanswered = False

    def done(self, response_id: str, *, failed: bool, now: float) -> None:
        """A response is generated, or has `failed` to say or do anything."""
        if response_id == self.active:
            self.active = None
        if failed:
            self._fail(now)
        else:
            self._failures = 0

    def refused(self, error: wire.ErrorDetails, now: float) -> bool:
        """Take note of an error; True when it is about the last request, which is then made again.

        A request that crossed with a response the service began by itself is no failure, but must be made
        again all the same: that response may have begun before the tool's result was there.
        """
        if error.event_id is None or error.event_id != self._request:
            return False
        self._unanswered = False
        self.wanted = True
        if error.code != _CROSSED:
            self._fail(now)
        return True

    def _fail(self, now: float) -> None:
        self._failures += 1
        self.wanted = True
        self.retry_at = now + _PAUSE * self._failures
