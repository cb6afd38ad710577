"""Avro schemas: where the built-in one is, how one is read, and its fingerprint."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
from fastavro.schema import SchemaParseException, UnknownType, fingerprint, to_parsing_canonical_form

_PACKAGE = Path(__file__).resolve().parent.parent
_NESTED = ("type", "items", "values")


Json = Any
"""A JSON value: Avro schemas are JSON."""


class SchemaError(ValueError):
    """A schema that cannot be read; the message is a sentence that names the file, or the id in the registry."""


@dataclass(frozen=True, slots=True)
class AvroSchema:
    """A schema of a record, parsed once."""

    name: str
    """Full name, such as ``tagmanager.TagEvent``."""
    parsed: dict[str, Any] = field(repr=False)
    """As fastavro takes it, without logical types: a timestamp is then a plain number, which is faster to read and
    cannot overflow."""
    named: dict[str, Any] = field(repr=False)
    """The named types it uses, by full name."""
    units: dict[str, str] = field(repr=False)
    """Logical types by path, such as ``{"event_time": "timestamp-millis"}``."""
    definition: Json = field(repr=False)
    """The JSON it was made from."""


def builtin_schema_path(name: str = "tag_event") -> Path:
    """Return the path of a schema that ships, in a checkout as in an installed package."""
    checkout = _PACKAGE.parent / "schemas" / f"{name}.avsc"
    return checkout if checkout.is_file() else _PACKAGE / "_schemas" / f"{name}.avsc"


def load_schema(path: Path | None = None) -> AvroSchema:
    """Read an .avsc file, or the tag event's when no path is given.

    :raise SchemaError: there is no such file, it is no JSON, or it is not the Avro schema of a record.
    """
    path = path or builtin_schema_path()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SchemaError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SchemaError(f"{path}: is not UTF-8 text") from None
    return parse_schema(text, str(path))


def parse_schema(text: str, where: str, references: Sequence[str] = ()) -> AvroSchema:
    """Parse the JSON text of a schema.

    :param where: file or registry id, for messages.
    :param references: texts of the schemas it refers to, each after those it refers to itself.
    :raise SchemaError: it is no JSON, or it is not the Avro schema of a record.
    """
    try:
        definition = json.loads(text)
        definitions = [json.loads(reference) for reference in references]
    except json.JSONDecodeError as error:
        raise SchemaError(f"{where}: is not JSON (line {error.lineno}, column {error.colno})") from None
    if not isinstance(definition, dict) or definition.get("type") != "record":
        raise SchemaError(f"{where}: is not the Avro schema of a record")
    try:
        return _parse(definition, definitions)
    except UnknownType as error:
        raise SchemaError(f"{where}: uses the type {error.name}, which nothing defines") from None
    except RecursionError:
        raise SchemaError(f"{where}: is nested too deeply") from None
    except (SchemaParseException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SchemaError(f"{where}: is not a valid Avro schema: {error}") from None


def crc_64_avro(schema: AvroSchema) -> bytes:
    """Return the fingerprint of Avro's single-object encoding: 8 bytes, little-endian."""
    return bytes.fromhex(fingerprint(to_parsing_canonical_form(schema.definition), "CRC-64-AVRO"))


def encode(record: dict[str, Any], schema: AvroSchema) -> bytes:
    """Return a record's Avro body, without framing; fields that are left out take the schema's defaults."""
    out = BytesIO()
    fastavro.schemaless_writer(out, schema.parsed, record)
    return out.getvalue()


def _parse(definition: dict[str, Any], references: Sequence[Json]) -> AvroSchema:
    named: dict[str, Any] = {}
    for reference in references:
        fastavro.parse_schema(_without_logical_types(reference), named)
    parsed = dict[str, Any](fastavro.parse_schema(_without_logical_types(definition), named))  # type: ignore[arg-type]
    return AvroSchema(parsed["name"], parsed, named, dict(_units(definition, "")), definition)


def _without_logical_types(schema: Json) -> Json:
    """Return a schema without what does not change how a record is read: logical types and texts.

    All strings are interned: fastavro and the engine look up fields by them, which is then a comparison of pointers.
    """
    if isinstance(schema, str):
        return sys.intern(schema)
    if isinstance(schema, list):
        return [_without_logical_types(branch) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    bare = {sys.intern(key): value for key, value in schema.items() if key not in {"logicalType", "doc"}}
    for key in ("name", "fields", *_NESTED):
        if key in bare:
            bare[key] = _without_logical_types(bare[key])
    return bare["type"] if bare.keys() == {"type"} else bare


def _units(schema: Json, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(schema, list):
        for branch in schema:
            yield from _units(branch, path)
        return
    if not isinstance(schema, dict):
        return
    if "logicalType" in schema:
        yield path, str(schema["logicalType"])
    for key in _NESTED:
        yield from _units(schema.get(key), path)
    for each in schema.get("fields", ()):
        yield from _units(each.get("type"), f"{path}.{each['name']}" if path else each["name"])
