#!/bin/sh
# Brings what tests and screenshots of the page need beside what `make setup` brings: uPlot and axe-core as npm has
# them, in .page, and a Chromium where none is installed. Costs nothing when all of it is there.
# With --vendor it also copies uPlot to web/vendor, as the page loads it.
set -eu

cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"

stamp=$(cat web/vendor/package.json web/vendor/package-lock.json | cksum)
if [ ! -f .page/stamp ] || [ "$(cat .page/stamp)" != "$stamp" ]; then
    mkdir -p .page
    rm -f .page/stamp
    cp web/vendor/package.json web/vendor/package-lock.json .page/
    (cd .page && npm ci --ignore-scripts --no-audit --no-fund --silent)
    printf '%s\n' "$stamp" >.page/stamp
fi

if [ "${1:-}" = --vendor ]; then
    package=.page/node_modules/uplot
    mkdir -p web/vendor/uplot
    cp "$package/LICENSE" "$package/dist/uPlot.esm.js" "$package/dist/uPlot.min.css" web/vendor/uplot/
fi

if ! .venv/bin/python -m local.browser; then
    echo "page tools: no Chromium is installed; fetching one for Playwright (100 MB, once)"
    .venv/bin/python -m playwright install --only-shell chromium ||
        echo "page tools: that failed; the tests of the page will too. Install Chromium, then try again" >&2
fi
