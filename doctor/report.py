"""Findings as text for people and as JSON for programs. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from shared.findings import Finding, Verdict, worst

_SIGNS: Final = {"ok": "  ok  ", "warning": " warn ", "failed": " FAIL ", "skipped": "  --  "}
_ORDER: Final = ("failed", "warning", "skipped", "ok")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What `python -m doctor --json` prints and GET /api/health?deep=1 answers."""

    verdict: Verdict
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> Report:
        """The worst first; of what was found twice, one."""
        ordered = sorted(dict.fromkeys(findings), key=lambda finding: _ORDER.index(finding.verdict))
        return cls(verdict=worst(findings), findings=tuple(ordered))

    @classmethod
    def read(cls, text: bytes) -> Report:
        """The opposite of `json`.

        Raises:
            ValueError: it is no report.
        """
        try:
            raw = json.loads(text)
            findings = tuple(Finding(**finding) for finding in raw["findings"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"no report of a doctor: {error}") from error
        return cls.of(findings)

    @property
    def status(self) -> int:
        """Exit status: 1 when something failed."""
        return 1 if self.verdict == "failed" else 0

    def json(self) -> str:
        """For programs."""
        return json.dumps(asdict(self), indent=1)

    def text(self) -> str:
        """For people."""
        lines: list[str] = []
        for finding in self.findings:
            lines.append(f"{_SIGNS[finding.verdict]} {finding.what}  [{finding.check}]")
            if finding.why:
                lines.append(f"        why it matters: {finding.why}")
            if finding.fix:
                lines.append(f"        what mends it:  {finding.fix}")
        counts = ", ".join(
            f"{number} {name}"
            for name in ("failed", "warning", "ok")
            if (number := sum(f.verdict == name for f in self.findings))
        )
        return "\n".join([*lines, "", f"doctor: {counts or 'nothing was looked at'}"])
