"""A shop's own records, and mappings for them."""

import json
from pathlib import Path
from typing import Any

import pytest

from streamer.errors import ConfigError
from streamer.records.schema import AvroSchema, parse_schema
from streamer.translate.mapping import parse_mapping
from streamer.translate.mapping.compiling import Compiled, compile_file
from streamer.translate.plan import Rule, Source
from streamer.yamlfile import parse_yaml

PATH = Path("shop.yaml")
BASE = "route: {pixel_id: shop.pixel}\nevent_name: kind\nevent_time: created_at\n"
"""Three lines that every mapping needs; what a test is about begins in the fourth."""


def record(name: str, **fields: Any) -> dict[str, Any]:
    """Return Avro's definition of a record."""
    return {"type": "record", "name": name, "fields": [{"name": key, "type": kind} for key, kind in fields.items()]}


def listed(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def logical(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "logicalType": name, **more}


_ADDRESS = record("Address", country="string", before=["null", "Address"])
_PERSON = record(
    "Person",
    email=["null", "string"],
    emails=listed("string"),
    phone=["null", "string", "long"],
    vip="boolean",
    born=logical("int", "date"),
    address=["null", _ADDRESS],
    friends=listed("Person"),
)
_LINE = record(
    "Line", sku=["null", "string", "long"], quantity=["null", "int"], price_cents="long", tags=listed("string")
)
_ORDER = record(
    "Order",
    id="string",
    currency="string",
    total_cents="long",
    total=logical("bytes", "decimal", precision=10, scale=2),
    lines=listed(_LINE),
    gifts=["null", listed("Line"), "Line"],
    extra=record("Extra", note="string", margin="double"),
    stages={"type": "map", "values": "Line"},
)
_PARAM = record("Param", key="string", number="int", value=record("Value", text=["null", "string"]))

SHOP = parse_schema(
    json.dumps(
        record(
            "Shop",
            kind={"type": "enum", "name": "Kind", "symbols": ["order", "cart", "view"]},
            created_at=logical("long", "timestamp-millis"),
            seen_at=["null", logical("long", "timestamp-micros")],
            exact_at=logical("long", "timestamp-nanos"),
            local_at={"type": logical("long", "local-timestamp-micros")},
            clock=logical("int", "time-millis"),
            plain_at="long",
            written_at=["null", "string"],
            mixed_at=[logical("long", "timestamp-millis"), {**logical("int", "date")}],
            shop=record("TheShop", pixel="string", container=["null", "string"]),
            person=["null", _PERSON],
            order=["null", _ORDER],
            cookies={"type": "map", "values": "string"},
            attributes={"type": "map", "values": ["null", "boolean", "long", "double", "string", listed("string")]},
            params=listed(_PARAM),
            matrix=listed(listed("string")),
            payload=["null", "string"],
            raw="bytes",
            share="double",
            nothing="null",
            amount=[logical("bytes", "decimal", precision=9, scale=3), "double"],
        )
    ),
    "a test",
)


def faults(text: str, schema: AvroSchema = SHOP, *, strict: bool = True) -> list[str]:
    """Return the faults of a mapping, each without the file's name."""
    with pytest.raises(ConfigError) as caught:
        compile_file(parse_yaml(text, PATH), schema, strict=strict)
    return [fault.removeprefix("shop.yaml:").strip() for fault in caught.value.faults]


def faults_of_file(text: str) -> list[str]:
    """Return the faults of a mapping that is held against no schema."""
    with pytest.raises(ConfigError) as caught:
        parse_mapping(text, PATH)
    return [fault.removeprefix("shop.yaml:").strip() for fault in caught.value.faults]


def compiled(text: str, schema: AvroSchema = SHOP, *, strict: bool = True) -> Compiled:
    """Compile a mapping that holds."""
    return compile_file(parse_yaml(text, PATH), schema, strict=strict)


def rule_of(text: str, key: str) -> Rule:
    """Return the rule of a key, of a mapping with this below what every mapping needs."""
    return next(rule for rule in compiled(BASE + text).mapping.rules if rule.key == key)


def sources_of(text: str, key: str) -> tuple[Source, ...]:
    """Return the sources of a key in the same way."""
    return rule_of(text, key).sources
