"""A session with an agent of a Foundry project in place of a model."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from azure.ai.voicelive.aio import ConnectionError as SdkConnectionError
from azure.ai.voicelive.aio import connect
from azure.core.credentials import AccessToken, AzureKeyCredential

from local.voice_live.admission import FoundryAgent
from tests.local.voice_live.conftest import Serve
from tests.local.voice_live.doubles import Bench, ScriptedMind, parts
from tests.local.voice_live.talk import Talk

AGENT = FoundryAgent("host", "tables")
TOOL = {"type": "function", "name": "find", "description": "d", "parameters": {"type": "object"}}


class Identity:
    """An Entra identity: every token is for the audience of its scope."""

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        expires = int(time.time()) + 600
        claims = {"aud": scopes[0].removesuffix("/.default"), "exp": expires}
        return AccessToken(jwt.encode(claims, "made up, and long enough to sign with it"), expires)

    async def close(self) -> None:
        pass

    async def __aenter__(self) -> Identity:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


async def test_through_the_client_library(serve: Serve) -> None:
    mind = ScriptedMind()
    async with (
        serve(parts(mind=mind)) as url,
        connect(credential=Identity(), endpoint=url, agent_name="host", project_name="tables") as client,
    ):
        talk = Talk(client)
        created = await talk.until("session.created")
        assert created["session"]["agent"]["name"] == "host"
        await client.response.create()
        assert (await talk.until("response.done"))["response"]["status"] == "completed"
        assert mind.instructions == [""]


async def test_a_key_opens_no_session_with_an_agent(serve: Serve) -> None:
    key = AzureKeyCredential("any")
    async with serve() as url:
        with pytest.raises(SdkConnectionError, match="401"):
            async with connect(credential=key, endpoint=url, agent_name="host", project_name="tables"):
                pass


def test_the_session_shows_the_agent_and_no_model() -> None:
    session = Bench(target=AGENT).last("session.created")["session"]
    assert session["agent"] == {
        "type": "agent",
        "name": "host",
        "description": None,
        "agent_id": "host:1",
        "thread_id": "thread_tables",
    }
    assert not {"model", "instructions"} & session.keys()


def test_voice_turns_and_tools_are_the_sessions_own() -> None:
    bench = Bench(target=AGENT)
    bench.update(voice="echo", turn_detection={"type": "azure_semantic_vad"}, tools=[TOOL])
    session = bench.last("session.updated")["session"]
    assert (session["voice"]["name"], session["tools"]) == ("echo", [TOOL])


@pytest.mark.parametrize("field", ["instructions", "model"])
def test_what_the_agent_knows_itself_is_refused(field: str) -> None:
    bench = Bench(target=AGENT)
    bench.update(**{field: "gpt-4.1"})
    assert bench.last("error")["error"]["param"] == f"session.{field}"
    assert bench.only("session.updated") == []
