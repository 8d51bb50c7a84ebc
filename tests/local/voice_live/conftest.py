"""A running stand-in for tests over real sockets, with simple parts or the real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from local.serving import listening
from local.voice_live.admission import Admission
from local.voice_live.faults import FaultPlan, Faults
from local.voice_live.seams import Parts
from local.voice_live.service import Service, load_parts
from tests.local.voice_live.doubles import parts as simple_parts

type Serve = Callable[..., AbstractAsyncContextManager[str]]


@pytest.fixture
def serve() -> Serve:
    """Runs the service on a free port: `async with serve(parts, faults=..., lifetime_s=...) as url`."""
    return _serve


@pytest.fixture(scope="session")
def real_parts() -> Parts:
    """Recognition, synthesis, voice activity and mind as the service has them, loaded once."""
    return load_parts()


@asynccontextmanager
async def _serve(
    parts: Parts | None = None, *, faults: Faults | None = None, api_key: str | None = None, **options: Any
) -> AsyncIterator[str]:
    admission = Admission(clock=lambda: 0.0, api_key=api_key, connections_per_minute=0)
    options.setdefault("audio_speed", 0.0)
    service = Service(parts or simple_parts(), admission, FaultPlan(faults or Faults()), **options)
    async with listening(service.app(), shutdown_timeout=2.0) as url:
        yield url
