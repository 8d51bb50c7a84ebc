"""The rules of a conversation can be run anywhere: they bring no sockets, no event loop, no store."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["bridge.conversation", "bridge.playout", "bridge.turns"])
def test_the_rules_import_no_io(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"asyncio", "websockets", "aiohttp", "azure.core", "azure.data.tables"} & set(found.split())
