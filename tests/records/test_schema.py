"""Schemas: the built-in one is found and has what producers rely on; a bad one is told in a sentence."""

import json
from pathlib import Path

import pytest

from streamer.records.schema import SchemaError, builtin_schema_path, crc_64_avro, encode, load_schema, parse_schema

PROMISED = {
    "pixel_id": ["null", "string"],
    "container_id": ["null", "string"],
    "event_name": "string",
    "event_id": ["null", "string"],
    "event_time": {"type": "long", "logicalType": "timestamp-millis"},
    "page_url": ["null", "string"],
    "referrer": ["null", "string"],
    "client_ip": ["null", "string"],
    "user_agent": ["null", "string"],
    "cookies": {"type": "map", "values": "string"},
}
USER = "email phone first_name last_name city state zip country external_id birthdate gender"


def test_the_fields_that_producers_rely_on_keep_names_and_types() -> None:
    definition = json.loads(builtin_schema_path().read_text())
    fields = {field["name"]: field for field in definition["fields"]}
    assert (definition["namespace"], definition["name"]) == ("tagmanager", "TagEvent")
    assert {name: fields[name]["type"] for name in PROMISED} == PROMISED
    user = {field["name"]: field["type"] for field in fields["user"]["type"][1]["fields"]}
    assert {name: user[name] for name in USER.split()} == {name: ["null", "string"] for name in USER.split()}
    properties = {field["name"]: field["type"] for field in fields["properties"]["type"][1]["fields"]}
    assert (properties["currency"], properties["value"]) == (["null", "string"], ["null", "double"])
    item = {field["name"]: field["type"] for field in properties["items"]["items"]["fields"]}
    assert {name: item[name] for name in ("id", "quantity", "price")} == {
        "id": "string",
        "quantity": "int",
        "price": "double",
    }


def test_every_field_but_name_and_time_of_an_event_may_be_left_out() -> None:
    encode({"event_name": "Lead", "event_time": 1, "user": {}, "properties": {"items": []}}, load_schema())


def test_a_timestamp_is_a_plain_number_so_that_no_date_overflows() -> None:
    schema = load_schema()
    assert schema.units["event_time"] == "timestamp-millis"
    assert "logicalType" not in json.dumps(schema.parsed["fields"])


@pytest.mark.parametrize(
    ("definition", "fingerprint"),
    [
        # Avro specification: the empty fingerprint's polynomial, over the canonical form.
        (
            {"type": "record", "name": "a.R", "fields": [], "doc": "x"},
            {"type": "record", "name": "R", "namespace": "a", "fields": []},
        ),
    ],
)
def test_what_does_not_change_how_a_record_is_read_does_not_change_its_fingerprint(
    definition: dict[str, object], fingerprint: dict[str, object]
) -> None:
    one, other = (parse_schema(json.dumps(each), "test") for each in (definition, fingerprint))
    assert crc_64_avro(one) == crc_64_avro(other)


def test_the_fingerprint_is_the_one_other_libraries_make() -> None:
    # `{"name":"a.R","type":"record","fields":[]}` by the algorithm printed in Avro's specification.
    empty, table = 0xC15D213AA4D7A795, []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (empty & -(value & 1))
        table.append(value)
    expected = empty
    for byte in b'{"name":"a.R","type":"record","fields":[]}':
        expected = (expected >> 8) ^ table[(expected ^ byte) & 0xFF]
    schema = parse_schema('{"type": "record", "name": "a.R", "fields": []}', "test")
    assert crc_64_avro(schema) == expected.to_bytes(8, "little")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", r"x\.avsc: is not JSON \(line 1"),
        ('"string"', r"x\.avsc: is not the Avro schema of a record"),
        ('{"type": "record", "name": "R", "fields": [{"name": "a", "type": "Nope"}]}', r"x\.avsc: uses the type Nope"),
        ('{"type": "record", "name": "R", "fields": [{"name": "a"}]}', r"x\.avsc: is not a valid Avro schema"),
        ('{"type": "record", "fields": []}', r"x\.avsc: is not a valid Avro schema"),
    ],
)
def test_a_bad_schema_is_told_with_its_file(text: str, sentence: str) -> None:
    with pytest.raises(SchemaError, match=sentence):
        parse_schema(text, "x.avsc")


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"nowhere\.avsc: cannot be read: No such file"):
        load_schema(tmp_path / "nowhere.avsc")
    binary = tmp_path / "binary.avsc"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SchemaError, match=r"binary\.avsc: is not UTF-8"):
        load_schema(binary)
