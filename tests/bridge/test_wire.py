"""Voice Live messages against the SDK's own models: what we send it can read, what it sends we can."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from azure.ai.voicelive.models import ClientEvent as SdkClientEvent
from azure.ai.voicelive.models import RequestSession, ServerEventResponseAudioTimestampDelta
from hypothesis import given
from hypothesis import strategies as st

from bridge.voicelive import wire
from bridge.voicelive.session_settings import (
    EndOfUtterance,
    SessionSettings,
    SessionTools,
    Transcription,
    TurnDetection,
    Typed,
    Voice,
)

SESSION = SessionSettings(
    instructions="Be brief.",
    voice=Voice(type="azure-standard", name="en-US-Ava:DragonHDLatestNeural", rate="1.1"),
    turn_detection=TurnDetection(
        type="azure_semantic_vad",
        threshold=0.5,
        silence_duration_ms=500,
        create_response=True,
        interrupt_response=True,
        end_of_utterance_detection=EndOfUtterance(model="semantic_detection_v1", timeout_ms=1000),
    ),
    input_audio_transcription=Transcription(model="azure-speech", phrase_list=["Golden Lotus"]),
    tools=[{"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}}],
    modalities=("text", "audio"),
    input_audio_format="pcm16",
    output_audio_format="pcm16",
    output_audio_timestamp_types=("word",),
    input_audio_sampling_rate=24_000,
    input_audio_noise_reduction=Typed("azure_deep_noise_suppression"),
    temperature=0.6,
)


def _sdk_type(kind: str) -> Any:
    """The SDK's model of a client event; its models know their subclasses by the value of `type`."""
    return SdkClientEvent.__mapping__[kind]


def _rest_names(model: Any) -> set[str]:
    """The JSON names of a model's fields."""
    return {field._rest_name for field in model({})._attr_to_rest_field.values()}


class TestSent:
    """Each client event is known to azure-ai-voicelive 1.3.1 by its type and fields."""

    @pytest.mark.parametrize(
        "event",
        [
            wire.SessionUpdate(event_id="e", session=SESSION),
            wire.SessionUpdate(event_id="e", session=SessionTools(tools=[])),
            wire.ItemCreate(event_id="e", item=wire.FunctionOutputItem("call_1", "{}")),
            wire.ItemCreate(event_id="e", item=wire.MessageItem("user", [wire.TextPart("input_text", "hi")])),
            wire.ItemCreate(
                event_id="e", previous_item_id="item_1", item=wire.FunctionOutputItem("call_1", "{}")
            ),
            wire.ItemTruncate(event_id="e", item_id="item_1", content_index=0, audio_end_ms=1200),
            wire.ItemDelete(event_id="e", item_id="item_1"),
            wire.ResponseCreate(event_id="e"),
            wire.ResponseCancel(event_id="e", response_id="resp_1"),
        ],
        ids=lambda event: type(event).__name__,
    )
    def test_is_an_event_of_the_sdk(self, event: wire.ClientEvent) -> None:
        body = json.loads(wire.encode(event))
        assert set(body) <= _rest_names(_sdk_type(body["type"]))

    def test_session_fields_are_the_sdks(self) -> None:
        body = json.loads(wire.encode(wire.SessionUpdate(event_id="e", session=SESSION)))["session"]
        assert set(body) <= _rest_names(RequestSession)

    def test_tools_alone_leave_the_rest_as_it_is(self) -> None:
        """A field that is not sent keeps its value; one that is null would be cleared."""
        update = wire.SessionUpdate(event_id="e", session=SessionTools(tools=[{"type": "function"}]))
        assert json.loads(wire.encode(update))["session"] == {"tools": [{"type": "function"}]}

    def test_greeting_as_documented(self) -> None:
        """How-to: proactive messages. Exactly one text part."""
        message = wire.MessageItem("assistant", [wire.TextPart("text", "Hello")])
        options = wire.ResponseOptions(pre_generated_assistant_message=message)
        assert json.loads(wire.encode(wire.ResponseCreate(event_id="e", response=options))) == {
            "type": "response.create",
            "event_id": "e",
            "response": {
                "pre_generated_assistant_message": {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "text", "text": "Hello"}],
                }
            },
        }

    def test_append_is_spliced(self) -> None:
        event = {"type": "input_audio_buffer.append", "event_id": "a-1", "audio": "AAAA"}
        assert json.loads(wire.append_frame("a-1", "AAAA")) == event


class TestReceived:
    """Shapes of the service's recordings (session, audio turn, tool round)."""

    @pytest.mark.parametrize(
        ("body", "event"),
        [
            (
                {
                    "type": "session.updated",
                    "session": {"id": "sess_1", "expires_at": 1784668573, "agent": None},
                },
                wire.SessionUpdated(wire.SessionLife(1784668573)),
            ),
            (
                {"type": "session.created", "session": {"id": "sess_1", "expires_at": None}},
                wire.SessionCreated(),
            ),
            (
                {
                    "type": "conversation.item.input_audio_transcription.delta",
                    "item_id": "item_1",
                    "content_index": 0,
                    "delta": "a table",
                },
                wire.TranscriptionDelta("item_1", "a table"),
            ),
            (
                {"type": "input_audio_buffer.committed", "previous_item_id": None, "item_id": "item_1"},
                wire.InputCommitted("item_1"),
            ),
            (
                {"type": "input_audio_buffer.speech_started", "audio_start_ms": 1456, "item_id": "item_1"},
                wire.SpeechStarted("item_1", 1456),
            ),
            (
                {
                    "type": "response.output_item.added",
                    "response_id": "resp_1",
                    "output_index": 0,
                    "item": {"id": "item_2", "object": "realtime.item", "type": "message", "content": []},
                },
                wire.OutputItemAdded("resp_1", wire.OutputItem("item_2", "message")),
            ),
            (
                {
                    "type": "response.audio.delta",
                    "response_id": "resp_1",
                    "item_id": "item_2",
                    "output_index": 0,
                    "content_index": 0,
                    "delta": "BgABAAkA",
                },
                wire.AudioDelta("resp_1", "item_2", b"\x06\x00\x01\x00\t\x00"),
            ),
            (
                {
                    "type": "response.audio.done",
                    "response_id": "resp_1",
                    "item_id": "item_2",
                    "output_index": 0,
                    "content_index": 0,
                },
                wire.AudioDone("resp_1", "item_2"),
            ),
            (
                ServerEventResponseAudioTimestampDelta(
                    response_id="resp_1",
                    item_id="item_2",
                    output_index=0,
                    content_index=0,
                    audio_offset_ms=120,
                    audio_duration_ms=340,
                    text="Lotus",
                ).as_dict(),
                wire.AudioTimestamp("item_2", 120, 340, "Lotus"),
            ),
            (
                {
                    "type": "response.done",
                    "response": {"id": "resp_1", "status": "cancelled", "usage": None, "output": []},
                },
                wire.ResponseDone(wire.FinishedResponse("resp_1", "cancelled")),
            ),
            (
                {
                    "type": "response.done",
                    "response": {
                        "id": "resp_1",
                        "status": "completed",
                        "usage": {
                            "total_tokens": 1_120,
                            "input_tokens": 1_000,
                            "output_tokens": 120,
                            "input_token_details": {"cached_tokens": 896, "text_tokens": 400},
                            "output_token_details": {"text_tokens": 20, "audio_tokens": 100},
                        },
                    },
                },
                wire.ResponseDone(
                    wire.FinishedResponse(
                        "resp_1", "completed", wire.Usage(1_000, 120, wire.InputTokens(896))
                    )
                ),
            ),
            (
                {"type": "error", "error": {"type": "invalid_request_error", "code": "x", "event_id": "e1"}},
                wire.Error(wire.ErrorDetails("", "invalid_request_error", "x", "e1")),
            ),
        ],
        ids=lambda value: value["type"] if isinstance(value, dict) else "",
    )
    def test_is_read(self, body: dict[str, Any], event: wire.ServerEvent) -> None:
        assert wire.decode(json.dumps({"event_id": "event_1", **body})) == event

    def test_an_unknown_type_means_nothing(self) -> None:
        assert wire.decode('{"type":"conversation.item.done","event_id":"e"}') is None

    @pytest.mark.parametrize("frame", ["", "x", "[]", "{}", '{"type":"response.audio.delta"}'])
    def test_a_frame_that_is_no_event_is_named(self, frame: str) -> None:
        with pytest.raises(wire.WireError, match=r"\w"):
            wire.decode(frame)

    @given(frame=st.text() | st.binary())
    def test_never_another_error(self, frame: str | bytes) -> None:
        with contextlib.suppress(wire.WireError):
            wire.decode(frame)
