"""Decoding: what fastavro reads, no more and no less; and bytes that are no record are an error, whatever they are."""

import json
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.records.decode import decoder
from streamer.records.schema import AvroSchema, encode, load_schema, parse_schema
from tests.records.values import RECORD_SCHEMAS, values

TAG_EVENT = load_schema()


def _schema(*fields: dict[str, Any]) -> Any:
    return parse_schema(json.dumps({"type": "record", "name": "R", "fields": list(fields)}), "test")


def _decoded(body: bytes, *fields: dict[str, Any]) -> Any:
    schema = _schema(*fields)
    return decoder(schema, schema)(body)


def _full(record: Any, schema: Any, named: dict[str, Any]) -> Any:
    """Put the nulls back that decoding leaves out: fields that are missing, in records at any depth."""
    schema = named.get(schema, schema) if isinstance(schema, str) else schema
    if isinstance(schema, list):
        records = [branch for branch in schema if isinstance(named.get(str(branch), branch), dict)]
        return _full(record, records[0], named) if len(records) == 1 and isinstance(record, dict | list) else record
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind == "record" and isinstance(record, dict):
        return {each["name"]: _full(record.get(each["name"]), each["type"], named) for each in schema["fields"]}
    if kind == "array" and isinstance(record, list):
        return [_full(item, schema["items"], named) for item in record]
    if kind == "map" and isinstance(record, dict):
        return {key: _full(value, schema["values"], named) for key, value in record.items()}
    return record


@given(data=st.data(), definition=RECORD_SCHEMAS)
def test_any_record_of_any_schema_is_read_as_it_was_written(data: st.DataObject, definition: dict[str, Any]) -> None:
    schema = parse_schema(json.dumps(definition), "test")
    record = data.draw(values(schema.parsed, schema.named))
    body = encode(record, schema)
    decoded, end = decoder(schema, schema)(body)
    assert _full(decoded, schema.parsed, schema.named) == fastavro.schemaless_reader(BytesIO(body), schema.parsed, None)
    assert end == len(body)


@given(record=values(TAG_EVENT.parsed, TAG_EVENT.named))
def test_any_tag_event_is_read_as_it_was_written(record: dict[str, Any]) -> None:
    body = encode(record, TAG_EVENT)
    decoded, end = decoder(TAG_EVENT, TAG_EVENT)(body)
    assert (_full(decoded, TAG_EVENT.parsed, TAG_EVENT.named), end) == (record, len(body))


def test_a_null_is_a_field_that_is_missing_but_stays_in_maps_and_lists() -> None:
    schema = _schema(
        {"name": "a", "type": ["null", "string"]},
        {"name": "m", "type": {"type": "map", "values": ["null", "long"]}},
        {"name": "l", "type": {"type": "array", "items": ["null", "long"]}},
    )
    body = encode({"a": None, "m": {"x": None}, "l": [None, 1]}, schema)
    assert decoder(schema, schema)(body)[0] == {"m": {"x": None}, "l": [None, 1]}


@pytest.mark.parametrize("filled", [set(), {0}, {5}, {6}, {0, 11}, {3, 7}, set(range(13))])
def test_long_runs_of_nulls_are_passed_over_and_what_stands_between_is_read(filled: set[int]) -> None:
    schema = _schema(*[{"name": f"f{n}", "type": ["null", "string", "long"]} for n in range(13)])
    record = {f"f{n}": "text" if n % 2 else n for n in filled}
    body = encode(record, schema)
    assert decoder(schema, schema)(body) == (record, len(body))


@given(junk=st.binary(max_size=80))
def test_junk_ends_in_an_error_or_in_a_record_never_in_a_hang(junk: bytes) -> None:
    try:
        record, end = decoder(TAG_EVENT, TAG_EVENT)(junk)
    except (IndexError, ValueError):
        return
    assert isinstance(record, dict)
    assert end > 0


def test_a_record_inside_a_record_of_its_own_kind_is_read() -> None:
    node = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}
    schema = parse_schema(json.dumps(node), "test")
    record = {"next": {"next": {"next": None}}}
    assert decoder(schema, schema)(encode(record, schema))[0] == {"next": {"next": {}}}


TEXT = {"name": "a", "type": "string"}
OPTIONAL = {"name": "a", "type": ["null", "string"]}
CHOICE = {"name": "a", "type": ["string", "long", "null"]}
NULLABLE = {"name": "a", "type": ["null", "long"]}
LIST_OF_NOTHING = {"name": "a", "type": {"type": "array", "items": "null"}}


@pytest.mark.parametrize(
    ("field", "body"),
    [
        (TEXT, b"\x01abc"),
        (TEXT, b"\xff" * 12),
        (TEXT, b"\x04\xff\xff"),
        (OPTIONAL, b"\x01"),
        (OPTIONAL, b"\x04"),
        (OPTIONAL, b"\x02\x01abc"),
        (NULLABLE, b"\x03\x02"),
        (CHOICE, b"\x01"),
        (CHOICE, b"\x06"),
        (LIST_OF_NOTHING, b"\xfe\xff\xff\xff\x0f\x00"),
        ({"name": "a", "type": "double"}, b"\x00\x00"),
        ({"name": "a", "type": {"type": "fixed", "name": "F", "size": 4}}, b"\x00"),
        ({"name": "a", "type": {"type": "enum", "name": "E", "symbols": ["A"]}}, b"\x02"),
    ],
)
def test_bytes_that_no_writer_makes_are_an_error(field: dict[str, Any], body: bytes) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011 - the engine takes any error for bad bytes
        _decoded(body, field)


@pytest.mark.parametrize("length", [0, 63, 64, 8191, 8192, 20_000])
@pytest.mark.parametrize("character", ["a", "é"])
def test_texts_of_any_length_are_read(length: int, character: str) -> None:
    for field in (TEXT, OPTIONAL, {"name": "a", "type": {"type": "map", "values": "string"}}):
        schema = _schema(field)
        text = character * length
        record = {"a": {text: text} if isinstance(field["type"], dict) else text}
        body = encode(record, schema)
        assert decoder(schema, schema)(body) == (record, len(body))
        assert _fails_or_ends_beyond(body[:-1], schema)


def test_a_text_that_goes_beyond_the_end_ends_beyond_the_end() -> None:
    for field in (TEXT, OPTIONAL):
        body = b"\x02\x08ab" if field is OPTIONAL else b"\x08ab"
        assert _decoded(body, field)[1] > len(body)


def _fails_or_ends_beyond(body: bytes, schema: AvroSchema) -> bool:
    try:
        return decoder(schema, schema)(body)[1] > len(body)
    except (IndexError, ValueError):
        return True


def test_blocks_with_their_size_are_read() -> None:
    assert _decoded(b"\x03\x04\x02\x04\x00", {"name": "a", "type": {"type": "array", "items": "long"}}) == (
        {"a": [1, 2]},
        5,
    )
