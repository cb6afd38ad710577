"""Fixtures that any test can ask for. A server starts with the first test that wants it, and ends with the session."""

import logging
import os
import re
import shutil
import signal
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import structlog
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.support.kafka_cluster import KafkaCluster
from tests.support.kafka_server import KafkaServer
from tests.support.registry_server import RegistryServer

_ROOT = Path(__file__).resolve().parents[1]
_SERVERS = {"kafka", "kafka_server", "own_kafka", "registry"}
_PROGRAMS = {"helm", "monitoring"}
"""Folders whose tests run programs of others."""


def pytest_configure() -> None:
    """Let SIGTERM end a run as Ctrl-C does, so that no server outlives it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a real Kafka or registry, and what runs programs of others: ``-m "not kafka"`` runs the rest."""
    for item in items:
        if item.path.parent.name in _PROGRAMS:
            item.add_marker("programs")
        if _SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker("kafka")
    items.sort(key=lambda item: not _on_kafka(str(item.path)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Let files with tests on Kafka run in one process, so that one Kafka starts; of the others, each runs in one."""
    return _KafkaInOne(config, log)


class _KafkaInOne(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    def _split_scope(self, nodeid: str) -> str:
        path, *_ = nodeid.split("::")
        return "kafka" if _on_kafka(path) else path


@cache
def _on_kafka(path: str) -> bool:
    return any(name in (_ROOT / path).read_text() for name in ("KafkaCluster", "KafkaServer", "RegistryServer"))


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
