"""What a month of calls costs, part by part: `python -m shared.costs`. No I/O.

Prices are those of `prices.toml`, which the operator's page estimates with, and of `platform.toml`. What
cannot be read off them is a figure of `Load` or `Deployment`; docs/costs.md says where the defaults are from.
An estimate: the bill is what the cloud says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shared.platform_prices import PlatformPrices
from shared.prices import Prices, PricesError, Usage

HOURS: Final = 730
"""Of a month, as Azure reckons."""
SECONDS: Final = HOURS * 3600
TIMER_RUNS: Final = (60 + 720 + 720 + 60 + 1) * HOURS
"""Runs of sweep, count_calls, relay_outbox, forget and retention in a month."""
SHORTEST_RUN: Final = 1.0
"""Seconds that Flex Consumption bills for a run at least; ours take less."""
CALLBACKS: Final = 5
"""Of a call: connected, its media begun and ended, disconnected; and one to spare."""
_TIMER_OPERATIONS: Final = 2
_PROBES: Final = SECONDS // 5
"""Looks of a replica at the store in a month: its readiness is asked every 5 seconds."""
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRates:
    """Tokens of a minute of conversation."""

    input: float
    """Cached ones included."""
    cached: float
    output: float

    def of(self, minutes: float) -> Usage:
        """What so long a conversation uses."""
        return Usage(
            input_tokens=round(self.input * minutes),
            cached_tokens=min(round(self.cached * minutes), round(self.input * minutes)),
            output_tokens=round(self.output * minutes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked of the line in a month."""

    calls: int
    minutes: float
    """Of a call."""
    model: str
    tokens: TokenRates
    phone: bool = True
    """False: all talk from the page."""
    operations: int = 100
    """Operations on Table Storage for a call."""
    stored_kb: float = 50.0
    """What stays of a call in Table Storage, for a month."""
    logged_kb: float = 100.0
    """Logs and spans of a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What stands there whether anybody calls or not; the names are those of infra/main.bicep."""

    answering_instances: int = 1
    http_instances: int = 0
    functions_memory_gb: float = 0.5
    min_replicas: int = 1
    revisions: int = 2
    """After the first update the one before stays up until the next."""
    cpu: float = 1.0
    calls_per_replica: int = 30
    """The scale rule adds a replica at three fifths of what one holds."""
    idle_share: float = 0.0
    """Of the time in which nobody calls, what Azure bills at the idle rate."""
    numbers: int = 1
    voice_regions: int = 1
    private: bool = False
    logged_gb: float = 2.0
    """Logs of a month that come without a call: of timers, probes and the platform."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the bill, in the currency of the prices."""

    name: str
    per_call: float
    """What a call adds to it, on the average of the month's calls."""
    fixed: float
    """A month without calls."""
    month: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """The bill of a month."""

    load: Load
    parts: tuple[Part, ...]
    currency: str

    @property
    def fixed(self) -> float:
        """What a month without calls costs."""
        return sum(part.fixed for part in self.parts)

    @property
    def month(self) -> float:
        """What the month costs."""
        return sum(part.month for part in self.parts)

    @property
    def per_call(self) -> float:
        """What a call adds, on the average of them."""
        return sum(part.per_call for part in self.parts)


def estimate(load: Load, deployment: Deployment, prices: Prices, platform: PlatformPrices) -> Estimate:
    """The bill.

    Raises:
        PricesError: the model has no price, or the two tables have different currencies.
    """
    if load.model not in prices.models:
        raise PricesError(
            f"models: {load.model!r} has no price; there are {', '.join(sorted(prices.models))}"
        )
    if prices.currency != platform.currency:
        raise PricesError(
            f"currency: prices.toml has {prices.currency}, platform.toml has {platform.currency}; use one"
        )
    calls = load.calls
    parts = [
        *_conversation(load, prices),
        _part("Phone numbers", calls, lambda _: deployment.numbers * platform.phone_numbers.month),
        _part("Functions", calls, lambda n: _functions(n, deployment, platform)),
        _part("Container Apps", calls, lambda n: _containers(n, load, deployment, platform)),
        _part("Table Storage", calls, lambda n: _storage(n, load, deployment, platform)),
        _part("Event Grid", calls, lambda n: _events(n, platform)),
        _part("Logs", calls, lambda n: _logs(n, load, deployment, platform)),
        _part("Container registry", calls, lambda _: platform.registry.day * HOURS / 24),
    ]
    if deployment.private:
        endpoints = 5 + deployment.voice_regions
        parts.append(
            _part("Private endpoints", calls, lambda _: endpoints * HOURS * platform.private_endpoints.hour)
        )
    return Estimate(load, tuple(parts), prices.currency)


def _part(name: str, calls: int, bill: Callable[[int], float]) -> Part:
    """A part by what it costs with so many calls."""
    fixed, month = bill(0), bill(calls)
    return Part(name, (month - fixed) / calls if calls else 0.0, fixed, month)


def _conversation(load: Load, prices: Prices) -> list[Part]:
    """What `Prices.cost` reckons, taken apart."""
    usage, minutes = load.tokens.of(load.minutes), round(load.minutes * 60) / 60
    tokens = (prices.cost(load.model, usage, 0, phone=False) or 0) / _MILLION
    phone = minutes if load.phone else 0.0
    per_call = {
        "Phone minutes": phone * prices.minute.phone,
        "Audio streaming": phone * prices.minute.streaming,
        "Voice": minutes * prices.minute.voice,
        f"Tokens of {load.model}": tokens,
    }
    return [Part(name, cost, 0.0, cost * load.calls) for name, cost in per_call.items()]


def _functions(calls: int, deployment: Deployment, platform: PlatformPrices) -> float:
    """Timers on demand; the ring and callbacks on a warm instance where there is one."""
    prices, memory = platform.functions, deployment.functions_memory_gb
    ready = (calls if deployment.answering_instances else 0) + (
        calls * CALLBACKS if deployment.http_instances else 0
    )
    on_demand = TIMER_RUNS + calls * (1 + CALLBACKS) - ready
    warm = (deployment.answering_instances + deployment.http_instances) * memory * SECONDS
    return (
        warm * prices.ready_baseline
        + ready * SHORTEST_RUN * memory * prices.ready_time
        + _above(on_demand * SHORTEST_RUN * memory, prices.free_time) * prices.time
        + (ready + _above(on_demand, prices.free_executions)) * prices.executions / _MILLION
    )


def _containers(calls: int, load: Load, deployment: Deployment, platform: PlatformPrices) -> float:
    """Replicas that always run, and as many more as the mean of calls at once needs."""
    prices = platform.container_apps
    standing = deployment.min_replicas * deployment.revisions
    at_once = calls * load.minutes / (HOURS * 60)
    more = _above(at_once / deployment.calls_per_replica, deployment.min_replicas)
    # Calls that never overlap keep the replicas busy longest.
    idle = standing * max(0.0, 1.0 - at_once) * deployment.idle_share * SECONDS
    busy = (standing + more) * SECONDS - idle
    cores = deployment.cpu
    memory = 2 * cores * (busy + idle)
    # The free seconds are worth most where a second costs most.
    free_busy = min(prices.free_vcpu_seconds, busy * cores)
    free_idle = min(prices.free_vcpu_seconds - free_busy, idle * cores)
    return (
        (busy * cores - free_busy) * prices.vcpu
        + (idle * cores - free_idle) * prices.vcpu_idle
        + _above(memory, prices.free_memory_seconds) * prices.memory
    )


def _storage(calls: int, load: Load, deployment: Deployment, platform: PlatformPrices) -> float:
    standing = TIMER_RUNS * _TIMER_OPERATIONS + deployment.min_replicas * deployment.revisions * _PROBES
    operations = standing + calls * load.operations
    stored_gb = calls * load.stored_kb / _MILLION
    return operations / 10_000 * platform.storage.operations + stored_gb * platform.storage.stored


def _events(calls: int, platform: PlatformPrices) -> float:
    """The ring and what is booked or ordered: each published and delivered."""
    prices = platform.event_grid
    return _above(calls * 4, prices.free_operations) * prices.operations / _MILLION


def _logs(calls: int, load: Load, deployment: Deployment, platform: PlatformPrices) -> float:
    taken_in = deployment.logged_gb + calls * load.logged_kb / _MILLION
    return _above(taken_in, platform.logs.free) * platform.logs.taken_in


def _above(amount: float, free: float) -> float:
    """What of an amount is billed."""
    return max(0.0, amount - free)


if __name__ == "__main__":
    import sys

    from shared.costs_cli import main

    sys.exit(main(sys.argv[1:]))
