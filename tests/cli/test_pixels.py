"""``streamer pixels``: what it lists and shows, and a test that brings a pixel back; and never a token."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from streamer.kafka.passes import decode_wish
from streamer.outcomes import Reason
from streamer.pixels.connection import Connection, State
from streamer.pixels.told import Told, decode_told, encode_told, fingerprint
from tests.support.kafka_cluster import KafkaCluster, Outgoing
from tests.support.ports import free_ports
from tests.support.product import SandboxProcess, prepare, sandbox_in
from tests.support.tag_events import PIXELS

PIXEL, DEAD, STRANGE, OFF = PIXELS[:4]
TOKEN, DEAD_TOKEN = "invented-good-token", "invented-dead-token"
SINCE = 1_790_000_000.0
_PIXELS = f"""
pixels:
  "{PIXEL}": {{client: acme, token: {{file: good}}, containers: [GTM-ACME1], test_event_code: TEST1}}
  "{DEAD}": {{client: bolt, token: {{file: dead}}}}
  "{OFF}": {{enabled: false}}
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with sandbox_in(tmp_path_factory.mktemp("sandbox"), "--keep", "bodies") as server:
        server.tokens(kill=[DEAD_TOKEN])
        yield server


@pytest.fixture
def config(kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, tmp_path: Path) -> Path:
    """Give the path of a configuration whose connections topic says that two pixels are parked."""
    (tmp_path / "good").write_text(TOKEN)
    (tmp_path / "dead").write_text(DEAD_TOKEN)
    (tmp_path / "pixels.yaml").write_text(_PIXELS)
    config = prepare(kafka, topic)
    config["meta"] |= {"base_url": sandbox.url}
    parked = Connection(State.PARKED, SINCE, Reason.TOKEN_DEAD, 190, 463, "Abc")
    told = encode_told(Told(parked, fingerprint(DEAD_TOKEN), "replica-1", SINCE))
    kafka.produce(config["kafka"]["connections_topic"], [Outgoing(told, key.encode()) for key in (DEAD, STRANGE)])
    path = tmp_path / "streamer.yaml"
    path.write_text(yaml.safe_dump(config | {"pixels": {"file": "pixels.yaml"}}))
    return path


def _run(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    name, *rest = arguments
    command = [sys.executable, "-m", "streamer", "pixels", name, "-c", str(config), *rest]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    for secret in (TOKEN, DEAD_TOKEN, "Traceback"):
        assert secret not in done.stdout + done.stderr
    return done


def _json(config: Path, *arguments: str) -> Any:
    done = _run(config, *arguments, "--json")
    assert done.stderr == ""
    return json.loads(done.stdout)


def _topic(config: Path) -> str:
    topic: str = yaml.safe_load(config.read_text())["kafka"]["connections_topic"]
    return topic


def test_the_list_has_the_pixels_of_the_file_and_those_that_had_trouble(config: Path) -> None:
    answer = _json(config, "list")
    assert answer["states_known"] is True
    found = {row["pixel_id"]: (row["client"], row["state"], row["reason"], row["since"]) for row in answer["pixels"]}
    assert found == {
        PIXEL: ("acme", None, None, None),
        DEAD: ("bolt", "parked", "token_dead", SINCE),
        STRANGE: (None, "parked", "token_dead", SINCE),
        OFF: (None, None, None, None),
    }
    lines = _run(config, "list").stdout.splitlines()
    assert lines[0].split() == ["pixel", "client", "state", "reason", "since", "last", "test"]
    assert lines[2].split()[:4] == [DEAD, "bolt", "parked", "token_dead"]


def test_one_pixel_is_shown_with_all_but_its_token(config: Path) -> None:
    row = _json(config, "show", DEAD)
    assert (row["code"], row["subcode"], row["fbtrace_id"], row["told_by"]) == (190, 463, "Abc", "replica-1")
    assert row["token"] == row["told_of_token"] == fingerprint(DEAD_TOKEN)
    shown = _run(config, "show", PIXEL).stdout
    assert "GTM-ACME1" in shown
    assert "TEST1" in shown


def test_a_test_that_succeeds_is_told_to_the_replicas_and_remembered(
    kafka: KafkaCluster, sandbox: SandboxProcess, config: Path
) -> None:
    answer = _json(config, "test", PIXEL)
    assert (answer["works"], answer["told"]) == (True, True)
    (event,) = sandbox.events(PIXEL)
    assert event["event_name"] == "StreamerTest"
    told = {message.key(): message.value() or b"" for message in kafka.read(_topic(config))}
    state = decode_told(PIXEL, told[PIXEL.encode()])
    assert state is not None
    assert (state.connection.state, state.token) == (State.WORKS, fingerprint(TOKEN))
    assert decode_wish(told[b"parked"]) is not None
    row = _json(config, "show", PIXEL)
    assert row["last_test"]["works"] is True
    assert "works" in _run(config, "list").stdout


def test_a_probe_writes_no_event_and_needs_no_code(sandbox: SandboxProcess, config: Path) -> None:
    done = _run(config, "test", STRANGE, "--probe")
    assert (done.returncode, done.stdout) == (
        0,
        f"pixel {STRANGE}: Token and pixel work: Meta looked at the event, and refused it as it should.\n",
    )
    assert sandbox.events(STRANGE) == []


def test_a_test_that_fails_says_why_and_brings_nothing_back(kafka: KafkaCluster, config: Path) -> None:
    done = _run(config, "test", DEAD, "--test-event-code", "TEST2")
    assert done.returncode == 1
    assert "Meta refuses: token_dead (code 190)" in done.stdout
    keys = {message.key() for message in kafka.read(_topic(config))}
    assert keys == {DEAD.encode(), STRANGE.encode(), f"test/{DEAD}".encode()}
    assert _json(config, "show", DEAD)["last_test"]["works"] is False


@pytest.mark.parametrize(
    ("pixel_id", "words"),
    [(DEAD, "wants a test event code"), (OFF, "is not enabled"), ("acme", "is no pixel id")],
)
def test_what_cannot_be_tested_is_refused_with_a_sentence(config: Path, pixel_id: str, words: str) -> None:
    done = _run(config, "test", pixel_id)
    assert done.returncode == 2
    assert words in done.stderr


def test_without_the_topic_the_pixels_are_listed_and_a_test_says_that_nobody_could_be_told(
    kafka: KafkaCluster, config: Path
) -> None:
    kafka.delete_topic(_topic(config))
    listed = _run(config, "list")
    assert listed.returncode == 0
    assert PIXEL in listed.stdout
    assert "--create-topics" in listed.stderr
    tested = _run(config, "test", PIXEL)
    assert tested.returncode == 1
    assert "Token and pixel work" in tested.stdout
    assert "The replicas could not be told" in tested.stderr


def test_without_kafka_the_pixels_are_listed_all_the_same(config: Path) -> None:
    (port,) = free_ports(1)
    done = _run(config, "list", "--set", f"kafka.bootstrap_servers=127.0.0.1:{port}")
    assert done.returncode == 0
    assert PIXEL in done.stdout
    assert "no broker answers" in done.stderr
