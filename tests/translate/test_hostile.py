"""What would open a policy, or take memory and time without end, if it were believed."""

import json
from typing import Any

import pytest

from streamer.records.decode import decoder
from streamer.records.schema import encode, parse_schema
from streamer.translate.consent import consent_of
from streamer.translate.paths import _parsed
from streamer.translate.plan import ConsentMap, ConsentPolicy
from streamer.translate.rules import CONVERT, processing_options
from streamer.translate.userdata import EXTERNAL_ID_HASHERS
from tests.translate.events import refusal, sent, tag_event

_HASH = "a85e9ca18f34935ab9b0381b25bfad2455444112b0149270fd88e3da172fe196"


@pytest.mark.parametrize("choices", [False, 0, "", [], "granted", True, ["granted"], 1.5])
def test_consent_that_cannot_be_read_forbids(choices: Any) -> None:
    check = consent_of(ConsentPolicy(), ConsentMap("consent"))
    assert check is not None
    assert check({"consent": choices}) is not None
    assert check({"consent": None}) is check({"consent": {}}) is None


@pytest.mark.parametrize(("text", "allowed"), [("{broken", False), ('{"ad_storage": "granted"}', True), (None, True)])
def test_consent_in_a_text_that_is_no_json_forbids(text: str | None, *, allowed: bool) -> None:
    check = consent_of(ConsentPolicy(), ConsentMap("payload|json.consent"))
    assert check is not None
    payload = json.dumps({"consent": json.loads(text)}) if text and allowed else text
    assert (check({"payload": payload}) is None) is allowed


@pytest.mark.parametrize("options", [["LDU"], [None, "LDU"], ["LDU", 1], "ldu", [1, "x"]])
def test_a_wish_for_limited_data_use_is_heard_whatever_stands_beside_it(options: Any) -> None:
    assert processing_options(options) == ["LDU"]


@pytest.mark.parametrize("word", ["on", "y", "t", "opted out", "TRUE", "1"])
def test_a_wish_to_opt_out_is_heard_in_any_word(word: str) -> None:
    assert CONVERT["opt_out"](word) is True
    assert [CONVERT["opt_out"](no) for no in ("false", "no", "0", False)] == [False] * 4


@pytest.mark.parametrize("value", [_HASH.upper(), f"{_HASH}.AQQCAQMC", f" {_HASH} "])
def test_a_plain_id_that_is_a_hash_is_written_as_lists_of_forgotten_people_have_it(value: str) -> None:
    assert EXTERNAL_ID_HASHERS["plain"](value, None) == _HASH


@pytest.mark.parametrize("value", ["jane@example.com", "jane%40example.com", "jane\uff20example.com"])
def test_an_address_is_never_a_plain_id(value: str) -> None:
    made = EXTERNAL_ID_HASHERS["plain"](value, None)
    assert isinstance(made, str)
    assert len(made) == 64


def test_a_login_leaves_with_no_address() -> None:
    event = tag_event(referrer="https://jane:secret@www.example.com/", page_url="https://jane:secret@shop.example.com/")
    assert sent(event)["referrer_url"] == "https://www.example.com/"
    assert sent(event)["event_source_url"] == "https://shop.example.com/"
    assert sent(tag_event(referrer="android-app://com.example/"))["referrer_url"] == "android-app://com.example/"


def test_a_pixel_id_with_zeros_in_front_is_not_taken_for_another_pixel_without_rules() -> None:
    assert refusal(tag_event(pixel_id="01234"))[1] == "bad_pixel_id"


def test_texts_of_json_are_forgotten_with_the_records_they_came_with() -> None:
    assert sent(tag_event())
    assert _parsed.cache_info().currsize == 0


def _schema(kind: Any) -> Any:
    return parse_schema(json.dumps({"type": "record", "name": "R", "fields": [{"name": "a", "type": kind}]}), "a test")


def test_a_few_bytes_never_become_millions_of_items() -> None:
    empty = {"type": "array", "items": {"type": "record", "name": "E", "fields": []}}
    schema = _schema(empty)
    block = b"\xd0\x0f"  # a thousand items that take no byte
    with pytest.raises(ValueError, match="more items than bytes"):
        decoder(schema, schema)(block * 3000 + b"\x00")


def test_a_number_of_more_than_64_bits_is_none() -> None:
    schema = _schema("long")
    with pytest.raises(ValueError, match="64 bits"):
        decoder(schema, schema)(b"\xff" * 9 + b"\x7f")


def test_nesting_without_end_is_an_error_and_no_crash_where_schemas_are_resolved() -> None:
    node = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}
    writer = parse_schema(json.dumps(node), "the writer")
    node["fields"].append({"name": "kind", "type": "string", "default": "x"})  # type: ignore[attr-defined] # a list
    reader = parse_schema(json.dumps(node), "the reader")
    with pytest.raises(RecursionError):
        decoder(writer, reader)(b"\x02" * 50_000 + b"\x00")
    assert decoder(writer, reader)(encode({"next": None}, writer))[0] == {"next": None, "kind": "x"}
