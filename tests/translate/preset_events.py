"""Events of the presets' examples for tests, and what becomes of them."""

import json
from functools import cache
from hashlib import sha256
from typing import Any

import orjson

from streamer.records.json_record import record_from_json
from streamer.records.schema import encode
from streamer.sandbox.rules import check_event
from streamer.translate.engine import Engine, Origin, Refusal, ServerEvent
from streamer.translate.mapping import find_mapping
from streamer.translate.plan import Plan
from streamer.translate.python_engine import PythonEngine
from tests.support.presets import EXAMPLES, schema_of

Event = dict[str, Any]

PRESETS = ("ga4", "segment", "snowplow")
NOW = 1_795_521_600
PIXEL = "1234567890123456"
IGLU = "iglu:com.snowplowanalytics.snowplow"


@cache
def engine(preset: str) -> Engine:
    schema = schema_of(preset)
    return PythonEngine(schema, schema, Plan(find_mapping(preset, None, schema), {"GTM-ACME1": (PIXEL,)}))


@cache
def lines(preset: str) -> list[Event]:
    return [json.loads(line) for line in EXAMPLES[preset].read_text(encoding="utf-8").splitlines()]


def translated(preset: str, event: Event, line: int = 1) -> ServerEvent | Refusal:
    record, unknown = record_from_json(schema_of(preset), event)
    assert unknown == [], "the schema lacks a field of the event"
    origin = Origin(EXAMPLES[preset].name, 0, line)
    ((result,),) = engine(preset).translate([encode(record, schema_of(preset))], [origin], NOW)
    return result


def seen(preset: str, event: Event, line: int = 1) -> tuple[Event, list[list[str]]]:
    """Return what Meta sees of an event that is sent, and what was noted."""
    result = translated(preset, event, line)
    assert isinstance(result, ServerEvent), result
    made: Event = orjson.loads(result.body)
    assert check_event(made, NOW) is None
    return made, [list(note) for note in result.notes]


def example(preset: str, line: int, **changes: Any) -> Event:
    """Return an event of the examples, with changes."""
    return lines(preset)[line - 1] | changes


def segment_context(**changes: Any) -> Event:
    """Return the context of an event of Segment's in a browser, with changes."""
    return {"context": example("segment", 9)["context"] | changes}


def hashed(value: Any) -> Any:
    """Hash the texts that the expected events hold in the clear."""
    if isinstance(value, dict):
        return {key: hashed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [hashed(each) for each in value]
    if isinstance(value, str) and value.startswith("sha256:"):
        return sha256(value.removeprefix("sha256:").encode()).hexdigest()
    return value
