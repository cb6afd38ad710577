"""When a record needs no schema resolution, reading it without must give what resolution gives."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.records.compat import differing_units, reads_directly
from streamer.records.sample import distinct_tag_events, first_version
from streamer.records.schema import AvroSchema, encode, load_schema, parse_schema
from streamer.translate.engine import Origin, ServerEvent
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import Plan
from streamer.translate.python_engine import PythonEngine

READER = load_schema()
NOW = 1_790_000_000
TIME = {"type": "long", "logicalType": "timestamp-millis"}


def _schema(*fields: dict[str, Any], name: str = "tagmanager.TagEvent") -> AvroSchema:
    return parse_schema(json.dumps({"type": "record", "name": name, "fields": list(fields)}), "test")


def _fields(**types: Any) -> list[dict[str, Any]]:
    fewest = {"event_name": "string", "event_time": TIME}
    return [{"name": name, "type": kind} for name, kind in {**fewest, **types}.items()]


def test_a_producer_with_the_first_fields_only_is_read_without_resolution() -> None:
    assert reads_directly(first_version(READER), READER)


@pytest.mark.parametrize(
    "types",
    [
        {"page_url": "string"},
        {"unknown": "bytes"},
        {"cookies": {"type": "map", "values": "string"}},
        {"user": {"type": "record", "name": "OfOurOwn", "fields": [{"name": "email", "type": ["null", "string"]}]}},
        {"properties": {"type": "record", "name": "P", "fields": [{"name": "value", "type": ["null", "int"]}]}},
    ],
)
def test_fields_left_out_or_added_and_narrower_types_need_no_resolution(types: dict[str, Any]) -> None:
    assert reads_directly(_schema(*_fields(**types)), READER)


@pytest.mark.parametrize(
    "types",
    [{"page_url": ["null", "string", "long"]}, {"page_url": "long"}, {"cookies": {"type": "array", "items": "string"}}],
)
def test_what_may_not_fit_is_left_to_resolution(types: dict[str, Any]) -> None:
    assert not reads_directly(_schema(*_fields(**types)), READER)


def test_a_record_of_another_kind_is_not_taken_for_a_tag_event() -> None:
    assert not reads_directly(_schema(*_fields(), name="tagmanager.Heartbeat"), READER)


def test_a_default_that_says_something_is_left_to_resolution() -> None:
    reader = _schema(*_fields(), {"name": "origin", "type": "string", "default": "browser"})
    assert not reads_directly(_schema(*_fields()), reader)


def test_microseconds_are_never_taken_for_milliseconds() -> None:
    writer = _schema(*_fields(event_time={"type": "long", "logicalType": "timestamp-micros"}))
    assert differing_units(writer, READER) == "event_time"
    assert differing_units(_schema(*_fields(event_time="long")), READER) is None


class _Resolving(PythonEngine):
    """An engine that resolves each record, whether it must or not."""

    def __init__(self, writer: AvroSchema, reader: AvroSchema, plan: Plan) -> None:
        super().__init__(writer, reader, plan)
        from streamer.records import decode  # noqa: PLC0415 - the private way, for comparison only

        self._decode_body = decode._resolver(lambda body: ({}, len(body)), writer.parsed, reader.parsed)


@given(seed=st.integers(0, 10**6))
def test_an_event_becomes_the_same_with_and_without_resolution(seed: int) -> None:
    writer = first_version(READER)
    bodies = [encode(event, writer) for event in distinct_tag_events(seed, ["1"], NOW * 1000, 5)]
    origins = [Origin("t", 0, offset) for offset in range(5)]
    plan = Plan(TAG_EVENT)
    direct = PythonEngine(writer, READER, plan).translate(bodies, origins, NOW)
    assert direct == _Resolving(writer, READER, plan).translate(bodies, origins, NOW)
    assert all(isinstance(answer[0], ServerEvent) for answer in direct)
