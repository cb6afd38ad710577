"""Records in files: both kinds are read, and what is wrong in one is said without showing it."""

from io import BytesIO
from typing import Any

import fastavro
import orjson
import pytest
from hypothesis import given

from streamer.records.files import FileFault, FileRecord, open_records
from streamer.records.sample import distinct_tag_events, first_version
from streamer.records.schema import SchemaError, encode, load_schema
from tests.records.values import values

READER = load_schema()
FEWEST = {"event_name": "Lead", "event_time": 1}


def _read(data: bytes) -> list[FileRecord | FileFault]:
    return list(open_records(BytesIO(data), READER).records)


def _container(events: list[dict[str, Any]], codec: str = "null") -> bytes:
    out = BytesIO()
    fastavro.writer(out, first_version(READER).definition, events, codec=codec)
    return out.getvalue()


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_a_container_gives_each_record_as_it_was_written(codec: str) -> None:
    events = distinct_tag_events(1, ["11"], 10**12, 300)
    opened = open_records(BytesIO(_container(events, codec)), READER)
    assert [record.body for record in opened.records if isinstance(record, FileRecord)] == [
        encode(event, opened.writer) for event in events
    ]


def test_a_container_that_is_cut_off_says_from_where_on() -> None:
    *good, last = _read(_container(distinct_tag_events(1, ["11"], 10**12, 300))[:-2000])
    assert all(isinstance(record, FileRecord) for record in good)
    assert isinstance(last, FileFault)
    assert (last.reason, last.line > 200) == ("bad_avro", True)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"Obj\x01junk", "header can't be read"),
        (_container([], "null").replace(b"null", b"lzzz", 1), "header can't be read|compressed with lzzz"),
    ],
)
def test_a_container_that_cannot_be_opened_is_told(data: bytes, sentence: str) -> None:
    with pytest.raises(SchemaError, match=sentence):
        open_records(BytesIO(data), READER)


@given(record=values(READER.parsed, READER.named))
def test_any_tag_event_can_be_written_as_a_line(record: dict[str, Any]) -> None:
    (read,) = _read(orjson.dumps(record))
    assert isinstance(read, FileRecord)
    assert fastavro.schemaless_reader(BytesIO(read.body), READER.parsed, None) == record


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"event_name": None}, "event_name must be text."),
        ({"event_time": "2026-11-24"}, "event_time must be a whole number (long)."),
        ({"event_time": 2**63}, "event_time must be a whole number (long)."),
        ({"event_time": True}, "event_time must be a whole number (long)."),
        ({"user": []}, "user must be null or an object."),
        ({"user": {"email": 1}}, "user.email must be null or text."),
        ({"cookies": {"_fbp": None}}, "cookies._fbp must be text."),
        ({"consent": []}, "consent must be an object."),
        ({"properties": {"items": {}}}, "properties.items must be a list."),
        (
            {"properties": {"items": [{"id": "a", "quantity": 1.5, "price": 1}]}},
            "properties.items[0].quantity must be a whole number (int).",
        ),
        (
            {"properties": {"items": [{"id": "a", "price": 1}]}},
            "properties.items[0].quantity is missing: it must be a whole number (int).",
        ),
        ({"privacy": {"opt_out": "yes"}}, "privacy.opt_out must be null or true or false."),
    ],
)
def test_a_wrong_value_is_told_by_its_field(changes: dict[str, Any], message: str) -> None:
    assert _read(
        orjson.dumps(FEWEST | changes)
        if changes.get("event_time") != 2**63
        else b'{"event_name": "x", "event_time": 9223372036854775808}'
    ) == [FileFault(1, "wrong_value", message)]


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    data = b"\n" + orjson.dumps(FEWEST) + b"\n\n  \nnope\n[1]\n" + orjson.dumps(FEWEST)
    assert [(each.line, type(each)) for each in _read(data)] == [
        (2, FileRecord),
        (5, FileFault),
        (6, FileFault),
        (7, FileRecord),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"event_name": "Le', "ends too early to be JSON"),
        (b'{"event_name": "Lead",', "ends too early to be JSON"),
        (b'{"event_name": "Lead"', "ends too early to be JSON"),
        (b"{", "ends too early to be JSON"),
        (b'{"event_name" "Lead"}', "is not JSON: see column 15."),
        (b'{"event_name": "Lead"} {}', "is not JSON: see column 24."),
    ],
)
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_line_that_is_no_json_says_where_or_that_it_is_cut_off(line: bytes, message: str, end: bytes) -> None:
    (fault,) = _read(line + end)
    assert isinstance(fault, FileFault)
    assert (fault.reason, message in fault.message) == ("bad_json", True)


def test_unions_may_be_written_as_avros_own_json_has_them() -> None:
    plain = {**FEWEST, "page_url": "https://shop.example.com/", "user": {"email": "a@example.com"}}
    wrapped = {
        **FEWEST,
        "page_url": {"string": plain["page_url"]},
        "user": {"tagmanager.User": {"email": {"string": "a@example.com"}}},
    }
    assert _read(orjson.dumps(plain)) == _read(orjson.dumps(wrapped))


def test_a_field_that_the_schema_does_not_have_is_told_and_costs_nothing() -> None:
    (read,) = _read(orjson.dumps({**FEWEST, "evnt": 1, "user": {"mail": "a@example.com"}}))
    assert isinstance(read, FileRecord)
    assert read.unknown == ["evnt", "user.mail"]


def test_nothing_is_no_record() -> None:
    assert _read(b"") == []
