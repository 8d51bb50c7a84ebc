"""Real parts that many rooms test against."""

from __future__ import annotations

import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from shared.settings import StoreSettings
from shared.tables import Tables

ROOT = Path(__file__).parent.parent
AZURITE = ROOT / ".azurite/node_modules/azurite/dist/src/table/main.js"
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The emulator's well-known key, the same on every machine; not a secret."""


settings.register_profile("any machine", deadline=None)
settings.register_profile(
    "fuzz",
    deadline=None,
    max_examples=5_000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""For `make fuzz`, which looks longer at what `make test` looks at shortly."""
settings.load_profile("any machine")
"""No property holds only on a machine that is fast enough: how long an example takes is no matter of its."""

LANES = {
    "tests/control/page_views/": "page",
    "tests/e2e/test_abuse.py": "calls",
    "tests/e2e/test_calls.py": "calls",
    "tests/e2e/test_chaos.py": "calls",
    "tests/e2e/test_interruptions.py": "calls",
    "tests/e2e/test_page.py": "calls",
    "tests/e2e/test_recording.py": "calls",
    "tests/e2e/test_store_hangs.py": "calls",
    "tests/e2e/test_waiting.py": "calls",
    "tests/e2e/": "talks",
    "tests/local/runner/": "talks",
    "tests/local/understanding/": "calls",
}
"""With several workers (`make test`), which tests go to the same one, by the beginning of their path. Calls
take their time and little else, so two workers are busy with them from the beginning and the rest runs
beside them; the browser is started once."""


def lane_of(test: str) -> str:
    """The lane of a test, by its id; a test that may go anywhere is a lane of its own."""
    return next((lane for begins, lane in LANES.items() if test.startswith(begins)), test)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Hand out tests by lane. Not by xdist's own marks, which have no effect on pytest's present test ids."""
    from xdist.scheduler import LoadScopeScheduling

    class ByLane(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
        def _split_scope(self, nodeid: str) -> str:
            return lane_of(nodeid)

    return ByLane(config, log)


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """Connection string of an Azurite in memory, one for the whole run."""
    # The environment's own first: `make setup` puts one there when the one on the PATH is too old.
    node = shutil.which("node", path=str(ROOT / ".venv/bin")) or shutil.which("node")
    if node is None or not AZURITE.exists():
        pytest.fail("Azurite is not installed: run `make setup`")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"]
    process = subprocess.Popen(
        [node, str(AZURITE), "--tableHost", "127.0.0.1", "--tablePort", str(port), *options],
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for_port(port, process)
        yield (
            f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={AZURITE_KEY};"
            f"TableEndpoint=http://127.0.0.1:{port}/devstoreaccount1;"
        )
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)


@pytest.fixture
def table_prefix() -> str:
    """A fresh table-name prefix, so that tests sharing Azurite never meet."""
    return f"t{secrets.token_hex(6)}"


@pytest.fixture
async def tables(azurite: str, table_prefix: str) -> AsyncIterator[Tables]:
    """A store with nothing in it."""
    async with Tables(StoreSettings(azurite, None, table_prefix)) as opened:
        yield opened


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"Azurite ended at once with status {process.returncode}")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)  # Azurite tells nobody when it listens; asking is the only way
    pytest.fail("Azurite did not listen within 60 s")
