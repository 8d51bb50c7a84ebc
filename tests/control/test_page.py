"""The page's files as a browser gets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from control import page
from tests.control.hosted_plane import ControlPlane
from tests.control.operator_house import signed_in


@pytest.fixture(autouse=True)
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of two files."""
    (tmp_path / "secret.txt").write_text("no")
    (tmp_path / "web").mkdir()
    (tmp_path / "web/index.html").write_text("<!doctype html>")
    (tmp_path / "web/app.js").write_text("1")
    monkeypatch.setattr(page, "WEB", tmp_path / "web")


async def test_files_come_with_a_strict_policy(control: ControlPlane) -> None:
    async with control.http.get(f"{control.url}/api/page/") as answer:
        assert (answer.status, await answer.text()) == (200, "<!doctype html>")
        rules = answer.headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'"} <= set(rules)
        assert "connect-src 'self' ws://127.0.0.1:1" in rules
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        tag = answer.headers["ETag"]
    async with control.http.get(f"{control.url}/api/page/app.js") as answer:
        assert answer.headers["Content-Type"].startswith("text/javascript")
    async with control.http.get(f"{control.url}/api/page/", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304


async def test_the_address_without_its_slash_leads_to_the_one_with_it(control: ControlPlane) -> None:
    async with control.http.get(f"{control.url}/api/page", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (308, "/api/page/")


@pytest.mark.parametrize("name", ["none.js", "..%2fsecret.txt", "%2fetc%2fpasswd", "%2e%2e/secret.txt"])
async def test_nothing_else_is_served(control: ControlPlane, name: str) -> None:
    async with control.http.get(f"{control.url}/api/page/{name}") as answer:
        assert answer.status == 404


async def test_in_azure_nobody_gets_them_without_signing_in(
    control: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPERATOR_TOKEN", "")
    monkeypatch.setenv("OPERATOR_EASY_AUTH", "true")
    async with control.http.get(f"{control.url}/api/page/", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"].partition("?")[0]) == (302, "/.auth/login/aad")
    async with control.http.get(f"{control.url}/api/page/", headers=signed_in("Tabletalk.Viewer")) as answer:
        assert answer.status == 200
