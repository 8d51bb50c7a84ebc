"""Every view of the page: for everybody who may see it, by every means, and when the store is down."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.async_api import Page, Route, expect

from control.operator_api_http import ApiError, answer_problem
from control.services import close_services
from tests.control.hosted_plane import OPERATOR_TOKEN, ControlPlane
from tests.control.operator_house import live, signed_in
from tests.control.page_views.steps import address, enter, violations

type Scheme = Literal["light", "dark"]

pytestmark = pytest.mark.timeout(180)


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
    call = await live()
    for view, sign in (
        ("/calls", page.locator("table.calls tbody tr").first),
        ("/calls?wish=fondue&reached=true", page.get_by_role("link", name="Without: asked for")),
        (f"/calls/{call.id}", page.get_by_role("button", name="End call…")),
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
    await page.evaluate("view => { location.hash = view }", f"#/calls/{call.id}")
    await page.get_by_role("button", name="End call…").click()
    assert await violations(page) == []


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
    call = await live()
    for view, sign in (
        ("/calls", page.locator("table.calls tbody tr").first),
        ("/insights", page.locator(".plot canvas").last),
        (f"/calls/{call.id}", page.get_by_role("button", name="End call…")),
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


@pytest.mark.parametrize("width", [1280, 390])
async def test_a_viewer_sees_no_words_and_is_told_what_is_not_theirs(
    page: Page, control: ControlPlane, filled: None, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """As Easy Auth tells of somebody with the role of a viewer."""
    monkeypatch.setenv("OPERATOR_TOKEN", "")
    monkeypatch.setenv("OPERATOR_EASY_AUTH", "true")
    await close_services()
    await page.set_extra_http_headers(signed_in("Tabletalk.Viewer"))
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
