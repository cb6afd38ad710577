"""``streamer check``: a line for each thing that was looked at, and an exit status that can be relied on."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.kafka_cluster import KafkaCluster, eventually
from tests.support.ports import free_ports
from tests.support.product import SandboxProcess, prepare, sandbox_in


def _check(config: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streamer", "check", "-c", str(config), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def _levels(config: Path, *options: str) -> dict[str, str]:
    """Return levels by name; and make sure that the exit status fits them."""
    done = _check(config, "--json", *options)
    assert done.stderr == ""
    answer = json.loads(done.stdout)
    levels = {found["name"]: found["level"] for found in answer["findings"]}
    assert answer["ok"] is (done.returncode == 0) is ("fault" not in levels.values())
    return levels


def _write(folder: Path, config: dict[str, Any]) -> Path:
    path = folder / "streamer.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with sandbox_in(tmp_path_factory.mktemp("sandbox")) as server:
        yield server


@pytest.fixture
def config(kafka: KafkaCluster, topic: str, sandbox: SandboxProcess) -> dict[str, Any]:
    """Give a configuration in which only the connections topic is not as it should be: it is not compacted."""
    prepared = prepare(kafka, topic)
    prepared["meta"]["base_url"] = sandbox.url
    return prepared


def test_a_platform_that_lacks_its_own_topics_is_told_so_and_can_have_them_created(
    kafka: KafkaCluster, topic: str, config: dict[str, Any], tmp_path: Path
) -> None:
    config["kafka"] |= {key: f"{name}.new" for key, name in config["kafka"].items() if key.endswith("_topic")}
    own = [name for key, name in config["kafka"].items() if key.endswith("_topic")]
    path = _write(tmp_path, config)
    before = _levels(path)
    assert {before[f"topic {name}"] for name in own} == {"fault"}
    first = _levels(path, "--create-topics")
    assert {first[f"create {name}"] for name in own} == {"ok"}
    eventually(lambda: set(_levels(path).values()) == {"ok"})
    assert set(_levels(path, "--create-topics").values()) == {"ok"}


def test_each_finding_is_a_line_that_begins_with_its_level(config: dict[str, Any], tmp_path: Path, topic: str) -> None:
    done = _check(_write(tmp_path, config))
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "ok       configuration: Every key is known, and has a value of its kind."
    assert {line.split()[0] for line in lines} == {"ok", "fault"}
    (fault,) = [line for line in lines if line.startswith("fault")]
    assert fault.endswith(f"{topic}.connections must be compacted. Set cleanup.policy=compact on it.")


def test_a_broken_configuration_is_told_key_by_key(tmp_path: Path) -> None:
    done = _check(_write(tmp_path, {"kafka": {"topic": ["x"]}, "metta": {}}))
    assert done.returncode == 1
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["fault", "fault"]
    assert "streamer.yaml:2: there is no key kafka.topic. Did you mean kafka.topics?" in done.stdout


def test_everything_else_is_looked_at_though_no_broker_answers(sandbox: SandboxProcess, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    config = {
        "kafka": {"bootstrap_servers": f"127.0.0.1:{port}"},
        "records": {"format": "bare"},
        "meta": {"base_url": sandbox.url},
    }
    assert _levels(_write(tmp_path, config)) == {
        "configuration": "ok",
        "pixels": "ok",
        "mapping": "ok",
        "brokers": "fault",
        "default token": "warning",
        "meta": "ok",
    }


@pytest.mark.parametrize(
    ("place", "value", "name"),
    [
        ("kafka.topics", ["nowhere"], "topic nowhere"),
        ("kafka.client", {"no.such": "property"}, "brokers"),
        ("records.schema", "gone.avsc", "mapping"),
        ("records.mapping", "nonsense", "mapping"),
        ("records.format", "confluent", "registry"),
        ("pixels.file", "gone.yaml", "pixels"),
        ("meta.base_url", "http://127.0.0.1:{port}", "meta"),
    ],
)
def test_what_the_configuration_names_and_is_not_there_is_a_fault(
    config: dict[str, Any], tmp_path: Path, place: str, value: Any, name: str
) -> None:
    (port,) = free_ports(1)
    section, _, key = place.partition(".")
    config.setdefault(section, {})[key] = value.format(port=port) if isinstance(value, str) else value
    config["schema_registry"] = {"url": f"http://127.0.0.1:{port}"}
    assert _levels(_write(tmp_path, config))[name] == "fault"


def test_pixels_without_a_token_are_told_and_disabled_ones_need_none(config: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "pixels.yaml").write_text(
        "pixels:\n  '1001': {token: {file: gone}}\n  '1002': {token: {file: gone}, enabled: false}\n"
    )
    config["pixels"] = {"file": "pixels.yaml"}
    done = _check(_write(tmp_path, config))
    (line,) = [each for each in done.stdout.splitlines() if " tokens: " in each]
    assert line.startswith("fault")
    assert "1 of 1 pixels have no token that can be read: 1001." in line


def test_no_secret_is_ever_printed(config: dict[str, Any], tmp_path: Path) -> None:
    config["meta"] |= {"access_token": "geheim-token", "app_secret": "geheim-secret"}
    config["kafka"]["client"] = {"sasl.password": "geheim-password"}
    done = _check(_write(tmp_path, config), "--probe")
    assert "geheim" not in done.stdout + done.stderr


def test_secrets_in_files_that_end_with_a_line_break_are_as_good_as_without(
    config: dict[str, Any], tmp_path: Path
) -> None:
    for name in ("platform", "secret", "own"):
        (tmp_path / name).write_text(f"invented-{name}\n")
    (tmp_path / "pixels.yaml").write_text(
        "pixels:\n  '1001': {client: acme}\n  '1002': {token: {file: own}, app_secret: {file: secret}}\n"
    )
    server = SandboxProcess(tmp_path)
    server.run("--app-secret-file", str(tmp_path / "secret"), "--token", "invented-platform", "--token", "invented-own")
    config["meta"] = {"base_url": server.url, "access_token_file": "platform", "app_secret_file": "secret"}
    config["pixels"] = {"file": "pixels.yaml"}
    try:
        levels = _levels(_write(tmp_path, config), "--probe")
    finally:
        server.stop()
    assert {levels[name] for name in ("default token", "tokens", "pixel 1001", "pixel 1002")} == {"ok"}


def test_looking_sends_nothing_and_joins_no_group(
    kafka: KafkaCluster, sandbox: SandboxProcess, topic: str, config: dict[str, Any], tmp_path: Path
) -> None:
    before = sandbox.ledger()
    _check(_write(tmp_path, config))
    assert sandbox.ledger() == before
    assert kafka.committed(topic, topic) == {}


def test_a_preset_that_finds_no_consent_in_the_schema_is_a_warning_that_names_what_is_missing(
    config: dict[str, Any], tmp_path: Path
) -> None:
    plain = [{"name": name, "type": "string"} for name in ("event_name", "pixel_id", "page_location")]
    at = {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-millis"}}
    (tmp_path / "mine.avsc").write_text(json.dumps({"type": "record", "name": "Mine", "fields": [*plain, at]}))
    config["records"] |= {"schema": "mine.avsc", "mapping": "ga4"}
    done = _check(_write(tmp_path, config), "--json")
    (found,) = [each for each in json.loads(done.stdout)["findings"] if each["name"] == "mapping"]
    assert found["level"] == "warning"
    assert "user_data.em" in found["sentence"]
    assert "event_source_url" not in found["sentence"]
    assert "consent" in found["sentence"]


def _offline(folder: Path, config: dict[str, Any]) -> dict[str, str]:
    return _levels(_write(folder, config), "--offline")


def test_offline_nobody_is_asked(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    nowhere = f"http://127.0.0.1:{port}"
    config = {
        "kafka": {"bootstrap_servers": f"127.0.0.1:{port}"},
        "schema_registry": {"url": nowhere},
        "meta": {"base_url": nowhere},
    }
    assert _offline(tmp_path, config) == {"configuration": "ok", "pixels": "ok", "mapping": "ok"}


def test_offline_every_file_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nonsense")
    (tmp_path / "pixels.yaml").write_text("pixels: {acme: {}}")
    config = {"schema_registry": {"ca_file": "ca.pem"}, "pixels": {"file": "pixels.yaml"}}
    assert _offline(tmp_path, config) == {"configuration": "ok", "files": "fault", "pixels": "fault"}
    fine = config | {"pixels": {}, "records": {"mapping": "gone.yaml"}}
    done = _check(_write(tmp_path, fine), "--offline")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok", "fault", "ok", "fault"]
    assert done.stdout.count("holds no certificate") == 1


def test_offline_does_not_go_with_what_asks_somebody(tmp_path: Path) -> None:
    for other in ("--create-topics", "--probe"):
        done = _check(_write(tmp_path, {}), "--offline", other)
        assert done.returncode == 2
        assert done.stderr == "--offline asks nobody: leave it out, or leave out --create-topics and --probe.\n"
