"""A client that asks for every reply itself: `create_response` and `interrupt_response` are off."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from local.speech.audio import FloatAudio
from local.speech.transcript import Transcript
from local.voice_live.admission import FoundryAgent
from local.voice_live.mind.outputs import Say
from local.voice_live.outbox import Recognize, Speak, Think
from local.voice_live.seams import Parts, Recognizer
from tests.local.voice_live.conftest import Serve
from tests.local.voice_live.doubles import (
    Bench,
    Event,
    ScriptedMind,
    ScriptedRecognizer,
    silence,
    tone,
    types,
)
from tests.local.voice_live.talk import Talk, talking

SETTINGS: dict[str, Any] = {
    "modalities": ["text", "audio"],
    "turn_detection": {
        "type": "azure_semantic_vad_multilingual",
        "create_response": False,
        "interrupt_response": False,
    },
    "input_audio_transcription": {"model": "azure-speech"},
}
TRANSCRIPTION = "conversation.item.input_audio_transcription"
READS, HEARS = "gpt-4.1", "gpt-realtime"
"""A model that is given the transcript, and one that listens by itself."""
STORY = (
    "There are three places that would suit you tonight. The first is Golden Lotus on Station Road, which is "
    "open until eleven. The second is Tokyo Corner by the river, which has a terrace. The third is "
    "Casa Verde, where a table is free from seven until nine."
)


def fixed(text: str) -> dict[str, Any]:
    """The `response` of words that the client wrote itself."""
    message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": text}]}
    return {"pre_generated_assistant_message": message}


def led(target: str | FoundryAgent = READS, **options: Any) -> Bench:
    bench = Bench(target=target, by_hand=True, **options)
    bench.update(**SETTINGS)
    return bench


def finish(bench: Bench) -> None:
    while bench.waiting:
        bench.work()


class TestReplies:
    def test_a_reply_asked_for_at_the_end_of_speech_waits_for_its_words(self) -> None:
        bench = led(recognizer=ScriptedRecognizer("a table for two"))
        bench.hear(tone(350), silence(700))
        assert types(bench.log)[-1] == "conversation.item.done"
        bench.send("response.create")
        assert not [effect for effect in bench.waiting if isinstance(effect, Think)]
        finish(bench)
        assert bench.mind.asked[-1][-1]["content"] == [
            {"type": "input_audio", "transcript": "a table for two"}
        ]
        assert bench.last("response.done")["response"]["status"] == "completed"

    def test_fixed_words_wait_for_nobodys_words(self) -> None:
        bench = led()
        bench.hear(tone(350), silence(700))
        bench.send("response.create", response=fixed("One moment."))
        bench.work(Speak)
        assert bench.last("response.audio_transcript.delta")["response_id"]
        assert [effect for effect in bench.waiting if isinstance(effect, Recognize)]

    def test_fixed_words_are_refused_while_a_reply_is_given(self) -> None:
        bench = led()
        bench.send("response.create")
        bench.send("response.create", event_id="filler", response=fixed("One moment."))
        error = bench.last("error")["error"]
        assert (error["code"], error["event_id"]) == ("conversation_already_has_active_response", "filler")
        finish(bench)
        assert [event["response"]["status"] for event in bench.only("response.done")] == ["completed"]

    def test_a_reply_that_is_done_cannot_be_cancelled(self) -> None:
        bench = led()
        response_id = bench.send("response.create")[0]["response"]["id"]
        finish(bench)
        bench.send("response.cancel", event_id="late", response_id=response_id)
        error = bench.last("error")["error"]
        assert (error["code"], error["event_id"]) == ("response_cancel_not_active", "late")
        bench.send("response.create")
        finish(bench)
        assert len(bench.only("response.done")) == 2

    def test_a_reply_cancelled_while_it_waits_for_words_says_nothing(self) -> None:
        bench = led()
        bench.hear(tone(350), silence(700))
        bench.send("response.create")
        bench.send("response.cancel")
        finish(bench)
        response = bench.last("response.done")["response"]
        assert (response["status"], response["output"]) == ("cancelled", [])
        assert bench.only(f"{TRANSCRIPTION}.completed") != []
        assert bench.mind.asked == []

    def test_a_cancelled_reply_has_its_cost_too(self) -> None:
        bench = led(mind=ScriptedMind([Say("One two three four.")]))
        bench.send("response.create")
        bench.work(Think)
        bench.work(Speak)
        bench.send("response.cancel")
        assert bench.last("response.done")["response"]["usage"]["output_tokens"] > 0

    def test_speech_over_a_reply_is_heard_and_stops_nothing(self) -> None:
        script = ScriptedRecognizer("I", "I like", "I like a", "I like a table", "I like a table for two")
        bench = led(recognizer=script, mind=ScriptedMind([Say("One two three.")]))
        bench.send("response.create")
        bench.work(Think)
        for _ in range(10):
            bench.hear(tone(300))
            bench.understand()
        assert bench.only(f"{TRANSCRIPTION}.delta") != []
        assert bench.only("input_audio_buffer.speech_stopped") == bench.only("response.done") == []
        finish(bench)
        assert bench.last("response.done")["response"]["status"] == "completed"


class TestTranscripts:
    @pytest.mark.parametrize(("target", "told"), [(READS, 1), (HEARS, 0)])
    def test_a_model_that_reads_needs_the_words_first(self, target: str, told: int) -> None:
        """One that hears answers before they are known to the client."""
        bench = led(target)
        bench.hear(tone(350), silence(700))
        bench.send("response.create")
        bench.understand()
        assert len(bench.only(f"{TRANSCRIPTION}.completed")) == told
        finish(bench)
        assert len(bench.only(f"{TRANSCRIPTION}.completed")) == 1

    @pytest.mark.parametrize("target", [READS, HEARS])
    def test_words_over_a_reply_that_is_still_thought_about_are_told_at_once(self, target: str) -> None:
        bench = led(target)
        bench.send("response.create")
        bench.hear(tone(350), silence(700))
        bench.understand()
        assert bench.only(f"{TRANSCRIPTION}.completed") != []
        assert bench.only("response.done") == []

    def test_a_dropped_partial_result_is_asked_for_again_soon(self) -> None:
        bench = led()
        while not bench.waiting:
            bench.hear(tone(20))
        [first] = bench.waiting
        bench.waiting.clear()
        assert isinstance(first, Recognize)
        bench.session.recognized(first.job, None)
        bench.hear(tone(128))
        assert [type(effect) for effect in bench.waiting] == [Recognize]

    def test_words_are_told_in_the_silence_before_it_ends_the_turn(self) -> None:
        """Too short for partial results while it lasts; a client need not wait for the whole silence."""
        bench = led(recognizer=ScriptedRecognizer("Wait."))
        bench.hear(tone(350))
        bench.understand()
        bench.hear(silence(250))
        bench.understand()
        assert [event["delta"] for event in bench.only(f"{TRANSCRIPTION}.delta")] == ["Wait."]
        assert bench.only("input_audio_buffer.speech_stopped") == []

    def test_an_item_deleted_while_it_is_recognized(self) -> None:
        """The reply goes on without it; the client is told the words all the same."""
        bench = led(recognizer=ScriptedRecognizer("mm-hm"))
        bench.say("tell me more")
        bench.hear(tone(350), silence(700))
        bench.send("response.create")
        item_id = bench.last("input_audio_buffer.committed")["item_id"]
        assert types(bench.send("conversation.item.delete", item_id=item_id)) == ["conversation.item.deleted"]
        bench.work(Think)
        assert [item["role"] for item in bench.mind.asked[-1]] == ["user"]
        bench.understand()
        completed = bench.last(f"{TRANSCRIPTION}.completed")
        assert (completed["item_id"], completed["transcript"]) == (item_id, "mm-hm")
        bench.send("conversation.item.retrieve", item_id=item_id)
        assert bench.last("error")["error"]["code"] == "item_retrieve_invalid_item_id"


def test_the_end_of_the_session_is_known_from_its_beginning() -> None:
    bench = led()
    ends = [bench.only(f"session.{kind}")[0]["session"]["expires_at"] for kind in ("created", "updated")]
    assert ends == [bench.now + 3600] * 2


@contextlib.asynccontextmanager
async def reading(talk: Talk) -> AsyncIterator[None]:
    """Reads what comes while the body runs, until the transcript of the next turn."""
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(talk.until(f"{TRANSCRIPTION}.completed"))
        yield


class HeldRecognizer:
    """The real one, whose results of whole turns are held back until `gate` is set."""

    def __init__(self, real: Recognizer, gate: threading.Event) -> None:
        self._real = real
        self._gate = gate

    def transcribe(
        self, audio_16k: FloatAudio, phrases: Sequence[str] = (), beam: int = 8, asked: str = ""
    ) -> Transcript:
        transcript = self._real.transcribe(audio_16k, phrases, beam, asked)
        if beam > 1:
            self._gate.wait(timeout=30)
        return transcript


def said(real: Parts, text: str) -> bytes:
    return silence(300) + b"".join(real.speaker.stream(text, voice="bright")) + silence(900)


def names_until(log: list[Event], last: str) -> list[str]:
    """The types of the events before the first of type `last`."""
    names = types(log)
    return names[: names.index(last)]


class TestRealAudio:
    async def test_words_come_during_speech_over_a_reply(self, serve: Serve, real_parts: Parts) -> None:
        speech = said(real_parts, "No, wait, I would rather have Italian food tonight.")
        async with serve(real_parts, audio_speed=2.0) as url, talking(url, SETTINGS) as talk:
            await talk.client.response.create(response=fixed(STORY))
            await talk.until("response.audio.delta")
            async with reading(talk):
                await talk.hear(speech, real_time=True)
            before = names_until(talk.log, "input_audio_buffer.speech_stopped")
            assert before.count(f"{TRANSCRIPTION}.delta") >= 2
            if "response.done" not in types(talk.log):
                await talk.until("response.done")
            assert talk.first("response.done")["response"]["status"] == "completed"

    async def test_a_reply_asked_for_before_the_words_are_known_answers_them(
        self, serve: Serve, real_parts: Parts
    ) -> None:
        mind, gate = ScriptedMind([Say("Sushi, then.")]), threading.Event()
        held = replace(real_parts, recognizer=HeldRecognizer(real_parts.recognizer, gate), mind=mind)
        async with serve(held) as url, talking(url, SETTINGS, model=READS) as talk:
            await talk.hear(said(real_parts, "I feel like sushi tonight."))
            await talk.until("input_audio_buffer.committed")
            await talk.client.response.create()
            await talk.until("response.created")
            gate.set()
            done = await talk.until("response.done")
            assert "sushi" in mind.asked[-1][-1]["content"][0]["transcript"].lower()
            assert done["response"]["output"][0]["content"][0]["transcript"] == "Sushi, then."
            assert f"{TRANSCRIPTION}.completed" in names_until(talk.log, "response.audio.delta")

    async def test_a_backchannel_deleted_before_it_is_understood_is_forgotten(
        self, serve: Serve, real_parts: Parts
    ) -> None:
        mind, gate = ScriptedMind(), threading.Event()
        held = replace(real_parts, recognizer=HeldRecognizer(real_parts.recognizer, gate), mind=mind)
        async with serve(held) as url, talking(url, SETTINGS, model=READS) as talk:
            await talk.hear(said(real_parts, "Okay."))
            item_id = (await talk.until("input_audio_buffer.committed"))["item_id"]
            await talk.client.conversation.item.delete(item_id=item_id)
            await talk.until("conversation.item.deleted")
            await talk.client.response.create()
            await talk.until("response.done")
            assert mind.asked == [[]]
            gate.set()
            assert (await talk.until(f"{TRANSCRIPTION}.completed"))["transcript"] == "Okay."
