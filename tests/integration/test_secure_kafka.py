"""``streamer run`` against brokers that want SASL over TLS."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.evidence import wait_until_committed
from tests.support.kafka_cluster import Outgoing
from tests.support.kafka_server import PASSWORD, KafkaServer
from tests.support.product import SandboxProcess, Start, prepare
from tests.support.tag_events import tag_events

WRONG = "wrong-horse-battery"
SOON_SECONDS = 20


def _prepare(kafka: KafkaServer, topic: str, mechanism: str, password: str) -> dict[str, Any]:
    config = prepare(kafka, topic)
    client = kafka.secure_client(mechanism, password)
    config["kafka"]["bootstrap_servers"] = client.pop("bootstrap.servers")
    del client["log_level"]  # as a user would have it: librdkafka may say what it wants
    return config | {"kafka": {**config["kafka"], "client": client}}


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_the_right_password_delivers_and_is_not_shown(
    kafka_server: KafkaServer, topic: str, sandbox: SandboxProcess, start: Start, mechanism: str
) -> None:
    config = _prepare(kafka_server, topic, mechanism, PASSWORD)
    kafka_server.produce(topic, map(Outgoing, tag_events(100)))
    streamer = start(config)
    wait_until_committed(kafka_server, config)
    assert sandbox.ledger()["total"]["distinct"] == 100
    shown = streamer.metrics() + streamer.page() + str(streamer.status())
    assert streamer.end() == 0
    assert PASSWORD not in shown + streamer.said()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_wrong_password_ends_soon_with_a_sentence_that_names_what_to_check(
    kafka_server: KafkaServer, topic: str, tmp_path: Path, mechanism: str
) -> None:
    config = _prepare(kafka_server, topic, mechanism, WRONG)
    said = _refused(tmp_path, config)
    servers = config["kafka"]["bootstrap_servers"]
    assert f"kafka.client: the brokers at {servers} refuse this user. Check sasl.mechanism, sasl.username" in said


def test_an_authority_that_is_not_trusted_ends_soon_with_a_sentence_that_names_what_to_check(
    kafka_server: KafkaServer, topic: str, tmp_path: Path
) -> None:
    config = _prepare(kafka_server, topic, "PLAIN", PASSWORD)
    del config["kafka"]["client"]["ssl.ca.location"]
    said = _refused(tmp_path, config)
    assert "kafka.client: no TLS connection to the brokers" in said
    assert "their certificate is not trusted (ssl.ca.location)" in said


def _refused(folder: Path, config: dict[str, Any]) -> str:
    """Run, make sure that it ends as it should, and return what it says."""
    path = folder / "streamer.yaml"
    path.write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "streamer", "run", "-c", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SOON_SECONDS)
    assert (done.returncode, done.stdout) == (2, "")
    for unwanted in ("Traceback", PASSWORD, WRONG):
        assert unwanted not in done.stderr
    return done.stderr
