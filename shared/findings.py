"""What a check of the system found. Standard library only: a hook of a deployment has nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

type Verdict = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. Holds no secret and no personal data."""

    check: str
    """Stable name such as "store.write"; never reused for something else."""
    verdict: Verdict
    what: str
    """What was found, in one sentence."""
    why: str = ""
    """Why it matters, for whoever has to decide; empty when all is well."""
    fix: str = ""
    """What mends it: a command, a setting, a place to look."""


def ok(check: str, what: str) -> Finding:
    return Finding(check=check, verdict="ok", what=what)


def failed(check: str, what: str, why: str, fix: str) -> Finding:
    return Finding(check=check, verdict="failed", what=what, why=why, fix=fix)


def warning(check: str, what: str, why: str, fix: str) -> Finding:
    return Finding(check=check, verdict="warning", what=what, why=why, fix=fix)


def skipped(check: str, what: str) -> Finding:
    return Finding(check=check, verdict="skipped", what=what)


def worst(findings: Sequence[Finding]) -> Verdict:
    """The verdict on all of them together; "ok" when there are none."""
    order: tuple[Verdict, ...] = ("failed", "warning")
    return next((verdict for verdict in order if any(f.verdict == verdict for f in findings)), "ok")
