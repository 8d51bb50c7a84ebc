"""The host as a process, with an app that tells what it was given."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

ROOT = Path(__file__).parent.parent.parent.parent
SAMPLE_APP = Path(__file__).parent / "sample_app"
HOST_KEY, SYSTEM_KEY = "host key for tests", "system key for tests"
EVENT: dict[str, Any] = {
    "id": "e1",
    "eventType": "Sample",
    "subject": "s",
    "topic": "t",
    "dataVersion": "1.0",
}
CODE = {"validationCode": "512d38b6"}


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "local", "functions", "--port", "0", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def port_of(process: subprocess.Popen[str]) -> int:
    """Wait for the ready line."""
    assert process.stdout is not None
    line = process.stdout.readline()
    ready = json.loads(line or "null")
    assert ready is not None, process.communicate()[1]
    assert ready == {"ready": True, "service": "functions", "port": ready["port"]}
    return int(ready["port"])


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A host with the sample app, settings in a file, and small bodies."""
    app_dir = shutil.copytree(SAMPLE_APP, tmp_path_factory.mktemp("sample") / "app")
    values = {"FROM_FILE": "file", "FROM_BOTH": "file"}
    (app_dir / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    options = ("--app-dir", str(app_dir), "--host-key", HOST_KEY, "--system-key", SYSTEM_KEY)
    process = start(*options, "--body-limit", "2000", FROM_BOTH="set")
    try:
        yield f"http://127.0.0.1:{port_of(process)}"
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: Any

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Client:
    url: str
    session: aiohttp.ClientSession

    async def __call__(self, method: str, path: str, **options: Any) -> Answer:
        async with self.session.request(method, self.url + path, **options) as response:
            return Answer(response.status, await response.text(), response.headers.copy())

    async def webhook(self, body: Any, kind: str | None = "Notification", **query: str) -> Answer:
        query = {"functionName": "event_grid", "code": SYSTEM_KEY} | query
        headers = {} if kind is None else {"aeg-event-type": kind}
        return await self("POST", "/runtime/webhooks/EventGrid", params=query, headers=headers, json=body)

    async def seen(self) -> list[Any]:
        return list((await self("GET", "/base/seen")).json)


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        opened = Client(url, session)
        await opened.seen()  # forget what earlier tests left
        yield opened


def test_settings_of_the_developer_can_be_left_alone(tmp_path: Path) -> None:
    """A file that would stop the host is not even read."""
    app_dir = shutil.copytree(SAMPLE_APP, tmp_path / "app")
    (app_dir / "local.settings.json").write_text("no JSON")
    reading = start("--app-dir", str(app_dir))
    _, errors = reading.communicate(timeout=20)
    assert (reading.returncode, "local.settings.json" in errors) == (1, True)
    ignoring = start("--app-dir", str(app_dir), "--no-local-settings")
    port_of(ignoring)
    ignoring.terminate()
    _, errors = ignoring.communicate(timeout=20)
    assert ignoring.returncode == 0, errors


class TestHttp:
    async def test_the_function_gets_the_whole_request(self, client: Client) -> None:
        answer = await client(
            "POST",
            "/base/echo/alice?x=1&x=2&empty=",
            data="hello",
            headers={"X-Functions-Key": HOST_KEY, "X-One": "1"},
        )
        assert answer.status == 201
        assert answer.headers["Content-Type"] == "application/json"
        told = answer.json
        assert (told["method"], told["body"]) == ("POST", "hello")
        assert told["values"] == {"name": "alice"}
        assert told["query"] == {"x": "1,2"}
        assert told["headers"]["x-one"] == "1"
        assert told["url"] == f"{client.url}/base/echo/alice?x=1&x=2&empty="

    async def test_the_key_may_stand_in_the_query(self, client: Client) -> None:
        assert (await client("PUT", "/base/echo/a", params={"code": HOST_KEY})).status == 201

    @pytest.mark.parametrize("key", ["", "wrong", "é", SYSTEM_KEY])
    async def test_without_the_key(self, client: Client, key: str) -> None:
        assert (await client("POST", "/base/echo/a", params={"code": key})).status == 401

    async def test_admin_level_asks_for_a_key(self, client: Client) -> None:
        assert (await client("GET", "/base/admin_only")).status == 401
        answer = await client("GET", "/base/admin_only", headers={"x-functions-key": HOST_KEY})
        assert (answer.status, answer.text) == (200, "admin")

    async def test_a_literal_route_beats_a_value(self, client: Client) -> None:
        assert (await client("POST", "/base/echo/literal")).text == "literal"

    async def test_a_wrong_method_is_not_found(self, client: Client) -> None:
        """The host's method constraint: 404, not 405."""
        answer = await client("GET", "/base/echo/a", headers={"x-functions-key": HOST_KEY})
        assert answer.status == 404

    @pytest.mark.parametrize("path", ["/", "/api/seen", "/base/nothing", "/runtime/webhooks/Other"])
    async def test_nothing_there(self, client: Client, path: str) -> None:
        assert (await client("POST", path)).status == 404

    async def test_a_function_that_is_not_async(self, client: Client) -> None:
        assert (await client("GET", "/base/numbers/7")).json == {"n": "7"}
        assert (await client("GET", "/base/numbers/7/x")).json == {"n": "7", "rest": "x"}

    async def test_cookies_and_headers_come_back(self, client: Client) -> None:
        answer = await client("GET", "/base/cookies")
        assert answer.headers.getall("Set-Cookie") == ["a=1; Path=/", "b=2; HttpOnly"]
        assert answer.headers["x-sample"] == "1"

    async def test_a_failing_function_is_500_and_says_nothing(self, client: Client) -> None:
        answer = await client("GET", "/base/boom")
        assert (answer.status, answer.text) == (500, "")

    async def test_a_body_over_the_limit(self, client: Client) -> None:
        answer = await client("POST", "/base/echo/a", data=b"x" * 3000, params={"code": HOST_KEY})
        assert answer.status == 413

    async def test_a_chunked_body_arrives_empty(self, client: Client) -> None:
        """The host passes a body on only when Content-Length says there is one."""

        async def chunks() -> AsyncIterator[bytes]:
            yield b"hello"

        answer = await client("POST", "/base/echo/a", data=chunks(), params={"code": HOST_KEY})
        assert answer.json["body"] == ""

    async def test_settings_of_the_file_do_not_override(self, client: Client) -> None:
        assert (await client("GET", "/base/settings")).json == {"FROM_FILE": "file", "FROM_BOTH": "set"}


class TestEventGrid:
    async def test_validation(self, client: Client) -> None:
        answer = await client.webhook([EVENT | {"data": CODE}], "SubscriptionValidation")
        assert (answer.status, answer.json) == (200, {"validationResponse": "512d38b6"})

    async def test_validation_with_json_in_json(self, client: Client) -> None:
        event = EVENT | {"data": json.dumps(CODE)}
        answer = await client.webhook(event, "SubscriptionValidation")
        assert answer.json == {"validationResponse": "512d38b6"}

    async def test_one_run_for_each_event(self, client: Client) -> None:
        events = [EVENT | {"id": name, "data": {"n": name}} for name in ("a", "b")]
        assert (await client.webhook(events)).status == 202
        assert sorted(await client.seen()) == [
            ["EventGridEvent", "a", {"n": "a"}],
            ["EventGridEvent", "b", {"n": "b"}],
        ]

    async def test_a_cloud_event(self, client: Client) -> None:
        event = {"specversion": "1.0", "id": "c", "source": "s", "type": "t", "data": 1}
        assert (await client.webhook(event)).status == 202
        assert await client.seen() == [["CloudEvent", "c", 1]]

    async def test_one_failure_fails_the_delivery_but_not_its_neighbours(self, client: Client) -> None:
        answer = await client.webhook([EVENT | {"id": "boom"}, EVENT | {"id": "well"}])
        assert (answer.status, answer.text) == (500, "ValueError('boom')")
        assert len(await client.seen()) == 2

    async def test_names_have_no_case(self, client: Client) -> None:
        assert (await client.webhook([EVENT], functionName="EVENT_GRID")).status == 202

    @pytest.mark.parametrize("name", ["nope", "echo", "timer", ""])
    async def test_no_such_function(self, client: Client, name: str) -> None:
        answer = await client.webhook([EVENT], functionName=name)
        assert (answer.status, answer.text) == (404, f"cannot find function: '{name}'")

    @pytest.mark.parametrize("key", ["", "wrong", HOST_KEY])
    async def test_without_the_system_key(self, client: Client, key: str) -> None:
        assert (await client.webhook([EVENT], code=key)).status == 401

    @pytest.mark.parametrize(("kind", "status"), [("Unsubscribe", 202), ("Other", 400), (None, 400)])
    async def test_other_kinds(self, client: Client, kind: str | None, status: int) -> None:
        assert (await client.webhook([EVENT], kind)).status == status

    @pytest.mark.parametrize("body", [[1], "text", 7])
    async def test_not_events(self, client: Client, body: Any) -> None:
        assert (await client.webhook(body)).status == 400
        assert await client.seen() == []

    async def test_not_json(self, client: Client) -> None:
        answer = await client(
            "POST",
            "/runtime/webhooks/EventGrid",
            params={"functionName": "event_grid", "code": SYSTEM_KEY},
            headers={"aeg-event-type": "Notification"},
            data=b"hello",
        )
        assert answer.status == 400


class TestAdmin:
    KEY: dict[str, Any] = {"headers": {"x-functions-key": HOST_KEY}}  # noqa: RUF012 - read only

    async def test_status(self, client: Client) -> None:
        assert (await client("GET", "/admin/host/status", **self.KEY)).json["state"] == "Running"
        assert (await client("GET", "/admin/host/status")).status == 401

    async def test_what_triggers_a_function(self, client: Client) -> None:
        answer = await client("GET", "/admin/functions/timer", **self.KEY)
        assert answer.json["config"]["bindings"][0]["schedule"] == "0 0 0 1 Jan *"

    async def test_running_by_hand(self, client: Client) -> None:
        assert (await client("POST", "/admin/functions/timer", **self.KEY)).status == 202
        event = json.dumps(EVENT | {"id": "by hand", "data": None})
        answer = await client("POST", "/admin/functions/event_grid", json={"input": event}, **self.KEY)
        assert answer.status == 202
        seen: list[Any] = []
        while len(seen) < 2:  # the runs go on behind the answers
            seen += await client.seen()
        assert sorted(seen) == [["EventGridEvent", "by hand", None], ["timer", False]]

    async def test_without_the_key(self, client: Client) -> None:
        assert (await client("POST", "/admin/functions/timer")).status == 401

    async def test_no_such_function(self, client: Client) -> None:
        assert (await client("POST", "/admin/functions/nope", **self.KEY)).status == 404

    async def test_a_body_that_is_no_input(self, client: Client) -> None:
        assert (await client("POST", "/admin/functions/timer", data=b"[]", **self.KEY)).status == 400


class TestProcess:
    async def test_a_request_under_way_is_answered_before_the_end(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        process = start("--app-dir", str(SAMPLE_APP))
        port = await asyncio.to_thread(port_of, process)
        async with aiohttp.ClientSession() as session:

            async def ask() -> str:
                async with session.get(
                    f"http://127.0.0.1:{port}/base/wait", params={"pipe": str(pipe)}
                ) as response:
                    return await response.text()

            answer = asyncio.create_task(ask())
            # Opening waits for the function to read: then the request is under way.
            writer = await asyncio.to_thread(os.open, pipe, os.O_WRONLY)
            process.send_signal(signal.SIGTERM)
            await refuses(port)
            os.write(writer, b"done")
            os.close(writer)
            assert await answer == "done"
        assert await asyncio.to_thread(process.wait, 20) == 0
        assert process.stderr is not None
        assert "Unclosed" not in await asyncio.to_thread(process.stderr.read)

    @pytest.mark.parametrize(
        ("files", "named"),
        [
            ({"host.json": '{"version": "2.0"}'}, "no functions found"),
            ({"function_app.py": ""}, "host.json: missing"),
            (
                {
                    "host.json": '{"version": "2.0"}',
                    "function_app.py": "import azure.functions as func\napp = func.FunctionApp()\n"
                    "@app.event_grid_trigger(arg_name='event')\ndef f(evt: func.EventGridEvent): ...\n",
                },
                "cannot load the f function",
            ),
            (
                {"host.json": '{"version": "2.0"}', "function_app.py": "import nowhere_to_be_found\n"},
                "nowhere_to_be_found",
            ),
            (
                {
                    "host.json": '{"version": "2.0"}',
                    "function_app.py": "import azure.functions as func\napp = func.FunctionApp()\n"
                    "@app.timer_trigger(arg_name='t', schedule='0 0 25 * * *')\n"
                    "def f(t: func.TimerRequest): ...\n",
                },
                "function f: hour '25'",
            ),
        ],
    )
    def test_an_app_that_cannot_be_loaded(self, tmp_path: Path, files: dict[str, str], named: str) -> None:
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        process = start("--app-dir", str(tmp_path))
        out, errors = process.communicate(timeout=30)
        assert process.returncode == 1
        assert out == ""
        assert named in errors

    def test_a_port_that_is_taken(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            process = start("--app-dir", str(SAMPLE_APP), "--port", str(port))
            _, errors = process.communicate(timeout=30)
        assert process.returncode == 3
        assert str(port) in errors


async def refuses(port: int) -> None:
    """Wait until nobody listens on the port: asking is the only way to know."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            return
        except ConnectionResetError:
            continue  # it closed while this connection waited to be accepted
        writer.close()
        await writer.wait_closed()
