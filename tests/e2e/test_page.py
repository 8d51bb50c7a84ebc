"""The page in headless Chromium with a WAV as its microphone, through the whole system."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import BrowserContext, Page, WebSocket, WebSocketRoute, expect

from local.browser import chromium
from local.driver import System
from local.measure import bookings_of
from local.spoken_file import write_spoken
from shared.agent_config import load_agent
from shared.call_store import CallStore
from shared.calls import CallState, Outcome
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.control.page_views.steps import violations
from tests.e2e.conftest import PlaceCall, spoken

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PATIENCE_MS = 60_000
VOICE = "de-DE-Seraphina:DragonHDLatestNeural"
REMARK = "Speak of the sea."
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

        assert await violations(page) == []
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


MICROPHONE = """speech => {
  const sound = new AudioContext();
  const microphone = () => {
    const wire = sound.createMediaStreamDestination();
    window.say = async () => {
      const source = sound.createBufferSource();
      const file = Uint8Array.from(atob(speech), (c) => c.charCodeAt(0));
      source.buffer = await sound.decodeAudioData(file.buffer);
      source.connect(wire);
      source.start();
      await new Promise((over) => { source.onended = over; });
    };
    window.unplug = () => wire.stream.getTracks()[0].dispatchEvent(new Event("ended"));
    return wire.stream;
  };
  navigator.mediaDevices.getUserMedia = async () => microphone();
}"""
"""A microphone that speaks when it is told to, and can be unplugged."""


def sent_audio(socket: WebSocket) -> list[bytes]:
    """Frames of the microphone as they go over the wire from now on."""
    frames: list[bytes] = []

    def keep(frame: str | bytes) -> None:
        message = json.loads(frame)
        if message["type"] == "audio":
            frames.append(base64.b64decode(message["audio"]))

    socket.on("framesent", keep)
    return frames


async def test_mute_keys_and_what_was_chosen_count_in_the_talk(
    system: System, store: CallStore, agent_folder: Path, tmp_path: Path
) -> None:
    """In German, with another voice and prompt; muted, keys are heard and words are not; the microphone is
    unplugged and another one taken; other views are looked at meanwhile; then the line breaks."""
    words = tmp_path / "words.wav"
    line = await asyncio.to_thread(spoken, "What is the address of Sakura House?", "low")
    await asyncio.to_thread(write_spoken, words, [(0.0, line)], silence_at_end=0.0)
    async with chromium() as browser:
        context = await browser.new_context()
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page = await a_tab(context, system)
        await page.evaluate(MICROPHONE, base64.b64encode(words.read_bytes()).decode())
        bridge: list[WebSocketRoute] = []

        async def through(route: WebSocketRoute) -> None:
            bridge.append(route)
            route.connect_to_server()

        await page.route_web_socket(re.compile("/browser/"), through)
        await page.get_by_label("Language").select_option("de-DE")
        await page.get_by_label("Voice").select_option(VOICE)
        await page.get_by_text("Prompt", exact=True).click()
        prompt = await page.get_by_label("Instructions to the model").input_value()
        await page.get_by_label("Instructions to the model").fill(f"{prompt}\n\n{REMARK}")
        async with page.expect_websocket() as opening:
            await page.get_by_role("button", name="Start talking").click()
        frames = sent_audio(await opening.value)
        said, mute = page.get_by_role("log"), page.get_by_role("button", name="Mute")
        await mute.click()
        await expect(mute).to_have_attribute("aria-pressed", "true")
        german = load_agent(agent_folder).phrases_for("de-DE")
        await expect(said.locator(".turn.agent").first).to_contain_text(german.greeting)
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{system.addresses.voice_live}/sessions") as answer,
        ):
            sessions = (await answer.json())["sessions"]
        (own,) = [one for one in sessions if REMARK in one["instructions"]]
        assert own["voice"]["name"] == VOICE

        del frames[:]
        await page.evaluate("say()")
        assert frames
        assert not any(map(any, frames))
        await page.get_by_role("button", name="Keypad").click()
        await page.get_by_role("group", name="Keypad").get_by_role("button", name="1").click()
        await page.keyboard.press("#")
        await expect(said.locator(".turn.agent").nth(1)).not_to_contain_text(german.still_there)
        await expect(said.locator(".turn.caller")).to_have_count(0)

        await page.get_by_role("link", name="Calls").click()
        await page.locator(".live-calls a", has_text="Talk from the page").first.click()
        call_id = page.url.rpartition("/")[2]
        await page.get_by_role("link", name="Talk on").click()
        await mute.click()
        await page.evaluate("unplug()")
        await expect(page.get_by_role("alert")).to_contain_text("The microphone went away")
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_text("Talking. You can speak over the agent.")).to_be_visible()
        await page.evaluate("say()")
        assert any(map(any, frames))
        await expect(said.locator(".turn.caller")).to_have_count(1)
        await bridge[0].close(code=1011)
        await expect(page.get_by_text("The agent had a fault and ended the talk")).to_be_visible()
        await expect(page.get_by_role("button", name="Start talking")).to_be_enabled()

    call = await store.get(call_id)
    assert call is not None
    assert call.talk is not None
    assert (call.talk.language, call.talk.voice, REMARK in call.talk.prompt) == ("de-DE", VOICE, True)


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
        assert await violations(page) == []
        await page.get_by_role("button", name="Put through", exact=True).click()
        report = await calling
        assert report.outcome == Outcome.TRANSFERRED
        await expect(page.get_by_text("asked for by the desk")).to_be_visible()
