"""Whatever a client sends, in whatever order: the promises a session keeps."""

from __future__ import annotations

import base64
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from local.voice_live.mind.outputs import CallFunction, Say
from tests.local.voice_live.doubles import Bench, Event, ScriptedMind, ScriptedRecognizer, silence, tone
from tests.local.voice_live.wire_models import faults

SOUNDS = {"speech": tone(300), "silence": silence(300), "turn": tone(500) + silence(700)}
MESSAGE = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello there"}]}
FIXED = {"content": [{"type": "text", "text": "Welcome."}], "type": "message", "role": "assistant"}
DETECTION = [
    None,
    {"type": "server_vad", "silence_duration_ms": 300},
    {"type": "server_vad", "interrupt_response": False},
    {"type": "azure_semantic_vad", "auto_truncate": True, "remove_filler_words": True},
]

type Step = tuple[str, dict[str, Any]]

plain_steps = st.sampled_from(
    [
        ("sound", {"name": "speech"}),
        ("sound", {"name": "silence"}),
        ("sound", {"name": "turn"}),
        ("sound", {"name": "turn"}),
        ("input_audio_buffer.commit", {}),
        ("input_audio_buffer.clear", {}),
        ("conversation.item.create", {"item": MESSAGE}),
        ("conversation.item.create", {"item": MESSAGE, "previous_item_id": "root"}),
        (
            "conversation.item.create",
            {"item": {"type": "function_call_output", "call_id": "?", "output": "1"}},
        ),
        ("response.create", {}),
        ("response.create", {"response": {"cancel_previous": True}}),
        ("response.create", {"response": {"max_output_tokens": 1}}),
        ("response.create", {"response": {"max_output_tokens": 3}}),
        ("response.create", {"response": {"conversation": "none", "modalities": ["text"]}}),
        ("response.create", {"response": {"pre_generated_assistant_message": FIXED}}),
        ("response.cancel", {}),
        ("response.cancel", {"response_id": "resp_of_nobody"}),
        ("session.update", {"session": {"modalities": ["text"]}}),
        ("session.update", {"session": {"modalities": ["text", "audio"]}}),
        ("no.such.event", {}),
    ]
)
item_steps = st.tuples(
    st.sampled_from(["conversation.item.delete", "conversation.item.truncate", "conversation.item.retrieve"]),
    st.integers(0, 20),
)
detection_steps = st.sampled_from(DETECTION).map(
    lambda detection: ("session.update", {"session": {"turn_detection": detection}})
)
WORK: Step = ("work", {})
"""The oldest waiting effect is done: recognition, thinking or speaking."""
PAUSE: Step = ("pause", {})

steps = st.lists(
    st.one_of(
        plain_steps, plain_steps, st.just(WORK), st.just(WORK), st.just(PAUSE), item_steps, detection_steps
    ),
    min_size=20,
    max_size=60,
)
minds = st.lists(
    st.lists(
        st.sampled_from([Say("Yes, of course."), Say("!"), CallFunction("book", {"party": 2})]), max_size=3
    ),
    min_size=1,
    max_size=4,
)


def play(script: list[Any], mind: list[Any], transcript: str) -> Bench:
    """Let a client send the script, with recognition, thinking and speaking as late as the script says."""
    bench = Bench(by_hand=True, mind=ScriptedMind(*mind), recognizer=ScriptedRecognizer(transcript))
    for kind, details in script:
        if kind == "work":
            if bench.waiting:
                bench.work()
        elif kind == "sound":
            audio = base64.b64encode(SOUNDS[details["name"]]).decode()
            bench.send("input_audio_buffer.append", audio=audio)
        elif kind == "pause":
            bench.now += 0.25
        elif isinstance(details, int):
            ids = [event["item"]["id"] for event in bench.only("conversation.item.created")]
            chosen = ids[details % len(ids)] if ids else "item_of_nobody"
            more = {"content_index": 0, "audio_end_ms": 100} if kind.endswith("truncate") else {}
            bench.send(kind, item_id=chosen, **more)
        else:
            bench.send(kind, **details)
    while bench.waiting:
        bench.work()
    return bench


any_session = given(steps, minds, st.sampled_from(["a table for two", "", "um"]))
relaxed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@any_session
def test_at_most_one_response_is_active_and_each_ends_once(
    script: list[Any], mind: list[Any], heard: str
) -> None:
    active: str | None = None
    for event in play(script, mind, heard).log:
        if event["type"] == "response.created":
            assert active is None
            active = event["response"]["id"]
        elif event["type"] == "response.done":
            assert event["response"]["id"] == active
            active = None
        elif event["type"].startswith("response."):
            assert event["response_id"] == active
    assert active is None


@relaxed
@any_session
def test_every_id_is_used_once(script: list[Any], mind: list[Any], heard: str) -> None:
    log = play(script, mind, heard).log
    for ids in (
        [event["event_id"] for event in log],
        [event["response"]["id"] for event in log if event["type"] == "response.created"],
        [event["item"]["id"] for event in log if event["type"] == "conversation.item.created"],
    ):
        assert len(ids) == len(set(ids))


@relaxed
@any_session
def test_a_client_that_follows_the_events_knows_the_order_of_the_items(
    script: list[Any], mind: list[Any], heard: str
) -> None:
    bench = play(script, mind, heard)
    order: list[str] = []
    for event in bench.log:
        if event["type"] == "conversation.item.created":
            before = event["previous_item_id"]
            order.insert(order.index(before) + 1 if before else 0, event["item"]["id"])
        elif event["type"] == "conversation.item.deleted":
            order.remove(event["item_id"])
    bench.send("session.update", session={"turn_detection": None})
    bench.say("last")
    assert bench.last("conversation.item.created")["previous_item_id"] == (order[-1] if order else None)


@relaxed
@any_session
def test_whatever_is_opened_is_closed(script: list[Any], mind: list[Any], heard: str) -> None:
    """Items, content parts and speech each have their end, whatever interrupts them."""
    log = play(script, mind, heard).log
    opened = [(e["response_id"], e["output_index"]) for e in log if e["type"] == "response.output_item.added"]
    closed = [(e["response_id"], e["output_index"]) for e in log if e["type"] == "response.output_item.done"]
    assert opened == closed
    parts = [e["item_id"] for e in log if e["type"] == "response.content_part.added"]
    assert parts == [e["item_id"] for e in log if e["type"] == "response.content_part.done"]


@relaxed
@any_session
def test_every_event_fits_the_client_librarys_models(script: list[Any], mind: list[Any], heard: str) -> None:
    log: list[Event] = play(script, mind, heard).log
    assert [fault for event in log for fault in faults(event)] == []


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.binary(max_size=40), st.text(max_size=40), st.from_regex(r'\{"type":"[a-z_.]{0,20}".{0,20}'))
)
def test_no_frame_ends_the_session(frame: bytes | str) -> None:
    """Every frame that is no event gets exactly one error, and the next event is served."""
    bench = Bench()
    assert [event["type"] for event in bench.frame(frame)] == ["error"]
    assert bench.say("still here?")[0]["type"] == "conversation.item.created"
