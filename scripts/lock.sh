#!/bin/sh
# Writes bridge/requirements.lock anew: every package of the container and what it needs, with its version and the
# hashes of its files, so that an image built next year has the same in it. Run it after bridge/requirements.txt
# has changed. POSIX sh.
set -eu

cd "$(dirname "$0")/.."

UV=uv==0.13.9

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --target "$folder" "$UV"
"$folder/bin/uv" pip compile --quiet --no-config --generate-hashes --universal --python-version 3.13 --no-annotate \
    --custom-compile-command "sh scripts/lock.sh" --output-file bridge/requirements.lock bridge/requirements.txt
