"""The presets on one core, beside Meta's own Python SDK: the events of :mod:`benchmarks.record_path` in other shapes.

Each preset's records hold the same users and orders; Snowplow's have no place for gender and birthday. Producers write
with a schema that has the fields they fill, and, for comparison, with the preset's whole schema, most of whose fields
are then null. The SDK's side decodes with fastavro (and Snowplow's entities with json), and picks the fields out by
hand, as one does.

    python -m benchmarks.presets [--events 10000] [--rounds 5] [--json]
"""

import argparse
import gc
import json
import statistics
import time
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import fastavro
import orjson
from facebook_business.adobjects.serverside.event_request import EventRequest  # type: ignore[import-untyped]

from benchmarks.record_path import PIXELS, REQUEST, SLICE, check_alike, fastavro_decoded, microseconds, our_requests
from benchmarks.shapes import SHAPES, Record, Shape
from streamer.records.sample import distinct_tag_events
from streamer.records.schema import AvroSchema, Json, encode, load_schema, parse_schema
from streamer.translate.engine import Origin
from streamer.translate.mapping import find_mapping
from streamer.translate.plan import Plan
from streamer.translate.python_engine import PythonEngine

GOAL = 1.8


class Measured(NamedTuple):
    """Medians of all rounds, µs of CPU an event."""

    streamer: float
    sdk: float
    ratio: float
    size: int
    """Bytes of a record."""


def sdk_requests(bodies: Sequence[bytes], schema: AvroSchema, shape: Shape) -> Iterator[list[str]]:
    """Make requests with Meta's SDK: each event's JSON."""
    parsed = fastavro.parse_schema(schema.definition)
    remaining = iter(bodies)
    while several := list(islice(remaining, REQUEST)):
        events = [shape.sdk_event(decoded) for decoded in fastavro_decoded(several, parsed)]
        yield EventRequest(pixel_id=PIXELS[0], events=events).normalize()


def filled_fields(schema: AvroSchema, records: Sequence[Record]) -> AvroSchema:
    """Return a schema with those fields alone that some record has a value for."""
    filled: dict[str, set[str]] = {}
    for record in records:
        _note_filled(schema, schema.parsed, record, filled)
    return parse_schema(json.dumps(_narrowed(schema.definition, filled)), "the fields that are filled")


def _note_filled(schema: AvroSchema, node: Json, value: Json, filled: dict[str, set[str]]) -> None:
    node = schema.named.get(node, node) if isinstance(node, str) else node
    if isinstance(node, list):
        for branch in node:
            _note_filled(schema, branch, value, filled)
    elif isinstance(node, dict) and node["type"] == "array" and isinstance(value, list):
        for item in value:
            _note_filled(schema, node["items"], item, filled)
    elif isinstance(node, dict) and node["type"] == "record" and isinstance(value, dict):
        for field in node["fields"]:
            inner = value.get(field["name"])
            if inner is not None:
                filled.setdefault(_short(node), set()).add(field["name"])
                _note_filled(schema, field["type"], inner, filled)


def _short(node: Json) -> str:
    return str(node["name"]).rpartition(".")[2]


def _narrowed(node: Json, filled: dict[str, set[str]]) -> Json:
    if isinstance(node, list):
        return [_narrowed(branch, filled) for branch in node]
    if not isinstance(node, dict):
        return node
    if node["type"] == "record":
        kept = [field for field in node["fields"] if field["name"] in filled.get(_short(node), ())]
        return {**node, "fields": [{**field, "type": _narrowed(field["type"], filled)} for field in kept]}
    inner = {key: _narrowed(node[key], filled) for key in ("items", "values") if key in node}
    return {**node, **inner}


def measure(shape: Shape, events: Sequence[Record], rounds: int, now: int, *, whole: bool) -> Measured:
    """Run both sides in turn.

    :param whole: the producer writes with the preset's whole schema.
    """
    reader = load_schema(Path(__file__).parent.parent / "schemas" / f"{shape.preset}.avsc")
    records = [shape.record(event) for event in events]
    schema = reader if whole else filled_fields(reader, records)
    bodies = [encode(record, schema) for record in records]
    origins = [Origin("events", 0, offset) for offset in range(len(bodies))]
    slices = [(bodies[at : at + SLICE], origins[at : at + SLICE]) for at in range(0, len(bodies), SLICE)]
    engine = PythonEngine(schema, reader, Plan(find_mapping(shape.preset, None, reader)))
    ready = [event for request in our_requests(slices, engine, now) for event in orjson.loads(b"[" + request + b"]")]
    check_alike(ready, [json.loads(event) for request in sdk_requests(bodies, schema, shape) for event in request])
    gc.collect()
    gc.freeze()  # what only the benchmark holds is not to be searched in either side's time
    sides = (
        lambda: deque(our_requests(slices, engine, now), maxlen=0),
        lambda: deque(sdk_requests(bodies, schema, shape), maxlen=0),
    )
    times = [[microseconds(side, len(bodies)) for side in sides] for _ in range(rounds)]
    ours, theirs = map(statistics.median, zip(*times, strict=True))
    return Measured(
        ours, theirs, statistics.median(sdk / own for own, sdk in times), sum(map(len, bodies)) // len(bodies)
    )


def main() -> None:
    """Print the figures, and say whether the goal is met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    now = int(time.time())
    events = [each for each in distinct_tag_events(7, PIXELS, now * 1000, options.events) if each["properties"]]
    results = {
        f"{shape.preset}, {'whole schema' if whole else 'fields that are filled'}": measure(
            shape, events, options.rounds, now, whole=whole
        )
        for shape in SHAPES
        for whole in (False, True)
    }
    if options.json:
        print(json.dumps({name: each._asdict() for name, each in results.items()}))
        return
    for name, each in results.items():
        met = "met" if each.ratio >= GOAL else "MISSED"
        print(
            f"  {name:34} {each.streamer:6.1f} µs an event of {each.size} bytes, facebook-business {each.sdk:6.1f} µs: "
            f"ratio {each.ratio:.2f}x (goal {GOAL}x: {met})"
        )


if __name__ == "__main__":
    main()
