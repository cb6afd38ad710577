#!/bin/sh
# Makes .venv: every dependency at its locked version and hash, then this package itself, editable.
# PYTHON names the interpreter to use; without it, the first of the usual names that is new enough.
set -eu
cd "$(dirname "$0")/.."

works() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
        if works "$name"; then
            "$name" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    echo "Streamer needs Python 3.11 or newer, and found none (tried: ${PYTHON:-python3, python3.11 to python3.14})." \
        "Install one, or name it: make setup PYTHON=/path/to/python3.12" >&2
    exit 1
}

install_with_uv() {
    works .venv/bin/python || uv venv --quiet --clear --python "$1" .venv
    uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements-dev.lock
    uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
}

install_with_pip() {
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        "$1" -m venv --clear .venv || {
            echo "$1 cannot make a virtual environment. On Debian: apt-get install python3-venv" >&2
            exit 1
        }
    fi
    export PIP_DISABLE_PIP_VERSION_CHECK=1
    .venv/bin/python -m pip install --quiet --require-hashes -r requirements-dev.lock
    .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
}

python=$(find_python)
echo "Setting up .venv with $python"
if command -v uv >/dev/null 2>&1; then
    install_with_uv "$python"
else
    install_with_pip "$python"
fi
