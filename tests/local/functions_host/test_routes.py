"""Route templates of HTTP triggers."""

from __future__ import annotations

import pytest

from local.functions_host.routes import Route, RouteError

GUID = "3f1c2a52-0d0c-4b39-9c39-6a0b7d1c9e44"


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("/api/health", "/api/health", {}),
        ("/api/health", "/api/health/", {}),
        ("/api/health", "/API/Health", {}),
        ("/api/health", "/api/healthy", None),
        ("/api/calls/{id}", "/api/calls/7", {"id": "7"}),
        ("/api/calls/{id}", "/api/calls/", None),
        ("/api/calls/{id}", "/api/calls/7/8", None),
        ("/api/calls/{id}/events/{secret}", "/api/calls/7/events/x-_y", {"id": "7", "secret": "x-_y"}),
        ("/api/calls/{id?}", "/api/calls", {}),
        ("/api/calls/{id?}", "/api/calls/7", {"id": "7"}),
        ("/api/{n:int}", "/api/-12", {"n": "-12"}),
        ("/api/{n:int}", "/api/twelve", None),
        ("/api/{g:guid}", f"/api/{GUID}", {"g": GUID}),
        ("/api/{g:guid}", "/api/3f1c2a52", None),
        ("/api/{a:alpha}", "/api/abc", {"a": "abc"}),
        ("/api/{a:alpha}", "/api/ab1", None),
        ("/api/{b:bool}", "/api/True", {"b": "True"}),
        ("/api/files/{*path}", "/api/files/a/b.txt", {"path": "a/b.txt"}),
        ("/api/files/{*path}", "/api/files", {}),
        ("/api/{name}.json", "/api/menu.json", {"name": "menu"}),
        ("/a+b", "/a+b", {}),
        ("/a+b", "/aab", None),
    ],
)
def test_match(template: str, path: str, values: dict[str, str] | None) -> None:
    assert Route.compile(template).match("GET", path) == values


def test_a_wrong_method_is_no_match() -> None:
    route = Route.compile("/api/x", ["POST"])
    assert route.match("POST", "/api/x") == {}
    assert route.match("GET", "/api/x") is None


def test_the_more_particular_route_goes_first() -> None:
    templates = ["/{*all}", "/api/{x}", "/api/{x:int}", "/api/health", "/api/{x}/y"]
    ordered = sorted((Route.compile(t) for t in templates), key=lambda r: r.precedence)
    assert [r.template for r in ordered] == [
        "/api/health",
        "/api/{x:int}",
        "/api/{x}",
        "/api/{x}/y",
        "/{*all}",
    ]


@pytest.mark.parametrize(
    ("template", "named"), [("/api/{n:long}", "long"), ("/api/{n", "{n"), ("/api/{a-b}", "a-b")]
)
def test_a_template_it_cannot_serve_is_named(template: str, named: str) -> None:
    with pytest.raises(RouteError, match=named):
        Route.compile(template)
