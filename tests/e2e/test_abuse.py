"""Every port attacked for seconds while a call goes on; `make abuse` does it for minutes, and measures."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine

import aiohttp
import msgspec
import pytest

from abuse import attacker
from abuse.attacks import ATTACKS
from abuse.verdict import faults
from local.driver import System
from local.report import CallReport
from local.services import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SECONDS = 8.0


async def attacked(system: System) -> attacker.Outcome:
    """What came of the attacks."""
    token = system.addresses.page.partition("#token=")[2]
    order = attacker.Order(system.addresses, "", token, SECONDS, per_second=30.0, seed=1)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", attacker.__name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    said, _ = await process.communicate(msgspec.json.encode(order))
    return msgspec.json.decode(said, type=attacker.Outcome)


async def test_a_call_goes_on_while_every_port_is_attacked(
    system: System, place_call: Callable[..., Coroutine[None, None, CallReport]]
) -> None:
    call = asyncio.create_task(place_call("I feel like sushi tonight.", "No, thank you. Goodbye."))
    outcome = await attacked(system)
    report = await call
    assert report.outcome == "completed"
    assert any(tool.name == "find_restaurants" for tool in report.tools)
    assert {name for name in ATTACKS if not name.startswith("inbox")} <= outcome.attacks.keys()
    assert faults(outcome) == []
    assert outcome.attacks["bridge: forged token"].keys() <= {"401", "429"}
    assert outcome.attacks["functions: webhook"].keys() == {"401"}
    async with aiohttp.ClientSession() as http:
        for address in (f"{system.addresses.bridge}/readyz", f"{system.addresses.functions}/api/health"):
            async with http.get(address) as answer:
                assert answer.status == 200
