#!/usr/bin/env bash
# Makes everything the project needs, with nothing but Python 3.11, git, make and the package
# registries. Each stage looks whether its work is done, so a second run is quick and an
# interrupted one goes on where it stopped.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

SHARE=.venv/share/millrace
LOCK_STAMP=$SHARE/lock.sha256
PROJECT_STAMP=$SHARE/project.sha256

find_python() {
    local candidate
    for candidate in python3.11 python3 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    die "Python 3.11 is needed and none of python3.11, python3, python is one." \
        "Install it (Debian 12: apt-get install python3.11 python3.11-venv; Fedora: dnf install" \
        "python3.11; macOS: brew install python@3.11; anywhere: pyenv install 3.11) and run this again."
}

# Debian and Ubuntu put venv's bundled pip into a package of its own.
need_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    local install="apt-get install -y python3.11-venv"
    command -v apt-get >/dev/null || die "$1 has no venv module (ensurepip is missing)." \
        "Install a complete Python 3.11: your system's python3.11-venv package, or pyenv install 3.11."
    [ "$(id -u)" = 0 ] || die "$1 has no venv module. Run: sudo $install"
    stage "install python3.11-venv" bash -c "apt-get update -qq && $install"
}

make_venv() {
    "$1" -m venv --clear .venv && echo "$(.venv/bin/python --version) in .venv"
}

install_uv() {
    local entry
    entry=$(mktemp)
    # The lock's own entry of uv: version and hashes, to the first line that goes on no more.
    awk '/^uv==/ {found = 1} found {print} found && !/\\$/ {exit}' requirements.txt >"$entry"
    .venv/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r "$entry"
    rm -f "$entry"
    .venv/bin/uv --version
}

sync_packages() {
    # A registry that is set in pip's own file: uv does not read it.
    local index
    index=$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)
    if [ -n "$index" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        export UV_DEFAULT_INDEX="$index"
    fi
    rm -f "$LOCK_STAMP" "$PROJECT_STAMP" # an interrupted sync must be done again
    VIRTUAL_ENV="$PWD/.venv" .venv/bin/uv pip sync --require-hashes --compile-bytecode requirements.txt
    mkdir -p "$SHARE" && lock_hash >"$LOCK_STAMP"
    echo "$(grep -c '^[a-z].*==' requirements.txt) packages"
}

install_project() {
    VIRTUAL_ENV="$PWD/.venv" .venv/bin/uv pip install --no-deps --no-build-isolation --editable .
    project_hash >"$PROJECT_STAMP"
    echo "millrace $(.venv/bin/python -c 'import importlib.metadata as m; print(m.version("millrace"))')"
}

# The stamps name the place too: a copied or moved .venv is made anew.
lock_hash() { { pwd && cat requirements.txt; } | sum_of; }
project_hash() { { pwd && cat pyproject.toml; } | sum_of; }
sum_of() { "$python" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'; }
is_current() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

[ -f requirements.txt ] || die "requirements.txt is missing: git checkout requirements.txt, or make lock"
if [ -x .venv/bin/uv ] && is_current "$LOCK_STAMP" "$(python=.venv/bin/python lock_hash)"; then
    python=.venv/bin/python
    echo "python packages                    as in requirements.txt"
    stage "java 17 or newer" .venv/bin/python scripts/java.py
else
    python=$(find_python)
    need_venv "$python"
    # A Python that went away, or a venv that was copied or half made, cannot be repaired.
    if ! .venv/bin/python -m pip --version 2>/dev/null | grep -qF "$PWD/.venv/"; then
        stage "make .venv" make_venv "$python"
    fi
    python=.venv/bin/python
    # Before the long downloads, so that a machine without Java hears of it at once.
    stage "java 17 or newer" .venv/bin/python scripts/java.py
    stage "install uv" install_uv
    stage "install python packages" sync_packages
fi
if ! is_current "$PROJECT_STAMP" "$(project_hash)"; then
    stage "install the project" install_project
fi
stage "spark jars" .venv/bin/python scripts/fetch_jars.py
stage "database templates" .venv/bin/python -m pipelines.services.databases
