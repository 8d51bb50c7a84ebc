"""What a stack runs: the services, the settings that join them, and where incoming calls are sent."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from local import azurite
from local.processes import Spec, StartError, says_ready

ROOT = Path(__file__).parent.parent
Host = Literal["embedded", "func"]

PRODUCTION_SETTINGS = (
    "ACS_",
    "VOICE_LIVE_",
    "TABLES_",
    "BRIDGE_",
    "CALLBACK_BASE_URL",
    "MEDIA_BASE_URL",
    "EVENTS_",
    "OPERATOR_",
    "INTENT_MODEL_",
    "CALLER_",
    "RETENTION_",
    "AZURE_",
)
"""Settings that never leak in from the shell: a stack must not reach a real resource."""


EVENTS_TOPIC = "events"
"""The custom topic for bookings and orders."""
INBOX_SUBSCRIPTION = "inbox"
"""Name of the subscription that delivers them to a restaurant's inbox."""


class Addresses(msgspec.Struct, frozen=True):
    """Where the services of a stack listen. The fields, in this order, are what `up --json` prints."""

    functions: str
    bridge: str
    acs: str
    event_grid: str
    voice_live: str
    tables: str
    """Connection string of its Table Storage."""
    page: str = ""
    """The operator's page, with the token that opens it."""


@dataclass(frozen=True, slots=True)
class Ports:
    functions: int
    bridge: int
    acs: int
    event_grid: int
    voice_live: int
    tables: int
    blobs: int
    queues: int
    inbox: int
    bridges: tuple[int, ...] = ()
    """Of each bridge where there are several; then `bridge` is the balancer before them."""

    @classmethod
    def on(cls, ports: Sequence[int]) -> Ports:
        """Nine, and one more for each bridge where there are several."""
        functions, bridge, acs, event_grid, voice_live, tables, blobs, queues, inbox, *bridges = ports
        return cls(
            functions, bridge, acs, event_grid, voice_live, tables, blobs, queues, inbox, tuple(bridges)
        )


@dataclass(frozen=True, slots=True)
class Keys:
    """Made afresh for every stack, and checked by the services as their originals check theirs.

    Hexadecimal where the service does not ask for another form: they stand on command lines, where a key that
    begins with a dash would be taken for an option.
    """

    acs_access_key: str
    acs_resource_id: str
    event_grid_key: str
    functions_system_key: str
    functions_host_key: str
    voice_live_key: str
    inbox_key: str
    operator_token: str
    metrics_token: str
    caller_key: str

    @classmethod
    def make(cls) -> Keys:
        return cls(
            acs_access_key=base64.b64encode(secrets.token_bytes(32)).decode(),
            acs_resource_id=str(uuid.uuid4()),
            event_grid_key=secrets.token_hex(24),
            functions_system_key=secrets.token_hex(24),
            functions_host_key=secrets.token_hex(24),
            voice_live_key=secrets.token_hex(24),
            inbox_key=secrets.token_hex(24),
            operator_token=secrets.token_hex(24),
            metrics_token=os.environ.get("METRICS_TOKEN") or secrets.token_hex(24),
            caller_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        )


def addresses_of(ports: Ports) -> Addresses:
    """Where the services on these ports are reached."""
    return Addresses(
        functions=_http(ports.functions),
        bridge=_http(ports.bridge),
        acs=_http(ports.acs),
        event_grid=_http(ports.event_grid),
        voice_live=_http(ports.voice_live),
        tables=azurite.connection_string(ports.tables),
    )


def service_specs(
    ports: Ports,
    keys: Keys,
    addresses: Addresses,
    *,
    host: Host,
    tables_directory: Path | None,
    planes: Mapping[str, str] | None = None,
) -> list[Spec]:
    """What a stack runs, the store first. `planes`: settings of the two planes beside their own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(PRODUCTION_SETTINGS)}
    env["PYTHONUNBUFFERED"] = "1"
    settings = env | plane_settings(ports, keys, addresses) | dict(planes or {})
    return [
        _store(ports, host, tables_directory, env),
        _stand_in("voice-live", ports.voice_live, env, "--api-key", keys.voice_live_key),
        _functions(ports, keys, addresses, host, settings),
        *_bridges(ports, env, settings),
        _stand_in(
            "acs",
            ports.acs,
            env,
            *("--access-key", keys.acs_access_key, "--resource-id", keys.acs_resource_id),
            *("--event-grid", f"{addresses.event_grid}/topics/acs/api/events"),
            *("--event-grid-key", keys.event_grid_key),
        ),
        _stand_in("event-grid", ports.event_grid, env, "--key", keys.event_grid_key),
        _stand_in("inbox", ports.inbox, env, "--key", keys.inbox_key),
    ]


def _bridges(ports: Ports, env: dict[str, str], settings: dict[str, str]) -> list[Spec]:
    """The bridge, or several behind one address."""
    command = [sys.executable, "-m", "bridge"]
    if not ports.bridges:
        # SIGTERM would wait for calls to end; a stack that stops takes its phone network away anyway.
        return [Spec("bridge", command, settings, ready_line=says_ready, stop_signal="INT")]
    bridges = [
        Spec(
            f"bridge-{number}",
            command,
            settings | {"BRIDGE_PORT": str(port)},
            ready_line=says_ready,
            stop_signal="INT",
            comes_back=True,
        )
        for number, port in enumerate(ports.bridges, 1)
    ]
    to = [option for port in ports.bridges for option in ("--to", str(port))]
    return [*bridges, _stand_in("balancer", ports.bridge, env, *to)]


def _stand_in(
    name: str, port: int, env: dict[str, str], *options: str, health_url: str | None = None
) -> Spec:
    command = [sys.executable, "-m", "local", name, "--port", str(port), *options]
    return Spec(name, command, env, ready_line=says_ready, health_url=health_url)


def plane_settings(ports: Ports, keys: Keys, addresses: Addresses) -> dict[str, str]:
    """The environment of the two planes, as a deployment sets it.

    What stands empty keeps Core Tools from filling it in from local.settings.json.
    """
    return {
        "TABLES_CONNECTION_STRING": addresses.tables,
        "TABLES_ENDPOINT": "",
        "TABLES_PREFIX": "",
        "ACS_ENDPOINT": addresses.acs,
        "ACS_ACCESS_KEY": keys.acs_access_key,
        "ACS_RESOURCE_ID": keys.acs_resource_id,
        "ACS_JWKS_URL": f"{addresses.acs}/calling/keys",
        "CALLBACK_BASE_URL": addresses.functions,
        "MEDIA_BASE_URL": f"ws://127.0.0.1:{ports.bridge}",
        "EVENTS_TOPIC_ENDPOINT": f"{addresses.event_grid}/topics/{EVENTS_TOPIC}/api/events",
        "EVENTS_TOPIC_KEY": keys.event_grid_key,
        "OPERATOR_TOKEN": keys.operator_token,
        "OPERATOR_EASY_AUTH": "",
        "BRIDGE_HOST": "127.0.0.1",
        "BRIDGE_PORT": str(ports.bridge),
        "VOICE_LIVE_ENDPOINT": addresses.voice_live,
        "VOICE_LIVE_API_KEY": keys.voice_live_key,
        "CALLER_KEY": keys.caller_key,
        "METRICS_TOKEN": keys.metrics_token,
        "BRIDGE_SCALE_URL": f"{addresses.bridge}/calls",
    }


def _store(ports: Ports, host: Host, directory: Path | None, env: dict[str, str]) -> Spec:
    tables = None if directory is None else directory / "tables"
    if host == "func":
        command = azurite.storage_command(ports.tables, ports.blobs, ports.queues, tables)
    else:
        command = azurite.tables_command(ports.tables, tables)
    return Spec(
        "azurite", command, env, ready_line=lambda line: azurite.READY in line, stop_signal="INT", grace=8
    )


def _functions(ports: Ports, keys: Keys, addresses: Addresses, host: Host, settings: dict[str, str]) -> Spec:
    if host == "embedded":
        return _stand_in(
            "functions",
            ports.functions,
            settings,
            *("--app-dir", str(ROOT), "--system-key", keys.functions_system_key),
            *("--host-key", keys.functions_host_key),
            "--no-local-settings",  # what a developer keeps there is for another store than this stack's
            health_url=_health_url(addresses),
        )
    return func_spec(ports, addresses, settings)


def func_spec(ports: Ports, addresses: Addresses, settings: dict[str, str]) -> Spec:
    """Functions Core Tools as the host. They run without keys and let the environment win over
    local.settings.json, so the shipped example serves as it is. StartError when they are not installed."""
    func = shutil.which("func")
    if func is None:
        raise StartError(
            "HOST=func: Functions Core Tools (`func`) are not on the PATH; leave HOST out to do without"
        )
    scripts = Path(sys.executable).parent
    store = azurite.connection_string(ports.tables, blob_port=ports.blobs, queue_port=ports.queues)
    env = settings | {
        "AzureWebJobsStorage": store,
        # The worker must be the interpreter that has the app's packages.
        "VIRTUAL_ENV": str(scripts.parent),
        "PATH": f"{scripts}{os.pathsep}{settings.get('PATH', '')}",
        "languageWorkers__python__defaultExecutablePath": sys.executable,
    }
    return Spec(
        "functions",
        [func, "start", "--port", str(ports.functions)],
        env,
        health_url=_health_url(addresses),
        stop_signal="INT",
    )


def subscription(addresses: Addresses, keys: Keys) -> dict[str, Any]:
    """The Event Grid subscription that sends incoming calls to the Functions app.

    A call rings for 30 s; an event that is not delivered within 60 s is of no use to anybody.
    """
    return {
        "topic": "acs",
        "endpoint": f"{addresses.functions}/runtime/webhooks/EventGrid"
        f"?functionName=incoming_call&code={keys.functions_system_key}",
        "schema": "EventGridSchema",
        "included_event_types": ["Microsoft.Communication.IncomingCall"],
        "max_delivery_attempts": 2,
        "event_ttl_seconds": 60,
    }


def inbox_subscription(ports: Ports, keys: Keys) -> dict[str, Any]:
    """The Event Grid subscription that sends every event about bookings and orders to the inbox."""
    return {
        "topic": EVENTS_TOPIC,
        "endpoint": f"{inbox_url(ports)}/events?code={keys.inbox_key}",
        "schema": "CloudEventSchemaV1_0",
    }


def page_url(addresses: Addresses, keys: Keys) -> str:
    """The operator's page. A browser sends nothing of what stands behind the #; the page does."""
    return f"{addresses.functions}/api/page/#token={keys.operator_token}"


def inbox_url(ports: Ports) -> str:
    """Where a restaurant's inbox shows what came."""
    return _http(ports.inbox)


def _health_url(addresses: Addresses) -> str:
    """Answers 200 once the app has its settings and reaches its store."""
    return f"{addresses.functions}/api/health"


def _http(port: int) -> str:
    return f"http://127.0.0.1:{port}"
