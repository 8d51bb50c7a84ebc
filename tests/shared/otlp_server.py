"""A small OTLP receiver for tests: keeps what it is sent, read with OpenTelemetry's own types."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from local.serving import listening


@dataclass(frozen=True, slots=True)
class ReceivedSpan:
    """`trace_id`, `span_id` and `parent_id` are hexadecimal; `parent_id` is empty for a first span."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, str | bool | int | float]
    start_ns: int
    end_ns: int
    failed: bool


@dataclass
class OtlpServer:
    """`answer` is the HTTP status given to everything."""

    url: str = ""
    answer: int = 200
    spans: list[ReceivedSpan] = field(default_factory=list)
    numbers: dict[str, float] = field(default_factory=dict)
    """Name of a metric to its latest value: a sum, or the count of a histogram; all labels together."""
    raw: list[bytes] = field(default_factory=list)
    """Every request as it came, unpacked."""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def trace(self, trace_id: str) -> list[ReceivedSpan]:
        """The spans of one trace."""
        return [span for span in self.spans if span.trace_id == trace_id]

    async def traces_request(self, request: web.Request) -> web.Response:
        body = await self._read(request)
        if self.answer == 200:
            self.spans += _spans(ExportTraceServiceRequest.FromString(body))
        return await self._answered()

    async def metrics_request(self, request: web.Request) -> web.Response:
        body = await self._read(request)
        if self.answer == 200:
            self.numbers |= _numbers(ExportMetricsServiceRequest.FromString(body))
        return await self._answered()

    async def _read(self, request: web.Request) -> bytes:
        body = await request.read()
        if request.headers.get("Content-Encoding") == "gzip" and body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        self.raw.append(body)
        return body

    async def _answered(self) -> web.Response:
        async with self.changed:
            self.changed.notify_all()
        return web.Response(status=self.answer, content_type="application/x-protobuf")


@contextlib.asynccontextmanager
async def otlp_server() -> AsyncIterator[OtlpServer]:
    """The receiver, on a port of its own."""
    server = OtlpServer()
    app = web.Application()
    app.router.add_post("/v1/traces", server.traces_request)
    app.router.add_post("/v1/metrics", server.metrics_request)
    async with listening(app) as server.url:
        yield server


def _spans(request: ExportTraceServiceRequest) -> list[ReceivedSpan]:
    return [
        ReceivedSpan(
            str(_attributes(resource.resource.attributes)["service.name"]),
            span.name,
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
            _attributes(span.attributes),
            span.start_time_unix_nano,
            span.end_time_unix_nano,
            span.status.code == span.status.STATUS_CODE_ERROR,
        )
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _numbers(request: ExportMetricsServiceRequest) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                sums = [point.as_double or point.as_int for point in metric.sum.data_points]
                counts = [point.count for point in metric.histogram.data_points]
                numbers[metric.name] = float(sum(sums) + sum(counts))
    return numbers


def _attributes(pairs: list[KeyValue]) -> dict[str, str | bool | int | float]:
    found: dict[str, str | bool | int | float] = {}
    for pair in pairs:
        kind = pair.value.WhichOneof("value")
        found[pair.key] = getattr(pair.value, kind) if kind else ""
    return found
