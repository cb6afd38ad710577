"""``streamer run`` with something wrong that its user can mend: a sentence, status 2, and never a traceback."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.kafka_cluster import KafkaCluster
from tests.support.ports import free_ports
from tests.support.product import prepare


def _refused(folder: Path, text: str, status: int = 2) -> str:
    """Run with a configuration, make sure that it ends as it should, and return what it says."""
    path = folder / "streamer.yaml"
    path.write_text(text)
    command = [sys.executable, "-m", "streamer", "run", "-c", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kafka:\n  - a\n b: c\n", "streamer.yaml:3: is no YAML"),
        ("kafka:\n  topic: [a]\n", "streamer.yaml:2: there is no key kafka.topic. Did you mean kafka.topics?"),
        ("meta:\n  access_token: geheim\n  app_id: 5\n", "streamer.yaml:3: meta.app_id must be text"),
        ("meta:\n  access_token_file: gone\n", "streamer.yaml:2: meta.access_token_file: the file "),
        ("records:\n  schema: gone.avsc\n", "gone.avsc: cannot be read: No such file or directory"),
        ("records:\n  mapping: nonsense\n", "records.mapping: there is no preset nonsense, and no file nonsense."),
        ("pixels:\n  file: gone.yaml\n", "gone.yaml"),
        ("kafka:\n  client: {no.such: geheim}\n", "kafka.client: librdkafka knows no property no.such"),
        ("kafka:\n  client: {group.id: geheim}\n", "group.id is not to be set there"),
    ],
)
def test_a_faulty_configuration_ends_before_anything_is_read(tmp_path: Path, text: str, words: str) -> None:
    assert words in _refused(tmp_path, text)


@pytest.mark.parametrize(
    ("content", "words"), [("{", "is not JSON"), ('{"type": "string"}', "is not the Avro schema of a record")]
)
def test_a_schema_that_is_none_is_named(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "mine.avsc").write_text(content)
    said = _refused(tmp_path, "records: {schema: mine.avsc}")
    assert "records.schema: " in said
    assert f"mine.avsc: {words}" in said


def test_a_mapping_that_does_not_hold_is_told_with_its_lines_and_near_matches(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "route: {pixel_id: pixel_id}\nevent_name: event_name\nevent_time: event_tme\nuser_data:\n  emial: user.email\n"
    )
    said = _refused(tmp_path, "records: {mapping: mine.yaml}")
    assert "mine.yaml:3: " in said
    assert "event_time" in said
    assert "mine.yaml:5: " in said
    assert "em" in said


def test_no_broker_is_named_with_its_address_and_may_be_tried_again(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    said = _refused(tmp_path, f"kafka: {{bootstrap_servers: '127.0.0.1:{port}'}}", status=1)
    assert f"kafka.bootstrap_servers: no broker answers at 127.0.0.1:{port}" in said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"topics": ["nowhere"]}, "kafka.topics: there is no topic nowhere"),
        ({"topics": ["^("]}, "kafka.topics.0 is no regular expression"),
        ({"topics": ["^.*"]}, "makes Streamer read its own topic"),
        ({"dead_letter_topic": "nowhere"}, "Streamer's own topics are missing: nowhere. Create them with"),
    ],
)
def test_a_topic_that_is_missing_or_wrong_is_named(
    kafka: KafkaCluster, topic: str, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    config = prepare(kafka, topic)
    config["kafka"] |= changes
    assert words in _refused(tmp_path, yaml.safe_dump(config))
