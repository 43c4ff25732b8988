#!/usr/bin/env bash
# The tests, fast ones first. `fast`: linters, types, import law and what needs neither Spark,
# Airflow nor a service. `all`: then whether a model got worse (half a minute), the slower tests two
# files at a time, and at last what runs services, which has the machine to itself.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
export PATH="$PWD/.venv/bin:$PATH"
HEAVY="spark or airflow or services or slow"
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
# No test may touch the person's own home or its ports.
for name in $(compgen -e | grep '^MILLRACE_' || true); do unset "$name"; done
export MILLRACE_HOME="$reports/home"

step() {
    printf '\n== %s\n' "$*"
    "$@"
}

# The browser tests need Chromium; without it they skip and say so.
install_chromium() {
    command -v chromium chromium-browser google-chrome >/dev/null && return
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
    stage "chromium for the browser tests" bash -c \
        '(apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium) ||
         echo "not installable here: those tests skip"'
}

step ruff check .
step ruff format --check .
step lint-imports
step mypy
step pytest -q -n 2 -m "not ($HEAVY)"
if [ "${1:-fast}" = all ]; then
    step millrace gate
    install_chromium
    step pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "($HEAVY) and not services" --durations=15
    step pytest -q -m services --durations=15
fi
