"""The unmodified azure-ai-voicelive client against the stand-in, over real sockets."""

from __future__ import annotations

import asyncio
import json
import threading

from azure.ai.voicelive import models

from local.voice_live.mind.outputs import Say
from local.voice_live.seams import Parts
from tests.local.voice_live.conftest import Serve
from tests.local.voice_live.doubles import (
    ClauseSpeaker,
    ScriptedMind,
    ScriptedRecognizer,
    SilentSpeaker,
    ToneSpeaker,
    parts,
    silence,
    squeeze,
    tone,
    types,
    weather_mind,
)
from tests.local.voice_live.talk import Talk, talking

WEATHER = models.FunctionTool(
    name="get_weather",
    description="Look up the weather for a city.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


def phone_session(**more: object) -> models.RequestSession:
    return models.RequestSession(
        modalities=[models.Modality.TEXT, models.Modality.AUDIO],
        instructions="Answer in two or three words.",
        voice=models.AzureStandardVoice(name="en-US-Ava:DragonHDLatestNeural", rate="1.1"),
        input_audio_format=models.InputAudioFormat.PCM16,
        output_audio_format=models.OutputAudioFormat.PCM16,
        turn_detection=models.ServerVad(threshold=0.5, silence_duration_ms=500),
        input_audio_transcription=models.AudioInputTranscriptionOptions(
            model="azure-speech", language="en-US", phrase_list=["sushi"]
        ),
        input_audio_noise_reduction=models.AudioNoiseReduction(type="azure_deep_noise_suppression"),
        input_audio_echo_cancellation=models.AudioEchoCancellation(),
        **more,
    )


async def ask(talk: Talk, text: str) -> None:
    item = models.UserMessageItem(content=[models.InputTextContentPart(text=text)])
    await talk.client.conversation.item.create(item=item)
    await talk.client.response.create()


async def test_text_turn(serve: Serve) -> None:
    async with serve() as url, talking(url, phone_session()) as talk:
        await ask(talk, "Say a short greeting.")
        done = await talk.until("response.done")
        assert done["response"]["status"] == "completed"
        assert talk.first("response.audio_transcript.done")["transcript"] == "All right."


async def test_audio_turn_with_server_vad(serve: Serve) -> None:
    """The library's own reading of the deltas: bytes of audio, and the transcript by item."""
    simple = parts(recognizer=ScriptedRecognizer("I feel like sushi tonight"))
    async with serve(simple) as url, talking(url, phone_session()) as talk:
        await talk.hear(silence(400) + tone(1200) + silence(700))
        completed = await talk.until("conversation.item.input_audio_transcription.completed")
        await talk.until("response.done")
        assert completed["transcript"] == "I feel like sushi tonight"
        assert completed["item_id"] == talk.first("input_audio_buffer.speech_started")["item_id"]


async def test_tool_round(serve: Serve) -> None:
    session = phone_session(tools=[WEATHER], tool_choice=models.ToolChoiceLiteral.AUTO)
    async with serve(parts(mind=weather_mind())) as url, talking(url, session) as talk:
        await ask(talk, "What is the weather in London?")
        call = await talk.until("response.function_call_arguments.done")
        await talk.until("response.done")
        output = models.FunctionCallOutputItem(call_id=call["call_id"], output='{"sky": "foggy"}')
        await talk.client.conversation.item.create(item=output)
        await talk.client.response.create()
        done = await talk.until("response.done")
        assert call["name"] == "get_weather"
        assert "foggy" in done["response"]["output"][0]["content"][0]["transcript"]


async def test_seeded_history(serve: Serve) -> None:
    mind = ScriptedMind()
    async with serve(parts(mind=mind)) as url, talking(url) as talk:
        create = talk.client.conversation.item.create
        await create(item=models.SystemMessageItem(content=[models.InputTextContentPart(text="It rains.")]))
        await create(item=models.UserMessageItem(content=[models.InputTextContentPart(text="Hello.")]))
        await create(item=models.AssistantMessageItem(content=[models.OutputTextContentPart(text="Hi!")]))
        await create(item=models.FunctionCallItem(name="f", call_id="call_1", arguments="{}"))
        await create(item=models.FunctionCallOutputItem(call_id="call_1", output="1"))
        await talk.client.response.create()
        await talk.until("response.done")
        kinds = [item.get("role") or item["type"] for item in mind.asked[0]]
        assert kinds == ["system", "user", "assistant", "function_call", "function_call_output"]


async def test_text_only(serve: Serve) -> None:
    session = models.RequestSession(modalities=[models.Modality.TEXT])
    async with serve() as url, talking(url, session) as talk:
        await ask(talk, "Hello.")
        done = await talk.until("response.done")
        assert done["response"]["output"][0]["content"] == [{"type": "text", "text": "All right."}]
        assert "response.audio.delta" not in types(talk.log)


async def test_cancel(serve: Serve) -> None:
    gate = threading.Event()
    async with serve(parts(speaker=ToneSpeaker(gate))) as url, talking(url, phone_session()) as talk:
        await ask(talk, "Hello.")
        await talk.until("response.content_part.added")
        await talk.client.response.cancel()
        done = await talk.until("response.done")
        gate.set()
        assert done["response"]["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
        await ask(talk, "Once more.")
        assert (await talk.until("response.done"))["response"]["status"] == "completed"


async def test_the_first_clause_is_heard_while_the_rest_is_still_made(serve: Serve) -> None:
    gate = threading.Event()
    async with serve(parts(speaker=ClauseSpeaker(gate))) as url, talking(url, phone_session()) as talk:
        await ask(talk, "Hello.")
        try:
            await talk.until("response.audio.delta")
            words = [event["delta"] for event in talk.log if event["type"].endswith("transcript.delta")]
            assert "".join(words) == "All right."
        finally:
            gate.set()
        done = await talk.until("response.done")
        assert types(talk.log).count("response.audio.delta") == 2
        assert done["response"]["output"][0]["content"][0]["transcript"] == "All right."


async def test_a_sentence_without_sound_still_has_its_words(serve: Serve) -> None:
    mind = ScriptedMind([Say("...")])
    async with serve(parts(speaker=SilentSpeaker(), mind=mind)) as url, talking(url) as talk:
        await ask(talk, "Hello.")
        done = await talk.until("response.done")
        assert done["response"]["output"][0]["content"][0]["transcript"] == "..."


async def test_speech_breaks_into_a_reply_that_is_still_being_sent(serve: Serve) -> None:
    """At four times real time, twenty seconds of speech leave five to interrupt it."""
    mind = ScriptedMind([Say("word " * 80)])
    async with serve(parts(mind=mind), audio_speed=4.0) as url, talking(url, phone_session()) as talk:
        await ask(talk, "Tell me a long story.")
        await talk.until("response.audio.delta")
        await talk.hear(tone(600))
        done = await talk.until("response.done")
        assert done["response"]["status_details"] == {"type": "cancelled", "reason": "turn_detected"}


async def test_truncate_delete_and_retrieve(serve: Serve) -> None:
    mind = ScriptedMind([Say("One two three four.")])
    async with serve(parts(mind=mind)) as url, talking(url, phone_session()) as talk:
        await ask(talk, "Count.")
        item_id = (await talk.until("response.output_item.done"))["item"]["id"]
        items = talk.client.conversation.item
        await items.truncate(item_id=item_id, content_index=0, audio_end_ms=400)
        assert (await talk.until("conversation.item.truncated"))["audio_end_ms"] == 400
        await items.retrieve(item_id=item_id)
        retrieved = await talk.until("conversation.item.retrieved")
        assert retrieved["item"]["content"][0]["transcript"] == "One two"
        await items.delete(item_id=item_id)
        await talk.until("conversation.item.deleted")


async def test_errors_leave_the_session_open(serve: Serve) -> None:
    async with serve() as url, talking(url) as talk:
        await talk.client.response.cancel(event_id="event_mine")
        error = (await talk.until("error"))["error"]
        assert (error["code"], error["event_id"]) == ("response_cancel_not_active", "event_mine")
        await talk.client.output_audio_buffer.clear()
        assert (await talk.until("error"))["error"]["code"] == "avatar_not_configured"
        await talk.client.input_audio_buffer.commit()
        assert (await talk.until("error"))["error"]["code"] == "input_audio_buffer_commit_empty"
        await ask(talk, "Still there?")
        await talk.until("response.done")


async def test_a_spoken_turn_with_the_real_parts(serve: Serve, real_parts: Parts) -> None:
    """Real speech in, recognized and answered with real speech; every frame fits the library's models."""
    question = b"".join(real_parts.speaker.stream("Hello, can you help me?", voice="bright"))
    async with serve(real_parts) as url, talking(url, phone_session()) as talk:
        await talk.hear(silence(500) + question + silence(900))
        completed = await talk.until("conversation.item.input_audio_transcription.completed")
        done = await talk.until("response.done")
        assert "help" in completed["transcript"].lower()
        assert done["response"]["output"][0]["content"][0]["transcript"]
        names = squeeze(types(talk.log))
        assert names.index("input_audio_buffer.speech_stopped") < names.index("response.created")
        assert "response.audio.delta" in names


async def test_five_callers_at_once_each_get_their_own_answer(serve: Serve, real_parts: Parts) -> None:
    """Real speech on five lines at the same time, each about another city, each with its own tool call."""
    cities = ["London", "Paris", "Madrid", "Berlin", "Chicago"]

    async def ask_about(url: str, city: str) -> str:
        question = b"".join(real_parts.speaker.stream(f"What is the weather in {city}?", voice="low"))
        async with talking(url, phone_session(tools=[WEATHER])) as talk:
            await talk.hear(silence(300) + question + silence(900))
            call = await talk.until("response.function_call_arguments.done")
            return str(json.loads(call["arguments"])["city"])

    async with serve(real_parts) as url:
        answers = await asyncio.gather(*(ask_about(url, city) for city in cities))
    assert answers == cities
