"""Where traces and numbers go: to an OTLP endpoint, to Application Insights, to both or to neither.

Delivery happens in threads of the OpenTelemetry SDK, with bounded queues and time limits: what cannot be
delivered is dropped, and a call never waits for it. The SDK is imported only when there is somewhere to
send to, because importing it costs a cold start.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from opentelemetry import metrics

from shared.settings import TelemetrySettings
from shared.tracing import NO_TRACES, Traces, root_ids

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import MetricExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

_SECONDS: Final = 5
"""Longest wait for one delivery, and for the last one when the process ends."""
_SPANS_EVERY_MS: Final = 2_000
_NUMBERS_EVERY_MS: Final = 15_000
_WAITING: Final = 4_096
"""Spans that may wait for delivery; further ones are dropped."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What a process reports through. `close` delivers what waits."""

    traces: Traces
    meter: metrics.Meter
    _tracer_provider: TracerProvider | None = None
    _meter_provider: MeterProvider | None = None

    @classmethod
    def open(cls, settings: TelemetrySettings, service: str) -> Telemetry:
        """`service` is what this process is called in traces, such as "tabletalk-bridge"."""
        if not settings.wanted:
            return cls(NO_TRACES, metrics.NoOpMeter(service))
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.id_generator import IdGenerator
        from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

        class CallIds(IdGenerator):
            def generate_trace_id(self) -> int:
                ids = root_ids.get()
                return ids[0] if ids else secrets.randbits(128) or 1

            def generate_span_id(self) -> int:
                ids = root_ids.get()
                return ids[1] if ids else secrets.randbits(64) or 1

            def is_trace_id_random(self) -> bool:
                return True  # a digest is as even as chance, which is what samplers ask for

        # An exporter that fails says so again and again; what it says holds addresses, never data of a call.
        logging.getLogger("azure.monitor.opentelemetry").setLevel(logging.ERROR)
        resource = Resource.create({"service.name": service, "service.instance.id": secrets.token_hex(8)})
        # Not by the parent's flag: by the trace id, so that of a call all spans are kept or none.
        sampler = TraceIdRatioBased(settings.trace_percent / 100)
        tracer_provider = TracerProvider(resource=resource, sampler=sampler, id_generator=CallIds())
        spans, numbers = _exporters(settings)
        for exporter in spans:
            tracer_provider.add_span_processor(
                BatchSpanProcessor(
                    exporter,
                    max_queue_size=_WAITING,
                    schedule_delay_millis=_SPANS_EVERY_MS,
                    export_timeout_millis=_SECONDS * 1000,
                )
            )
        meter_provider = MeterProvider(
            [
                PeriodicExportingMetricReader(
                    exporter,
                    export_interval_millis=_NUMBERS_EVERY_MS,
                    export_timeout_millis=_SECONDS * 1000,
                )
                for exporter in numbers
            ],
            resource=resource,
        )
        return cls(
            Traces(tracer_provider.get_tracer("tabletalk")),
            meter_provider.get_meter("tabletalk"),
            tracer_provider,
            meter_provider,
        )

    def close(self) -> None:
        """Deliver what waits and end the threads; blocks for some seconds at most."""
        if self._tracer_provider is not None and self._meter_provider is not None:
            self._tracer_provider.shutdown()
            self._meter_provider.shutdown(_SECONDS * 1000)


def _exporters(settings: TelemetrySettings) -> tuple[list[SpanExporter], list[MetricExporter]]:
    spans: list[SpanExporter] = []
    numbers: list[MetricExporter] = []
    if settings.otlp_endpoint is not None:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        # Headers, such as a key, are read by the exporters themselves: OTEL_EXPORTER_OTLP_HEADERS.
        spans.append(OTLPSpanExporter(f"{settings.otlp_endpoint}/v1/traces", timeout=_SECONDS))
        numbers.append(OTLPMetricExporter(f"{settings.otlp_endpoint}/v1/metrics", timeout=_SECONDS))
    if settings.application_insights is not None:
        from azure.identity import DefaultAzureCredential
        from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter, AzureMonitorTraceExporter

        # The connection string only says where to; who may send is decided by the role of the identity.
        options = {
            "connection_string": settings.application_insights,
            "credential": DefaultAzureCredential() if settings.application_insights_identity else None,
            "disable_offline_storage": True,  # the container's file system is read-only
        }
        spans.append(AzureMonitorTraceExporter(**options))
        numbers.append(AzureMonitorMetricExporter(**options))
    return spans, numbers
