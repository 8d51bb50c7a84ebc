"""The sound of a call over the operator API: whole, in ranges, and only for those who may."""

from __future__ import annotations

import io
import json
import wave
from array import array
from collections.abc import Mapping
from typing import Any

import pytest

from control import operator_api_recording
from control.operator_services import operator_services
from control.services import services
from shared.calls import Call
from shared.g711 import LEVELS, RATE
from shared.tape_wav import size_of
from shared.tapes import PIECE
from tests.control.hosted_plane import OPERATOR_TOKEN, ControlPlane
from tests.control.operator_house import AGENT, CALLER, signed_in, taped
from tests.shared.call_makers import a_call


async def ask(
    control: ControlPlane, call: Call, *, path: str = "/recording", **headers: str
) -> tuple[int, bytes, Mapping[str, str]]:
    sent = {"Authorization": f"Bearer {OPERATOR_TOKEN}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    url = f"{control.url}/api/v1/calls/{call.id}{path}"
    async with control.http.get(url, headers=sent) as answer:
        return answer.status, await answer.read(), answer.headers


async def test_is_a_file_that_any_tool_plays(control: ControlPlane) -> None:
    status, body, headers = await ask(control, await taped())
    assert (status, headers["Content-Type"], headers["Accept-Ranges"]) == (200, "audio/wav", "bytes")
    assert headers["Cache-Control"] == "no-store"
    with wave.open(io.BytesIO(body)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, RATE, 2 * PIECE)
        sound = array("h", file.readframes(2 * PIECE))
    assert set(sound[0::2]) == {LEVELS[CALLER]}
    assert set(sound[1::2]) == {LEVELS[AGENT]}


async def test_comes_in_ranges_that_make_the_whole(control: ControlPlane) -> None:
    call = await taped()
    _, whole, headers = await ask(control, call)
    parts, at = b"", 0
    while at < len(whole):
        status, body, told = await ask(control, call, Range=f"bytes={at}-{at + 99_999}")
        assert status == 206
        assert told["Content-Range"] == f"bytes {at}-{at + len(body) - 1}/{len(whole)}"
        parts, at = parts + body, at + len(body)
    assert parts == whole
    # What somebody has a part of, and what is another file by now.
    status, _, _ = await ask(control, call, Range="bytes=5-", If_Range=headers["ETag"])
    assert status == 206
    status, _, _ = await ask(control, call, Range="bytes=5-", If_Range='"another"')
    assert status == 200


async def test_no_answer_is_too_large(control: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_api_recording, "MOST", 1000)
    call = await taped()
    status, body, _ = await ask(control, call)
    assert (status, json.loads(body)["field"]) == (413, "Range")
    status, body, headers = await ask(control, call, Range="bytes=0-")
    assert (status, len(body)) == (206, 1000)
    assert headers["Content-Range"] == f"bytes 0-999/{size_of(2 * PIECE)}"


async def test_a_range_behind_the_end_is_a_problem(control: ControlPlane) -> None:
    status, body, headers = await ask(control, await taped(), Range="bytes=99999999-")
    assert (status, json.loads(body)["type"]) == (416, "urn:tabletalk:problem:range_not_there")
    assert headers["Content-Range"] == f"bytes */{size_of(2 * PIECE)}"


async def test_the_call_says_what_there_is(control: ControlPlane) -> None:
    found = await detail(control, await taped())
    assert found["recording"] == {
        "refused": False,
        "began_at": found["recording"]["began_at"],
        "seconds": 10.0,
        "complete": True,
        "bytes": size_of(2 * PIECE),
    }
    assert found["actions"]["listen"] is True


async def test_the_call_says_that_something_is_missing(control: ControlPlane) -> None:
    """A bridge died: the time is the true one, and silent."""
    call = await taped(pieces=(0, 3))
    found = await detail(control, call)
    assert (found["recording"]["seconds"], found["recording"]["complete"]) == (20.0, False)
    _, body, _ = await ask(control, call)
    with wave.open(io.BytesIO(body)) as file:
        sound = array("h", file.readframes(file.getnframes()))
    middle = len(sound) // 2
    assert set(sound[middle - 1000 : middle + 1000]) == {0}


async def test_a_no_is_told_and_nothing_is_heard(control: ControlPlane) -> None:
    call = await taped()
    await operator_services().tapes.refuse(call.id, call.rang_at)
    found = await detail(control, call)
    assert (found["recording"]["refused"], found["recording"]["seconds"]) == (True, 0.0)
    assert found["actions"]["listen"] is False
    status, body, _ = await ask(control, call)
    assert (status, json.loads(body)["type"]) == (404, "urn:tabletalk:problem:no_recording")


async def test_a_live_call_is_not_listened_to(control: ControlPlane) -> None:
    call = await taped(ended=False, last=False)
    assert (await detail(control, call))["actions"]["listen"] is False
    status, body, _ = await ask(control, call)
    assert (status, json.loads(body)["type"]) == (409, "urn:tabletalk:problem:still_live")


async def test_a_call_that_nobody_asked_about_has_none(control: ControlPlane) -> None:
    call = a_call("silent")
    await services().line.calls.claim(call)
    assert (await detail(control, call))["recording"] is None


async def test_viewers_hear_nothing(control: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    """They see no words, so they hear none."""
    monkeypatch.setenv("OPERATOR_TOKEN", "")
    monkeypatch.setenv("OPERATOR_EASY_AUTH", "true")
    call = await taped()
    for role, heard in (("Tabletalk.Viewer", False), ("Tabletalk.Operator", True)):
        status, _, _ = await ask(control, call, **signed_in(role))
        assert status == (200 if heard else 403)
        _, body, _ = await ask(control, call, path="", **signed_in(role))
        assert json.loads(body)["actions"]["listen"] is heard


async def detail(control: ControlPlane, call: Call) -> dict[str, Any]:
    status, body, _ = await ask(control, call, path="")
    assert status == 200
    found: dict[str, Any] = json.loads(body)
    return found
