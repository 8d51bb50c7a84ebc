"""What an abuse run has shown, and which promises it breaks. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from abuse.attacker import AT_ONCE, Outcome
from abuse.processes import Held

SLOWER: Final = 1.2
"""A call may wait this much longer under abuse than before it, in the 99th percentile."""
MEMORY: Final = 1.25
MEMORY_SLACK: Final = 20.0
"""A service may hold this share more than before, and so many megabytes: allocators keep what they had."""
FILES_SLACK: Final = 10
UNHEARD_MS: Final = 10.0
"""Half a frame: that much more on the media socket nobody can hear, whatever the share is."""
FEWEST: Final = 101
"""Values from which on a 99th percentile is one; of fewer, the slowest would decide alone."""
ALL_BUT: Final = 0.9
"""The share of the attacks that must have been made: else the calls were left alone."""
_FAULTS: Final = ("500", "502", "504", "not connected")
"""What an attack must never end in."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Calls before, or under abuse."""

    calls: int
    completed: int
    others: Sequence[str]
    """How the calls ended that did not come to their end in order."""
    late: int
    """Of those that did, how many had their record complete later than five seconds after their end."""
    replies_ms: Sequence[int]
    """What callers waited, in the audio at the phone."""
    greetings_ms: Sequence[int]
    pings_ms: Sequence[float]
    """What a ping waited on the media socket of a call in progress."""
    talks_broken: int
    """Of the talks from the page that were pinged, how many did not begin, or broke off."""


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that was seen."""

    before: Phase
    under: Phase
    held_before: Mapping[str, Held]
    held_most: Mapping[str, float]
    """Megabytes, looked at every few seconds."""
    held_after: Mapping[str, Held]
    outcome: Outcome
    limits: Mapping[str, float]
    """What the bridge counted, by limit."""
    tracebacks: int
    """In the logs of bridge and Functions app."""
    seconds: float
    per_second: float
    broken: list[str] = field(default_factory=list)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all is not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def judge(run: Run) -> list[str]:
    """The promises that were not kept, in words."""
    found = []
    for name, phase in (("before", run.before), ("under abuse", run.under)):
        if phase.completed < phase.calls:
            found.append(
                f"{phase.calls - phase.completed} of {phase.calls} calls {name} did not come to an end: "
                f"{', '.join(phase.others)}"
            )
        if phase.talks_broken:
            found.append(f"{phase.talks_broken} talks from the page broke {name}")
    for what, (before, under), unheard in _latencies(run):
        if min(len(before), len(under)) >= FEWEST:
            calm, attacked = percentile(before, 0.99), percentile(under, 0.99)
            if attacked > calm * SLOWER and attacked > calm + unheard:
                found.append(
                    f"{what}: {attacked:.0f} ms in the 99th percentile under abuse, {calm:.0f} before"
                )
    for name, held in run.held_before.items():
        after = run.held_after.get(name)
        if after is None or after.pid != held.pid:
            found.append(f"{name} has died")
            continue
        if after.megabytes > held.megabytes * MEMORY + MEMORY_SLACK:
            found.append(f"{name} holds {after.megabytes:.0f} MB, {held.megabytes:.0f} before")
        if after.files > held.files + FILES_SLACK:
            found.append(f"{name} has {after.files} files and sockets open, {held.files} before")
    found += faults(run.outcome)
    made, ordered = _attacks(run.outcome), run.seconds * run.per_second
    if made < ordered * ALL_BUT:
        found.append(f"{made} attacks were made, of {ordered:.0f} that were ordered")
    if run.tracebacks:
        found.append(f"{run.tracebacks} tracebacks in the logs of bridge and Functions app")
    return found


def unjudged(run: Run) -> list[str]:
    """What the run was too short to tell, in words."""
    return [
        f"{what}: {len(before)} before and {len(under)} under abuse; a 99th percentile takes {FEWEST} of each"
        for what, (before, under), _ in _latencies(run)
        if min(len(before), len(under)) < FEWEST
    ]


def _latencies(run: Run) -> list[tuple[str, tuple[Sequence[float], Sequence[float]], float]]:
    """What a call in progress waits for, before and under abuse, and how much of it nobody can hear."""
    return [
        ("replies", (run.before.replies_ms, run.under.replies_ms), 0.0),
        ("pings of the media socket", (run.before.pings_ms, run.under.pings_ms), UNHEARD_MS),
    ]


def _attacks(outcome: Outcome) -> int:
    return sum(sum(ends.values()) for ends in outcome.attacks.values())


def faults(outcome: Outcome) -> list[str]:
    """The attacks that ended in what they must never end in."""
    found = []
    for attack, ends in outcome.attacks.items():
        bad = {end: count for end, count in ends.items() if end in _FAULTS}
        if bad and not attack.startswith("tables"):  # Azurite is as it is
            found.append(f"{attack}: {_counts(bad)}")
    return found


def describe(run: Run) -> str:
    """The run for people."""
    lines = [
        f"{run.seconds:.0f} s of abuse, at most {run.per_second:.0f} attacks a second "
        f"({_attacks(run.outcome)} in all, {run.outcome.left_out} "
        f"left out because {AT_ONCE} were under way); the abuser's own work, as nice as can be: "
        f"{run.outcome.cpu_seconds:.0f} s of CPU",
        "",
        f"{'a call in progress':<34}{'before':>18}{'under abuse':>18}",
        _row("calls, and those that came to an end", run, lambda p: f"{p.calls}, {p.completed}"),
        _row("of these with a late record", run, lambda p: str(p.late)),
        _row("replies heard", run, lambda p: str(len(p.replies_ms))),
        _row("reply, median", run, lambda p: _ms(p.replies_ms, None)),
        _row("reply, 99th percentile", run, lambda p: _ms(p.replies_ms, 0.99)),
        _row("greeting, median", run, lambda p: _ms(p.greetings_ms, None)),
        _row("media socket answers a ping, median", run, lambda p: _ms(p.pings_ms, None)),
        _row("media socket answers a ping, 99th", run, lambda p: _ms(p.pings_ms, 0.99)),
        "",
        f"{'service':<14}{'MB before':>10}{'most':>8}{'after':>8}{'files before':>14}{'after':>8}",
    ]
    for name, held in run.held_before.items():
        after = run.held_after.get(name)
        told = f"{after.megabytes:>8.0f}{held.files:>14}{after.files:>8}" if after else "    dead"
        lines.append(f"{name:<14}{held.megabytes:>10.0f}{run.held_most.get(name, 0):>8.0f}{told}")
    lines += ["", f"{'attack':<36}what came of it"]
    lines += [f"{attack:<36}{_counts(ends)}" for attack, ends in run.outcome.attacks.items()]
    lines += ["", f"limits of the bridge that were met: {_counts(run.limits)}"]
    lines += [f"NOT JUDGED: {what}" for what in unjudged(run)]
    return "\n".join([*lines, *(f"NOT KEPT: {promise}" for promise in run.broken)])


def _row(name: str, run: Run, shown: Callable[[Phase], str]) -> str:
    return f"{name:<34}{shown(run.before):>18}{shown(run.under):>18}"


def _ms(values: Sequence[float], share: float | None) -> str:
    if not values:
        return "none"
    value = median(values) if share is None else percentile(values, share)
    return f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"


def _counts(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {count:.0f}" for name, count in sorted(counts.items(), key=lambda one: -one[1]))
