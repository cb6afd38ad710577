"""The demo, scraped by a real Prometheus, with trouble enough that alerts and dashboards have something to show."""

import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from tests.support.kafka_cluster import eventually
from tests.support.ports import free_ports
from tests.support.process import ServerProcess
from tests.support.product import get_json
from tests.support.promtool import RULES, program
from tests.support.spoilt import Spoilt

SCRAPE_SECONDS = 1
DEAD, THROTTLED, BROKEN = "1000000000000003", "1000000000000004", "1000000000000005"
"""Pixels of the demo whose requests Meta refuses; of the last, one event."""

_SANDBOX = re.compile(r"(http://\S+)/sandbox/ledger")
_KAFKA = re.compile(r"Kafka +(\S+:\d+)")

FAULTS = [
    {"match": {"pixel": DEAD}, "then": {"code": 190, "subcode": 463}},
    {"match": {"pixel": THROTTLED, "from": 6}, "then": {"code": 613, "headers": {"Retry-After": "2"}}, "times": 3},
    {"match": {"pixel": BROKEN, "from": 3, "until": 6}, "then": {"code": 2}, "times": 2},
    {"match": {"pixel": BROKEN, "event_share": 0.02}, "then": {"code": 100, "subcode": 2804003}},
]


class Scraped:
    """Both programs, on free ports of 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._streamer = ServerProcess("the demo", folder / "demo.log")
        self._prometheus = ServerProcess("Prometheus", folder / "prometheus.log")
        self._spoilt: Spoilt | None = None
        page, prometheus = free_ports(2)
        self._page = f"http://127.0.0.1:{page}"
        self.url = f"http://127.0.0.1:{prometheus}"

    def start(self) -> None:
        """Start both."""
        port = self._page.rpartition(":")[2]
        self._streamer.start(
            [sys.executable, "-m", "streamer", "demo", "--rate", "200", "--port", port],
            lambda: get_json(f"{self._page}/healthz/ready") is not None,
        )
        _put(f"{self._said(_SANDBOX)}/sandbox/faults", FAULTS)
        self._spoilt = Spoilt(self._said(_KAFKA), BROKEN)
        self._spoilt.start()
        self._prometheus.start(
            [
                program("prometheus"),
                f"--config.file={self._config(port)}",
                f"--storage.tsdb.path={self._folder / 'data'}",
                f"--web.listen-address={self.url.removeprefix('http://')}",
            ],
            self._prometheus_is_ready,
        )

    def stop(self) -> None:
        """End both."""
        if self._spoilt is not None:
            self._spoilt.stop()
        self._prometheus.stop()
        self._streamer.stop()

    def metrics(self) -> str:
        """Return what is scraped."""
        with urllib.request.urlopen(f"{self._page}/metrics", timeout=10) as answer:  # noqa: S310 - our own address
            text: str = answer.read().decode()
            return text

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series that an expression gives now; RuntimeError if it is none."""
        found: list[dict[str, Any]] = self._ask("query", query=expression)["result"]
        return found

    def values(self, label: str, match: str) -> list[str]:
        """Return the values of a label over the series that match."""
        found: list[str] = self._ask(f"label/{label}/values", **{"match[]": match})
        return found

    def alerts(self) -> dict[str, str]:
        """Return how each alert's rule fares: ``ok``, ``unknown`` yet, or the error of its last evaluation."""
        rules = [rule for group in self._ask("rules", type="alert")["groups"] for rule in group["rules"]]
        return {rule["name"]: rule.get("lastError") or rule["health"] for rule in rules}

    def _ask(self, what: str, **arguments: str) -> Any:
        url = f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(arguments)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own address
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise RuntimeError(f"{arguments}: {error.read().decode()}") from None

    def _prometheus_is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=10):  # noqa: S310 - our own address
                return True
        except OSError:  # nothing listens, or it is not ready
            return False

    def _said(self, pattern: re.Pattern[str]) -> str:
        """Return an address that the demo says at its start."""
        log = self._folder / "demo.log"
        found = eventually(lambda: pattern.search(log.read_text(errors="replace")))
        assert found is not None
        return found[1]

    def _config(self, port: str) -> Path:
        path = self._folder / "prometheus.yml"
        scrape = {
            "job_name": "streamer",
            "static_configs": [
                {"targets": [f"127.0.0.1:{port}"], "labels": {"namespace": "demo", "pod": "streamer-0"}}
            ],
        }
        every = {"scrape_interval": f"{SCRAPE_SECONDS}s", "evaluation_interval": "1s"}
        rules = [str(each) for each in sorted(RULES.glob("*.yaml"))]
        path.write_text(yaml.safe_dump({"global": every, "rule_files": rules, "scrape_configs": [scrape]}))
        return path


def _put(url: str, body: object) -> None:
    request = urllib.request.Request(  # noqa: S310 - our own address
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="PUT"
    )
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - the same
        pass
