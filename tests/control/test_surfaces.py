"""Every way into the control plane, asked by somebody who has nothing to show."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from control.services import services
from local.functions_host.http import Endpoint
from local.functions_host.keys import Level
from shared.commands import CallCommand, Order
from tests.control.hosted_plane import ControlPlane

OPEN = {"health"}
"""Functions that anybody may call: they say which of settings and store fails, and no more."""
FILES = {"page"}
"""In Azure behind the sign-in; on a laptop files that are no secret."""
BY_SECRET = {"waiting_audio"}
"""What Communication Services fetches without a token: the secret of the call in its address is the proof."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ASKED = {
    "call_id": "20260101-00000000-0123456789abcdef",
    "secret": "s",
    "path": "calls",
    "file": "index.html",
}


def http_endpoints(control: ControlPlane) -> list[Endpoint]:
    return [Endpoint.of(f, "api") for f in control.worker.functions if f.kind == "httptrigger"]


async def test_nothing_is_told_or_done_without_a_proof(control: ControlPlane) -> None:
    """New functions come under this by themselves."""
    seen = set()
    for endpoint in http_endpoints(control):
        name = endpoint.function.name
        path = re.sub(r"\{\*?(\w+)[^}]*\}", lambda found: ASKED[found[1]], endpoint.route.template)
        for method in METHODS:
            if endpoint.route.match(method, path) is None:
                continue
            seen.add(name)
            async with control.http.request(method, f"{control.url}{path}", json={}) as answer:
                if name in OPEN | FILES and method == "GET":
                    assert answer.status == 200
                elif name in BY_SECRET:
                    assert answer.status in (403, 404)
                else:
                    assert answer.status in (401, 403), (name, method, answer.status)
    assert seen == {endpoint.function.name for endpoint in http_endpoints(control)}


def test_functions_that_check_nothing_themselves_need_the_hosts_key(control: ControlPlane) -> None:
    """Anonymous to the host are those that check a proof of their own, and health."""
    anonymous = {e.function.name for e in http_endpoints(control) if e.level is Level.ANONYMOUS}
    assert anonymous == {"call_events", "operator_api", *BY_SECRET, *OPEN, *FILES}


@pytest.mark.parametrize("path", ["/admin/host/status", "/admin/functions/sweep", "/api/calls", "/"])
async def test_the_host_itself_tells_nothing(control: ControlPlane, path: str) -> None:
    async with control.http.get(f"{control.url}{path}") as answer:
        assert answer.status in (401, 404)


async def test_what_an_operator_wanted_of_a_call_that_is_over_is_thrown_away(control: ControlPlane) -> None:
    """It holds what a person is told of a caller, and no bridge looks while nobody calls."""
    now = datetime.now(UTC)
    for number, age in enumerate((90, 5)):
        call_id = f"20260101-00000000-000000000000000{number}"
        at = now - timedelta(seconds=age)
        await services().commands.give(CallCommand(call_id, Order.TRANSFER, at, "+15550142", "words"))
    await control.sweep()
    assert [one.call_id[-1] for one in await services().commands.waiting()] == ["1"]
