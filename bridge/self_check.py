"""A bridge looks at itself when it starts, and from time to time, and writes down what it finds.

Only from here can be seen whether its identity may open Voice Live sessions. Whoever asks the control plane
for its deep health reads it there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

from azure.core.exceptions import AzureError

from shared.clock import utc_now
from shared.finding_store import Findings, FindingStore
from shared.findings import Finding, Verdict, worst

_AGAIN_WHEN_WELL: Final = 3600.0
_AGAIN_WHEN_NOT: Final = (5.0, 15.0, 60.0, 120.0)
"""Seconds. What it needs may start when it does, and roles take some minutes to count."""

log = logging.getLogger(__name__)

Look = Callable[[], Awaitable[Sequence[Finding]]]


@contextlib.asynccontextmanager
async def checking_itself(store: FindingStore, look: Look) -> AsyncIterator[None]:
    """Look again and again while this is open. Never hurts a call: what goes wrong is logged."""
    replica = secrets.token_hex(8)
    watcher = asyncio.create_task(_keep_looking(store, look, replica))
    try:
        yield
    finally:
        watcher.cancel()
        await asyncio.wait([watcher])
        with contextlib.suppress(AzureError, TimeoutError):
            async with asyncio.timeout(2):
                await store.forget(replica)


async def _keep_looking(store: FindingStore, look: Look, replica: str) -> None:
    tries = 0
    while True:
        verdict: Verdict = "failed"
        try:
            findings = tuple(await look())
            verdict = worst(findings)
            for finding in findings:
                if finding.verdict == "failed":
                    log.error("self-check failed", extra={"check": finding.check, "fix": finding.fix})
            await store.save(Findings(replica=replica, at=utc_now(), findings=findings))
        except AzureError as error:
            log.warning("self-check not written down", extra={"reason": type(error).__name__})
        except Exception:
            log.exception("self-check broke")
        if verdict != "failed":
            tries = 0
            await asyncio.sleep(_AGAIN_WHEN_WELL)
        else:
            await asyncio.sleep(_AGAIN_WHEN_NOT[min(tries, len(_AGAIN_WHEN_NOT) - 1)])
            tries += 1
