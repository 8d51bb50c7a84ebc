"""The port option that all services share, and ports that cannot be had."""

from __future__ import annotations

import argparse
import importlib
import socket
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.serving import port

SERVICES = ["local.acs.service", "local.event_grid.service", "local.functions_host.service"]
SERVICES.append("local.voice_live.service")

LISTEN_ELSEWHERE = """
import asyncio, sys
from aiohttp import web
from local import serving
serving._HOST = sys.argv[1]
sys.exit(asyncio.run(serving.serve(web.Application(), service="sample", port=int(sys.argv[2]))))
"""


@given(st.integers(0, 65_535))
def test_a_port_is_a_number_of_16_bits(number: int) -> None:
    assert port(str(number)) == number


@given(
    st.integers().filter(lambda number: not 0 <= number <= 65_535).map(str) | st.sampled_from(["", "x", "²"])
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="0 to 65535"):
        port(text)


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_refuses_a_port_that_is_none(service: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        importlib.import_module(service).main(["--port", "70000"])
    assert caught.value.code == 2
    assert "argument --port: '70000' is not a port" in capsys.readouterr().err


def serve(host: str, number: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LISTEN_ELSEWHERE, host, str(number)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_taken_port_ends_with_3_and_an_address_that_is_not_ours_with_1() -> None:
    """192.0.2.1 is an address of documentation (RFC 5737), on no machine."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        for host, status, reason in (("127.0.0.1", 3, "is taken"), ("192.0.2.1", 1, "cannot be used")):
            result = serve(host, number)
            assert (result.returncode, result.stdout) == (status, "")
            (line,) = result.stderr.splitlines()
            assert line.startswith(f"sample: port {number} on {host} {reason}")
