"""The bridge's image, as far as it can be told without Docker: linted, its steps run in a clean folder."""

from __future__ import annotations

import ast
import http.server
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "bridge" / "Dockerfile"
LOCK = ROOT / "bridge" / "requirements.lock"
FUNCTIONS_LOCK = ROOT / "requirements.txt"
"""Of the Functions app: Azure installs the file of this name."""


def instructions() -> list[tuple[str, str]]:
    """Instruction and arguments, continued lines joined."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    pairs = [line.partition(" ") for line in joined.splitlines() if line.strip()]
    return [(name, arguments.strip()) for name, _, arguments in pairs]


def last(name: str) -> str:
    """Arguments of the last instruction of that name."""
    return next(arguments for found, arguments in reversed(instructions()) if found == name)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """/app of the image: what COPY takes out of the context that .dockerignore leaves, after RUN."""
    context, app = tmp_path_factory.mktemp("context"), tmp_path_factory.mktemp("app")
    for line in (ROOT / ".dockerignore").read_text().split():
        if line.startswith("!"):
            shutil.copytree(ROOT / line[1:], context / line[1:], ignore=shutil.ignore_patterns("__pycache__"))
    final_stage = instructions()[max(i for i, (name, _) in enumerate(instructions()) if name == "FROM") :]
    for name, arguments in final_stage:
        if name == "COPY" and not arguments.startswith("--from"):
            source, target = arguments.split()
            shutil.copytree(context / source, app / target)
        if name == "RUN" and arguments.startswith("python "):
            subprocess.run([sys.executable, *arguments.split()[1:]], cwd=app, check=True, timeout=60)
    return app


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    answer = subprocess.run(
        [hadolint, "-c", ROOT / ".hadolint.yaml", DOCKERFILE],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (answer.returncode, answer.stdout) == (0, "")


def test_the_image_holds_all_that_the_bridge_imports(image: Path) -> None:
    """It starts far enough to miss its settings, without a file from outside /app."""
    answer = subprocess.run(
        [sys.executable, *json.loads(last("CMD"))[1:]],
        cwd=image,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 2, answer.stderr
    assert answer.stderr.startswith("bridge: TABLES_CONNECTION_STRING or TABLES_ENDPOINT")


def test_the_bridge_writes_nothing_where_it_lives(image: Path) -> None:
    """So that the file system may be read-only. All of it is compiled already."""
    before = {path: path.stat().st_mtime_ns for path in image.rglob("*")}
    test_the_image_holds_all_that_the_bridge_imports(image)
    assert {path: path.stat().st_mtime_ns for path in image.rglob("*")} == before
    modules = list(image.rglob("*.py"))
    assert len(list(image.rglob("*.pyc"))) == len(modules)


def test_it_runs_as_nobody_and_gets_signals() -> None:
    """A user without name or rights by number, which Kubernetes can check; no shell before Python."""
    assert int(last("USER")) >= 10_000
    assert json.loads(last("CMD")) == ["python", "-m", "bridge"]
    assert "STOPSIGNAL" not in dict(instructions())


@pytest.mark.parametrize(("status", "well"), [(200, True), (503, False)])
def test_the_health_check_tells_well_from_unwell(status: int, *, well: bool) -> None:
    """The command of HEALTHCHECK, against a server that answers so."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing to standard error."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.handle_request, daemon=True)
    thread.start()
    command = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    script = command[2].replace(":8080/", f":{server.server_address[1]}/")
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=False)
    thread.join(timeout=10)
    server.server_close()
    assert (answer.returncode == 0) is well
    assert asked == ["/healthz"]


def locked(lock: Path = LOCK) -> dict[str, tuple[str, int]]:
    """Name to version and number of hashes."""
    found = {}
    for block in re.split(r"\n(?=\S)", lock.read_text()):
        match = re.match(r"([A-Za-z0-9._-]+)(?:\[[\w,]+\])?==(\S+)", block)
        if match:
            found[normal(match[1])] = (match[2], block.count("--hash=sha256:"))
    return found


def normal(name: str) -> str:
    """A package name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize(("room", "lock"), [("bridge", LOCK), ("control", FUNCTIONS_LOCK)])
def test_a_lock_is_of_these_requirements(room: str, lock: Path) -> None:
    """Same versions; a hash for each. Else: sh scripts/lock.sh."""
    found = locked(lock)
    for line in (ROOT / room / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, version = line.partition("==")
            assert found[normal(name.partition("[")[0])][0] == version.split(";")[0].strip(), name
    assert all(hashes for _, hashes in found.values())


def test_the_container_takes_nothing_without_its_hash() -> None:
    assert "RUN" in dict(instructions())
    assert "--require-hashes" in DOCKERFILE.read_text()


def test_the_lock_has_whatever_the_container_imports() -> None:
    """Of packages, that is, and whichever of them brings the module."""
    imported = set()
    places = [path for room in ("bridge", "doctor", "shared") for path in (ROOT / room).rglob("*.py")]
    for path in places:
        if path in (ROOT / "doctor/cloud.py", ROOT / "doctor/__main__.py"):
            continue  # run beside azd, never in the container
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    brought_by = importlib.metadata.packages_distributions()
    ours = {"bridge", "doctor", "shared"} | sys.stdlib_module_names
    lock = set(locked())
    missing = {
        name for name in imported - ours if not lock & {normal(one) for one in brought_by.get(name, [])}
    }
    assert missing == set()
