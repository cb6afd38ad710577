"""Fixtures that any test can ask for. A server starts with the first test that wants it, and ends with the session."""

import logging
import os
import re
import shutil
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.support.kafka_cluster import KafkaCluster
from tests.support.kafka_server import KafkaServer
from tests.support.registry_server import RegistryServer

_SERVERS = {"kafka", "kafka_server", "own_kafka", "registry"}
_PROGRAMS = {"helm", "monitoring"}
"""Folders whose tests run programs of others."""


def pytest_configure() -> None:
    """Let SIGTERM end a run as Ctrl-C does, so that no server outlives it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a real Kafka or registry, and what runs programs of others: ``-m "not kafka"`` runs the rest.

    Where tests run in several processes, all that need Kafka run in one, which starts one Kafka, and begin at once, for
    they take longest; of the others, each file's run in one.
    """
    for item in items:
        if item.path.parent.name in _PROGRAMS:
            item.add_marker("programs")
        needs_kafka = bool(_SERVERS & set(getattr(item, "fixturenames", ())))
        if needs_kafka:
            item.add_marker("kafka")
        item.add_marker(pytest.mark.xdist_group("kafka" if needs_kafka else str(item.path)))
    items.sort(key=lambda item: item.get_closest_marker("kafka") is None)


@pytest.fixture(scope="session")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """Give the broker of the session, always one that we started: for what needs its SASL_SSL listener."""
    yield from _started(tmp_path_factory.mktemp("kafka"))


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> KafkaCluster:
    """Give the Kafka of the session: the broker at STREAMER_TEST_BOOTSTRAP, or one that we start."""
    bootstrap = os.environ.get("STREAMER_TEST_BOOTSTRAP")
    if bootstrap:
        return KafkaCluster(bootstrap)
    server: KafkaServer = request.getfixturevalue("kafka_server")
    return server


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[KafkaServer]:
    """Give a broker for this test alone, which it may stop, kill and restart."""
    yield from _started(tmp_path)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    """Give the schema registry of the session; it takes about 20 s to start."""
    server = RegistryServer(tmp_path_factory.mktemp("registry"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def logs_as_before() -> Iterator[None]:
    """Put logging back as it was before the test, which may configure it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    """Give a name that no other test uses, for a topic or a group."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
    return f"{name[:60]}-{uuid.uuid4().hex[:8]}"


def _started(folder: Path) -> Iterator[KafkaServer]:
    server = KafkaServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.data, ignore_errors=True)
