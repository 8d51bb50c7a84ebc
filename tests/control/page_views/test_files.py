"""What the page is made of."""

from __future__ import annotations

import asyncio
import filecmp
import re

import pytest
from playwright.async_api import Page, Response

from control.page import WEB
from tests.control.hosted_plane import ControlPlane
from tests.control.page_views.steps import TOOLS, enter

MOST_BYTES = 200_000

pytestmark = pytest.mark.timeout(180)


async def test_it_loads_little(page: Page, control: ControlPlane) -> None:
    """Everything but the charts, which only the view of figures loads."""
    sizes: dict[str, asyncio.Task[bytes]] = {}

    def count(response: Response) -> None:
        if "/api/page/" in response.url:
            sizes[response.url] = asyncio.ensure_future(response.body())

    page.on("response", count)
    await enter(page, control)
    bodies = await asyncio.gather(*sizes.values())
    assert not any("uPlot" in url for url in sizes)
    worklets = sum(
        (WEB / name).stat().st_size for name in ("microphone.worklet.js", "loudspeaker.worklet.js")
    )
    assert 10_000 < sum(map(len, bodies)) + worklets < MOST_BYTES


def test_what_others_made_is_as_they_made_it() -> None:
    """web/vendor is what npm has, in the version that is pinned."""
    if not (TOOLS / "uplot").exists():
        pytest.fail("uPlot is not installed: run `sh scripts/page_tools.sh`")
    package = TOOLS / "uplot"
    for ours, theirs in (
        ("LICENSE", "LICENSE"),
        ("uPlot.esm.js", "dist/uPlot.esm.js"),
        ("uPlot.min.css", "dist/uPlot.min.css"),
    ):
        assert filecmp.cmp(WEB / "vendor/uplot" / ours, package / theirs, shallow=False), ours


def test_nothing_is_loaded_from_elsewhere() -> None:
    """No address but those of SVG's own namespace, in any file of ours."""
    for file in WEB.glob("*.*"):
        elsewhere = re.findall(r"https?://[^\s\"'`<>)]+", file.read_text("utf-8"))
        assert [
            url for url in elsewhere if not url.startswith(("http://www.w3.org/", "http://127.0.0.1"))
        ] == []
