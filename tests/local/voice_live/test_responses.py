"""Responses: what may be asked of one, what it sends, and how it ends."""

from __future__ import annotations

import base64

import pytest

from local.voice_live.faults import Faults
from local.voice_live.mind.outputs import CallFunction, Say
from local.voice_live.outbox import Abandon, Speak, Think
from tests.local.voice_live.doubles import Bench, Event, ScriptedMind, silence, squeeze, tone, types

USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi."}]}
WELCOME = "Welcome to the line.  What would you like?"


def code(events: list[Event]) -> str:
    [event] = events
    assert event["type"] == "error"
    assert event["error"]["type"] == "invalid_request_error"
    return str(event["error"]["code"])


def test_a_message_and_then_a_call_in_one_response() -> None:
    bench = Bench(mind=ScriptedMind([Say("Let me look."), CallFunction("find", {"dish": "sushi"})]))
    bench.say("sushi?")
    events = bench.send("response.create")
    added = [event for event in events if event["type"] == "response.output_item.added"]
    assert [(event["output_index"], event["item"]["type"]) for event in added] == [
        (0, "message"),
        (1, "function_call"),
    ]
    done = bench.last("response.function_call_arguments.done")
    deltas = [event["delta"] for event in bench.only("response.function_call_arguments.delta")]
    assert "".join(deltas) == done["arguments"] == '{"dish": "sushi"}'
    assert done["name"] == "find"
    assert [item["type"] for item in bench.last("response.done")["response"]["output"]] == [
        "message",
        "function_call",
    ]


def test_text_only_sends_no_audio() -> None:
    bench = Bench(mind=ScriptedMind([Say("Of course.")]))
    bench.say("hi")
    events = bench.send("response.create", response={"modalities": ["text"]})
    assert squeeze(types(events)) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.created",
        "response.content_part.added",
        "response.text.delta",
        "response.text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]


def test_a_pre_generated_message_is_spoken_word_for_word_without_thinking() -> None:
    bench = Bench()
    message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": WELCOME}]}
    bench.send("response.create", response={"pre_generated_assistant_message": message})
    assert bench.last("response.audio_transcript.done")["transcript"] == WELCOME
    assert "".join(event["delta"] for event in bench.only("response.audio_transcript.delta")) == WELCOME
    assert bench.mind.asked == []
    bench.say("hi")
    bench.send("response.create")
    assert bench.mind.asked[0][0]["content"] == [{"type": "audio", "transcript": WELCOME}]


def test_a_second_response_is_refused_while_one_is_active() -> None:
    bench = Bench(by_hand=True)
    bench.send("response.create")
    assert code(bench.send("response.create")) == "conversation_already_has_active_response"


def test_cancel_previous_ends_the_active_response_first() -> None:
    bench = Bench(by_hand=True)
    first = bench.send("response.create")[0]["response"]["id"]
    events = bench.send("response.create", response={"cancel_previous": True})
    assert types(events) == ["response.done", "response.created"]
    assert events[0]["response"]["id"] == first
    assert events[0]["response"]["status_details"]["reason"] == "client_cancelled"


def test_cancel_ends_the_response_and_its_work() -> None:
    bench = Bench(by_hand=True, mind=ScriptedMind([Say("One two three."), CallFunction("never", {})]))
    response_id = bench.send("response.create")[0]["response"]["id"]
    bench.work(Think)
    bench.work(Speak)
    events = bench.send("response.cancel", response_id=response_id)
    assert types(events) == [
        "response.audio.done",
        "response.audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    assert Abandon(response_id) in bench.waiting
    assert bench.work(Speak) == []


def test_a_late_thought_of_a_cancelled_response_is_dropped() -> None:
    bench = Bench(by_hand=True)
    bench.send("response.create")
    bench.send("response.cancel")
    assert bench.last("response.done")["response"]["output"] == []
    assert bench.work(Think) == []


@pytest.mark.parametrize("fields", [{}, {"response_id": "resp_of_nobody"}])
def test_cancelling_nothing_is_an_error(fields: dict[str, str]) -> None:
    assert code(Bench().send("response.cancel", **fields)) == "response_cancel_not_active"


def test_a_failure_ends_the_response_and_not_the_session() -> None:
    bench = Bench(by_hand=True)
    response_id = bench.send("response.create")[0]["response"]["id"]
    bench.session.failed(response_id, "out of order")
    bench.waiting.clear()
    bench.say("still there?")
    response = bench.last("response.done")["response"]
    assert response["status"] == "failed"
    assert response["status_details"]["error"]["message"] == "out of order"


def test_instructions_of_a_response_and_additional_ones() -> None:
    bench = Bench()
    bench.update(instructions="Be kind.")
    bench.send("response.create", additional_instructions="Be brief.")
    bench.send("response.create", response={"instructions": "Be loud."})
    assert bench.mind.instructions == ["Be kind.\n\nBe brief.", "Be loud."]


def test_an_out_of_band_response_leaves_no_trace() -> None:
    bench = Bench()
    bench.say("hi")
    events = bench.send("response.create", response={"conversation": "none", "modalities": ["text"]})
    assert "conversation.item.created" not in types(events)
    assert events[-1]["response"]["conversation_id"] is None
    bench.send("response.create")
    assert len(bench.mind.asked[-1]) == 1


def test_input_items_replace_the_conversation_and_appended_ones_follow_it() -> None:
    bench = Bench()
    bench.say("first")
    bench.send("response.create", response={"input_items": [], "append_input_items": [USER]})
    bench.send("response.create", response={"append_input_items": [USER]})
    assert [len(asked) for asked in bench.mind.asked] == [1, 3]
    assert len(bench.only("conversation.item.created")) == 3


def test_settings_of_the_response_are_shown_in_it() -> None:
    bench = Bench()
    own = {"temperature": 0.7, "max_output_tokens": 200, "metadata": {"call": "1"}, "voice": "echo"}
    response = bench.send("response.create", response=own)[0]["response"]
    assert response["temperature"] == 0.7
    assert response["max_output_tokens"] == 200
    assert response["metadata"] == {"call": "1"}
    assert response["voice"] == {"type": "openai", "name": "echo"}


@pytest.mark.parametrize(
    ("audio_format", "size"),
    [
        ("pcm16", 4800),
        ("pcm16_16000hz", 3200),
        ("pcm16_8000hz", 1600),
        ("g711_ulaw", 800),
        ("g711_alaw", 800),
    ],
)
def test_audio_comes_in_the_format_asked_for(audio_format: str, size: int) -> None:
    """Ten words of 100 ms."""
    bench = Bench(mind=ScriptedMind([Say("one two three four five six seven eight nine ten")]))
    bench.update(output_audio_format=audio_format)
    bench.send("response.create")
    sent = sum(len(base64.b64decode(event["delta"])) for event in bench.only("response.audio.delta"))
    assert abs(sent - 10 * size) <= size // 20


INCOMPLETE = {"type": "incomplete", "reason": "max_output_tokens"}


@pytest.mark.parametrize("modalities", [["text"], ["text", "audio"]])
@pytest.mark.parametrize("name", ["max_output_tokens", "max_response_output_tokens"])
def test_a_reply_longer_than_its_limit_is_cut_at_words(name: str, modalities: list[str]) -> None:
    bench = Bench(mind=ScriptedMind([Say("One two three. Four five."), CallFunction("never", {})]))
    bench.send("response.create", response={name: 5, "modalities": modalities})
    response = bench.last("response.done")["response"]
    assert (response["status"], response["status_details"]) == ("incomplete", INCOMPLETE)
    [item] = response["output"]
    [content] = item["content"]
    assert item["status"] == bench.last("response.output_item.done")["item"]["status"] == "incomplete"
    assert (content.get("text") or content["transcript"]) == "One two three. Four"
    assert response["usage"]["output_token_details"]["text_tokens"] == 5


def test_the_limit_of_the_session_holds_for_what_speech_starts() -> None:
    bench = Bench(mind=ScriptedMind([Say("One two three four.")]))
    bench.update(max_response_output_tokens=2)
    bench.hear(tone(800), silence(700))
    assert bench.last("response.audio_transcript.done")["transcript"] == "One two"
    assert bench.last("response.done")["response"]["status_details"] == INCOMPLETE


def test_calls_count_too_and_are_cut() -> None:
    bench = Bench(mind=ScriptedMind([Say("Let me look."), CallFunction("find", {"dish": "sushi", "for": 2})]))
    bench.send("response.create", response={"max_output_tokens": 12})
    message, call = bench.last("response.done")["response"]["output"]
    assert (message["status"], call["status"]) == ("completed", "incomplete")
    assert call["arguments"] == '{"dish":'


@pytest.mark.parametrize("limit", [5, "inf"])
def test_a_reply_within_its_limit_is_whole(limit: int | str) -> None:
    bench = Bench(mind=ScriptedMind([Say("One two three four.")]))
    bench.send("response.create", response={"max_output_tokens": limit})
    response = bench.last("response.done")["response"]
    assert (response["status"], response["status_details"]) == ("completed", None)
    assert response["output"][0]["status"] == "completed"


def test_what_the_client_wrote_is_spoken_whole() -> None:
    message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": WELCOME}]}
    fields = {"pre_generated_assistant_message": message, "max_output_tokens": 1}
    bench = Bench()
    bench.send("response.create", response=fields)
    assert bench.last("response.audio_transcript.done")["transcript"] == WELCOME


def test_input_for_a_hosted_agent_is_accepted() -> None:
    bench = Bench()
    events = bench.send("response.create", response={"invoke_input": {"task": "any"}})
    assert events[-1]["response"]["status"] == "completed"


def test_usage_counts_the_whole_conversation_and_the_speech() -> None:
    bench = Bench(mind=ScriptedMind([Say("one two three four five six seven eight nine ten")]))
    bench.say("count to ten")
    bench.send("response.create")
    bench.send("response.create")
    first, second = (event["response"]["usage"] for event in bench.only("response.done"))
    assert first["output_token_details"] == {"text_tokens": 10, "audio_tokens": 20, "reasoning_tokens": 0}
    assert second["input_tokens"] == first["input_tokens"] + 10
    cached = second["input_token_details"]["cached_tokens"]
    assert cached > 0
    assert cached % 64 == 0
    for usage in (first, second):
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_forced_error_comes_as_often_as_asked() -> None:
    bench = Bench(faults=Faults(error_code="rate_limit_exceeded", error_times=1))
    assert code(bench.send("response.create")) == "rate_limit_exceeded"
    assert bench.send("response.create")[-1]["type"] == "response.done"


def test_no_reply_fault_starts_no_response() -> None:
    bench = Bench(faults=Faults(no_reply=True))
    assert bench.send("response.create") == []


def test_an_expired_session_says_so_and_closes() -> None:
    bench = Bench()
    bench.session.expire()
    bench.say("too late")
    assert bench.only("error")[0]["error"]["code"] == "session_expired"
    assert bench.closed is not None
    assert bench.closed.code == 1001
