"""The composition root of the media plane: what every call shares, built once."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from azure.identity.aio import DefaultAzureCredential

from bridge.call import Call, Line
from bridge.conversation import Conversation
from bridge.recorder import Recorder
from bridge.session import session_for
from bridge.tools import ToolBox
from bridge.turns import TurnLog
from bridge.voicelive.connection import TOKEN_SCOPE, Headers, VoiceLive
from shared.agent_config import Agent, load_agent
from shared.auth import AcsTokens
from shared.bookings import BookingStore
from shared.call_store import CallStore
from shared.calls import Call as CallRecord
from shared.restaurants import Catalogue
from shared.settings import BridgeSettings
from shared.tables import Tables
from shared.telephony import Telephony


@dataclass(frozen=True, slots=True)
class Services:
    """Shared by all calls of this process; belongs to one event loop."""

    settings: BridgeSettings
    tables: Tables
    store: CallStore
    bookings: BookingStore
    catalogue: Catalogue
    agent: Agent
    telephony: Telephony
    acs_tokens: AcsTokens
    voice_live_headers: Headers

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: BridgeSettings) -> AsyncIterator[Services]:
        """Build everything, and close it in the end.

        Raises:
            AgentError, CatalogueError: the agent or the restaurants cannot be read; the message says where.
        """
        agent = load_agent(settings.agent_dir)
        catalogue = Catalogue.load(settings.restaurants_file)
        async with contextlib.AsyncExitStack() as stack:
            tables = await stack.enter_async_context(Tables(settings.store))
            yield cls(
                settings=settings,
                tables=tables,
                store=CallStore(tables),
                bookings=BookingStore(tables),
                catalogue=catalogue,
                agent=agent,
                telephony=await stack.enter_async_context(Telephony(settings.acs)),
                acs_tokens=await stack.enter_async_context(AcsTokens(settings.acs)),
                voice_live_headers=await voice_live_headers(settings.voice_live_api_key, stack),
            )

    def new_call(self, line: Line, record: CallRecord, recorder: Recorder) -> Call:
        """A call with its own conversation and tools."""
        agent = self.agent
        tools = ToolBox(
            self.catalogue,
            self.bookings,
            call_id=record.id,
            caller=record.caller or None,
            now=lambda: datetime.now(UTC),
        )
        conversation = Conversation(
            greeting=agent.greeting,
            apology=agent.apology,
            farewell=agent.farewell,
            limit_seconds=agent.limits.max_call_minutes * 60,
            turns=TurnLog(
                padding_ms=agent.turn_detection.prefix_padding_ms,
                silence_ms=agent.turn_detection.silence_duration_ms,
            ),
        )
        return Call(
            line,
            open_model=self._open_model,
            session=session_for(agent, tools, self.catalogue, datetime.now(UTC)),
            conversation=conversation,
            tools=tools,
            recorder=recorder,
            tool_seconds=agent.limits.tool_timeout_seconds,
        )

    async def _open_model(self) -> VoiceLive:
        return await VoiceLive.open(
            self.settings.voice_live_endpoint, self.agent.model, self.voice_live_headers
        )


async def voice_live_headers(api_key: str | None, stack: contextlib.AsyncExitStack) -> Headers:
    """The proof for Voice Live: the key, or a token of the managed identity (cached by azure-identity)."""
    if api_key is not None:

        async def with_key() -> dict[str, str]:
            return {"api-key": api_key}

        return with_key
    credential = await stack.enter_async_context(DefaultAzureCredential())

    async def with_token() -> dict[str, str]:
        token = await credential.get_token(TOKEN_SCOPE)
        return {"Authorization": f"Bearer {token.token}"}

    return with_token
