#!/usr/bin/env bash
# Resolves pyproject.toml into requirements.txt: every package with its version and hashes.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
export UV_CUSTOM_COMPILE_COMMAND="make lock"
.venv/bin/uv pip compile pyproject.toml --all-extras --generate-hashes --python-version 3.11 \
    --no-emit-index-url --no-header --quiet -o requirements.txt
echo "requirements.txt: $(grep -c '^[a-z].*==' requirements.txt) packages. Run: make setup"
