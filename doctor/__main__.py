"""`python -m doctor`: what is wrong with a system, why it matters, and what mends it."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from doctor.cloud import check_cloud
from doctor.report import Report
from infra.hooks.azure import Azure
from infra.hooks.settings import AzdEnvironment
from shared.findings import Finding

_DESCRIPTION = """\
Looks at a system and says what is wrong, why it matters and what mends it.
Exit status 1 when something failed.

Without options: the deployment that azd has selected, if there is one; else both planes by the settings in
the environment. `make run` prints how to look at the system it runs.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 all is well or nearly, 1 something failed, 2 a wrong option."""
    parser = argparse.ArgumentParser(
        prog="python -m doctor",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--plane", choices=["control", "bridge"], help="look at one plane only, by its settings"
    )
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="take settings from a local.settings.json or NAME=VALUE lines",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    try:
        env = {**os.environ, **(_settings(options.settings) if options.settings else {})}
    except ValueError as error:
        parser.error(str(error))
    report = Report.of(_look(env, options.plane, cloud=options.settings is None))
    print(report.json() if options.json else report.text())
    return report.status


def _look(env: Mapping[str, str], plane: str | None, *, cloud: bool) -> list[Finding]:
    environment = AzdEnvironment.current() if cloud and plane is None else AzdEnvironment(env)
    if environment.get("TABLETALK_FUNCTIONS_ID"):
        azure = Azure(management=environment.get("TABLETALK_MANAGEMENT", Azure.management))
        return check_cloud(azure, environment)
    # Imported here: a hook looks at the cloud with nothing installed.
    from doctor.bridge_plane import check_bridge_plane
    from doctor.control_plane import check_control

    found: list[Finding] = []
    if plane in (None, "control"):
        found += asyncio.run(check_control(env, from_outside=True))
    if plane in (None, "bridge"):
        found += asyncio.run(check_bridge_plane(env))
    return found


def _settings(path: Path) -> dict[str, str]:
    """The values of a `local.settings.json`, or of lines NAME=VALUE.

    Raises:
        ValueError: the file cannot be read; the message says why.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ValueError(f"--settings {path}: {error.strerror}") from error
    if text.lstrip().startswith("{"):
        try:
            values = json.loads(text)["Values"]
            return {str(name): str(value) for name, value in values.items()}
        except (ValueError, KeyError, AttributeError) as error:
            raise ValueError(f'--settings {path}: no local.settings.json with "Values"') from error
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    wrong = next((number for number, line in enumerate(lines, 1) if "=" not in line), None)
    if wrong is not None:
        raise ValueError(f"--settings {path}: entry {wrong} is not NAME=VALUE")
    return {
        name.strip(): value.strip().strip("\"'") for name, _, value in (line.partition("=") for line in lines)
    }


if __name__ == "__main__":
    sys.exit(main())
