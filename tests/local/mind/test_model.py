"""The mind that asks a language model, against a small endpoint in the test."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from local.serving import listening
from local.voice_live.mind import CallFunction, ModelMind, PolicyMind, Say, make_mind
from local.voice_live.mind.model import chat_request, read_answer
from local.voice_live.mind.wording import CANNOT_THINK
from tests.local.mind.world import TOOLS, assistant, system, user

ITEMS: list[dict[str, Any]] = [
    system("Be brief."),
    user("A table please"),
    {
        "type": "function_call",
        "call_id": "c1",
        "name": "find_restaurants",
        "arguments": '{"cuisine": "thai"}',
    },
    {"type": "function_call", "call_id": "c2", "name": "find_restaurants", "arguments": ""},
    {"type": "function_call_output", "call_id": "c1", "output": '{"spoken": "One."}'},
    {"type": "function_call_output", "call_id": "c2", "output": "none"},
    assistant("There is one."),
    {"type": "message", "role": "user", "content": [{"type": "input_audio", "transcript": None}]},
]


class Endpoint:
    """Gives the prepared answers one after the other and keeps what it was asked."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.headers.append(dict(request.headers))
        answer = self.answers.pop(0)
        if isinstance(answer, int):
            return web.Response(status=answer)
        if isinstance(answer, asyncio.Event):
            await answer.wait()
        if isinstance(answer, str):
            return web.Response(text=answer)
        return web.json_response(answer)


@asynccontextmanager
async def serving(*answers: object) -> AsyncIterator[Endpoint]:
    """An endpoint on a free port."""
    endpoint = Endpoint(*answers)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", endpoint.handle)
    async with listening(app) as url:
        endpoint.url = f"{url}/v1"
        yield endpoint


def answer(content: str | None = None, *calls: tuple[str, str]) -> dict[str, Any]:
    """A chat completions response."""
    tool_calls = [{"id": "x", "type": "function", "function": {"name": n, "arguments": a}} for n, a in calls]
    message = {"role": "assistant", "content": content} | ({"tool_calls": tool_calls} if calls else {})
    return {"id": "1", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


async def test_words_and_calls_come_back_as_outputs() -> None:
    """Text becomes a reply, tool calls become function calls with their arguments as objects."""
    async with serving(
        answer(" One moment. ", ("book_table", '{"party_size": 4}'), ("end_call", ""))
    ) as endpoint:
        outputs = await ModelMind(endpoint.url, "tiny", "key").think("Be kind.", TOOLS, ITEMS)
    assert outputs == [
        Say("One moment."),
        CallFunction("book_table", {"party_size": 4}),
        CallFunction("end_call", {}),
    ]
    assert endpoint.headers[0]["Authorization"] == "Bearer key"
    assert endpoint.bodies[0]["model"] == "tiny"


def test_the_request_holds_the_whole_conversation() -> None:
    """Items become messages in order, parallel calls stand in one message, empty ones are left out."""
    body = chat_request("tiny", "Be kind.", TOOLS, ITEMS, "auto")
    assert [message["role"] for message in body["messages"]] == [
        "system", "system", "user", "assistant", "tool", "tool", "assistant",
    ]  # fmt: skip
    assert [call["id"] for call in body["messages"][3]["tool_calls"]] == ["c1", "c2"]
    assert body["messages"][3]["tool_calls"][1]["function"]["arguments"] == "{}"
    assert body["tools"][0]["function"]["name"] == "find_restaurants"
    assert body["tool_choice"] == "auto"
    named = chat_request("tiny", "", TOOLS, [], {"type": "function", "name": "end_call"})
    assert named["tool_choice"] == {"type": "function", "function": {"name": "end_call"}}
    assert "tools" not in chat_request("tiny", "", [], [], "auto")


@pytest.mark.parametrize("first", [500, 429, "no json", answer("")], ids=["500", "429", "no json", "empty"])
async def test_one_retry_helps(first: object) -> None:
    """Trouble that may pass is tried once more."""
    async with serving(first, answer("Here.")) as endpoint:
        assert await ModelMind(endpoint.url, "tiny").think("", [], ITEMS) == [Say("Here.")]
    assert len(endpoint.bodies) == 2


@pytest.mark.parametrize("bad", [400, 401, {"choices": []}, {"error": "x"}, {"choices": [{"message": 5}]}])
async def test_lasting_trouble_is_said_at_once(bad: object) -> None:
    """A refusal or an answer of another shape is not asked for again; the caller hears a sentence."""
    async with serving(bad) as endpoint:
        assert await ModelMind(endpoint.url, "tiny").think("", [], ITEMS) == [Say(CANNOT_THINK)]
    assert len(endpoint.bodies) == 1


async def test_two_failures_are_enough() -> None:
    """After the retry the caller hears that no answer came."""
    async with serving(503, 503, answer("late")) as endpoint:
        assert await ModelMind(endpoint.url, "tiny").think("", [], ITEMS) == [Say(CANNOT_THINK)]
    assert len(endpoint.bodies) == 2


async def test_a_silent_model_is_given_up() -> None:
    """The timeout ends the wait; the call goes on."""
    never = asyncio.Event()
    async with serving(never) as endpoint:
        assert await ModelMind(endpoint.url, "tiny", timeout_s=0.05).think("", [], ITEMS) == [
            Say(CANNOT_THINK)
        ]
        never.set()


async def test_nobody_there(unused_port: Callable[[], int]) -> None:
    """A refused connection is said, too."""
    mind = ModelMind(f"http://127.0.0.1:{unused_port()}/v1", "tiny")
    assert await mind.think("", [], ITEMS) == [Say(CANNOT_THINK)]


@pytest.fixture
def unused_port() -> Callable[[], int]:
    """A port that nobody listens on."""

    def free() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return free


def test_the_environment_chooses_the_mind() -> None:
    """Without an address the policy thinks; with one, the model."""
    assert isinstance(make_mind({}), PolicyMind)
    assert isinstance(make_mind({"LOCAL_LLM_URL": " "}), PolicyMind)
    assert isinstance(
        make_mind({"LOCAL_LLM_URL": "http://127.0.0.1:1/v1", "LOCAL_LLM_MODEL": "tiny"}), ModelMind
    )


@pytest.mark.parametrize(("env", "part"), [
    ({"LOCAL_LLM_URL": "http://127.0.0.1:1"}, "LOCAL_LLM_MODEL: missing"),
    ({"LOCAL_LLM_URL": "ftp://x"}, "LOCAL_LLM_URL"),
])  # fmt: skip
def test_a_wrong_setting_is_named(env: dict[str, str], part: str) -> None:
    """The error names the variable and the fix."""
    with pytest.raises(ValueError, match=part):
        make_mind(env)


def test_arguments_that_are_no_json_become_empty() -> None:
    """A model that writes broken arguments gets the tool's own error, not an exception here."""
    body = json.dumps(answer(None, ("book_table", "{broken")))
    assert read_answer(json.loads(body)) == [CallFunction("book_table", {})]
