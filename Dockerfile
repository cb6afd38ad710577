# The image of Streamer: docs/image.md says how it is built, run and taken stock of.

# Both stages stand on this one, which brings Python 3.11 or newer. For a build that can be repeated, pin its digest:
# BASE=python:3.13-slim-bookworm@sha256:…
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS builder

ARG SOURCE_DATE_EPOCH=0
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONHASHSEED=0
WORKDIR /build

# The tools of the build stay in this stage. What ships gets an environment of its own, without pip in it.
COPY requirements-build.lock ./
RUN python3 -m venv tools \
    && tools/bin/pip install --quiet --require-hashes --only-binary :all: -r requirements-build.lock \
    && python3 -m venv --without-pip /opt/streamer

# The dependencies before the source: a change of the source builds nothing else anew. Wheels only, each with its hash.
COPY requirements.lock ./
RUN tools/bin/pip --python /opt/streamer/bin/python install --quiet --no-compile \
        --require-hashes --only-binary :all: -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY streamer streamer
RUN tools/bin/pip wheel --quiet --no-deps --no-index --no-build-isolation --wheel-dir dist . \
    && tools/bin/pip --python /opt/streamer/bin/python install --quiet --no-compile --no-deps --no-index dist/*.whl

# Bytecode that does not look at the times of its sources, and one time for every file: the same source, the same bytes.
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /opt/streamer/lib \
    && find /opt/streamer -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH}" {} +

FROM ${BASE}

ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="streamer" \
      org.opencontainers.image.description="Kafka consumer that sends Avro tag events to Meta's Conversions API" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}"

# What could install or build something goes: the base's pip, and the wheels that would bring it back.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3*/ensurepip /usr/local/lib/python3*/site-packages/* \
        /usr/lib/python3*/ensurepip /usr/share/python-wheels

COPY --from=builder /opt/streamer /opt/streamer

ENV PATH=/opt/streamer/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# A number, so that Kubernetes can tell that it is not root. It owns nothing in the image, and need not be in /etc/passwd.
USER 10001:10001
WORKDIR /etc/streamer
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["streamer"]
CMD ["--help"]
