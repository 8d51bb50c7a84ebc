"""A Chromium for the page: tests and screenshots start it here, headless, and nothing else does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Playwright, async_playwright

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC: Final = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_FLAGS: Final = (
    "--no-sandbox",  # it runs as root in containers, and shows our own page alone
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


class BrowserMissingError(Exception):
    """There is no Chromium on this machine; the message says how to get one."""


def find_browser(playwright: Playwright) -> str:
    """Path of a Chromium: `CHROMIUM`, one on the PATH, one of macOS, or the one Playwright fetched.

    Raises:
        BrowserMissingError
    """
    named = os.environ.get("CHROMIUM", "")
    candidates = [named, *(shutil.which(name) or "" for name in _NAMES), *_MAC]
    for candidate in [*candidates, playwright.chromium.executable_path]:
        if candidate and Path(candidate).exists():
            return candidate
    raise BrowserMissingError(
        "no Chromium found: apt-get install chromium, or `sh scripts/page_tools.sh`, which fetches one; "
        "CHROMIUM may name one that lies elsewhere"
    )


@contextlib.asynccontextmanager
async def chromium(*, microphone: Path | None = None) -> AsyncIterator[Browser]:
    """A headless browser. `microphone` is a WAV that is spoken once from when the page listens; without it
    the browser has no microphone to give.

    Raises:
        BrowserMissingError
    """
    flags = [*_FLAGS]
    if microphone is not None:
        flags += [
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone}%noloop",
        ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser(playwright), args=flags)
        try:
            yield browser
        finally:
            await browser.close()


async def _there_is_one() -> bool:
    async with async_playwright() as playwright:
        try:
            find_browser(playwright)
        except BrowserMissingError:
            return False
    return True


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(_there_is_one()) else 1)
