#!/bin/sh
# Writes bridge/requirements.lock (the container) and requirements.txt (the Functions app) anew: every package and what
# it needs, with its version and the hashes of its files, so that what is built next year has the same in it. Run it
# after bridge/requirements.txt or control/requirements.txt has changed. POSIX sh.
set -eu

cd "$(dirname "$0")/.."

UV=uv==0.13.9

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --target "$folder" "$UV"

lock() { # from, to
    "$folder/bin/uv" pip compile --quiet --no-config --generate-hashes --universal --python-version 3.13 \
        --no-annotate --custom-compile-command "sh scripts/lock.sh" --output-file "$2" "$1"
}

lock bridge/requirements.txt bridge/requirements.lock
lock control/requirements.txt requirements.txt # by this name, for it is the one that Azure installs
