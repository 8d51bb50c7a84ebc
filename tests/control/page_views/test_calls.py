"""Calls on the page: found, read, heard, exported, and told what to do while they go on."""

from __future__ import annotations

import asyncio
import csv
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from control import operator_api_recording
from control.operator_services import operator_services
from control.services import close_services, services
from shared.calls import CallEvent, EventKind, Turn, apply
from shared.commands import Order
from shared.settings import DEFAULT_AGENT_DIR
from tests.control.hosted_plane import ControlPlane
from tests.control.operator_house import live, taped
from tests.control.page_views.steps import CALLS, enter, violations
from tests.shared.call_makers import replied, said

pytestmark = pytest.mark.timeout(180)


async def test_every_past_call_is_accessible_opened_and_corrected(
    page: Page, control: ControlPlane, filled: None
) -> None:
    """From the list to a call; what an operator knows better counts, and the list follows."""
    await enter(page, control)
    await page.get_by_role("link", name="Calls").click()
    await expect(page.get_by_text(f"{CALLS} calls, the newest first")).to_be_visible()
    await page.locator("table.calls tbody a").first.click()
    await expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    await expect(page.locator(".timeline svg rect.agent").first).to_be_visible()
    await page.get_by_text("Correct this").click()
    assert await violations(page) == []
    await page.get_by_label("Intent").select_option("person")
    await page.get_by_label("Why").fill("asked for the owner")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("asked for the owner (by operator)")).to_be_visible()
    await page.evaluate("() => { location.hash = '#/calls?intent=person' }")
    await expect(page.locator("table.calls tbody tr", has_text="person").first).to_be_visible()


async def test_a_recording_is_played_along_the_timeline(
    page: Page, control: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loaded in parts; the place moves over the drawing, and a click on a turn goes there."""
    monkeypatch.setattr(operator_api_recording, "MOST", 100_000)
    call = await taped()  # from a second after the conversation began, for ten
    for turn in (said(1, "A table for two please"), replied(2, "It is booked.")):
        await services().line.calls.add_turn(call.id, turn)
    await enter(page, control)
    await page.evaluate("view => { location.hash = view }", f"#/calls/{call.id}")
    load = page.get_by_role("button", name="Load the recording (0:10)")
    await expect(load).to_be_visible()
    assert await violations(page) == []
    await load.click()
    audio = page.locator("audio")
    await expect(audio).to_be_focused()
    assert await audio.evaluate(
        "one => one.readyState ? one.duration : new Promise((tell) => "
        "one.addEventListener('loadedmetadata', () => tell(one.duration)))"
    ) == pytest.approx(10.0)
    assert await violations(page) == []

    spoken = page.locator(".timeline svg rect.caller")  # five seconds after the ring, four after zero
    left = float(await spoken.get_attribute("x") or 0)
    await spoken.click()
    assert await audio.evaluate("one => one.currentTime") == pytest.approx(3.0, abs=0.01)
    where = "Number(/^M([0-9.]+) /.exec(document.querySelector('path.now').getAttribute('d'))[1])"
    assert await page.evaluate(where) == pytest.approx(left, abs=0.5)
    await audio.evaluate("one => one.play()")
    await page.evaluate(
        f"new Promise((tell) => {{ const look = () => {where} > {left + 20} ? tell() : "
        "requestAnimationFrame(look); look(); })"
    )
    await audio.evaluate("one => one.pause()")
    assert await audio.evaluate("one => one.currentTime") > 3.0
    assert (await page.get_by_role("link", name="Save").get_attribute("href") or "").startswith("blob:")


async def test_a_caller_who_said_no_is_not_to_be_heard(page: Page, control: ControlPlane) -> None:
    call = await taped()
    await operator_services().tapes.refuse(call.id, call.rang_at)
    await enter(page, control)
    await page.evaluate("view => { location.hash = view }", f"#/calls/{call.id}")
    await expect(page.get_by_text("The caller did not want this call to be recorded.")).to_be_visible()
    await expect(page.get_by_role("button", name="Load the recording")).to_have_count(0)


async def test_every_figure_leads_to_the_calls_behind_it(
    page: Page, control: ControlPlane, filled: None
) -> None:
    """As many as the figure says, for every link of the view."""
    await enter(page, control)
    await page.evaluate("() => { location.hash = '#/insights' }")
    await expect(page.locator(".plot canvas").last).to_be_visible()
    cells = page.locator("table.bars tbody tr")
    counted = {
        await row.locator("a").first.get_attribute("href"): await row.locator("td").first.inner_text()
        for row in await page.get_by_role("figure").filter(has_text="Outcomes").locator("tbody tr").all()
    }
    assert len(counted) > 1
    assert await cells.count() > len(counted)
    for target, number in counted.items():
        await page.evaluate("view => { location.hash = view }", target)
        word = "call" if number == "1" else "calls"
        await expect(page.get_by_text(f"{number} {word}, the newest first")).to_be_visible()
    plots = page.locator(".plot")
    await page.evaluate("() => { location.hash = '#/insights' }")
    await expect(plots.last.locator("canvas")).to_be_visible()
    for figure in await page.get_by_role("figure").filter(has=page.locator(".plot")).all():
        assert len(await figure.locator(".plot").get_attribute("aria-label") or "") > 20
        assert await figure.locator("tbody a").count() > 1


async def test_calls_are_found_by_what_was_said_and_open_there(
    page: Page, control: ControlPlane, filled: None
) -> None:
    await enter(page, control)
    await page.get_by_role("link", name="Calls").click()
    await page.get_by_label("Words said").fill('"what would" EAT')
    await page.get_by_role("button", name="Show", exact=True).click()
    found = page.locator("tr.excerpts")
    await expect(found.first).to_contain_text("What would you like to eat")
    assert await found.first.locator("mark").all_inner_texts() == ["What", "would", "eat?"]
    assert await violations(page) == []
    await found.first.get_by_role("link", name="Agent").click()
    await expect(page.locator(".turn.pointed")).to_contain_text("What would you like to eat?")
    await page.evaluate("() => { location.hash = '#/calls?said=zanzibar' }")
    await expect(page.get_by_text("No call fits")).to_be_visible()


async def test_calls_are_exported_with_the_filter_that_is_set(
    page: Page, control: ControlPlane, filled: None
) -> None:
    await enter(page, control)
    await page.evaluate("() => { location.hash = '#/calls?outcome=booked' }")
    rows = page.locator("table.calls tbody tr")
    await expect(rows.first).to_be_visible()
    async with page.expect_download() as coming:
        await page.get_by_role("button", name="Export as CSV").click()
    saved = await (await coming.value).path()
    lines = (await asyncio.to_thread(saved.read_text, "utf-8")).splitlines()
    assert len(lines) == 1 + await rows.count()
    assert all("booked" in line for line in lines[1:])


async def test_an_export_of_many_pages_lacks_no_call(page: Page, control: ControlPlane, filled: None) -> None:
    """Pages of five in place of two hundred; the header stands once, whichever page is empty."""

    async def smaller(route: Route) -> None:
        await route.continue_(url=route.request.url.replace("limit=200", "limit=5"))

    await page.route("**/calls.csv*", smaller)
    await enter(page, control)
    await page.get_by_role("link", name="Calls").click()
    async with page.expect_download() as coming:
        await page.get_by_role("button", name="Export as CSV").click()
    saved = await (await coming.value).path()
    rows = list(csv.DictReader((await asyncio.to_thread(saved.read_text, "utf-8")).splitlines()))
    assert len({row["id"] for row in rows}) == len(rows) == CALLS
    await expect(page.locator("#announcer")).to_have_text(f"{CALLS} calls are saved.")


async def test_a_call_that_ends_while_it_is_watched_says_so(page: Page, control: ControlPlane) -> None:
    """Whoever stands on a button stays there while things happen, and is not left on one that is gone."""
    await enter(page, control)
    call, now = await live(), datetime.now(UTC)
    await page.evaluate("view => { location.hash = view }", f"#/calls/{call.id}")
    end = page.get_by_role("button", name="End call…")
    await end.focus()
    await services().line.calls.add_turn(call.id, Turn(0, "caller", "Hello?", now, now))
    await expect(page.get_by_role("log")).to_contain_text("Hello?")
    await expect(end).to_be_focused()
    ended = CallEvent(EventKind.MEDIA_CLOSED, now + timedelta(seconds=9))
    over = CallEvent(EventKind.DISCONNECTED, now + timedelta(seconds=9))
    await services().line.calls.update(call.id, lambda one: apply(apply(one, ended), over))
    await expect(page.locator("#announcer")).to_have_text("The call has ended.")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await expect(end).to_be_hidden()
    await expect(page.get_by_text("Being counted…")).to_be_visible()
    assert await violations(page) == []
    await operator_services().counter.count_now(call.id)
    await expect(page.get_by_text("Correct this")).to_be_visible()


async def test_a_call_is_put_through_and_ended_from_its_page(
    page: Page, control: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By keyboard: the dialog takes the focus and gives it back."""
    shutil.copytree(DEFAULT_AGENT_DIR, tmp_path, dirs_exist_ok=True)
    with (tmp_path / "agent.toml").open("a", encoding="utf-8") as file:
        file.write('\n[transfer]\nto = "+15550142"\n')
    monkeypatch.setenv("AGENT_DIR", str(tmp_path))
    await close_services()
    call = await live()
    await enter(page, control)
    await page.evaluate("view => { location.hash = view }", f"#/calls/{call.id}")
    through = page.get_by_role("button", name="Put through…")
    await through.focus()
    await page.keyboard.press("Enter")
    await page.get_by_label("To", exact=True).select_option("+15550142")
    await page.get_by_label("What they are told").fill("asked for by the desk")
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await expect(through).to_be_focused()
    await through.click()
    await page.get_by_label("What they are told").fill("asked for by the desk")
    await page.get_by_role("button", name="Put through", exact=True).click()
    await expect(page.locator("#announcer")).to_have_text("The agent is told to put the call through.")
    (command,) = await operator_services().commands.waiting()
    assert (command.call_id, command.order, command.summary) == (
        call.id, Order.TRANSFER, "asked for by the desk"
    )  # fmt: skip
    await page.get_by_role("button", name="End call…").click()
    await page.get_by_role("button", name="End call", exact=True).click()
    await expect(page.locator("#announcer")).to_have_text("The call is told to end.")
    record = await services().line.calls.get(call.id)
    assert record is not None
    assert record.end_reason == "hung_up: operator"
