"""The page in headless Chromium, over the control plane with a store of generated calls."""

from __future__ import annotations

import asyncio
import base64
import csv
import filecmp
import json
import re
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Page, Response, Route, expect

from bench.__main__ import fill
from control import operator_api_recording
from control.operator_api_http import ApiError, answer_problem
from control.operator_services import operator_services
from control.page import WEB
from control.services import close_services, services
from local.browser import chromium
from shared.calls import Call, CallEvent, EventKind, Turn, apply, derive_call_id
from shared.commands import Order
from shared.settings import DEFAULT_AGENT_DIR, StoreSettings
from shared.tables import Tables
from tests.control.conftest import OPERATOR_TOKEN, ROOT, ControlPlane
from tests.control.test_operator_recording import taped
from tests.shared.call_makers import replied, said

TOOLS = ROOT / ".page/node_modules"
MOST_BYTES = 200_000
CALLS = 24

pytestmark = pytest.mark.timeout(180)

type Scheme = Literal["light", "dark"]


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
async def filled(control: ControlPlane, azurite: str, table_prefix: str) -> None:
    """Two days of calls that have ended, today's among them."""
    today = operator_services().insights.day_of(datetime.now(UTC))
    async with Tables(StoreSettings(azurite, None, table_prefix)) as tables:
        await fill(tables, today, 2, CALLS, seed=3)


async def a_live_call() -> Call:
    """A phone call that goes on."""
    now = datetime.now(UTC)
    call = Call(derive_call_id(now, "live"), now, now, caller="4:+15550123", called="4:+15550199")
    call = apply(call, CallEvent(EventKind.ANSWERED, now, call_connection_id="connection"))
    call = apply(call, CallEvent(EventKind.MEDIA_CONNECTED, now, "gpt-4.1"))
    await services().line.calls.claim(call)
    return call


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_every_view_is_accessible(
    page: Page, control: ControlPlane, filled: None, scheme: Scheme, width: int
) -> None:
    await page.emulate_media(color_scheme=scheme)
    await page.set_viewport_size({"width": width, "height": 800})
    await enter(page, control)
    await page.get_by_text("Prompt", exact=True).click()
    assert await violations(page) == []
    live = await a_live_call()
    for view, sign in (
        ("/calls", page.locator("table.calls tbody tr").first),
        ("/calls?wish=fondue&reached=true", page.get_by_role("link", name="Without: asked for")),
        (f"/calls/{live.id}", page.get_by_role("button", name="End call…")),
        ("/insights", page.locator(".plot canvas").last),
        ("/insights?from=2020-01-01&to=2020-01-02", page.get_by_text("No calls in these days")),
        ("/calls/20260101-00000000-0000000000000000", page.get_by_role("alert")),
    ):
        await page.evaluate("view => { location.hash = view }", f"#{view}")
        await expect(sign).to_be_visible()
        await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        assert await violations(page) == [], view
        wider = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wider, f"{view} is wider than the window"
        if view == "/calls":
            table = page.get_by_role("region", name="Table of past calls")
            assert not await table.evaluate("one => one.scrollWidth > one.clientWidth"), "columns are cut off"
    await page.evaluate("view => { location.hash = view }", f"#/calls/{live.id}")
    await page.get_by_role("button", name="End call…").click()
    assert await violations(page) == []


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


async def test_without_a_microphone_it_says_what_to_do(page: Page, control: ControlPlane) -> None:
    """This browser has none to give; no call is put on record for it."""
    await enter(page, control)
    await page.get_by_role("button", name="Start talking").click()
    await expect(page.get_by_role("alert")).to_contain_text("What to do")
    await expect(page.get_by_role("button", name="Start talking")).to_be_enabled()
    assert (await violations(page)) == []
    assert await operator_services().live.calls() == []


@pytest.mark.parametrize(
    ("name", "help_"),
    [
        ("NotAllowedError", "allow the microphone"),
        ("NotFoundError", "connect one"),
        ("NotReadableError", "close that program"),
    ],
)
async def test_each_way_to_be_denied_has_its_help(
    page: Page, control: ControlPlane, name: str, help_: str
) -> None:
    refusal = f"() => Promise.reject(new DOMException('no', {json.dumps(name)}))"
    await page.add_init_script(f"navigator.mediaDevices.getUserMedia = {refusal}")
    await enter(page, control)
    await page.get_by_role("button", name="Start talking").click()
    await expect(page.get_by_role("alert")).to_contain_text(help_)


async def test_when_the_store_is_down_every_view_says_so_and_comes_back(
    page: Page, control: ControlPlane, filled: None
) -> None:
    """What the API answers then; the views read it out, and a press brings them back."""
    problem = answer_problem(
        ApiError(503, "store", "the store does not answer", fix="try again in a moment").problem
    )

    async def fail(route: Route) -> None:
        await route.fulfill(status=problem.status, body=problem.body, content_type=problem.content_type)

    await enter(page, control)
    live = await a_live_call()
    for view, sign in (
        ("/calls", page.locator("table.calls tbody tr").first),
        ("/insights", page.locator(".plot canvas").last),
        (f"/calls/{live.id}", page.get_by_role("button", name="End call…")),
    ):
        await page.route(re.compile("/api/v1/(calls|insights|live)"), fail)
        await page.evaluate("view => { location.hash = view }", f"#{view}")
        await expect(page.get_by_role("alert").filter(has_text="the store does not answer")).to_be_visible()
        if view == "/calls":
            await expect(page.get_by_text("This is not up to date")).to_be_visible(timeout=30_000)
        assert await violations(page) == [], view
        await page.unroute_all()
        again = page.get_by_role("button", name="Try again")
        if await again.count():  # a call that is watched is asked for again without
            await again.click()
        await expect(sign).to_be_visible(timeout=30_000)
        await expect(page.get_by_role("alert")).to_have_count(0, timeout=30_000)


async def test_when_the_store_is_down_the_page_opens_as_soon_as_it_is_back(
    page: Page, control: ControlPlane
) -> None:
    await page.route("**/api/v1/options", lambda route: route.abort())
    await page.goto(address(control, f"token={OPERATOR_TOKEN}"))
    await expect(page.get_by_role("alert")).to_contain_text("The server did not answer")
    assert await violations(page) == []
    await page.unroute_all()
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("heading", name="Talk to the agent")).to_be_visible()


async def test_a_token_that_is_good_no_more_leads_to_signing_in(page: Page, control: ControlPlane) -> None:
    await enter(page, control)
    await page.evaluate("() => { localStorage.setItem('tabletalk-operator-token', 'of yesterday') }")
    await page.get_by_role("link", name="Calls").click()
    await expect(page.get_by_role("alert").filter(has_text="sign in again")).to_be_visible()
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Who are you?")).to_be_visible()


async def test_a_call_that_ends_while_it_is_watched_says_so(page: Page, control: ControlPlane) -> None:
    """Whoever stands on a button stays there while things happen, and is not left on one that is gone."""
    await enter(page, control)
    call, now = await a_live_call(), datetime.now(UTC)
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
    call = await a_live_call()
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


@pytest.mark.parametrize("width", [1280, 390])
async def test_a_viewer_sees_no_words_and_is_told_what_is_not_theirs(
    page: Page, control: ControlPlane, filled: None, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """As Easy Auth tells of somebody with the role of a viewer."""
    monkeypatch.setenv("OPERATOR_TOKEN", "")
    monkeypatch.setenv("OPERATOR_EASY_AUTH", "true")
    claims = [
        {"typ": "oid", "val": "1"},
        {"typ": "name", "val": "Vic"},
        {"typ": "roles", "val": "Tabletalk.Viewer"},
    ]
    principal = base64.b64encode(json.dumps({"claims": claims}).encode()).decode()
    await close_services()
    await page.set_extra_http_headers({"X-MS-CLIENT-PRINCIPAL": principal})
    await page.set_viewport_size({"width": width, "height": 800})
    await page.goto(address(control, "/talk"))
    await expect(page.get_by_role("button", name="Start talking")).to_be_disabled()
    await expect(page.get_by_text("Your role may look at calls")).to_be_visible()
    assert await violations(page) == []
    await page.get_by_role("link", name="Calls").click()
    await expect(page.locator("table.calls tbody tr").first).to_contain_text("*")
    await expect(page.get_by_label("Words said")).to_have_count(0)
    assert await violations(page) == []
    await page.locator("table.calls tbody a").first.click()
    await expect(page.get_by_role("heading", name="Figures")).to_be_visible()
    await expect(page.get_by_text("Correct this")).to_have_count(0)
    assert await violations(page) == []


async def test_a_talk_to_which_no_bridge_answers_says_so(page: Page, control: ControlPlane) -> None:
    silence = "async () => new AudioContext().createMediaStreamDestination().stream"
    await page.add_init_script(f"navigator.mediaDevices.getUserMedia = {silence}")
    await enter(page, control)
    await page.get_by_role("button", name="Start talking").click()
    await expect(page.get_by_text("The line could not be opened")).to_be_visible()
    await expect(page.get_by_role("button", name="Start talking")).to_be_focused()
    await expect(page.get_by_label("Language")).to_be_enabled()
    assert await violations(page) == []


async def test_who_has_no_token_is_told_where_it_is(page: Page, control: ControlPlane) -> None:
    await page.goto(address(control, "/calls"))
    await expect(page.get_by_role("heading", name="Who are you?")).to_be_visible()
    assert await violations(page) == []
    await page.evaluate("token => { location.hash = `#token=${token}` }", OPERATOR_TOKEN)
    await expect(page.get_by_role("heading", name="Talk to the agent")).to_be_visible()
    assert OPERATOR_TOKEN not in page.url


async def test_a_keyboard_is_enough(page: Page, control: ControlPlane, filled: None) -> None:
    """Past the navigation by the first key; a view that opens has the focus, so that reading begins there."""
    await enter(page, control)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Start talking")).to_be_focused()
    await page.get_by_role("link", name="Insights").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Insights")).to_be_visible()
    assert await page.evaluate("document.activeElement.id") == "main"


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
