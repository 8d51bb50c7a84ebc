"""The clients of the control plane, made once per process and event loop.

Functions imports the app before an event loop runs, and async clients belong to the loop they are used on,
so they are made by the first trigger that asks for them.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Self

from control.admitting import Gate
from control.answering import Line
from control.waiting import Files, Queue
from shared.admission_store import AdmissionStore
from shared.auth import AcsTokens
from shared.bookings import BookingStore
from shared.call_store import CallStore
from shared.commands import Commands
from shared.exporting import Telemetry
from shared.intent_model import IntentModel
from shared.outbox_relay import Relay
from shared.outbox_report import Report
from shared.outbox_rows import OutboxRows
from shared.outbox_topic import Topic
from shared.pulse import Pulse
from shared.recorded_lines import RecordedLines
from shared.retention import Retention
from shared.settings import ControlSettings, EventsSettings
from shared.tables import Tables
from shared.telephony import Telephony
from shared.waiting_store import WaitingStore


@dataclass(frozen=True, slots=True)
class Events:
    """How events go out."""

    topic: Topic
    relay: Relay
    report: Report


@dataclass(frozen=True, slots=True)
class Services:
    """What the triggers use."""

    settings: ControlSettings
    tables: Tables
    store: Pulse
    """Whether the store answers."""
    tokens: AcsTokens
    telephony: Telephony
    line: Line
    bookings: BookingStore
    commands: Commands
    retention: Retention
    events: Events | None
    """None without a topic: events are kept."""
    telemetry: Telemetry
    intent_model: IntentModel | None
    """None without a model: the rules decide alone what callers wanted."""

    @classmethod
    def open(cls, settings: ControlSettings) -> Self:
        """Make the clients; each connects when it is first used."""
        tables = Tables(settings.store)
        telephony = Telephony(settings.acs)
        telemetry = Telemetry.open(settings.telemetry, "tabletalk-control")
        calls = CallStore(tables, telemetry.traces.call)
        line = Line(
            calls,
            telephony,
            settings.callback_base_url,
            settings.media_base_url,
            traces=telemetry.traces,
            gate=Gate(AdmissionStore(tables), telephony, settings.admission),
            queue=_queue(tables, settings) if settings.admission.places_in_line else None,
        )
        events = None if settings.events is None else _events(tables, settings.events)
        tokens, bookings, commands = AcsTokens(settings.acs), BookingStore(tables), Commands(tables)
        retention = Retention(tables, settings.retention)
        model = settings.operator.intent_model
        judge = None if model is None else IntentModel(model)
        return cls(
            settings,
            tables,
            Pulse(tables.ping),
            tokens,
            telephony,
            line,
            bookings,
            commands,
            retention,
            events,
            telemetry,
            judge,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self.tokens.close()
        await self.telephony.close()
        if self.events is not None:
            await self.events.topic.close()
        if self.intent_model is not None:
            await self.intent_model.close()
        await self.tables.close()
        await asyncio.to_thread(self.telemetry.close)


def _queue(tables: Tables, settings: ControlSettings) -> Queue:
    return Queue(
        WaitingStore(tables),
        RecordedLines(tables),
        settings.admission.queue,
        Files(settings.operator),
        settings.callback_base_url,
    )


def _events(tables: Tables, settings: EventsSettings) -> Events:
    topic = Topic(settings)
    relay = Relay(OutboxRows(tables), topic, max_attempts=settings.max_attempts)
    return Events(topic, relay, Report(settings.alarm_seconds))


_opened: tuple[asyncio.AbstractEventLoop, Services] | None = None


def services() -> Services:
    """The services of the running event loop. No await in here, so triggers that come at once share them.

    Raises:
        SettingError: a setting is missing or wrong; the message names it and the fix.
    """
    global _opened
    loop = asyncio.get_running_loop()
    if _opened is None or _opened[0] is not loop:
        _opened = loop, Services.open(ControlSettings.from_env(os.environ))
    return _opened[1]


async def close_services() -> None:
    """Close what `services` opened, if anything."""
    global _opened
    if _opened is not None:
        opened, _opened = _opened[1], None
        await opened.close()
