"""`python -m infra.check`: prints what is wrong with infra/, a finding a line, and then exits with 1."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from infra.check.everything import check_everything


def main() -> int:
    """Check the checkout this file lies in."""
    root = Path(__file__).parents[2]
    findings = check_everything(root)
    for finding in findings:
        print(replace(finding, path=finding.path.relative_to(root)))
    if not findings:
        print("infra: nothing to object to")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
