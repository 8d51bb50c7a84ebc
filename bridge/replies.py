"""One response at a time: what is to be said next, and when to ask for it. No I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bridge.voicelive import wire

_MOST_FAILURES = 3
"""Failures in a row after which there is no use in asking again."""

_PAUSE = 0.5
"""Seconds before the second try; each further one waits as much longer."""

_CROSSED = "conversation_already_has_active_response"


class Kind(StrEnum):
    """What a reply is for. All but the first are said word for word as configured."""

    REPLY = "reply"
    """The model's own words, or a tool call."""
    GREETING = "greeting"
    FILLER = "filler"
    """While a tool runs."""
    CHECK = "check"
    """Whether the caller is still there."""
    NOTICE = "notice"
    """That the call is recorded."""
    NOT_HEARD = "not_heard"
    """Speech that nobody could make out."""
    APOLOGY = "apology"
    """For a reply that did not come."""
    HAND_OVER = "hand_over"
    """That a person takes over."""
    NO_PERSON = "no_person"
    """That none can, or that the person did not answer."""
    GOODBYE = "goodbye"
    """The last words of a call that ends by itself."""


_PASSING = frozenset({Kind.FILLER, Kind.CHECK})
"""What nobody misses once somebody speaks."""

BESIDE = frozenset({Kind.FILLER, Kind.NOTICE})
"""What is said and leaves the model's reply to be said."""


@dataclass(frozen=True, slots=True)
class Words:
    """Something to be said word for word; without text, whatever the model has to say."""

    kind: Kind
    text: str = ""


_REPLY = Words(Kind.REPLY)


class Replies:
    """Follows the responses of a session and the requests for them.

    A request while a response is active is an error, so it waits for `response.done`. Fixed words come before
    the model's own, and but for fillers and notices they take their place.
    """

    def __init__(self) -> None:
        self.active: str | None = None
        """The response being generated."""
        self.connected = True
        """Whether there is a session that can be asked."""
        self.wanted = False
        """Whether there is something that the model should reply to."""
        self.retry_at: float | None = None
        """When the next request may be made, after a failure."""
        self._words: list[Words] = []
        self._asked: Words | None = None
        self._request = ""
        self._requested = _REPLY
        """What the last request was for, also after a response seemed to answer it."""
        self._called_off = False
        self._kinds: dict[str, Words] = {}
        self._failures = 0

    @property
    def exhausted(self) -> bool:
        """Whether responses failed so often that the call cannot go on."""
        return self._failures >= _MOST_FAILURES

    @property
    def under_way(self) -> bool:
        """Whether a response is being generated or has been asked for."""
        return self.active is not None or (self._asked is not None and not self._called_off)

    @property
    def pending(self) -> bool:
        """Whether the session owes a response, also one not wanted any more, or is about to be asked."""
        return self.active is not None or self._asked is not None or self.wanted or bool(self._words)

    @property
    def replying(self) -> bool:
        """Whether what is under way are the model's own words."""
        if self.active is not None:
            return self.kind(self.active) is Kind.REPLY
        return self._asked is _REPLY and not self._called_off

    @property
    def next_kind(self) -> Kind:
        """What the next request would be for."""
        return self._words[0].kind if self._words else Kind.REPLY

    @property
    def next_text(self) -> str:
        """The words that it would be for; empty for the model's own."""
        return self._words[0].text if self._words else ""

    def kind(self, response_id: str) -> Kind:
        """What a response is for."""
        return self._kinds.get(response_id, _REPLY).kind

    def words(self, response_id: str) -> str:
        """The words that a response is to say; empty for the model's own."""
        return self._kinds.get(response_id, _REPLY).text

    def is_to_be_said(self, kind: Kind) -> bool:
        """Whether words of this kind wait, have been asked for or are being generated."""
        said = [*self._words, *self._kinds.values(), *([self._asked] if self._asked else [])]
        return any(words.kind is kind for words in said)

    def say(self, kind: Kind, text: str) -> None:
        """Have these words said next, before others that wait."""
        self.unsay(kind)
        self._words.insert(0, Words(kind, text))

    def say_at_last(self, text: str) -> None:
        """Have this goodbye said and nothing else before it."""
        if not self.is_to_be_said(Kind.GOODBYE):
            self._words = [Words(Kind.GOODBYE, text)]

    def unsay(self, *kinds: Kind) -> None:
        """These need not be said any more, if they wait."""
        self._words = [words for words in self._words if words.kind not in kinds]

    def somebody_speaks(self) -> None:
        """What only fills a silence need not be said any more."""
        self.unsay(*_PASSING)

    def call_off(self) -> None:
        """What was asked for and has not begun is not wanted any more."""
        self._called_off = self._asked is not None

    def may_ask(self, now: float) -> bool:
        """Whether something is to be said and nothing of the session is in its way."""
        early = self.retry_at is not None and now < self.retry_at
        something = self.wanted or bool(self._words)
        return self.connected and something and self.active is None and self._asked is None and not early

    def ask(self, event_id: str) -> wire.ResponseCreate:
        """The request for what is to be said next."""
        words = self._words.pop(0) if self._words else _REPLY
        if words.kind not in BESIDE:
            self.wanted = False
        self.retry_at = None
        self._request, self._asked, self._called_off = event_id, words, False
        self._requested = words
        if not words.text:
            return wire.ResponseCreate(event_id=event_id)
        message = wire.MessageItem("assistant", [wire.TextPart("text", words.text)])
        options = wire.ResponseOptions(pre_generated_assistant_message=message)
        return wire.ResponseCreate(event_id=event_id, response=options)

    def created(self, response_id: str) -> bool:
        """A response begins; False when it is not wanted any more."""
        self.active = response_id
        self._kinds[response_id] = self._asked or _REPLY
        wanted = not self._called_off
        self._asked, self._called_off = None, False
        return wanted

    def done(self, response_id: str, *, failed: bool, now: float) -> None:
        """A response is generated, or has `failed` to say or do anything."""
        if response_id == self.active:
            self.active = None
        if failed:
            self._fail(self._kinds.get(response_id, _REPLY), now)
        else:
            self._failures = 0

    def session_lost(self) -> tuple[str, Words] | None:
        """The session is gone: the response that it owed, "" when that had not begun, and what it was for.
        None when it owed nothing that is wanted still."""
        lost = None
        if self.active is not None:
            lost = self.active, self._kinds.pop(self.active, _REPLY)
        elif self._asked is not None and not self._called_off:
            lost = "", self._asked
        self.active, self._asked, self._called_off, self._request = None, None, False, ""
        self.connected = False
        self.retry_at = None
        self._failures = 0
        return lost

    def again(self, words: Words) -> None:
        """Have this said after all, unless nobody misses it."""
        self._again(words)

    def try_once_more(self) -> None:
        """After the last failure: what is said next may be tried at once, and only once."""
        self._failures = _MOST_FAILURES - 1
        self.retry_at = None

    def forget(self, response_id: str) -> None:
        """Nothing more will be asked about this response."""
        self._kinds.pop(response_id, None)

    def refused(self, error: wire.ErrorDetails, now: float) -> bool:
        """Take note of an error; True when it is about the last request, which is then made again.

        A request that crossed with a response that the service began by itself is no failure.
        """
        if error.event_id is None or error.event_id != self._request:
            return False
        if self._asked is None and error.code == _CROSSED and self.active is not None:
            # What began since was not the answer to our request.
            self._kinds[self.active] = _REPLY
            self._again(self._requested)
            return True
        asked = self._asked
        if asked is None:
            return False
        called_off, self._asked, self._called_off = self._called_off, None, False
        if called_off:
            return True
        if error.code == _CROSSED:
            self._again(asked)
        else:
            self._fail(asked, now)
        return True

    def _fail(self, words: Words, now: float) -> None:
        self._failures += 1
        self.retry_at = now + _PAUSE * self._failures
        self._again(words)

    def _again(self, words: Words) -> None:
        if words.kind in _PASSING:
            return
        if words.text:
            self.say(words.kind, words.text)
        else:
            self.wanted = True
