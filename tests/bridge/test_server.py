"""The bridge on real sockets: real tokens, real store, and a model that a test plays by hand."""

from __future__ import annotations

import asyncio
import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

import bridge.session_rules
from bridge.carriers.acs import AcsCarrier
from bridge.media_owner import MediaOwner
from bridge.server import BridgeServer
from bridge.services import Services
from shared.calls import CallEvent, EventKind, apply
from shared.settings import (
    StoreSettings,
)
from tests.bridge.stage import Stage, open_stage, soon
from tests.bridge.stand_ins import SECRET, Caller, call_record
from tests.shared.acs_server import AcsServer

READY = "ready, 0 of 3 calls; callers are not remembered, for CALLER_KEY is not set\n"


@pytest.fixture
async def stage(azurite: str, table_prefix: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(AcsCarrier, "quiet_seconds", 60.0)  # these callers send only what a test is about
    async with open_stage(azurite, table_prefix) as opened:
        yield opened


class TestCall:
    """A call from the greeting to the end."""

    async def test_greeting_both_ways_of_audio_and_barge_in(self, stage: Stage) -> None:
        call, caller = await stage.dial()
        session = await soon(stage.model.sessions.get())
        update = await soon(session.next("session.update"))
        assert update["session"]["tools"]
        greeting = await soon(session.next("response.create"))
        assert "pre_generated_assistant_message" in greeting["response"]

        heard = bytes(48_000)
        await session.speak("r1", "Hello, how can I help?", heard)
        frames = b""
        while len(frames) < len(heard):
            frame = await soon(caller.hears())
            frames += base64.b64decode(frame["AudioData"]["Data"])
        assert frames == heard

        said = base64.b64encode(bytes(range(240)) * 4).decode()
        await caller.say(said)
        assert await soon(session.audio.get()) == said

        await session.emit("input_audio_buffer.speech_started", item_id="c1", audio_start_ms=20)
        assert (await soon(caller.hears()))["Kind"] == "StopAudio"
        cut = await soon(session.received.get())
        assert cut["type"] in ("conversation.item.truncate", "conversation.item.delete")
        await caller.socket.close()
        await stage.hung_up(call)

    async def test_the_greeting_is_in_the_language_of_the_callers_number(self, stage: Stage) -> None:
        record = replace(call_record(1), caller="4:+4930555010")
        assert await stage.services.store.claim(record)
        caller = await Caller.dial(stage.url, record, stage.acs.token())
        session = await soon(stage.model.sessions.get())
        greeting = await soon(session.next("response.create"))
        [part] = greeting["response"]["pre_generated_assistant_message"]["content"]
        assert part["text"].startswith("Hallo, ")
        await caller.socket.close()
        await stage.hung_up(record)

    async def test_large_audio_is_split_into_packets_that_acs_takes(self, stage: Stage) -> None:
        """A delta of two seconds does not travel in one frame of 128 kB."""
        _, caller = await stage.dial()
        session = await soon(stage.model.sessions.get())
        await soon(session.next("response.create"))
        heard = bytes(index % 251 for index in range(96_000))
        await session.speak("r1", "Hello.", heard)
        frames = b""
        while len(frames) < len(heard):
            frame = await soon(caller.hears())
            assert len(json.dumps(frame)) < 64 * 1024
            piece = base64.b64decode(frame["AudioData"]["Data"])
            assert len(piece) % 2 == 0, "a sample was split"
            frames += piece
        assert frames == heard

    async def test_a_tool_runs_and_the_call_ends_with_its_goodbye(self, stage: Stage) -> None:
        """Turns, tool and end are in the store; the phone call is hung up by Call Automation."""
        call, caller, session = await stage.talk()
        await caller.say()
        await session.emit("input_audio_buffer.speech_started", item_id="c1", audio_start_ms=0)
        await session.emit("input_audio_buffer.speech_stopped", item_id="c1", audio_end_ms=900)
        transcript = {"item_id": "c1", "content_index": 0, "transcript": "That is all, bye."}
        await session.emit("conversation.item.input_audio_transcription.completed", **transcript)
        await session.speak("r1", "Goodbye.", bytes(960), calls=("end_call", "{}"))
        output = await soon(session.next("conversation.item.create"))
        assert output["item"]["type"] == "function_call_output"
        assert output["item"]["call_id"] == "call-r1"
        await stage.hung_up(call)
        await soon(caller.socket.wait_closed())
        turns = await stage.services.store.turns(call.id)
        assert [(turn.role, turn.text) for turn in turns[1:]] == [  # after the greeting
            ("caller", "That is all, bye."),
            ("agent", "Goodbye."),
        ]
        assert [run.name for run in await stage.services.store.tools(call.id)] == ["end_call"]
        record = await stage.services.store.get(call.id)
        assert record is not None
        assert record.media_connected_at is not None
        assert record.end_reason.startswith("hung_up")

    async def test_two_calls_do_not_share_a_word(self, stage: Stage) -> None:
        _, first, first_session = await stage.talk(1)
        _, second, second_session = await stage.talk(2)
        await first.say("AAAAAAAA")
        await second.say("BBBBBBBB")
        assert await soon(first_session.audio.get()) == "AAAAAAAA"
        assert await soon(second_session.audio.get()) == "BBBBBBBB"
        await second_session.speak("r1", "Hello second.", b"\x01\x02" * 10)
        heard = await soon(second.hears())
        assert base64.b64decode(heard["AudioData"]["Data"]) == b"\x01\x02" * 10
        await first.socket.close()
        with pytest.raises(ConnectionClosed):
            await first.hears()


class TestTrouble:
    """Nobody is left on a silent line."""

    async def test_voice_live_that_refuses_for_a_moment_is_asked_again(self, stage: Stage) -> None:
        stage.model.refusals.extend([HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE])
        await stage.dial()
        await soon(stage.model.sessions.get())
        assert stage.model.handshakes == 3

    async def test_voice_live_that_refuses_for_good_ends_the_call(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bridge.session_rules, "_GIVE_UP", 1.0)
        stage.model.refusals.extend([HTTPStatus.UNAUTHORIZED] * 20)
        call, caller = await stage.dial()
        await stage.hung_up(call)
        await soon(caller.socket.wait_closed())
        record = await stage.services.store.get(call.id)
        assert record is not None
        assert record.end_reason == "failed: voice_live"

    async def test_voice_live_that_goes_away_is_followed_by_another_session(self, stage: Stage) -> None:
        """The caller has heard the greeting, and does not hear it again."""
        _, caller, session = await stage.talk()
        await session.speak("r1", "There is Sakura House.", bytes(960))
        await soon(caller.hears())
        await session.socket.close(1011, "trouble")
        again = await soon(stage.model.sessions.get())
        assert (await soon(again.next("session.update")))["session"]["tools"]
        told = [(await soon(again.next("conversation.item.create")))["item"] for _ in range(2)]
        assert [item["content"][0]["text"] for item in told] == ["Hello.", "There is Sakura House."]
        await caller.say("AAAAAAAA")
        while await soon(again.audio.get()) != "AAAAAAAA":
            pass

    async def test_settings_that_are_refused_end_the_call(self, stage: Stage) -> None:
        stage.model.refuses_settings = True
        call, _ = await stage.dial()
        await stage.hung_up(call)

    async def test_frames_that_cannot_be_read_do_no_harm(self, stage: Stage) -> None:
        _, caller, session = await stage.talk()
        await caller.socket.send("this is not JSON")
        await caller.socket.send(b"\x00\xff")
        await caller.send({"kind": "Unheard"})
        await caller.say("AAAAAAAA")
        assert await soon(session.audio.get()) == "AAAAAAAA"

    async def test_a_flood_of_them_ends_its_own_call(self, stage: Stage) -> None:
        call, caller = await stage.dial()
        await soon(stage.model.sessions.get())
        for _ in range(60):
            await caller.socket.send("garbage")
        await stage.hung_up(call)

    async def test_a_huge_frame_ends_its_own_call_only(self, stage: Stage) -> None:
        _, victim, victim_session = await stage.talk(1)
        call, attacker = await stage.dial(2)
        await soon(stage.model.sessions.get())
        await attacker.socket.send("x" * 1_000_000)
        await stage.hung_up(call)
        await victim.say("AAAAAAAA")
        assert await soon(victim_session.audio.get()) == "AAAAAAAA"

    async def test_another_media_format_is_not_played(self, stage: Stage) -> None:
        """16 kHz audio taken for 24 kHz would be noise."""
        record = await stage.call()
        headers = {"Authorization": f"Bearer {stage.acs.token()}"}
        async with connect(
            f"{stage.url}/acs/{record.id}/{SECRET}", additional_headers=headers, proxy=None
        ) as socket:
            metadata = {"kind": "AudioMetadata", "audioMetadata": {"sampleRate": 16_000, "channels": 1}}
            await socket.send(json.dumps(metadata))
            await stage.hung_up(record)


class TestHandshake:
    """Who may bring audio for a call."""

    async def _refused(self, stage: Stage, path: str, token: str | None) -> int:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{stage.url}{path}", additional_headers=headers, proxy=None)
        return refused.value.response.status_code

    async def test_needs_a_token_of_acs(self, stage: Stage) -> None:
        call = await stage.call()
        path = f"/acs/{call.id}/{SECRET}"
        stranger = AcsServer().token()
        assert await self._refused(stage, path, None) == 401
        assert await self._refused(stage, path, "not.a.token") == 401
        assert await self._refused(stage, path, stranger) == 401
        assert await self._refused(stage, path, stage.acs.token(exp=time.time() - 3600)) == 401
        assert await self._refused(stage, path, stage.acs.token(aud="another-resource")) == 401
        assert await self._refused(stage, path, stage.acs.token(iss="https://elsewhere")) == 401

    async def test_needs_the_secret_of_the_call(self, stage: Stage) -> None:
        call, token = await stage.call(), stage.acs.token()
        other = call_record(99)
        assert await self._refused(stage, f"/acs/{call.id}/wrong", token) == 403
        assert await self._refused(stage, f"/acs/{other.id}/{SECRET}", token) == 403

    async def test_a_path_that_names_no_call(self, stage: Stage) -> None:
        token = stage.acs.token()
        for path in (
            "/",
            "/acs",
            "/acs/x/y",
            "/other/20261122-00000000-0123456789abcdef/s",
            "/acs/../../etc",
        ):
            assert await self._refused(stage, path, token) == 404

    async def test_an_ended_call_takes_no_more_audio(self, stage: Stage) -> None:
        call = await stage.call()
        ended = CallEvent(EventKind.DISCONNECTED, datetime.now(UTC))
        await stage.services.store.update(call.id, lambda record: apply(record, ended))
        assert await self._refused(stage, f"/acs/{call.id}/{SECRET}", stage.acs.token()) == 410

    async def test_one_media_socket_a_call(self, stage: Stage) -> None:
        call, _ = await stage.dial()
        await soon(stage.model.sessions.get())
        assert await self._refused(stage, f"/acs/{call.id}/{SECRET}", stage.acs.token()) == 503

    async def test_a_full_bridge_refuses(self, stage: Stage) -> None:
        for number in range(stage.services.settings.max_calls):
            await stage.dial(number)
            await soon(stage.model.sessions.get())
        call = await stage.call(9)
        assert await self._refused(stage, f"/acs/{call.id}/{SECRET}", stage.acs.token()) == 503

    async def test_a_full_bridge_takes_the_calls_of_one_that_has_died(self, stage: Stage) -> None:
        """Twice as many as it may hold, and no more."""
        most = stage.services.settings.max_calls
        for number in range(most):
            await stage.dial(number)
            await soon(stage.model.sessions.get())
        for number in range(most + 1):
            call = await stage.call(most + number)
            await MediaOwner(stage.services.store, call.id, "the-dead", 0).take()
            begun = CallEvent(EventKind.MEDIA_CONNECTED, datetime.now(UTC))
            await stage.services.store.update(call.id, partial(apply, event=begun))
            if number < most:
                await Caller.dial(stage.url, call, stage.acs.token())
                await soon(stage.model.sessions.get())
            else:
                assert await self._refused(stage, f"/acs/{call.id}/{SECRET}", stage.acs.token()) == 503

    async def test_a_phone_call_is_not_taken_by_its_secret_alone(self, stage: Stage) -> None:
        """The secret stands in URLs; without the token of ACS it opens nothing."""
        call = await stage.call()
        assert await self._refused(stage, f"/browser/{call.id}/{SECRET}", None) == 403


class TestHealth:
    """What an orchestrator asks."""

    async def _get(self, stage: Stage, path: str) -> tuple[int, str]:
        url = f"http{stage.url.removeprefix('ws')}{path}"

        def get() -> tuple[int, str]:
            try:
                with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - our own server
                    return response.status, response.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode()

        return await asyncio.to_thread(get)

    async def test_healthy_and_ready(self, stage: Stage) -> None:
        assert await self._get(stage, "/healthz") == (200, "ok\n")
        assert await self._get(stage, "/readyz") == (200, READY)

    async def test_not_ready_without_the_store(self, stage: Stage) -> None:
        nowhere = (
            "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;"
        )
        settings = replace(stage.services.settings, store=StoreSettings(nowhere, None, ""))
        async with Services.open(settings) as services:
            server = BridgeServer(services)
            lost = replace(stage, url=f"ws://127.0.0.1:{await server.start()}")
            status, text = await self._get(lost, "/readyz")
            assert (status, text.partition(":")[0]) == (503, "store")
            assert (await self._get(lost, "/healthz"))[0] == 200
            await server.drain(0)


class TestDrain:
    """SIGTERM: no new calls, running ones end by themselves."""

    async def test_running_calls_go_on_and_new_ones_are_refused(self, stage: Stage) -> None:
        _, caller, session = await stage.talk()
        draining = asyncio.create_task(stage.server.drain(20))
        await asyncio.sleep(0)
        with pytest.raises((InvalidStatus, OSError)):
            await connect(f"{stage.url}/acs/x", proxy=None)
        await caller.say("AAAAAAAA")
        assert await soon(session.audio.get()) == "AAAAAAAA"
        await caller.socket.close()
        await soon(draining)
        assert stage.server.live_calls == 0
