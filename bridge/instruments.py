"""Counters, levels and times that count twice at once: for the metrics page and for OpenTelemetry.

One definition gives both, so that a number has one meaning wherever it is read. On the page it is called
`tabletalk_calls_total`, in OpenTelemetry `tabletalk.calls`.
"""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.metrics import Meter
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST
"""Of `Instruments.page`."""


class Count:
    """How often something happened, or how much of it there was."""

    def __init__(self, name: str, meaning: str, labels: Sequence[str], made: Instruments) -> None:
        self._labels = tuple(labels)
        self._page = Counter(f"tabletalk_{name}_total", meaning, labels, registry=made.registry)
        self._otel = made.meter.create_counter(f"tabletalk.{name}", description=meaning)

    def add(self, amount: float = 1, *values: str) -> None:
        """`values` are those of the labels, in their order."""
        (self._page.labels(*values) if values else self._page).inc(amount)
        if amount:
            self._otel.add(amount, dict(zip(self._labels, values, strict=True)))


class Level:
    """How many there are now."""

    def __init__(self, name: str, meaning: str, made: Instruments) -> None:
        self._page = Gauge(f"tabletalk_{name}", meaning, registry=made.registry)
        self._otel = made.meter.create_up_down_counter(f"tabletalk.{name}", description=meaning)

    def add(self, amount: int) -> None:
        """More, or fewer with a negative amount."""
        self._page.inc(amount)
        self._otel.add(amount)


class Times:
    """How long things took, in seconds."""

    def __init__(
        self, name: str, meaning: str, buckets: Sequence[float], labels: Sequence[str], made: Instruments
    ) -> None:
        self._labels = tuple(labels)
        self._page = Histogram(
            f"tabletalk_{name}_seconds", meaning, labels, buckets=buckets, registry=made.registry
        )
        self._otel = made.meter.create_histogram(
            f"tabletalk.{name}", "s", meaning, explicit_bucket_boundaries_advisory=list(buckets)
        )

    def observe(self, seconds: float, *values: str) -> None:
        """`values` are those of the labels, in their order."""
        (self._page.labels(*values) if values else self._page).observe(seconds)
        self._otel.record(seconds, dict(zip(self._labels, values, strict=True)))

    def observe_ms(self, ms: int | None) -> None:
        """What was measured in milliseconds, if it was."""
        if ms is not None:
            self.observe(ms / 1000)


class Instruments:
    """Makes them, and shows them as a page."""

    def __init__(self, meter: Meter) -> None:
        # Else each series brings one more, the time of its making.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library types nearly everything
        self.meter = meter
        self.registry = CollectorRegistry()

    def count(self, name: str, meaning: str, *labels: str) -> Count:
        return Count(name, meaning, labels, self)

    def level(self, name: str, meaning: str) -> Level:
        return Level(name, meaning, self)

    def times(self, name: str, meaning: str, buckets: Sequence[float], *labels: str) -> Times:
        return Times(name, meaning, buckets, labels, self)

    def page(self) -> bytes:
        """All of them as Prometheus text."""
        return generate_latest(self.registry)
