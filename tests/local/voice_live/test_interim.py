"""Interim responses: words for a wait, said by the service when thinking takes long."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from local.voice_live.admission import FoundryAgent
from local.voice_live.faults import Faults
from local.voice_live.mind.outputs import CallFunction, Output, Say
from local.voice_live.outbox import Speak, Think
from tests.local.voice_live.conftest import Serve
from tests.local.voice_live.doubles import Bench, ScriptedMind, parts
from tests.local.voice_live.talk import talking

VOICE = {"type": "azure-standard", "name": "en-US-Ava:DragonHDLatestNeural"}


def static(**more: Any) -> dict[str, Any]:
    return {"type": "static_interim_response", "texts": ["One moment.", "Let me see."], **more}


def bench_with(interim: dict[str, Any] | None, *outputs: Output) -> Bench:
    """A session with a model that reads; the mind gives these outputs."""
    mind = ScriptedMind(outputs or [Say("Here you are.")])
    bench = Bench(target="gpt-4.1", mind=mind, by_hand=True)
    bench.update(voice=VOICE, interim_response=interim)
    return bench


def spoken(bench: Bench) -> list[str]:
    output = bench.last("response.done")["response"]["output"]
    return [part["transcript"] for item in output if "content" in item for part in item["content"]]


def finish(bench: Bench) -> None:
    while bench.waiting:
        bench.work()


def test_it_is_shown_with_its_defaults() -> None:
    shown = bench_with(static()).last("session.updated")["session"]["interim_response"]
    assert shown == static(triggers=["latency"], latency_threshold_ms=2000)


def test_it_is_said_when_thinking_takes_long_and_the_reply_follows_it() -> None:
    bench = bench_with(static(latency_threshold_ms=800))
    response_id = bench.send("response.create")[0]["response"]["id"]
    [thinking] = bench.waiting
    assert isinstance(thinking, Think)
    assert thinking.patience_ms == 800
    bench.overdue(response_id)
    bench.work(Speak)
    bench.work(Think)  # the answer is there before the interim words are spoken
    finish(bench)
    assert spoken(bench) == ["One moment.", "Here you are."]
    assert bench.only("error") == []


def test_the_reply_may_come_after_the_words_are_spoken() -> None:
    bench = bench_with(static())
    response_id = bench.send("response.create")[0]["response"]["id"]
    bench.overdue(response_id)
    while any(isinstance(effect, Speak) for effect in bench.waiting):
        bench.work(Speak)
    assert bench.only("response.done") == []
    finish(bench)
    assert spoken(bench) == ["One moment.", "Here you are."]


def test_a_call_waits_until_the_words_are_spoken() -> None:
    bench = bench_with(static(), CallFunction("find", {}))
    response_id = bench.send("response.create")[0]["response"]["id"]
    bench.overdue(response_id)
    bench.work(Think)
    finish(bench)
    assert [item["type"] for item in bench.last("response.done")["response"]["output"]] == [
        "message",
        "function_call",
    ]


def test_the_next_time_other_words_are_said() -> None:
    bench = bench_with(static())
    for _ in range(3):
        bench.overdue(bench.send("response.create")[0]["response"]["id"])
        finish(bench)
    said = [event["transcript"] for event in bench.only("response.audio_transcript.done")]
    assert said[::2] == ["One moment.", "Let me see.", "One moment."]


def test_too_late_is_too_late() -> None:
    bench = bench_with(static())
    response_id = bench.send("response.create")[0]["response"]["id"]
    bench.work(Think)
    bench.overdue(response_id)
    finish(bench)
    assert spoken(bench) == ["Here you are."]
    assert len(bench.only("response.output_item.added")) == 1


@pytest.mark.parametrize("interim", [None, static(triggers=["tool"]), {"type": "llm_interim_response"}])
def test_nothing_is_said_without_words_or_for_other_reasons(interim: dict[str, Any] | None) -> None:
    bench = bench_with(interim)
    bench.send("response.create")
    [thinking] = bench.waiting
    assert isinstance(thinking, Think)
    assert thinking.patience_ms is None


def test_a_response_may_have_its_own() -> None:
    bench = bench_with(None)
    bench.send("response.create", response={"interim_response": static(latency_threshold_ms=5)})
    [thinking] = bench.waiting
    assert isinstance(thinking, Think)
    assert thinking.patience_ms == 5


@pytest.mark.parametrize(
    ("target", "voice", "taken"),
    [
        ("gpt-4.1", VOICE, True),
        ("gpt-4.1", "alloy", False),
        ("gpt-realtime", VOICE, False),
        (FoundryAgent("host", "tables"), "alloy", True),
    ],
)
def test_it_needs_a_model_that_reads_and_an_azure_voice(
    target: str | FoundryAgent, voice: Any, taken: bool
) -> None:
    bench = Bench(target=target)
    bench.update(voice=voice, interim_response=static())
    errors = [event["error"]["param"] for event in bench.only("error")]
    assert errors == ([] if taken else ["session.interim_response"])


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"triggers": ["boredom"]}, "session.interim_response.triggers[0]"),
        ({"texts": []}, "session.interim_response.texts"),
        ({"type": "interim"}, "session.interim_response.type"),
    ],
)
def test_mistakes_are_named(change: dict[str, Any], param: str) -> None:
    bench = Bench(target="gpt-4.1")
    bench.update(voice=VOICE, interim_response=static() | change)
    assert bench.last("error")["error"]["param"] == param


async def test_over_a_socket_with_a_slow_mind(serve: Serve) -> None:
    session = {"voice": VOICE, "interim_response": static(latency_threshold_ms=0)}
    slow = Faults(response_latency_ms=200)
    async with serve(parts(), faults=slow) as url, talking(url, session, model="gpt-4.1") as talk:
        await talk.client.response.create()
        done = await talk.until("response.done")
        output = done["response"]["output"]
        assert [item["content"][0]["transcript"] for item in output] == ["One moment.", "All right."]


class StuckMind(ScriptedMind):
    """Thinks until it is told to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped = asyncio.Event()

    async def think(self, *_: object, **__: object) -> list[Output]:
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped.set()
        return []


async def test_a_cancelled_response_is_thought_about_no_longer(serve: Serve) -> None:
    session = {"voice": VOICE, "interim_response": static(latency_threshold_ms=0)}
    mind = StuckMind()
    async with serve(parts(mind=mind)) as url, talking(url, session, model="gpt-4.1") as talk:
        await talk.client.response.create()
        await talk.until("response.audio.done")
        await talk.client.response.cancel()
        assert (await talk.until("response.done"))["response"]["status"] == "cancelled"
        async with asyncio.timeout(10):
            await mind.stopped.wait()


async def test_words_of_the_client_are_not_thought_about(serve: Serve) -> None:
    """A slow mind does not hold up a filler, which is there because the mind is slow."""
    message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "One moment."}]}
    filler: dict[str, Any] = {"pre_generated_assistant_message": message}
    async with serve(parts(), faults=Faults(response_latency_ms=600_000)) as url, talking(url) as talk:
        await talk.client.send({"type": "response.create", "response": filler})
        assert (await talk.until("response.done"))["response"]["status"] == "completed"
