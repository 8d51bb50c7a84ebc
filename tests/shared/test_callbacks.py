"""Callbacks as they come over the wire: twice, in any order, late, or not at all. The record is the same."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.acs_events import call_events, parse_callbacks
from shared.calls import Call, CallEvent, CallState, EventKind, Outcome, apply, derive_call_id

RANG = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)


def callback(kind: str, second: float, **data: Any) -> dict[str, Any]:
    """A CloudEvent of Call Automation."""
    return {
        "id": f"{kind}-{second}",
        "source": "calling/callConnections/connection-1",
        "type": f"Microsoft.Communication.{kind}",
        "specversion": "1.0",
        "time": f"{(RANG + timedelta(seconds=second)).isoformat()}",
        "data": {"callConnectionId": "connection-1", **data},
    }


def codes(code: int, sub_code: int) -> dict[str, Any]:
    return {"resultInformation": {"code": code, "subCode": sub_code, "message": ""}}


def media(kind: str, second: float, details: str) -> dict[str, Any]:
    return callback(kind, second, mediaStreamingUpdate={"mediaStreamingStatusDetails": details})


@dataclass(frozen=True)
class Story:
    """A call as it happened, and what the bridge says about it."""

    callbacks: list[dict[str, Any]]
    outcome: Outcome
    ours: tuple[CallEvent, ...] = ()
    telling: frozenset[str] = frozenset()
    """Kinds of callbacks that nothing else tells of what the call came to."""


def ours(kind: EventKind, second: float, detail: str = "", **more: Any) -> CallEvent:
    return CallEvent(kind, RANG + timedelta(seconds=second), detail, "connection-1", **more)


TALK = (ours(EventKind.MEDIA_CONNECTED, 2.5, "gpt-realtime"), ours(EventKind.GREETED, 3, ms=500))
CONNECTED = callback("CallConnected", 2)
STARTED = media("MediaStreamingStarted", 2.2, "subscriptionStarted")

STORIES = [
    Story(
        [CONNECTED, STARTED, callback("CallDisconnected", 60, **codes(200, 7000))], Outcome.COMPLETED, TALK
    ),
    Story(  # the agent said goodbye, and hanging up breaks the stream
        [
            CONNECTED,
            STARTED,
            media("MediaStreamingFailed", 61, "initialWebSocketConnectionFailed"),
            callback("CallDisconnected", 61.5, **codes(200, 0)),
        ],
        Outcome.COMPLETED,
        (*TALK, ours(EventKind.HUNG_UP, 60, "goodbye")),
    ),
    Story(  # a person took the call at the second try
        [
            CONNECTED,
            callback("CallTransferFailed", 30, operationContext="transfer-1", **codes(486, 0)),
            callback("CallTransferAccepted", 50, operationContext="transfer-2", **codes(200, 0)),
            callback("CallDisconnected", 51, **codes(200, 0)),
        ],
        Outcome.TRANSFERRED,
        (
            *TALK,
            ours(EventKind.TRANSFER_STARTED, 20, transfer=1, summary="wants a person"),
            ours(EventKind.TRANSFER_STARTED, 40, transfer=2, summary="wants a person, again"),
        ),
        frozenset({"CallTransferAccepted"}),
    ),
    Story(  # no bridge let the media in
        [
            CONNECTED,
            media("MediaStreamingFailed", 5, "forbidden"),
            callback("CallDisconnected", 6, **codes(200, 0)),
        ],
        Outcome.FAILED,
        telling=frozenset({"MediaStreamingFailed"}),
    ),
    Story(  # the caller hung up while the answer was on its way
        [callback("AnswerFailed", 4, **codes(487, 0))], Outcome.MISSED, telling=frozenset({"AnswerFailed"})
    ),
]

stories = st.sampled_from(STORIES)


def answered() -> Call:
    call = Call(id=derive_call_id(RANG, "c"), rang_at=RANG, claimed_at=RANG, secret_hashes=("first",))
    return apply(call, ours(EventKind.ANSWERED, 1))


def told(callbacks: list[dict[str, Any]], late: float = 0) -> list[CallEvent]:
    """What one request of the service means."""
    return call_events(parse_callbacks(json.dumps(callbacks).encode()), RANG + timedelta(seconds=900 + late))


def after(events: list[CallEvent]) -> Call:
    return functools.reduce(apply, events, answered())


@given(stories, st.data())
def test_twice_in_any_order_and_late_is_once_in_order(story: Story, data: st.DataObject) -> None:
    """In requests of one or several callbacks, mixed with what the bridge writes."""
    again = data.draw(st.lists(st.sampled_from(story.callbacks), max_size=4))
    shuffled = data.draw(st.permutations([*story.callbacks, *again]))
    cut = data.draw(st.integers(0, len(shuffled)))
    requests = [part for part in (shuffled[:cut], shuffled[cut:]) if part]
    late = data.draw(st.floats(0, 3600))
    events = [event for request in requests for event in told(request, late)]
    mixed = data.draw(st.permutations([*events, *story.ours]))
    record = after(mixed)
    assert record == after([*story.ours, *told(story.callbacks)])
    assert (record.state, record.outcome) == (CallState.ENDED, story.outcome)


@given(stories, st.data())
def test_what_is_never_told_the_sweep_finds_out(story: Story, data: st.DataObject) -> None:
    """The record has the same outcome, and the same of everything that anybody could have told."""
    may_be_lost = [one for one in story.callbacks if one["type"].rpartition(".")[2] not in story.telling]
    lost = data.draw(st.lists(st.sampled_from(may_be_lost), unique_by=str)) if may_be_lost else []
    events = [*story.ours, *told([one for one in story.callbacks if one not in lost])]
    record = after(data.draw(st.permutations(events)))
    if record.state is not CallState.ENDED:
        record = apply(record, ours(EventKind.LOST, 120))
    whole = after([*story.ours, *told(story.callbacks)])
    assert (record.state, record.outcome) == (CallState.ENDED, story.outcome)
    known = ("transfer", "transferred_at", "summary", "media_connected_at", "greeting_ms", "model")
    assert [getattr(record, name) for name in known] == [getattr(whole, name) for name in known]
    # And the callbacks that were only late, after all, make it whole.
    assert after([*events, *told(lost)]) == whole


@given(stories, st.data())
def test_late_callbacks_change_nothing_that_the_sweep_decided(story: Story, data: st.DataObject) -> None:
    """A call that the sweep has closed stays closed, and gets the better reason."""
    closed = apply(answered(), ours(EventKind.LOST, 120))
    order = data.draw(st.permutations([*story.ours, *told(story.callbacks)]))
    record = functools.reduce(apply, order, closed)
    whole = after([*story.ours, *told(story.callbacks)])
    assert (record.outcome, record.end_reason) == (whole.outcome, whole.end_reason)
    assert record.ended_at == whole.ended_at
