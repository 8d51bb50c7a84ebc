"""The page in headless Chromium with a WAV as its microphone, through the whole system."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from local.browser import chromium
from local.driver import System
from local.measure import bookings_of
from local.spoken_file import write_spoken
from shared.call_store import CallStore
from shared.calls import CallState, Outcome
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.e2e.conftest import PlaceCall, spoken

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PATIENCE_MS = 60_000
SCRIPT = (
    (4.0, "I would like to book a table for two at Tokyo Corner tomorrow at seven."),
    (9.0, "My name is Anna."),
    (14.0, "Yes, please."),
)
"""What is said, after so many seconds: the first falls into the greeting, the others wait for a reply."""


async def a_tab(context: BrowserContext, system: System) -> Page:
    page = await context.new_page()
    await page.goto(system.addresses.page)
    await expect(page.get_by_role("heading", name="Talk to the agent")).to_be_visible(timeout=PATIENCE_MS)
    return page


async def test_a_talk_interrupts_books_is_watched_and_ended(
    system: System, store: CallStore, tmp_path: Path
) -> None:
    """One talk: answered, the greeting cut off, a table booked; a second tab sees all of it and ends it."""
    lines = [(pause, await asyncio.to_thread(spoken, text, "low")) for pause, text in SCRIPT]
    microphone = tmp_path / "microphone.wav"
    await asyncio.to_thread(write_spoken, microphone, lines)
    async with chromium(microphone=microphone) as browser:
        context = await browser.new_context()
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page = await a_tab(context, system)
        await page.get_by_role("button", name="Start talking").click()
        await expect(page.get_by_role("button", name="Hang up")).to_be_visible()
        watching = await a_tab(context, system)
        await watching.get_by_role("link", name="Calls").click()
        await watching.locator(".live-calls a", has_text="Talk from the page").first.click()
        call_id = watching.url.rpartition("/")[2]

        said = page.get_by_role("log")
        await expect(said.locator(".turn.agent.interrupted").first).to_contain_text("cut off")
        await expect(said.locator(".turn.caller").first).to_contain_text("Tokyo")
        await expect(said.locator(".turn.agent", has_text="answered after").first).to_be_visible()
        await expect(said.locator(".tool", has_text="book_table").last).to_contain_text("ms")
        await expect(said.locator(".turn.agent").last).to_contain_text("booked")

        seen = watching.get_by_role("log")
        await expect(seen.locator(".tool", has_text="book_table").last).to_be_visible()
        await expect(watching.locator(".timeline rect.caller").first).to_be_visible()
        await watching.get_by_role("button", name="End call…").click()
        await watching.get_by_role("button", name="End call", exact=True).click()
        await expect(page.get_by_role("button", name="Start talking")).to_be_visible()
        await expect(page.get_by_role("link", name="See this call")).to_be_visible()
        await expect(watching.get_by_role("heading", name="Bookings")).to_be_visible()
        await expect(watching.get_by_text("Tokyo Corner", exact=True)).to_be_visible()

    call = await store.get(call_id)
    assert call is not None
    assert call.state is CallState.ENDED
    async with Tables(StoreSettings(system.addresses.tables, endpoint=None, prefix="")) as tables:
        booked = await bookings_of(tables, call_id)
    assert [(row["restaurant_id"], row["party_size"]) for row in booked] == [("tokyo-corner", 2)]


async def test_a_phone_call_is_put_through_to_a_person_from_the_page(
    system: System, place_call: PlaceCall
) -> None:
    """Whoever watches takes it away from the agent."""
    async with chromium() as browser:
        context = await browser.new_context()
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page = await a_tab(context, system)
        await page.get_by_role("link", name="Calls").click()
        calling = asyncio.create_task(place_call(caller="+15550177"))
        await page.locator(".live-calls a", has_text="+15550177").click()
        await page.get_by_role("button", name="Put through…").click()
        await page.get_by_label("What they are told").fill("asked for by the desk")
        await page.get_by_role("button", name="Put through", exact=True).click()
        report = await calling
        assert report.outcome == Outcome.TRANSFERRED
        await expect(page.get_by_text("asked for by the desk")).to_be_visible()
