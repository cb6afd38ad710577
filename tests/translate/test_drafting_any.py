"""A draft for any schema is a mapping that holds for it, or says what is missing."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.errors import ConfigError
from streamer.records.schema import AvroSchema, load_schema, parse_schema
from streamer.translate.drafting.draft import MappingDraft, draft_mapping
from streamer.translate.mapping import TAG_EVENT, compile_mapping, parse_mapping
from streamer.translate.plan import TranslationMap

SCHEMAS = sorted((Path(__file__).parents[2] / "schemas").glob("*.avsc"))
TEXT = ["null", "string"]
TIME = {"type": "long", "logicalType": "timestamp-millis"}
WORDS = (
    "user customer order page items cart cookies consent total event data params key value id name type email city url "
    "ts created_at price quantity sku total_cents currency pixel_id container_id event_name event_time true null"
)


def _record(name: str, /, **fields: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": key, "type": kind} for key, kind in fields.items()]}


NAMES = st.sampled_from(WORDS.split())
PLAIN = st.sampled_from(["null", "boolean", "int", "long", "float", "double", "bytes", "string"])
LOGICAL = st.sampled_from(
    [
        TIME,
        {"type": "int", "logicalType": "date"},
        {"type": "int", "logicalType": "time-millis"},
        {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
        {"type": "string", "logicalType": "uuid"},
    ]
)


def _kinds(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        st.builds(lambda items: {"type": "array", "items": items}, inner)
        | st.builds(lambda values: {"type": "map", "values": values}, inner)
        | inner.filter(lambda kind: kind != "null" and not isinstance(kind, list)).map(lambda kind: ["null", kind])
        | st.dictionaries(NAMES, inner, max_size=5).map(lambda fields: _record("", **fields))
    )


SCHEMAS_OF_ANYBODY = st.dictionaries(NAMES, st.recursive(PLAIN | LOGICAL, _kinds, max_leaves=12), max_size=8)


def _with_names(kind: Any, numbers: Iterator[int]) -> Any:
    """Give every record a name of its own, as Avro wants it."""
    if isinstance(kind, list):
        return [_with_names(each, numbers) for each in kind]
    if not isinstance(kind, dict):
        return kind
    if kind["type"] == "record":
        fields = [each | {"type": _with_names(each["type"], numbers)} for each in kind["fields"]]
        return kind | {"name": f"R{next(numbers)}", "fields": fields}
    return {key: _with_names(each, numbers) if key in {"items", "values"} else each for key, each in kind.items()}


def _holds(draft: MappingDraft, schema: AvroSchema) -> TranslationMap:
    """Check a draft as the file of a mapping is checked, against the schema that it was made for."""
    return compile_mapping(parse_mapping(draft.text, Path("draft.yaml")), schema).mapping


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_a_draft_for_each_schema_that_ships_is_a_mapping_at_once(path: Path) -> None:
    schema = load_schema(path)
    draft = draft_mapping(schema, path.name)
    assert draft.missing == ()
    assert len(_holds(draft, schema).rules) >= 14


def test_a_draft_for_the_tag_event_sends_what_the_preset_sends() -> None:
    schema = load_schema()
    drafted = {rule.key for rule in _holds(draft_mapping(schema, "tag_event.avsc"), schema).rules}
    assert {rule.key for rule in TAG_EVENT.rules} - drafted == {"custom_data.*", "custom_data.status"}


@given(SCHEMAS_OF_ANYBODY)
def test_a_draft_of_any_schema_is_a_mapping_as_soon_as_it_is_filled_in(fields: dict[str, Any]) -> None:
    whole = {"pixel_id": TEXT, "event_name": TEXT, "event_time": TIME}
    schema = parse_schema(json.dumps(_with_names(_record("", **(fields | whole)), count())), "test.avsc")
    draft = draft_mapping(schema, "test.avsc")
    assert draft.missing == ()
    _holds(draft, schema)


@given(SCHEMAS_OF_ANYBODY)
def test_a_draft_of_any_schema_says_what_is_missing(fields: dict[str, Any]) -> None:
    schema = parse_schema(json.dumps(_with_names(_record("", **fields), count())), "test.avsc")
    draft = draft_mapping(schema, "test.avsc")
    if draft.missing:
        with pytest.raises(ConfigError):
            _holds(draft, schema)
    else:
        _holds(draft, schema)
