"""The presets as subjects of tests: each with its own schema and the records of its examples."""

from functools import cache
from pathlib import Path

from streamer.records.schema import AvroSchema, load_schema
from streamer.translate.mapping import find_mapping, preset_names
from tests.fuzz import Subject, examples

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = {name: ROOT / "examples" / f"{name}.jsonl" for name in ("ga4", "segment", "snowplow")} | {
    "tag-event": ROOT / "examples" / "tag-events.jsonl"
}


def schema_of(preset: str) -> AvroSchema:
    """Return the schema that a preset is made for."""
    return load_schema(ROOT / "schemas" / f"{preset.replace('-', '_')}.avsc")


@cache
def subjects() -> tuple[Subject, ...]:
    """Return every preset that ships."""
    return tuple(_subject(name) for name in preset_names())


def _subject(name: str) -> Subject:
    schema = schema_of(name)
    return Subject(name, schema, find_mapping(name, None, schema), examples(EXAMPLES[name], schema))
