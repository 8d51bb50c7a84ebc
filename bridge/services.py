"""The composition root of the media plane: what every call shares, built once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from bridge.agent_source import AgentSource
from bridge.call import Call
from bridge.caller_recall import Recall, know_cart, recall
from bridge.conversation import Conversation
from bridge.going_on import history
from bridge.line import Line
from bridge.loop_lag import watching_loop
from bridge.media_owner import MediaOwner
from bridge.metrics import Metrics
from bridge.notice import Notice
from bridge.recorder import Recorder
from bridge.recordings import Studio, voice_of
from bridge.records import RecordWriter
from bridge.resuming import Resumed
from bridge.session import session_for, target_for
from bridge.spill import Spill
from bridge.spill_keeper import SpillKeeper
from bridge.stopgap import Recorded
from bridge.tape_writer import TapeWriter
from bridge.tool_memory import MemoryTools
from bridge.tool_order_parts import Ordering
from bridge.tool_recording import RecordingTools
from bridge.tools import TOOL_NAMES, ToolBox
from bridge.transfers import Transfers
from bridge.turns import TurnLog
from bridge.voicelive.connection import TOKEN_SCOPE, Headers
from bridge.voicelive.endpoints import Endpoint, Endpoints
from bridge.voicelive.source import Source
from bridge.voicelive.warm import WarmSessions
from shared.agent_config import Agent
from shared.agent_talk import TalkChoiceError, for_talk
from shared.auth import AcsTokens
from shared.bookings import BookingStore
from shared.call_store import CallStore
from shared.caller_erasure import Erasure
from shared.callers import CallerStore
from shared.calls import Call as CallRecord
from shared.clock import utc_now
from shared.commands import Commands
from shared.exporting import Telemetry
from shared.identity import Identity
from shared.orders import OrderStore
from shared.restaurants import Catalogue
from shared.retention_agenda import Agenda
from shared.settings import BridgeSettings, SettingError, SpillSettings, VoiceLiveSettings
from shared.tables import Tables
from shared.tapes import TapeStore
from shared.telephony import Telephony
from shared.tracing import Traces

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """Shared by all calls of this process; belongs to one event loop."""

    name: str
    """Of this bridge among all."""
    settings: BridgeSettings
    tables: Tables
    store: CallStore
    bookings: BookingStore
    commands: Commands
    callers: CallerStore | None
    """None without a key: then nothing is kept about callers."""
    catalogue: Catalogue
    agents: AgentSource
    metrics: Metrics
    traces: Traces
    telephony: Telephony
    acs_tokens: AcsTokens
    voice_live: Endpoints
    warm: WarmSessions
    studio: Studio | None
    """None when no phrases are to be recorded."""
    keeper: SpillKeeper | None
    """None when records wait in memory only."""

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: BridgeSettings) -> AsyncIterator[Services]:
        """Build everything, and close it in the end.

        Raises:
            AgentError, CatalogueError: the agent or the restaurants cannot be read; the message says where.
            SettingError: a folder cannot be used; the message names the setting.
        """
        catalogue = Catalogue.load(settings.restaurants_file)
        agents = AgentSource(
            settings.agent_dir,
            with_key=bool(settings.voice_live.api_keys),
            restaurants=[restaurant.id for restaurant in catalogue.restaurants],
        )
        async with contextlib.AsyncExitStack() as stack:
            telemetry = Telemetry.open(settings.telemetry, "tabletalk-bridge")
            stack.push_async_callback(asyncio.to_thread, telemetry.close)
            metrics = Metrics(TOOL_NAMES, telemetry.meter)
            await stack.enter_async_context(watching_loop(metrics.loop_late))
            tables = await stack.enter_async_context(Tables(settings.store))
            store = CallStore(tables, telemetry.traces.call)
            callers = None if settings.caller_keys is None else CallerStore(tables, settings.caller_keys)
            keeper = None
            if settings.spill is not None:
                spill = _spill(settings.spill, metrics)
                writer = RecordWriter(store, callers, TapeStore(tables))
                keeper = SpillKeeper(spill, store, writer, Agenda(tables), metrics)
                await stack.enter_async_context(keeper.kept())
            voice_live = await _endpoints(settings.voice_live, metrics, stack)
            warm = WarmSessions(voice_live, settings.voice_live.warm_sessions)
            await stack.enter_async_context(warm.kept())
            studio = Studio(voice_live, tables) if settings.record_phrases else None
            if studio is not None:
                stack.push_async_callback(studio.close)
                agent = agents.current()
                studio.want(agent, agent.languages.default)
                if settings.places_in_line:
                    studio.want_queue(agent, settings.places_in_line)
            yield cls(
                name=f"{socket.gethostname()}-{secrets.token_hex(4)}",
                settings=settings,
                tables=tables,
                store=store,
                bookings=BookingStore(tables),
                commands=Commands(tables),
                callers=callers,
                catalogue=catalogue,
                agents=agents,
                metrics=metrics,
                traces=telemetry.traces,
                telephony=await stack.enter_async_context(Telephony(settings.acs)),
                acs_tokens=await stack.enter_async_context(AcsTokens(settings.acs)),
                voice_live=voice_live,
                warm=warm,
                studio=studio,
                keeper=keeper,
            )

    async def new_call(
        self,
        line: Line,
        record: CallRecord,
        recorder: Recorder,
        tape: TapeWriter,
        owner: MediaOwner,
        resumed: Resumed | None = None,
    ) -> Call:
        """A call with its own conversation and tools, by the agent as it is configured now.

        `resumed` is what was said and done in it at another bridge.
        """
        agent, now = _chosen(self.agents.current(), record), utc_now()
        known = None if self.callers is None else await recall(self.callers, self.store, record, now)
        earlier = () if known is None else known.earlier
        words = "" if known is None else known.words(self.catalogue, now)
        language = _greeted_in(agent, record, known)
        notice = Notice(agent.recording.mode, resumed=resumed is not None)
        recording = RecordingTools(
            notice,
            tape,
            words=lambda: notice.words(agent.phrases_for(conversation.phrases_language)),
            later=recorder.unrecorded,
        )
        memory = self._memory(record, recorder, known, agent, lambda: conversation.spoken_language)
        tools = ToolBox(
            self.catalogue,
            self.bookings,
            # A call that goes on with another one makes the same bookings: none twice.
            call_id=earlier[0].call.id if earlier else record.id,
            caller=record.caller or None,
            now=utc_now,
            ordering=Ordering.of(self.tables, agent.orders),
            allergies=frozenset() if known is None else known.allergies,
            transfer=agent.transfer,
            by_phone=bool(line.call_connection_id),
            memory=memory,
            recording=None if notice.mode == "off" else recording,
        )
        if earlier or resumed is not None:
            await know_cart(tools)
        turns = _turn_log(agent, resumed)
        conversation = Conversation(
            agent,
            turns,
            is_read_only=tools.is_read_only,
            person_there=tools.person_there,
            language=language,
            history=[
                *history(earlier, words if agent.foundry_agent is not None else ""),
                *([] if resumed is None else resumed.items),
            ],
            goes_on=bool(earlier),
            resumed=None if resumed is None else resumed.seconds(now, agent.limits.max_call_minutes * 60.0),
            recorded=self._recorded(agent, language),
            notice=notice,
        )
        return Call(
            line,
            owner=owner,
            resumed=resumed is not None,
            source=Source(self.voice_live, target_for(agent), self.warm),
            settings=lambda language: session_for(agent, tools, self.catalogue, utc_now(), language, words),
            answers=agent.model or (agent.foundry_agent.name if agent.foundry_agent is not None else ""),
            conversation=conversation,
            tools=tools,
            transfers=self._transfers(line, record, recorder),
            recorder=recorder,
            tape=tape,
            metrics=self.metrics,
            tool_seconds=agent.limits.tool_timeout_seconds,
        )

    def tape(self, call_id: str, *, resumed: bool) -> TapeWriter:
        """What a call is recorded by, if it comes to that."""
        return TapeWriter(TapeStore(self.tables), call_id, self.metrics, resumed=resumed)

    def _transfers(self, line: Line, record: CallRecord, recorder: Recorder) -> Transfers:
        return Transfers(
            self.telephony,
            self.store,
            recorder,
            call_id=record.id,
            call_connection_id=line.call_connection_id,
            called=record.called,
            made=record.transfer,
        )

    def _recorded(self, agent: Agent, language: str) -> Recorded:
        """The recordings in the agent's voice; those of the language are made if they are missing."""
        studio = self.studio
        if studio is None:
            return lambda _: None
        studio.want(agent, language)
        voice = voice_of(agent)
        return lambda text: studio.recordings.of(voice, text)

    def _memory(
        self,
        record: CallRecord,
        recorder: Recorder,
        known: Recall | None,
        agent: Agent,
        language: Callable[[], str | None],
    ) -> MemoryTools | None:
        if self.callers is None or known is None:
            return None
        memory = MemoryTools(
            self.callers,
            Erasure(self.tables, self.callers),
            self.catalogue,
            OrderStore(self.tables),
            number=known.number,
            call_id=record.id,
            known=known.known,
            languages=agent.languages.spoken,
            language=language,
            now=utc_now,
            later=recorder.also,
        )
        began = utc_now()
        memory.begin(lambda note: recorder.noted(note, began))
        return memory


def _spill(settings: SpillSettings, metrics: Metrics) -> Spill:
    try:
        return Spill.open(settings.folder, settings.megabytes * 1_000_000, metrics.records_spilled)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingError(f"BRIDGE_SPILL_DIR: {settings.folder} cannot be written to: {reason}") from error


def _chosen(agent: Agent, record: CallRecord) -> Agent:
    """The agent as whoever talks from the page wants it."""
    if record.talk is None:
        return agent
    talk = record.talk
    try:
        return for_talk(agent, language=talk.language, voice=talk.voice, prompt=talk.prompt)
    except TalkChoiceError as error:
        # It was good when it was chosen: the agent has been changed within a minute.
        log.warning("the choice for a talk is no longer there", extra={"field": error.field})
        return agent


def _greeted_in(agent: Agent, record: CallRecord, known: Recall | None) -> str:
    """The language of the greeting: what was chosen on the page, else what the caller is known to speak, else
    what their number and ours say."""
    if record.talk is not None and record.talk.language:
        return record.talk.language
    theirs = None if known is None else known.language(agent.languages.spoken)
    return theirs or agent.language_for(record.caller, record.called)


def _turn_log(agent: Agent, resumed: Resumed | None) -> TurnLog:
    return TurnLog(
        padding_ms=agent.turn_detection.prefix_padding_ms,
        silence_ms=agent.turn_detection.silence_duration_ms,
        voice_rate=agent.voice.rate,
        first_seq=0 if resumed is None else resumed.first_seq,
    )


async def _endpoints(
    settings: VoiceLiveSettings, metrics: Metrics, stack: contextlib.AsyncExitStack
) -> Endpoints:
    if settings.api_keys:
        headers = [await voice_live_headers(key, stack) for key in settings.api_keys]
    else:
        headers = [await voice_live_headers(None, stack)] * len(settings.endpoints)
    return Endpoints(
        [Endpoint(url, proof) for url, proof in zip(settings.endpoints, headers, strict=True)],
        metrics,
        connections_per_minute=settings.connections_per_minute,
        tokens_per_minute=settings.tokens_per_minute,
    )


async def voice_live_headers(api_key: str | None, stack: contextlib.AsyncExitStack) -> Headers:
    """The proof for Voice Live: the key, or a token of the managed identity (cached by azure-identity)."""
    if api_key is not None:

        async def with_key() -> dict[str, str]:
            return {"api-key": api_key}

        return with_key
    credential = await stack.enter_async_context(Identity())

    async def with_token() -> dict[str, str]:
        token = await credential.get_token(TOKEN_SCOPE)
        return {"Authorization": f"Bearer {token.token}"}

    return with_token
