"""Conversation items and session settings: what a client may change, and how a mistake is named."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from local.voice_live.outbox import Think
from local.voice_live.session import LARGEST_APPEND
from tests.local.voice_live.doubles import Bench, silence, tone, types


def message(role: str, kind: str, text: str, **more: object) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}], **more}


def error_of(bench: Bench) -> dict[str, Any]:
    error: dict[str, Any] = bench.last("error")["error"]
    return error


def create(bench: Bench, item: dict[str, Any], previous: str | None = None) -> dict[str, Any]:
    fields = {"item": item} if previous is None else {"item": item, "previous_item_id": previous}
    return bench.send("conversation.item.create", **fields)[0]


def spoken_item(bench: Bench) -> str:
    """A reply of four words, 100 ms each, heard or not."""
    text = [{"type": "text", "text": "one two three four"}]
    fixed = {"type": "message", "role": "assistant", "content": text}
    bench.send("response.create", response={"pre_generated_assistant_message": fixed})
    return str(bench.last("response.output_item.done")["item"]["id"])


def test_seeded_history_reaches_the_mind_in_order() -> None:
    bench = Bench()
    first = create(bench, message("user", "input_text", "I want sushi."))["item"]["id"]
    call = {"type": "function_call", "name": "find", "call_id": "call_1", "arguments": "{}"}
    create(bench, call)
    create(bench, {"type": "function_call_output", "call_id": "call_1", "output": '{"ok": true}'})
    create(bench, message("system", "input_text", "It rains."), previous="root")
    create(bench, message("assistant", "text", "Sure."), previous=first)
    bench.send("response.create")
    [asked] = bench.mind.asked
    assert [item.get("role") or item["type"] for item in asked] == [
        "system",
        "user",
        "assistant",
        "function_call",
        "function_call_output",
    ]


def test_a_created_item_names_its_neighbour_and_keeps_its_id() -> None:
    bench = Bench()
    first = create(bench, message("user", "input_text", "a", id="item_mine"))
    second = create(bench, message("user", "input_text", "b"))
    third = create(bench, message("user", "input_text", "c"), previous="item_mine")
    assert first["item"]["id"] == "item_mine"
    assert first["previous_item_id"] is None
    assert second["previous_item_id"] == third["previous_item_id"] == "item_mine"


def test_items_can_be_deleted_and_retrieved() -> None:
    bench = Bench()
    item = create(bench, message("user", "input_text", "a"))["item"]
    assert bench.send("conversation.item.retrieve", item_id=item["id"])[0]["item"] == item
    assert bench.send("conversation.item.delete", item_id=item["id"])[0]["item_id"] == item["id"]
    bench.send("conversation.item.retrieve", item_id=item["id"])
    assert error_of(bench)["code"] == "item_retrieve_invalid_item_id"


def test_truncation_keeps_the_share_of_the_words_that_was_heard() -> None:
    bench = Bench()
    item_id = spoken_item(bench)
    [event] = bench.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=200)
    assert event["type"] == "conversation.item.truncated"
    assert event["audio_end_ms"] == 200
    bench.send("response.create")
    assert bench.mind.asked[-1][0]["content"][0]["transcript"] == "one two"


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"item_id": "item_of_nobody"}, "item_truncate_invalid_item_id", "item_id"),
        ({"audio_end_ms": 401}, "invalid_value", "audio_end_ms"),
        ({"content_index": 1}, "invalid_value", "content_index"),
        ({"audio_end_ms": -1}, "invalid_value", "audio_end_ms"),
    ],
)
def test_truncation_past_what_there_is(change: dict[str, object], code: str, param: str) -> None:
    bench = Bench()
    fields = {"item_id": spoken_item(bench), "content_index": 0, "audio_end_ms": 100, **change}
    bench.send("conversation.item.truncate", **fields)
    assert (error_of(bench)["code"], error_of(bench)["param"]) == (code, param)


def test_only_spoken_replies_can_be_truncated() -> None:
    bench = Bench()
    item = create(bench, message("assistant", "text", "Sure."))["item"]
    bench.send("conversation.item.truncate", item_id=item["id"], content_index=0, audio_end_ms=0)
    assert error_of(bench)["code"] == "unsupported_content_type"


@pytest.mark.parametrize(
    ("frame", "code", "param"),
    [
        ("nope", "invalid_json", None),
        ("[1]", "invalid_type", None),
        ('{"type":"session.update","session":{"animation":' + '{"a":' * 5000, "invalid_json", None),
        ('{"session": {}}', "missing_required_parameter", "type"),
        ('{"type": "zip"}', "invalid_value", "type"),
        ('{"type": "session.update"}', "missing_required_parameter", "session"),
        ('{"type": "session.update", "session": {"colour": 1}}', "unknown_parameter", "session.colour"),
        (
            '{"type": "session.update", "session": {"instructions": 5}}',
            "invalid_type",
            "session.instructions",
        ),
        ('{"type": "response.create", "response": {"tools": 5}}', "invalid_type", "response.tools"),
        ('{"type": "input_audio_buffer.append", "audio": "%"}', "invalid_value", "audio"),
        ('{"type": "input_audio_buffer.append"}', "missing_required_parameter", "audio"),
        ('{"type": "conversation.item.delete", "item_id": "x"}', "item_delete_invalid_item_id", "item_id"),
        ('{"type": "output_audio_buffer.clear"}', "avatar_not_configured", None),
        ('{"type": "session.avatar.connect", "client_sdp": ""}', "avatar_not_configured", None),
    ],
)
def test_mistakes_are_named(frame: str, code: str, param: str | None) -> None:
    bench = Bench()
    [event] = bench.frame(frame)
    assert (event["error"]["code"], event["error"]["param"]) == (code, param)


@pytest.mark.parametrize(
    ("item", "param"),
    [
        (message("user", "text", "wrong part"), "item.content[0].type"),
        (message("assistant", "input_text", "wrong part"), "item.content[0].type"),
        ({"type": "function_call_output", "call_id": "call_x", "output": ""}, "item.call_id"),
        ({"type": "message", "role": "user", "content": []}, "item.content"),
    ],
)
def test_items_that_cannot_be(item: dict[str, Any], param: str) -> None:
    bench = Bench()
    assert create(bench, item)["error"]["param"] == param


@pytest.mark.parametrize(
    ("session", "param", "allowed"),
    [
        ({"voice": "nova"}, "session.voice", ["alloy", "marin"]),
        ({"voice": {"type": "openai", "name": "nova"}}, "session.voice.name", ["alloy", "marin"]),
        (
            {"input_audio_transcription": {"model": "whisper-9"}},
            "session.input_audio_transcription.model",
            ["azure-speech", "whisper-1", "gpt-4o-transcribe-diarize"],
        ),
        ({"modalities": ["smell"]}, "session.modalities[0]", ["text", "audio"]),
        ({"turn_detection": {"type": "x"}}, "session.turn_detection.type", ["server_vad"]),
        ({"max_response_output_tokens": "all"}, "session.max_response_output_tokens", ["inf"]),
    ],
)
def test_a_value_that_is_none_of_the_allowed_ones(
    session: dict[str, object], param: str, allowed: list[str]
) -> None:
    bench = Bench()
    bench.update(**session)
    error = error_of(bench)
    assert (error["code"], error["param"]) == ("invalid_value", param)
    assert all(f"'{value}'" in error["message"] for value in allowed)


def test_a_number_is_named_where_one_would_do() -> None:
    bench = Bench()
    bench.send("response.create", response={"max_output_tokens": "all"})
    assert "'inf', a whole number" in error_of(bench)["message"]


def test_azure_has_too_many_voices_to_list() -> None:
    voice = {"type": "azure-standard", "name": "xx-XX-AnyoneNeural"}
    [event] = Bench().update(voice=voice)
    assert event["session"]["voice"] == voice


def test_an_error_names_the_client_event() -> None:
    bench = Bench()
    bench.send("conversation.item.delete", item_id="x", event_id="event_mine")
    assert error_of(bench)["event_id"] == "event_mine"


def test_an_append_may_be_large_but_not_larger() -> None:
    bench = Bench()
    bench.update(turn_detection=None)
    most = base64.b64encode(bytes(LARGEST_APPEND)).decode()
    assert bench.send("input_audio_buffer.append", audio=most) == []
    more = base64.b64encode(bytes(LARGEST_APPEND + 1)).decode()
    assert types(bench.send("input_audio_buffer.append", audio=more)) == ["error"]


def test_a_partial_update_keeps_the_rest() -> None:
    bench = Bench()
    bench.update(instructions="Be kind.", tools=[{"type": "function", "name": "find"}])
    [event] = bench.update(temperature=0.7)
    session = event["session"]
    assert session["instructions"] == "Be kind."
    assert session["temperature"] == 0.7
    assert session["tools"] == [{"type": "function", "name": "find", "description": None, "parameters": None}]


def test_a_refused_update_changes_nothing() -> None:
    bench = Bench()
    bench.update(instructions="Be kind.")
    bench.update(instructions="Be rude.", model="another")
    assert error_of(bench)["param"] == "session.model"
    [event] = bench.update()
    assert event["session"]["instructions"] == "Be kind."


def test_defaults_depend_on_the_kind_of_turn_detection() -> None:
    bench = Bench()
    [event] = bench.update(turn_detection={"type": "azure_semantic_vad"})
    assert event["session"]["turn_detection"]["prefix_padding_ms"] == 420
    [event] = bench.update(turn_detection={"type": "server_vad"})
    assert event["session"]["turn_detection"]["prefix_padding_ms"] == 400
    [event] = bench.update(turn_detection=None)
    assert event["session"]["turn_detection"] is None


def test_the_voice_stays_once_it_was_heard() -> None:
    bench = Bench()
    bench.update(voice={"type": "azure-standard", "name": "en-US-AvaNeural", "rate": "1.1"})
    spoken_item(bench)
    bench.update(voice="alloy")
    assert error_of(bench)["code"] == "cannot_update_voice"
    [event] = bench.update(voice={"type": "azure-standard", "name": "en-US-AvaNeural", "rate": "1.1"})
    assert event["type"] == "session.updated"


def test_tools_may_change_while_somebody_speaks() -> None:
    """What is not sent stays, the turn goes on, and the next reply has them."""
    bench = Bench(target="gpt-4.1")
    bench.update(
        instructions="Be brief.", turn_detection={"type": "azure_semantic_vad", "create_response": False}
    )
    spoken_item(bench)
    bench.hear(silence(200), tone(400))
    tools = [{"type": "function", "name": "order_item", "parameters": {"type": "object"}}]
    [event] = bench.update(tools=tools)
    assert event["session"]["instructions"] == "Be brief."
    assert [tool["name"] for tool in event["session"]["tools"]] == ["order_item"]
    assert bench.only("input_audio_buffer.speech_stopped") == []
    heard = types(bench.hear(tone(200), silence(1500)))
    assert "input_audio_buffer.speech_stopped" in heard
    assert "input_audio_buffer.speech_started" not in heard, "the turn that was begun has gone on"
    bench.by_hand = True
    bench.send("response.create")
    [think] = [effect for effect in bench.waiting if isinstance(effect, Think)]
    assert [tool["name"] for tool in think.tools] == ["order_item"]


def test_the_input_format_stays_once_audio_came() -> None:
    bench = Bench()
    bench.hear(tone(100))
    bench.update(input_audio_format="g711_ulaw")
    assert error_of(bench)["param"] == "session.input_audio_format"


def test_g711_is_8_khz() -> None:
    bench = Bench()
    [event] = bench.update(input_audio_format="g711_alaw")
    assert event["session"]["input_audio_sampling_rate"] == 8000
    bench.update(input_audio_sampling_rate=16000)
    assert error_of(bench)["param"] == "session.input_audio_sampling_rate"
