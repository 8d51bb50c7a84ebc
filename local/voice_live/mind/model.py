"""A mind that asks a language model behind an OpenAI-compatible chat completions endpoint."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import aiohttp
import msgspec

from local.voice_live.mind.outputs import CallFunction, Output, Say, ToolChoice
from local.voice_live.mind.policy import message_text, parse_arguments
from local.voice_live.mind.wording import CANNOT_THINK

TIMEOUT_S = 10.0
"""A caller hears nothing meanwhile; a slower answer is of no use."""
_ATTEMPTS = 2
_PAUSE_S = 0.2

logger = logging.getLogger(__name__)


class _NoAnswerError(Exception):
    """The endpoint gave nothing usable. `again` says whether a second attempt may help."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.again = again


class ModelMind:
    """Thinks with `model` at `url`, such as "http://127.0.0.1:11434/v1".

    On a failure the caller hears a sentence that says so, and the conversation goes on.
    """

    def __init__(self, url: str, model: str, key: str | None = None, *, timeout_s: float = TIMEOUT_S) -> None:
        trimmed = url.rstrip("/")
        self._url = trimmed if trimmed.endswith("/chat/completions") else f"{trimmed}/chat/completions"
        self._model = model
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def think(
        self,
        instructions: str,
        tools: Sequence[Mapping[str, Any]],
        items: Sequence[Mapping[str, Any]],
        tool_choice: ToolChoice = "auto",
    ) -> list[Output]:
        """See `Mind.think`."""
        request = chat_request(self._model, instructions, tools, items, tool_choice)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return read_answer(await self._post(request))
            except _NoAnswerError as error:
                logger.warning("model gave no answer: attempt=%d reason=%s", attempt, error)
                if not error.again:
                    break
            if attempt < _ATTEMPTS:
                await asyncio.sleep(_PAUSE_S)
        return [Say(CANNOT_THINK)]

    async def _post(self, request: dict[str, Any]) -> object:
        # A session for each reply: replies are seconds apart, and the mind owns nothing that must be closed.
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout, headers=self._headers) as session,
                session.post(self._url, json=request) as response,
            ):
                if response.status != 200:
                    busy = response.status == 429 or response.status >= 500
                    raise _NoAnswerError(f"status {response.status}", again=busy)
                return await response.json(content_type=None)
        except TimeoutError as error:
            raise _NoAnswerError("timeout", again=False) from error  # a second wait would lose the caller
        except (aiohttp.ClientError, ValueError) as error:
            raise _NoAnswerError(type(error).__name__, again=True) from error


def chat_request(
    model: str,
    instructions: str,
    tools: Sequence[Mapping[str, Any]],
    items: Sequence[Mapping[str, Any]],
    tool_choice: ToolChoice,
) -> dict[str, Any]:
    """The body of a chat completions request for a conversation."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": instructions}] if instructions else []
    for item in items:
        message = _message(item)
        if message is None:
            continue
        last = messages[-1] if messages else {}
        if message.get("tool_calls") and last.get("tool_calls"):
            last["tool_calls"] += message["tool_calls"]  # one assistant message holds all calls of a reply
        else:
            messages.append(message)
    request: dict[str, Any] = {"model": model, "messages": messages, "stream": False}
    functions = [_function(tool) for tool in tools if tool.get("name")]
    if functions:
        request["tools"] = functions
        named = tool_choice.get("name") if isinstance(tool_choice, Mapping) else None
        request["tool_choice"] = {"type": "function", "function": {"name": named}} if named else tool_choice
    return request


def _function(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A Voice Live function definition in the nested form of chat completions."""
    keys = ("name", "description", "parameters")
    return {"type": "function", "function": {key: tool[key] for key in keys if tool.get(key) is not None}}


def _message(item: Mapping[str, Any]) -> dict[str, Any] | None:
    match item.get("type"):
        case "message" if text := message_text(item):
            return {"role": str(item.get("role", "user")), "content": text}
        case "function_call":
            function = {"name": str(item.get("name")), "arguments": str(item.get("arguments") or "{}")}
            call = {"id": str(item.get("call_id")), "type": "function", "function": function}
            return {"role": "assistant", "content": None, "tool_calls": [call]}
        case "function_call_output":
            output = item.get("output")
            content = output if isinstance(output, str) else json.dumps(output)
            return {"role": "tool", "tool_call_id": str(item.get("call_id")), "content": content}
    return None


class _Function(msgspec.Struct):
    name: str
    arguments: str | dict[str, Any] = ""


class _Call(msgspec.Struct):
    function: _Function


class _Message(msgspec.Struct):
    content: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(msgspec.Struct):
    message: _Message


class _Completion(msgspec.Struct):
    choices: Annotated[list[_Choice], msgspec.Meta(min_length=1)]


def read_answer(body: object) -> list[Output]:
    """The outputs in a chat completions response.

    Raises:
        _NoAnswerError: the body is no such response, or says and calls nothing.
    """
    try:
        message = msgspec.convert(body, _Completion).choices[0].message
    except msgspec.ValidationError as error:
        raise _NoAnswerError("not a chat completion", again=False) from error
    outputs: list[Output] = (
        [Say(message.content.strip())] if message.content and message.content.strip() else []
    )
    called = [call.function for call in message.tool_calls or ()]
    outputs += [CallFunction(function.name, parse_arguments(function.arguments)) for function in called]
    if not outputs:
        raise _NoAnswerError("an empty reply", again=True)
    return outputs
