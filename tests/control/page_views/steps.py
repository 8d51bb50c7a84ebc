"""What the tests of the page do in a browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.control.hosted_plane import OPERATOR_TOKEN, ROOT, ControlPlane

TOOLS = ROOT / ".page/node_modules"
CALLS = 24
"""On record, over two days."""


def address(control: ControlPlane, view: str) -> str:
    return f"{control.url}/api/page/#{view}"


async def enter(page: Page, control: ControlPlane) -> None:
    """Open the page as `make run` prints it."""
    await page.goto(address(control, f"token={OPERATOR_TOKEN}"))
    await expect(page.get_by_role("heading", name="Talk to the agent")).to_be_visible()


async def violations(page: Page) -> list[str]:
    """What axe-core has against what is shown."""
    if not (TOOLS / "axe-core/axe.min.js").exists():
        pytest.fail("axe-core is not installed: run `sh scripts/page_tools.sh`")
    if not await page.evaluate("Boolean(window.axe)"):
        # Through the debugger, which the policy of the page does not bind.
        await page.evaluate((TOOLS / "axe-core/axe.min.js").read_text("utf-8"))
    found: dict[str, Any] = await page.evaluate("axe.run({rules: {'target-size': {enabled: true}}})")
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
