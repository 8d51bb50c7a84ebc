"""The page in headless Chromium, over the control plane with a store of generated calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Page

from bench.__main__ import fill
from control.operator_services import operator_services
from local.browser import chromium
from shared.tables import Tables
from tests.control.hosted_plane import ControlPlane
from tests.control.page_views.steps import CALLS


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser, without a microphone."""
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser, control: ControlPlane) -> AsyncIterator[Page]:
    """A tab of its own, in which nothing may go wrong unseen: no error, nothing that the policy refuses."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(30_000)
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
    yield page
    await context.close()
    assert wrong == []


@pytest.fixture
async def filled(control: ControlPlane, tables: Tables) -> None:
    """Two days of calls that have ended, today's among them."""
    today = operator_services().insights.day_of(datetime.now(UTC))
    await fill(tables, today, 2, CALLS, seed=3)
