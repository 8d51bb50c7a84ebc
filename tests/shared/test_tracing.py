"""A call is one trace, whichever process adds to it; numbers are on the page and in OpenTelemetry alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from bridge.metrics import Metrics
from shared.calls import Call, CallEvent, EventKind, ToolRun, Turn, apply
from shared.exporting import Telemetry
from shared.settings import SettingError, TelemetrySettings
from shared.tracing import Attribute, call_ids
from tests.shared.otlp_server import OtlpServer, otlp_server

NOW = datetime(2026, 11, 22, 18, 4, 0, 123456, tzinfo=UTC)
CALL_ID = "20261122-21359876-0123456789abcdef"
TURN = Turn(
    3,
    "agent",
    "Anna Smith, +15550100, is booked.",
    NOW,
    NOW + timedelta(seconds=2),
    latency_ms=700,
    interrupted=True,
    item_id="item-of-anna",
    input_tokens=100,
)
RUN = ToolRun(4, "book_table", '{"name": "Anna Smith"}', '{"code": "HKLMO"}', 25, NOW)


@pytest.fixture
async def receiver() -> AsyncIterator[OtlpServer]:
    async with otlp_server() as server:
        yield server


@asynccontextmanager
async def reporting(
    receiver: OtlpServer, service: str = "test", percent: int = 100
) -> AsyncIterator[Telemetry]:
    """A process that reports; everything has arrived when this is over."""
    telemetry = Telemetry.open(TelemetrySettings(receiver.url, trace_percent=percent), service)
    try:
        yield telemetry
    finally:
        await asyncio.to_thread(telemetry.close)


def ended_call(reason: EventKind = EventKind.HUNG_UP) -> Call:
    call = Call(CALL_ID, NOW, NOW, caller="4:+15550100", called="4:+15550199")
    for kind in (EventKind.ANSWERED, EventKind.CONNECTED, reason, EventKind.DISCONNECTED):
        call = apply(call, CallEvent(kind, NOW + timedelta(seconds=9)))
    return call


async def test_both_planes_add_to_one_trace(receiver: OtlpServer) -> None:
    """Each from its own process, with nothing handed over but the call id."""
    async with reporting(receiver, "bridge") as bridge, reporting(receiver, "control") as control:
        control.traces.answer(CALL_ID, NOW, NOW, "answered")
        bridge.traces.turn(CALL_ID, TURN)
        bridge.traces.tool(CALL_ID, RUN, label="book_table", fault=False)
        control.traces.callbacks(CALL_ID, NOW, 2)
        bridge.traces.session(CALL_ID, NOW, endpoint=1, failed=True)
        bridge.traces.media(CALL_ID, NOW, carrier="acs", end=EventKind.HUNG_UP)
        control.traces.call(ended_call())
    trace_id, root_id = call_ids(CALL_ID)
    assert {span.trace_id for span in receiver.spans} == {f"{trace_id:032x}"}
    by_name = {span.name: span for span in receiver.spans}
    assert len(by_name) == len(receiver.spans) == 7
    assert (by_name["call"].span_id, by_name["call"].parent_id) == (f"{root_id:016x}", "")
    assert {span.parent_id for span in receiver.spans if span.name != "call"} == {f"{root_id:016x}"}
    assert (by_name["turn"].service, by_name["answer"].service) == ("bridge", "control")
    assert by_name["turn"].attributes == {
        "tabletalk.call_id": CALL_ID,
        "tabletalk.role": "agent",
        "tabletalk.latency_ms": 700,
        "tabletalk.interrupted": True,
        "tabletalk.input_tokens": 100,
    }
    assert by_name["tool"].end_ns - by_name["tool"].start_ns == 25_000_000
    assert by_name["turn"].start_ns == int(NOW.timestamp()) * 10**9 + 123_456_000
    assert {name for name, span in by_name.items() if span.failed} == {"session"}


async def test_no_span_can_say_what_was_said_or_by_whom(receiver: OtlpServer) -> None:
    """Neither numbers nor names nor words, and no attribute that there is no word for here."""
    async with reporting(receiver) as telemetry:
        telemetry.traces.call(ended_call())
        telemetry.traces.turn(CALL_ID, TURN)
        telemetry.traces.tool(CALL_ID, RUN, label="book_table", fault=True)
    sent = b"".join(receiver.raw)
    assert sent
    for canary in (b"15550100", b"15550199", b"Anna", b"anna", b"HKLMO", b"booked"):
        assert canary not in sent
    assert {name for span in receiver.spans for name in span.attributes} <= set(get_args(Attribute.__value__))


async def test_a_call_that_failed_is_marked(receiver: OtlpServer) -> None:
    async with reporting(receiver) as telemetry:
        telemetry.traces.call(ended_call(EventKind.FAILED))
    [span] = receiver.spans
    assert span.failed
    assert span.attributes["tabletalk.end"] == "failed"


async def test_of_a_call_all_spans_are_kept_or_none(receiver: OtlpServer) -> None:
    """Two processes decide alike, because the trace id decides."""
    ids = [f"20261122-{n:08d}-0123456789abcdef" for n in range(200)]
    async with reporting(receiver, "bridge", 50) as bridge, reporting(receiver, "control", 50) as control:
        for call_id in ids:
            bridge.traces.turn(call_id, TURN)
            control.traces.callbacks(call_id, NOW, 1)
    of = {
        service: {s.trace_id for s in receiver.spans if s.service == service}
        for service in ("bridge", "control")
    }
    assert of["bridge"] == of["control"]
    assert 60 < len(of["bridge"]) < 140


async def test_numbers_are_the_same_on_the_page_and_in_opentelemetry(receiver: OtlpServer) -> None:
    async with reporting(receiver) as telemetry:
        metrics = Metrics({"find_restaurants"}, telemetry.meter)
        metrics.call_began()
        metrics.call_began()
        metrics.call_ended("hung_up")
        metrics.refused(503)
        metrics.greeted(900)
        metrics.tool("find_restaurants", 20, fault=True)
        metrics.loop_late(0.004)
        metrics.records_wait(3)
    assert receiver.numbers == {
        "tabletalk.calls_live": 1,
        "tabletalk.calls": 1,
        "tabletalk.refused": 1,
        "tabletalk.greeting": 1,
        "tabletalk.tool": 1,
        "tabletalk.tool_faults": 1,
        "tabletalk.loop_lag": 1,
        "tabletalk.records_waiting": 3,
    }
    assert b'tabletalk_calls_total{end="hung_up"} 1.0' in metrics.page()


async def test_a_receiver_that_refuses_or_is_gone_hurts_nobody(receiver: OtlpServer) -> None:
    """What cannot be delivered is dropped; whoever reports is not told and does not wait."""
    receiver.answer = 400
    gone = TelemetrySettings("http://127.0.0.1:9")
    for telemetry in (Telemetry.open(TelemetrySettings(receiver.url), "a"), Telemetry.open(gone, "b")):
        telemetry.traces.turn(CALL_ID, TURN)
        await asyncio.to_thread(telemetry.close)
        telemetry.traces.turn(CALL_ID, TURN)


def test_without_an_address_nothing_is_made() -> None:
    telemetry = Telemetry.open(TelemetrySettings(), "bridge")
    telemetry.traces.turn(CALL_ID, TURN)
    assert not telemetry.meter.create_counter("x").__class__.__module__.startswith("opentelemetry.sdk")
    telemetry.close()


def test_application_insights_is_sent_to_when_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exporters are Microsoft's; that they take our settings is what can be seen from here."""
    monkeypatch.setenv("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
    key = "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=http://127.0.0.1:9/"
    telemetry = Telemetry.open(TelemetrySettings(application_insights=key), "bridge")
    telemetry.traces.turn(CALL_ID, TURN)
    telemetry.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("APPLICATIONINSIGHTS_CONNECTION_STRING", "abc"),
        ("TRACE_PERCENT", "101"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=name):
        TelemetrySettings.from_env({name: value})


def test_settings_are_read() -> None:
    settings = TelemetrySettings.from_env(
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318/",
            "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=x",
            "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "Authorization=AAD",
            "TRACE_PERCENT": "5",
        }
    )
    assert settings == TelemetrySettings("http://collector:4318", "InstrumentationKey=x", True, 5)
    assert "InstrumentationKey" not in repr(settings)
