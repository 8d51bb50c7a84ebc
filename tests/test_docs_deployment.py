"""docs/security.md, regions.md and operate.md name what code and infra/ have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent


def page(name: str) -> str:
    return (TOP / "docs" / name).read_text("utf-8")


def rows(text: str, heading: str) -> list[str]:
    """The first cells of the table below a heading."""
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert section, heading
    return re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)[1:]


def routes() -> list[str]:
    """Addresses of the Functions app, as far as they are fixed."""
    return sorted(
        f"/api/{route.partition('{')[0]}"
        for source in (TOP / "control").glob("*.py")
        for route in re.findall(r'\.route\(\s*"([^"]+)"', source.read_text("utf-8"))
    )


def test_the_walk_finds_the_routes() -> None:
    assert {"/api/health", "/api/calls/", "/api/v1/"} <= set(routes())


@pytest.mark.parametrize("route", routes())
def test_every_route_of_the_functions_app_is_a_surface(route: str) -> None:
    assert route in page("security.md").partition("## Every surface")[2].partition("\n## ")[0]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/calls", "/acs/", "/browser/"])
def test_every_path_of_the_bridge_is_a_surface(path: str) -> None:
    assert any(path in row for row in rows(page("security.md"), "Every surface"))


def test_every_region_that_can_be_chosen_is_listed() -> None:
    bicep = (TOP / "infra/main.bicep").read_text("utf-8")
    before = bicep.partition("param voiceLiveRegions array")[0].rpartition("@allowed([")[2]
    allowed = re.findall(r"'(\w+)'", before.partition("])")[0])
    assert allowed
    listed = [name.strip("`") for name in rows(page("regions.md"), "Where Voice Live is")]
    assert sorted(listed) == sorted(allowed)


def test_every_alert_leads_somewhere() -> None:
    alerts = {name for row in rows(page("infra.md"), "Alerts") for name in re.findall(r"`([\w-]+)`", row)}
    assert alerts
    told = {
        name for row in rows(page("operate.md"), "An alert came") for name in re.findall(r"`([\w-]+)`", row)
    }
    assert told == alerts


def test_every_variable_that_pages_name_can_be_set() -> None:
    infra = "".join(
        path.read_text("utf-8")
        for path in [*(TOP / "infra").rglob("*"), TOP / ".github/workflows/ci.yml"]
        if path.suffix in (".bicepparam", ".json", ".py", ".yml")
    )
    named = {
        name
        for file in (TOP / "docs").glob("*.md")
        for name in re.findall(r"\bTABLETALK_[A-Z_]+\b", file.read_text("utf-8"))
    }
    assert {name for name in named if name not in infra} == set()
