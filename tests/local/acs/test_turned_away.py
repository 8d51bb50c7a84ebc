"""Phones that ring when there is no room, turned away by the control plane's own telephony."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from control.admitting import Gate
from shared.acs_events import IncomingCall
from shared.admission_store import AdmissionStore
from shared.settings import ACS_ISSUER, AcsSettings, AdmissionSettings, StoreSettings, WhenFull
from shared.tables import Tables
from shared.telephony import Telephony
from tests.local.acs.harness import KEY, RESOURCE_ID, Stack, stack


@asynccontextmanager
async def gate(s: Stack, azurite: str, prefix: str, settings: AdmissionSettings) -> AsyncIterator[Gate]:
    acs = AcsSettings(s.url, KEY, RESOURCE_ID, ACS_ISSUER, f"{s.url}/calling/keys")
    async with Tables(StoreSettings(azurite, None, prefix)) as tables, Telephony(acs) as phone:
        yield Gate(AdmissionStore(tables), phone, settings)


@pytest.mark.parametrize(
    ("settings", "redirected", "heard"),
    [
        (AdmissionSettings(), False, ("rejected", 486)),
        (AdmissionSettings(WhenFull.REDIRECT, "+15550111"), True, ("redirected", 200)),
        (AdmissionSettings(WhenFull.REDIRECT, "8:acs:someone"), True, ("redirected", 200)),
    ],
)
async def test_what_the_caller_hears(
    azurite: str,
    table_prefix: str,
    settings: AdmissionSettings,
    redirected: bool,
    heard: tuple[str, int],
) -> None:
    async with stack() as s, s.dial() as (phone, data), gate(s, azurite, table_prefix, settings) as door:
        incoming = IncomingCall(datetime.now(UTC), "", "", "correlation", "", data["incomingCallContext"])
        assert await door.turn_away(incoming) is redirected
        ended: dict[str, Any] = await phone.text()
        assert (ended["reason"], ended["code"]) == heard
