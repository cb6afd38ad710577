"""``streamer replay`` as its users run it: a process of its own, its summary, and the topic that it goes over."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from streamer.translate.checks import derived_event_id
from streamer.translate.engine import Origin
from tests.support.kafka_cluster import KafkaCluster, Outgoing, eventually
from tests.support.ports import free_ports
from tests.support.product import SandboxProcess, get_json
from tests.support.tag_events import encode, tag_event

NAME = "Contact"
"""Of all events."""

SECONDS = 120
"""How long a replay may take in a test."""


class Ended(NamedTuple):
    """How a replay has ended."""

    status: int
    summary: dict[str, Any]
    """Empty if there was none."""
    said: str
    """On standard error."""


class RunningReplay:
    """A replay under way."""

    def __init__(self, command: list[str], log: Path, url: str, env: Mapping[str, str]) -> None:
        self.url = url
        self._log = log
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **env},
            )

    def end(self) -> Ended:
        """Return how it ended, when it has."""
        out, _ = self.process.communicate(timeout=SECONDS)
        summary = json.loads(out) if out.startswith("{") else {}
        return Ended(self.process.returncode, summary, self._log.read_text(errors="replace"))

    def stop(self) -> Ended:
        """Ask it to end (SIGTERM)."""
        self.process.terminate()
        return self.end()

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        self.process.kill()
        self.process.communicate()

    def status(self) -> Any:
        """Return what its status page shows, as JSON; None: it does not serve."""
        return get_json(f"{self.url}/status.json")


class Replays:
    """Starts replays with one configuration."""

    def __init__(self, folder: Path, config: Mapping[str, Any]) -> None:
        self._folder = folder
        (port,) = free_ports(1)
        self._url = f"http://127.0.0.1:{port}"
        self._file = folder / "replay.yaml"
        self._file.write_text(yaml.safe_dump({**config, "admin": {"port": port}}))
        self._count = count()
        self._started: list[RunningReplay] = []

    def start(self, *options: object, env: Mapping[str, str] | None = None) -> RunningReplay:
        """Start a replay with these options, and ``--json``; ``env`` is added to the environment."""
        command = [sys.executable, "-m", "streamer", "replay", "-c", str(self._file), "--json", *map(str, options)]
        running = RunningReplay(command, self._folder / f"replay-{next(self._count)}.log", self._url, env or {})
        self._started.append(running)
        return running

    def run(self, *options: object) -> Ended:
        """Run a replay to its end."""
        return self.start(*options).end()

    def end_all(self) -> None:
        """End what still runs."""
        for running in self._started:
            if running.process.poll() is None:
                running.kill()


def alike(pixel_id: str, **changes: Any) -> bytes:
    """Return a small record without an event id, of which thousands can be written: each gets its id by its place."""
    little = {"event_name": NAME, "event_id": None, "page_url": "https://shop.example.com/", "properties": None}
    return encode(tag_event(7, pixel_id, **(little | changes)), "bare")


def derived(topic: str, partition: int, offsets: Iterable[int]) -> list[tuple[str, str]]:
    """Return what the sandbox has to get of records without an id: name and id, sorted."""
    return sorted((NAME, derived_event_id(Origin(topic, partition, offset))) for offset in offsets)


def fill(kafka: KafkaCluster, topic: str, pixels: list[str], records: int, first_ms: int) -> None:
    """Write so many records to each of the first partitions, one pixel a partition, a millisecond apart."""
    values = [alike(pixel_id) for pixel_id in pixels]
    kafka.produce(
        topic,
        (
            Outgoing(value, partition=partition, timestamp_ms=first_ms + at)
            for at in range(records)
            for partition, value in enumerate(values)
        ),
    )


def committed(kafka: KafkaCluster, group: str, topic: str) -> dict[int, int]:
    """Return what a replay's group has committed, by partition."""
    return {partition: at.offset for partition, at in kafka.committed(group, topic).items()}


def wait_for(kafka: KafkaCluster, running: RunningReplay, group: str, topic: str, offsets: int) -> None:
    """Return when the offsets that a replay's group has committed add up to so many."""

    def there() -> bool:
        assert running.process.poll() is None, f"the replay has ended: {running.end()}"
        return sum(committed(kafka, group, topic).values()) >= offsets

    eventually(there, timeout=60, interval=0.1)


def arrived(sandbox: SandboxProcess) -> tuple[int, int, int]:
    """Return how many events came, how many different ones, and how many doubles differ from their first."""
    total = sandbox.ledger()["total"]
    return total["events"], total["distinct"], total["conflicts"]
