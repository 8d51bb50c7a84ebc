"""A stack: the whole system with the cloud it needs, on this machine, on ports of its own.

Everything starts at once; the services tolerate each other's absence for the second or two that takes. When
all are ready, Event Grid is told where incoming calls go and where events about bookings go, exactly as a
deployment does it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import aiohttp
import msgspec

from local.processes import (
    PortTakenError,
    Service,
    ServiceDiedError,
    Spec,
    StartError,
    Tell,
    free_ports,
)
from local.services import (
    INBOX_SUBSCRIPTION,
    ROOT,
    Addresses,
    Host,
    Keys,
    Ports,
    addresses_of,
    inbox_subscription,
    inbox_url,
    page_url,
    plane_settings,
    service_specs,
    subscription,
)

LOCAL_SETTINGS = ROOT / "local.settings.json"
STACKS = ROOT / ".local" / "stacks"

START_SECONDS = 60.0
START_ATTEMPTS = 3
SETTINGS = "settings.env"
"""File of a stack's directory with the settings of its two planes, for the doctor."""

type Planes = Callable[[Addresses], dict[str, str]]
"""Settings for the two planes of a stack, by where its services are."""
type Changed = Callable[[Spec, Path], Spec]
"""How a service is run instead, given the directory of its stack."""

KEPT_STACKS = 5
"""Directories of ended stacks whose logs are kept."""


class StackFile(msgspec.Struct, frozen=True):
    """What a running stack writes down for `call` to find."""

    id: str
    addresses: Addresses


class StackNotFoundError(Exception):
    """No running stack has the id asked for; the message lists those that run."""

    def __init__(self, stack_id: str, running: Sequence[str]) -> None:
        known = f"running: {', '.join(running)}" if running else "none runs; start one with `make run`"
        super().__init__(f"no running system has the id {stack_id!r}; {known}")


class Stack:
    """A running stack."""

    def __init__(
        self,
        stack_id: str,
        directory: Path,
        addresses: Addresses,
        services: list[Service],
        inbox: str = "",
    ) -> None:
        self.id = stack_id
        self.directory = directory
        self.addresses = addresses
        self.inbox = inbox
        """Where a restaurant's inbox shows the events it was sent."""
        self._services = services
        self._away: dict[str, asyncio.Event] = {}
        """Services that are stopped on purpose, and what is set when they are back."""

    def service(self, name: str) -> Service:
        """The service of that name that runs now; KeyError when the stack has none such."""
        return self._services[self._place(name)]

    @property
    def names(self) -> list[str]:
        """Of its services, the store first."""
        return [service.spec.name for service in self._services]

    async def watch(self) -> None:
        """Wait until a service ends by itself, and raise ServiceDiedError with its last words.

        One that comes back is started again instead.
        """
        keepers = [asyncio.create_task(self._keep(place)) for place in range(len(self._services))]
        try:
            await asyncio.wait(keepers, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for keeper in keepers:
                keeper.cancel()
        for keeper in keepers:
            if keeper.done() and not keeper.cancelled():
                keeper.result()

    @contextlib.asynccontextmanager
    async def without(self, name: str, *, killed: bool = False) -> AsyncIterator[None]:
        """A service is away for as long as the block runs: stopped in order, or killed. Then it is up again.

        Raises StartError, KeyError.
        """
        place = self._place(name)
        ended = self._services[place]
        self._away[name] = asyncio.Event()
        try:
            if killed:
                ended.send(signal.SIGKILL)
            await ended.stop()
            yield
        finally:
            self._services[place] = await Service.start(ended.spec, ended.log, ROOT)
            self._away.pop(name).set()
        async with aiohttp.ClientSession() as http:
            await self._services[place].ready(http, time.monotonic() + START_SECONDS)

    async def _keep(self, place: int) -> None:
        """See to it that one service runs."""
        while True:
            service = self._services[place]
            last_words = await service.died()
            away = self._away.get(service.spec.name)
            if away is not None:
                await away.wait()
            elif service.spec.comes_back:
                self._services[place] = await Service.start(service.spec, service.log, ROOT)
            elif self._services[place] is service:
                raise ServiceDiedError(last_words)

    def _place(self, name: str) -> int:
        try:
            return self.names.index(name)
        except ValueError:
            raise KeyError(f"no service {name!r}; there are {', '.join(self.names)}") from None


@contextlib.asynccontextmanager
async def open_stack(
    *,
    host: Host = "embedded",
    on_disk: bool = True,
    bridges: int = 1,
    planes: Planes = lambda _: {},
    changed: Changed = lambda spec, _: spec,
    tell: Tell = lambda _: None,
) -> AsyncIterator[Stack]:
    """Start a stack, and stop it at the end so that no process and no port is left.

    `planes` gives settings that the two planes get beside their own; `changed` has services run in another
    way. `on_disk` False keeps its tables in memory and leaves it out of `find_stack`: a stack for one call.
    Raises StartError, AzuriteMissingError.
    """
    prune_stacks()
    async with contextlib.AsyncExitStack() as cleanup:
        stack_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        directory = STACKS / stack_id
        try:
            directory.mkdir(parents=True)
            cleanup.enter_context(_locked(directory))
        except OSError as error:
            raise StartError(f"{STACKS}, where the logs go, cannot be written: {error.strerror}") from None
        for attempt in range(1, START_ATTEMPTS + 1):
            try:
                services = _services(stack_id, directory, host, on_disk, bridges, planes, changed, tell)
                stack = await cleanup.enter_async_context(services)
                break
            except PortTakenError as error:
                if attempt == START_ATTEMPTS:
                    raise
                tell(f"{str(error).partition(';')[0]}: its port was taken; starting again with others")
        if on_disk:
            cleanup.callback((directory / "stack.json").unlink, missing_ok=True)
            content = msgspec.json.encode(StackFile(stack_id, stack.addresses))
            _write_privately(directory / "stack.json", content)
        yield stack


def running_stacks() -> list[StackFile]:
    """The stacks that run on this machine, the newest first."""
    running = []
    for file in sorted(STACKS.glob("*/stack.json"), reverse=True):
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            if _is_locked(file.parent):
                running.append(msgspec.json.decode(file.read_bytes(), type=StackFile))
    return running


def find_stack(stack_id: str | None = None) -> StackFile | None:
    """The running stack of that id, or the newest one; None when none runs and none was asked for.

    Raises StackNotFoundError.
    """
    running = running_stacks()
    if stack_id is None:
        return running[0] if running else None
    for stack in running:
        if stack.id == stack_id:
            return stack
    raise StackNotFoundError(stack_id, [stack.id for stack in running])


def prune_stacks() -> None:
    """Remove what ended stacks left, but the newest few, whose logs somebody may still want."""
    ended = [path for path in sorted(STACKS.glob("*/"), reverse=True) if not _is_locked(path)]
    for path in ended:
        (path / "stack.json").unlink(missing_ok=True)
    for path in ended[KEPT_STACKS:]:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.asynccontextmanager
async def _services(
    stack_id: str,
    directory: Path,
    host: Host,
    on_disk: bool,
    bridges: int,
    planes: Planes,
    changed: Changed,
    tell: Tell,
) -> AsyncIterator[Stack]:
    ports = Ports.on(free_ports(9 + (bridges if bridges > 1 else 0)))
    keys = Keys.make()
    addresses = addresses_of(ports)
    addresses = msgspec.structs.replace(addresses, page=page_url(addresses, keys))
    extra = {"BRIDGE_SPILL_DIR": str(directory / "spill"), **planes(addresses)}
    specs = service_specs(
        ports,
        keys,
        addresses,
        host=host,
        tables_directory=directory if on_disk else None,
        planes=extra,
    )
    if host == "func" and not LOCAL_SETTINGS.exists():
        shutil.copy(f"{LOCAL_SETTINGS}.example", LOCAL_SETTINGS)  # Core Tools do not start without one
    settings = "".join(
        f"{name}={value}\n" for name, value in (plane_settings(ports, keys, addresses) | extra).items()
    )
    _write_privately(directory / SETTINGS, settings.encode())
    started: list[Service] = []
    try:
        for spec in (changed(spec, directory) for spec in specs):
            service = await Service.start(spec, directory / f"{spec.name}.log", ROOT)
            started.append(service)
        async with aiohttp.ClientSession() as http:
            await _all_ready(started, http, tell)
            for name, body in (
                ("incoming-call", subscription(addresses, keys)),
                (INBOX_SUBSCRIPTION, inbox_subscription(ports, keys)),
            ):
                await _subscribe(http, f"{addresses.event_grid}/subscriptions/{name}", body, keys)
        yield Stack(stack_id, directory, addresses, started, inbox_url(ports))
    finally:
        # The store goes last, so that what the others write while they stop is kept.
        await asyncio.gather(*(service.stop() for service in started[1:]))
        await asyncio.gather(*(service.stop() for service in started[:1]))


async def _all_ready(services: list[Service], http: aiohttp.ClientSession, tell: Tell) -> None:
    begun = time.monotonic()

    async def ready(service: Service) -> None:
        await service.ready(http, begun + START_SECONDS)
        tell(f"  {service.spec.name:<11} ready after {time.monotonic() - begun:.1f} s")

    try:
        async with asyncio.TaskGroup() as group:
            for service in services:
                group.create_task(ready(service))
    except* StartError as failures:
        raise failures.exceptions[0] from None


async def _subscribe(http: aiohttp.ClientSession, url: str, body: Mapping[str, Any], keys: Keys) -> None:
    timeout = aiohttp.ClientTimeout(total=20)
    headers = {"aeg-sas-key": keys.event_grid_key}
    try:
        async with http.put(url, json=body, headers=headers, timeout=timeout) as answer:
            if answer.status >= 300:
                raise StartError(
                    f"event-grid refused the subscription ({answer.status}): {await answer.text()}"
                )
    except (aiohttp.ClientError, TimeoutError) as error:
        raise StartError(f"event-grid did not take the subscription: {type(error).__name__}") from None


def _write_privately(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read: it holds keys."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _locked(directory: Path) -> IO[bytes]:
    """Hold the lock that says this stack runs. The system drops it however the runner ends."""
    lock = (directory / "lock").open("ab")
    fcntl.flock(lock, fcntl.LOCK_EX)  # waits out a look by `_is_locked`, which is over at once
    return lock


def _is_locked(directory: Path) -> bool:
    try:
        with (directory / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
