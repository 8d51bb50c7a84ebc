"""Talks that cannot begin: the page says what to do."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import Page, expect

from control.operator_services import operator_services
from tests.control.hosted_plane import ControlPlane
from tests.control.page_views.steps import enter, violations

pytestmark = pytest.mark.timeout(180)


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


async def test_a_talk_to_which_no_bridge_answers_says_so(page: Page, control: ControlPlane) -> None:
    silence = "async () => new AudioContext().createMediaStreamDestination().stream"
    await page.add_init_script(f"navigator.mediaDevices.getUserMedia = {silence}")
    await enter(page, control)
    await page.get_by_role("button", name="Start talking").click()
    await expect(page.get_by_text("The line could not be opened")).to_be_visible()
    await expect(page.get_by_role("button", name="Start talking")).to_be_focused()
    await expect(page.get_by_label("Language")).to_be_enabled()
    assert await violations(page) == []
