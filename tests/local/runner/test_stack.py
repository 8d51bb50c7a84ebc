"""How running stacks are found and ended ones cleared away, and what a stack runs."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import stat
import sys
import time
from pathlib import Path

import aiohttp
import msgspec
import pytest

from local import stack, up
from local.processes import Service, ServiceDiedError, Spec, says_ready
from local.services import Keys, Ports, addresses_of, inbox_subscription, service_specs, subscription
from local.stack import KEPT_STACKS, Stack, StackFile, StackNotFoundError, find_stack, prune_stacks

PORTS = Ports(*range(20_001, 20_010))


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stack, "STACKS", tmp_path)
    return tmp_path


def leave(stacks: Path, name: str) -> Path:
    """A stack's directory as a runner leaves it that was killed."""
    directory = stacks / name
    directory.mkdir()
    (directory / "lock").touch()
    file = StackFile(name, addresses_of(PORTS))
    (directory / "stack.json").write_bytes(msgspec.json.encode(file))
    return directory


def test_the_newest_running_stack_is_found_and_killed_ones_are_not(stacks: Path) -> None:
    running, newest = leave(stacks, "20260101-000000-a"), leave(stacks, "20260102-000000-b")
    leave(stacks, "20260103-000000-killed")
    with (running / "lock").open() as first, (newest / "lock").open() as second:
        for lock in (first, second):
            fcntl.flock(lock, fcntl.LOCK_EX)
        found = find_stack()
        assert found is not None
        assert found.id == newest.name
    assert find_stack() is None


def test_one_of_several_running_stacks_is_found_by_its_id(stacks: Path) -> None:
    older, newest = leave(stacks, "20260101-000000-a"), leave(stacks, "20260102-000000-b")
    leave(stacks, "20260103-000000-killed")
    with (older / "lock").open() as first, (newest / "lock").open() as second:
        for lock in (first, second):
            fcntl.flock(lock, fcntl.LOCK_EX)
        found = find_stack(older.name)
        assert found is not None
        assert found.id == older.name
        with pytest.raises(StackNotFoundError, match=f"running: {newest.name}, {older.name}$"):
            find_stack("20260103-000000-killed")
    with pytest.raises(StackNotFoundError, match="none runs"):
        find_stack(older.name)


def test_logs_that_cannot_be_written_stop_the_start_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setattr(stack, "STACKS", file / "stacks")
    assert up.main(["--no-demo", "--json"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert str(file / "stacks") in error
    assert error.startswith("up: ")


def test_a_stack_file_that_is_no_json_is_passed_over(stacks: Path) -> None:
    directory = leave(stacks, "20260101-000000-a")
    (directory / "stack.json").write_text("{")
    with (directory / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert find_stack() is None


def test_ended_stacks_are_cleared_but_the_newest_and_never_a_running_one(stacks: Path) -> None:
    running = leave(stacks, "20260101-000000-oldest")
    ended = [leave(stacks, f"20260102-00000{n}-x") for n in range(KEPT_STACKS + 2)]
    with (running / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        prune_stacks()
    assert sorted(path.name for path in stacks.iterdir()) == [
        running.name,
        *(path.name for path in ended[2:]),
    ]
    assert [path.parent.name for path in stacks.glob("*/stack.json")] == [running.name]


def test_the_stack_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """It holds keys. (A module's own function, because only a whole running stack writes the file.)"""
    stack._write_privately(tmp_path / "stack.json", b"{}")
    assert stat.S_IMODE((tmp_path / "stack.json").stat().st_mode) == 0o600


async def test_a_service_is_away_and_comes_back_while_its_stack_is_watched(tmp_path: Path) -> None:
    """Killed on purpose it ends nobody's watch; killed by somebody else it does."""
    ready = "print('{\"ready\": true}', flush=True); import signal; signal.pause()"
    command = [sys.executable, "-I", "-S", "-c", ready]
    services = [
        await Service.start(
            Spec(name, command, {}, ready_line=says_ready), tmp_path / f"{name}.log", tmp_path
        )
        for name in ("store", "functions")
    ]
    async with aiohttp.ClientSession() as http:
        for service in services:
            await service.ready(http, time.monotonic() + 60)
    running = Stack("id", tmp_path, addresses_of(PORTS), services)
    watch = asyncio.create_task(running.watch())
    before = running.service("functions")
    async with running.without("functions", killed=True):
        with pytest.raises(ProcessLookupError):
            before.send(signal.SIGCONT)
        assert not watch.done()
    after = running.service("functions")
    assert after is not before
    assert running.names == ["store", "functions"]
    after.send(signal.SIGKILL)
    with pytest.raises(ServiceDiedError, match="functions ended with status 137"):
        await watch
    with pytest.raises(KeyError, match="there are store, functions"):
        running.service("bridge")
    await running.service("store").stop()


def test_settings_of_the_planes_reach_both_planes_and_nobody_else() -> None:
    specs = service_specs(
        PORTS,
        Keys.make(),
        addresses_of(PORTS),
        host="embedded",
        tables_directory=None,
        planes={"BRIDGE_MAX_CALLS": "3"},
    )
    assert {spec.name for spec in specs if spec.env.get("BRIDGE_MAX_CALLS") == "3"} == {"functions", "bridge"}


def test_no_setting_of_a_real_resource_leaks_into_a_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("ACS_ENDPOINT", "ACS_ISSUER", "VOICE_LIVE_ENDPOINT", "TABLES_ENDPOINT", "AZURE_CLIENT_ID")
    for name in (*names, "EVENTS_TOPIC_ENDPOINT"):
        monkeypatch.setenv(name, "https://real.example")
    specs = service_specs(PORTS, Keys.make(), addresses_of(PORTS), host="embedded", tables_directory=None)
    for spec in specs:
        assert "https://real.example" not in spec.env.values(), spec.name


def test_the_embedded_host_reads_no_settings_of_the_developer_and_is_ready_when_healthy() -> None:
    addresses = addresses_of(PORTS)
    specs = service_specs(PORTS, Keys.make(), addresses, host="embedded", tables_directory=None)
    (functions,) = [spec for spec in specs if spec.name == "functions"]
    assert "--no-local-settings" in functions.command
    assert functions.ready_line is not None
    assert functions.health_url == f"{addresses.functions}/api/health"


def test_functions_core_tools_run_the_same_app_with_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HOST=func: `func start` on the stack's port, with the storage its timers need."""
    func = tmp_path / "func"
    func.write_text("#!/bin/sh\n")
    func.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    addresses = addresses_of(PORTS)
    specs = {
        spec.name: spec
        for spec in service_specs(PORTS, Keys.make(), addresses, host="func", tables_directory=None)
    }
    functions = specs["functions"]
    assert list(functions.command) == [str(func), "start", "--port", str(PORTS.functions)]
    assert functions.env["TABLES_CONNECTION_STRING"] == specs["bridge"].env["TABLES_CONNECTION_STRING"]
    assert f":{PORTS.blobs}/" in functions.env["AzureWebJobsStorage"]
    assert str(PORTS.blobs) in specs["azurite"].command


def test_incoming_calls_go_to_the_functions_app_with_its_system_key() -> None:
    keys = Keys.make()
    endpoint = subscription(addresses_of(PORTS), keys)["endpoint"]
    assert endpoint == (
        f"http://127.0.0.1:{PORTS.functions}/runtime/webhooks/EventGrid"
        f"?functionName=incoming_call&code={keys.functions_system_key}"
    )


def test_events_go_to_the_inbox_with_its_key() -> None:
    keys = Keys.make()
    wanted = inbox_subscription(PORTS, keys)
    assert wanted["endpoint"] == f"http://127.0.0.1:{PORTS.inbox}/events?code={keys.inbox_key}"
    specs = service_specs(PORTS, keys, addresses_of(PORTS), host="embedded", tables_directory=None)
    (functions,) = [spec for spec in specs if spec.name == "functions"]
    assert functions.env["EVENTS_TOPIC_ENDPOINT"].endswith(f"/topics/{wanted['topic']}/api/events")
