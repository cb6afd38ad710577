#!/bin/sh
# Resolves the dependencies of pyproject.toml for every supported Python and platform, with hashes:
# requirements.lock holds what the product needs, requirements-dev.lock that and what tests, checks and benchmarks need,
# requirements-build.lock what the image needs to build the wheel, at the developers' versions.
# Versions already locked stay; ARGS=--upgrade takes the newest.
set -eu
cd "$(dirname "$0")/.."

if command -v uv >/dev/null 2>&1; then
    uv=uv
else
    .venv/bin/python -m pip install --quiet uv
    uv=.venv/bin/uv
fi

export UV_CUSTOM_COMPILE_COMMAND="make lock"
compile() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --annotation-style line "$@"
}

compile ${ARGS:-} --output-file requirements.lock pyproject.toml
compile ${ARGS:-} --constraint requirements.lock --group dev --group bench \
    --output-file requirements-dev.lock pyproject.toml
echo hatchling | compile --constraint requirements-dev.lock --output-file requirements-build.lock -
