"""Fixtures for tests of the whole product: the sandbox in Meta's place, and ``streamer run`` in front of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.product import SandboxProcess, Start, StreamerProcess, sandbox_in


@pytest.fixture(scope="session")
def _sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with sandbox_in(tmp_path_factory.mktemp("sandbox"), "--keep", "bodies") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: SandboxProcess) -> SandboxProcess:
    """Give the sandbox of the session, which has forgotten what earlier tests did."""
    _sandbox.reset()
    return _sandbox


@pytest.fixture
def start(tmp_path: Path, sandbox: SandboxProcess) -> Iterator[Start]:
    """Give what starts ``streamer run``; what still runs at the end of the test is ended."""
    started: list[StreamerProcess] = []

    def run(config: Mapping[str, Any]) -> StreamerProcess:
        meta = {"base_url": sandbox.url, **config["meta"]}
        often = {"commit_interval_seconds": 0.2, **config["kafka"]}
        streamer = StreamerProcess(tmp_path, {**config, "kafka": often, "meta": meta}, f"streamer-{len(started)}")
        started.append(streamer)
        streamer.run()
        return streamer

    try:
        yield run
    finally:
        for streamer in started:
            streamer.stop()
