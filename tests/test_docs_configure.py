"""docs/configure.md names everything that can be set, as it is."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from unittest import mock

import pytest

from bridge.tool_memory import MemoryTools
from bridge.tool_order_parts import Ordering
from bridge.tool_recording import RecordingTools
from bridge.tools import TOOL_NAMES, ToolBox
from shared import agent_config, config_check, settings
from shared.agent_config import AgentConfig
from shared.bookings import BookingStore
from shared.handover import Targets
from shared.prices import Prices
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_RESTAURANTS_FILE

PAGE = (Path(__file__).parent.parent / "docs/configure.md").read_text("utf-8")
ROWS = {name: cells for name, *cells in re.findall(r"^\| `([^`]+)` \| (.*?) \| (.*?) \|", PAGE, re.MULTILINE)}
"""First cell of a table row to its second and third."""


def setting_names() -> list[str]:
    """Every text in shared/settings/ that is spelled like an environment variable."""
    texts = {
        node.value
        for path in Path(settings.__file__).parent.glob("[a-z]*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return sorted(text for text in texts if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", text))


def tool_definitions() -> list[dict[str, Any]]:
    catalogue = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
    never_called = cast(BookingStore, None)
    tools = ToolBox(
        catalogue,
        never_called,
        call_id="",
        caller=None,
        now=lambda: datetime.now(UTC),
        transfer=Targets(to="+15550100"),  # without anybody to transfer to there is no such tool
        ordering=cast(Ordering, mock.Mock()),  # nor those without ordering
        memory=cast(MemoryTools, mock.Mock(languages=())),  # nor without a memory
        recording=cast(RecordingTools, mock.Mock()),  # nor without recording
    )
    return tools.definitions()


def test_the_walk_finds_the_settings() -> None:
    assert {"TABLES_ENDPOINT", "BRIDGE_MAX_CALLS", "AGENT_DIR"} <= set(setting_names())


@pytest.mark.parametrize("name", setting_names())
def test_every_setting_is_documented(name: str) -> None:
    assert name in ROWS


def test_no_setting_is_documented_that_is_not_read() -> None:
    assert {name for name in ROWS if re.fullmatch(r"[A-Z_]+", name)} == set(setting_names())


FILE_KEYS = [*config_check.keys(AgentConfig), *config_check.keys(Prices)]


@pytest.mark.parametrize("key", FILE_KEYS, ids=lambda key: key.name)
def test_every_key_is_documented_with_its_values_and_default(key: config_check.Key) -> None:
    assert ROWS.get(key.name) == [key.allowed, key.default]


def test_no_key_is_documented_that_there_is_not() -> None:
    known = {key.name for key in FILE_KEYS}
    assert {name for name in ROWS if "." in name and "[]" not in name} <= known


def test_every_placeholder_is_documented() -> None:
    assert all(f"| `{{{name}}}` |" in PAGE for name in agent_config.PLACEHOLDERS)


def test_every_tool_is_known_by_name() -> None:
    """Metrics and logs name no tool that is not in the list."""
    assert {tool["name"] for tool in tool_definitions()} == set(TOOL_NAMES)


@pytest.mark.parametrize("tool", tool_definitions(), ids=lambda tool: tool["name"])
def test_every_tool_is_documented_with_its_parameters(tool: dict[str, Any]) -> None:
    parameters, _ = ROWS[tool["name"]]
    assert re.findall(r"`(\w+)`", parameters) == list(tool["parameters"]["properties"])
