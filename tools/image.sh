#!/bin/sh
# Builds the image by docker, podman or buildah, whichever is there (or the one that ENGINE names).
# IMAGE names it (streamer), TAG tells it apart (the version), BASE is what it stands on: pin its digest for a build that
# can be repeated. SOURCE says where the source is to be had, for the image's label. ARGS goes to the engine.
set -eu
cd "$(dirname "$0")/.."

find_engine() {
    for name in ${ENGINE:-docker podman buildah}; do
        if command -v "$name" >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
    echo "No ${ENGINE:-docker, podman or buildah} is there to build an image with. Install one; ENGINE names another." >&2
    exit 1
}

from_git() { # what git says, or the second argument where there is none
    git log -1 --format="$1" 2>/dev/null || echo "$2"
}

engine=$(find_engine)
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' streamer/__init__.py)
epoch=${SOURCE_DATE_EPOCH:-$(from_git %ct 0)}
created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -r "$epoch" +%Y-%m-%dT%H:%M:%SZ)
image=${IMAGE:-streamer}:${TAG:-$version}

set -- --build-arg "SOURCE_DATE_EPOCH=$epoch" --build-arg "VERSION=$version" --build-arg "CREATED=$created" \
    --build-arg "REVISION=${REVISION:-$(from_git %H unknown)}" --build-arg "SOURCE=${SOURCE:-unknown}"
if [ -n "${BASE:-}" ]; then
    set -- "$@" --build-arg "BASE=$BASE"
fi

case $engine in
*docker)
    "$engine" buildx build "$@" --output "type=docker,rewrite-timestamp=true" --tag "$image" ${ARGS:-} .
    ;;
*)
    "$engine" build "$@" --format docker --timestamp "$epoch" --tag "$image" ${ARGS:-} .
    ;;
esac
echo "built $image"
