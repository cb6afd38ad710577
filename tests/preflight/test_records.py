"""Schemas that the registry has: whether ours can read them is told before the first record."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from pydantic import SecretStr

from streamer.preflight.finding import Level
from streamer.preflight.records import check_registry, readable
from streamer.records.schema import AvroSchema, load_schema, parse_schema
from streamer.settings import SchemaRegistrySettings
from tests.support.ports import free_ports
from tests.support.registry_server import RegistryServer

OURS = load_schema()


def _field(name: str, kind: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


_TIME = {"type": "long", "logicalType": "timestamp-millis"}
_FEWEST = [_field("event_name", "string"), _field("event_time", _TIME)]


def _schema(fields: Sequence[dict[str, Any]], name: str = "TagEvent") -> str:
    definition = {"type": "record", "name": name, "namespace": "tagmanager", "fields": list(fields)}
    return json.dumps(definition)


def _parsed(fields: Sequence[dict[str, Any]], name: str = "TagEvent") -> AvroSchema:
    return parse_schema(_schema(fields, name), "test")


def test_our_own_schema_can_be_read() -> None:
    assert readable(OURS, OURS) is None


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ([_field("event_time", _TIME)], "cannot be resolved to ours"),
        ([_field("event_name", "double"), _field("event_time", _TIME)], "cannot be resolved to ours"),
        ([_field("event_name", "string"), _field("event_time", "string")], "cannot be resolved to ours"),
        (
            [_field("event_name", "string"), _field("event_time", {"type": "long", "logicalType": "timestamp-micros"})],
            "the field event_time is in another unit than in ours",
        ),
    ],
    ids=["missing", "other type", "text as time", "other unit"],
)
def test_a_schema_that_ours_cannot_read_is_told_with_its_reason(fields: list[dict[str, Any]], why: str) -> None:
    reason = readable(_parsed(fields), OURS)
    assert reason is not None
    assert why in reason


async def test_the_newest_schema_of_each_topic_is_looked_at(registry: RegistryServer, topic: str) -> None:
    client = SchemaRegistryClient({"url": registry.url})
    client.register_schema(f"{topic}-value", Schema(json.dumps(OURS.definition), "AVRO"))
    client.register_schema(f"{topic}-bad-value", Schema(_schema([_field("event_name", "string")]), "AVRO"))
    client.register_schema(
        f"{topic}-other-value",
        Schema('{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}', "JSON"),
    )
    topics = [topic, f"{topic}-bad", f"{topic}-other", f"{topic}-none"]
    found = await check_registry(SchemaRegistrySettings(url=registry.url), topics, OURS)
    assert [each.level for each in found] == [Level.OK, Level.OK, Level.FAULT, Level.FAULT, Level.WARNING]
    assert "Version 1 can be read" in found[1].sentence
    assert "Version 1 cannot be read: it cannot be resolved to ours" in found[2].sentence
    assert "is not an Avro schema" in found[3].sentence
    assert f"no subject {topic}-none-value" in found[4].sentence


async def test_an_address_that_is_no_registry_is_told_as_such(registry: RegistryServer) -> None:
    url = registry.url.removesuffix("/apis/ccompat/v7")
    (found,) = await check_registry(SchemaRegistrySettings(url=url), ["x"], OURS)
    assert found.level is Level.FAULT
    assert "schema_registry.url: HTTP 404" in found.sentence


async def test_no_registry_is_told_without_its_login() -> None:
    (port,) = free_ports(1)
    settings = SchemaRegistrySettings(
        url=f"http://127.0.0.1:{port}", username="user", password=SecretStr("geheim"), timeout_seconds=1
    )
    (found,) = await check_registry(settings, ["x"], OURS)
    assert found.level is Level.FAULT
    assert "schema_registry.url: no answer" in found.sentence
    assert "geheim" not in found.sentence


async def test_a_certificate_that_is_not_there_is_told(tmp_path: Path) -> None:
    settings = SchemaRegistrySettings(url="https://127.0.0.1:1", ca_file=tmp_path / "gone.pem")
    (found,) = await check_registry(settings, ["x"], OURS)
    assert found.level is Level.FAULT
    assert found.sentence.startswith(f"schema_registry.ca_file: the file {tmp_path}/gone.pem cannot be read")
