"""`python -m local screenshots`: a picture of every view of the page, wide and narrow, light and dark.

The system is one of its own, filled with generated calls and with one real talk from the page.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Browser, FloatRect, Page, expect

from bench.__main__ import fill
from local.browser import BrowserMissingError, chromium
from local.call import read_lines
from local.driver import System, running_system
from local.processes import StartError
from local.services import ROOT
from local.spoken_file import write_spoken
from shared.settings import StoreSettings
from shared.tables import Tables

FOLDER: Final = ROOT / ".local/screenshots"
DOCS: Final = ROOT / "docs/images"
SHOWN: Final = {"talk-wide-light": 760, "call-wide-light": 900, "insights-wide-light": 980}
"""Screenshots that the documents show, so many pixels of them from above."""
SIZES: Final = {"wide": (1180, 760), "narrow": (390, 844)}
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
PATIENCE_MS: Final = 60_000
CALLS, DAYS = 600, 14
SCRIPT: Final = (
    (3.0, "I feel like sushi tonight."),
    (11.0, "I would like to book a table for two at Tokyo Corner tomorrow at seven."),
    (9.0, "My name is Anna."),
    (14.0, "Yes, please."),
    (15.0, "When does Sakura House open today?"),
    (12.0, "And what is its address?"),
    (12.0, "When does Cedar Grill open today?"),
)
"""What is said, after so many seconds: the last ones keep the agent talking while pictures are taken."""


def main(argv: list[str]) -> int:
    """The `screenshots` command."""
    parser = argparse.ArgumentParser(prog="python -m local screenshots", description=__doc__)
    parser.add_argument("--docs", action="store_true", help="also renew the pictures in docs/images")
    options = parser.parse_args(argv)
    try:
        asyncio.run(_run())
    except (BrowserMissingError, StartError) as error:
        print(f"screenshots: {error}", file=sys.stderr)
        return 1
    if options.docs:
        DOCS.mkdir(exist_ok=True)
        for shot in SHOWN:
            shutil.copy(FOLDER / f"docs/{shot}.png", DOCS / f"{shot.partition('-')[0]}.png")
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.relative_to(ROOT)}")
    return 0


async def _run() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "docs").mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        microphone = Path(folder) / "microphone.wav"
        lines = await asyncio.to_thread(read_lines, [("say", text) for _, text in SCRIPT], "low")
        write_spoken(microphone, zip((pause for pause, _ in SCRIPT), lines, strict=True))
        async with running_system() as system, chromium(microphone=microphone) as browser:
            async with Tables(StoreSettings(system.addresses.tables, endpoint=None, prefix="")) as tables:
                await fill(tables, datetime.now(UTC).date(), DAYS, CALLS, seed=11)
            call = await _talk(browser, system)
            for scheme in SCHEMES:
                for size in SIZES:
                    await _views(browser, system, call, size, scheme)


async def _talk(browser: Browser, system: System) -> str:
    """Talk, with pictures of it; returns the address of the call's view."""
    context = await browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = await context.new_page()
    await page.goto(system.addresses.page)
    await page.get_by_role("button", name="Start talking").click()
    await expect(page.locator(".tool", has_text="book_table")).to_be_visible()
    await expect(page.locator(".turn.agent").last).to_contain_text("booked")
    await _shoot_all(page, "talk")
    watching = await context.new_page()
    await watching.goto(system.addresses.page)
    await watching.get_by_role("link", name="Calls").click()
    await watching.locator(".live-calls a").first.click()
    await expect(watching.locator(".timeline svg")).to_be_visible()
    await _shoot_all(watching, "watched")
    await watching.get_by_role("button", name="End call…").click()
    await _shoot_all(watching, "ending")
    await watching.close()
    await page.get_by_role("button", name="Keypad").click()
    await _shoot_all(page, "keypad")
    await page.get_by_role("button", name="Hang up").click()
    address = await page.get_by_role("link", name="See this call").get_attribute("href")
    await page.goto(f"{system.addresses.page.partition('#')[0]}{address}")
    await expect(page.get_by_text("Correct this")).to_be_visible()  # it is counted
    await context.close()
    return address or ""


async def _views(
    browser: Browser, system: System, call: str, size: str, scheme: Literal["light", "dark"]
) -> None:
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB"
    )
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    page_address = system.addresses.page.partition("#")[0]
    await page.goto(page_address)
    await _shoot(page, f"sign-in-{size}-{scheme}")
    await page.goto(system.addresses.page)
    await page.reload()
    for name, view, sign in (
        ("ready", "#/talk", ".call-button"),
        ("calls", "#/calls", "table.calls tbody tr"),
        ("search", '#/calls?said=pizza+"feel+like"&reached=true', "tr.excerpts"),
        ("nothing-found", "#/calls?said=zanzibar", ".nothing"),
        ("call", call, ".timeline svg"),
        ("insights", "#/insights", ".plot canvas"),
        ("no-calls", "#/insights?from=2020-01-01&to=2020-01-31", ".welcome"),
        ("no-such-call", "#/calls/20260101-00000000-0000000000000000", "[role=alert]"),
    ):
        await page.goto(f"{page_address}{view}")
        await expect(page.locator(sign).first).to_be_visible()
        await expect(page.get_by_text("Loading…")).to_have_count(0)
        await _shoot(page, f"{name}-{size}-{scheme}")
    await page.route("**/api/v1/**", lambda route: route.abort())
    for name, view in (("calls-down", "#/calls"), ("insights-down", "#/insights"), ("talk-down", "#/talk")):
        await page.evaluate("view => { location.hash = view }", view)
        if name == "talk-down":
            await page.get_by_role("button", name="Start talking").click()
        await expect(page.get_by_role("alert").first).to_be_visible()
        await _shoot(page, f"{name}-{size}-{scheme}")
    await context.close()


async def _shoot_all(page: Page, name: str) -> None:
    """What is shown, wide and narrow, light and dark."""
    for scheme in SCHEMES:
        for size, (width, height) in SIZES.items():
            await page.set_viewport_size({"width": width, "height": height})
            await page.emulate_media(color_scheme=scheme)
            await _shoot(page, f"{name}-{size}-{scheme}")


async def _shoot(page: Page, name: str) -> None:
    """All of the view, as far down as it goes."""
    await page.screenshot(path=FOLDER / f"{name}.png", animations="disabled", full_page=True)
    if name in SHOWN:
        part: FloatRect = {"x": 0, "y": 0, "width": SIZES["wide"][0], "height": SHOWN[name]}
        await page.screenshot(
            path=FOLDER / f"docs/{name}.png", animations="disabled", full_page=True, clip=part
        )
