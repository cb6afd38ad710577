"""The product as its users run it: ``streamer run`` and ``streamer sandbox``, each a process of its own."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.support.kafka_cluster import KafkaCluster
from tests.support.ports import free_ports
from tests.support.process import ServerProcess

TOKEN = "invented-platform-token"


def get_json(url: str) -> Any:
    """Return what an address answers, read as JSON; None if nothing listens or it is not ready."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - an address of our own
            return json.load(answer)
    except OSError:
        return None


class SandboxProcess(ServerProcess):
    """The stand-in for Meta."""

    def __init__(self, folder: Path) -> None:
        super().__init__("the sandbox", folder / "sandbox.log")
        (self.port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"

    def run(self, *options: str) -> None:
        """Start it; ``options`` as of ``streamer sandbox``."""
        command = [sys.executable, "-m", "streamer", "sandbox", "--port", str(self.port), *options]
        self.start(command, lambda: self.ledger() is not None)

    def ledger(self) -> Any:
        """Return all counts."""
        return get_json(f"{self.url}/sandbox/ledger")

    def events(self, pixel_id: str) -> list[dict[str, Any]]:
        """Return what was taken for a pixel; needs ``--keep bodies``."""
        found: list[dict[str, Any]] = get_json(f"{self.url}/sandbox/events?pixel={pixel_id}")
        return found

    def ids(self, pixel_id: str) -> list[tuple[str, str]]:
        """Return (event name, event id) of what was taken for a pixel, sorted."""
        return [(name, event_id) for name, event_id in get_json(f"{self.url}/sandbox/ids?pixel={pixel_id}")]

    def reset(self) -> None:
        """Forget what arrived, the fault script and what was killed."""
        self.script([])
        self._send("POST", "/sandbox/reset", {})

    def script(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Replace the fault script."""
        self._send("PUT", "/sandbox/faults", rules)

    def tokens(self, **order: Any) -> None:
        """Kill or revive tokens."""
        self._send("POST", "/sandbox/tokens", order)

    def _send(self, method: str, path: str, body: Any) -> None:
        request = urllib.request.Request(  # noqa: S310 - an address of our own
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=5):  # noqa: S310 - the same
            pass


@contextmanager
def sandbox_in(folder: Path, *options: str) -> Iterator[SandboxProcess]:
    """Give a sandbox that runs, with options as of ``streamer sandbox``, and end it."""
    sandbox = SandboxProcess(folder)
    try:
        sandbox.run(*options)
        yield sandbox
    finally:
        sandbox.stop()


class StreamerProcess(ServerProcess):
    """One replica of the consumer."""

    def __init__(self, folder: Path, config: Mapping[str, Any], name: str = "streamer") -> None:
        super().__init__(name, folder / f"{name}.log")
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self.config = folder / f"{name}.yaml"
        self.config.write_text(yaml.safe_dump({**config, "admin": {"port": port}}))

    def run(self) -> None:
        """Start it and wait until it has joined its group."""
        command = [sys.executable, "-m", "streamer", "run", "-c", str(self.config)]
        self.start(command, lambda: get_json(f"{self.url}/healthz/ready") is not None)

    def status(self) -> Any:
        """Return what the status page shows, as JSON."""
        return get_json(f"{self.url}/status.json")

    def metrics(self) -> str:
        """Return what Prometheus would scrape."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:  # noqa: S310 - our own address
            text: str = answer.read().decode()
            return text

    def not_ready_because(self) -> list[str]:
        """Return what readiness says, be it ready or not; nothing: it is ready."""
        try:
            with urllib.request.urlopen(f"{self.url}/healthz/ready", timeout=5) as answer:  # noqa: S310 - the same
                body = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                body = error.read()
        reasons: list[str] = json.loads(body)["not_ready_because"]
        return reasons

    def page(self) -> str:
        """Return the status page."""
        with urllib.request.urlopen(f"{self.url}/", timeout=5) as answer:  # noqa: S310 - the same
            text: str = answer.read().decode()
            return text

    def said(self) -> str:
        """Return all that it has written to its standard output and standard error."""
        return self.log.read_text(errors="replace")

    def end(self, timeout: float = 20) -> int:
        """Ask it to end (SIGTERM), and return its exit status; TimeoutExpired when it takes longer."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(timeout)

    def wait(self, timeout: float = 60) -> int:
        """Return its exit status, when it has ended by itself."""
        assert self._process is not None
        return self._process.wait(timeout)


Start = Callable[[Mapping[str, Any]], StreamerProcess]
"""Starts ``streamer run`` with a configuration, to which it adds the sandbox's address, and waits until it is ready."""


def prepare(kafka: KafkaCluster, name: str, partitions: int = 3, own_partitions: int = 1) -> dict[str, Any]:
    """Create a topic and the product's own topics, all named after it, and return a configuration to read it.

    The group has the name of the topic; the wire format is Avro's single-object encoding.
    """
    kafka.create_topic(name, partitions)
    own = {f"{what}_topic": f"{name}.{what}" for what in ("dead_letter", "parked", "receipts", "connections")}
    for topic in own.values():
        kafka.create_topic(topic, own_partitions)
    return {
        "kafka": {"bootstrap_servers": kafka.bootstrap, "topics": [name], "group_id": name, **own},
        "records": {"format": "single-object"},
        "meta": {"access_token": TOKEN},
        "window": {"seconds": 0.3},
        "delivery": {"refused_share_hold_seconds": 0.2},
    }
