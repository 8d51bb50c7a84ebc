"""Table Storage on this machine: how Azurite is found, started and addressed.

Facts relied on, from Azurite 3.37.0: `table/main.js` serves tables alone; it saves its database on SIGINT
only (SIGTERM and SIGKILL lose it); it says "successfully started" on stdout once it listens; and a second
one on a taken port ends at once with EADDRINUSE.
"""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / ".azurite/node_modules/azurite/dist/src"
LOOKUPS = ROOT / "local/azurite/narrow_lookups.cjs"
"""What keeps it as fast with many calls as with few; the file says how."""
READY = "Table service successfully started"

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The emulator's well-known account and key, the same on every machine; not a secret."""


class AzuriteMissingError(Exception):
    """Node or Azurite is not installed; the message says what to run."""


def tables_command(port: int, directory: Path | None) -> list[str]:
    """The command of a table service on `port`, kept in `directory`, or in memory when there is none."""
    return [
        *_azurite("table/main.js"),
        "--tableHost",
        "127.0.0.1",
        "--tablePort",
        str(port),
        *_options(directory),
    ]


def storage_command(table_port: int, blob_port: int, queue_port: int, directory: Path | None) -> list[str]:
    """As `tables_command`, with blobs and queues beside the tables: Core Tools keep their timers in blobs."""
    ports = {"table": table_port, "blob": blob_port, "queue": queue_port}
    command = _azurite("azurite.js")
    for service, port in ports.items():
        command += [f"--{service}Host", "127.0.0.1", f"--{service}Port", str(port)]
    return [*command, *_options(directory)]


def connection_string(table_port: int, *, blob_port: int | None = None, queue_port: int | None = None) -> str:
    """What the storage SDKs take for the services on these ports."""
    parts = ["DefaultEndpointsProtocol=http", f"AccountName={ACCOUNT}", f"AccountKey={KEY}"]
    endpoints = {"Blob": blob_port, "Queue": queue_port, "Table": table_port}
    parts += [f"{name}Endpoint=http://127.0.0.1:{port}/{ACCOUNT}" for name, port in endpoints.items() if port]
    return ";".join(parts) + ";"


def _azurite(script: str) -> list[str]:
    # `make setup` puts a node into the environment only where the one on the PATH would not do.
    node = shutil.which("node", path=str(ROOT / ".venv/bin")) or shutil.which("node")
    if node is None:
        raise AzuriteMissingError("Node is not installed: run `make setup`, which brings one")
    if not (SOURCES / script).exists():
        raise AzuriteMissingError("Azurite is not installed: run `make setup`")
    return [node, "--require", str(LOOKUPS), str(SOURCES / script)]


def _options(directory: Path | None) -> list[str]:
    options = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    return [*options, "--inMemoryPersistence"] if directory is None else [*options, "-l", str(directory)]
