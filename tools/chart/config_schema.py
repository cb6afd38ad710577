"""What may stand in ``values.config``: the program's own settings as JSON schema, without its secrets."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from streamer.config import _SECRET_WORDS
from streamer.kinds import (
    check_address,
    check_addresses,
    check_filled,
    check_source,
    check_topic,
    parse_bytes,
    write_out,
)
from streamer.layers import FILE_SUFFIX, KEYS, is_secret
from streamer.settings import Settings

_ADDRESS = r"https?://[^\s/?#@,]+(/[^\s?#,]*)?"
_TOPIC = r"[A-Za-z0-9._-]{1,249}"
_SIZE = r"^\s*[0-9]{1,15}(\.[0-9]{1,15})?\s*([kKmMgG]?[bB]|[kKmMgG][iI][bB])?\s*$"

_KINDS: Mapping[Callable[..., object], JsonSchemaValue] = {
    parse_bytes: {"type": ["integer", "string"], "pattern": _SIZE},
    check_address: {"type": "string", "pattern": f"^{_ADDRESS}$"},
    check_addresses: {"type": "string", "pattern": rf"^\s*{_ADDRESS}\s*(,\s*{_ADDRESS}\s*)*$"},
    check_topic: {"type": "string", "pattern": f"^{_TOPIC}$"},
    check_source: {"type": "string", "pattern": rf"^({_TOPIC}|\^.*)$"},
    check_filled: {"type": "string", "pattern": r"\S"},
}
"""What JSON schema can say of the kinds of :mod:`streamer.kinds`."""

_CHARTS = (("kafka", "group_instance_id"), ("admin", "port"))
"""Keys that the chart sets: the one from the pod's name, the other from ``service.port``."""


class _Generator(GenerateJsonSchema):
    """Knows the kinds of values that pydantic sees only as functions."""

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> JsonSchemaValue:
        """Return a kind's own schema."""
        return _KINDS.get(schema["function"]["function"]) or super().function_after_schema(schema)

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """Return a kind's own schema."""
        function = schema["function"]["function"]
        if function is write_out:
            return _client()
        return _KINDS.get(function) or super().function_before_schema(schema)


def config_schema() -> JsonSchemaValue:
    """Return the schema of the whole ``streamer.yaml``: closed, and without a place for a secret."""
    made = Settings.model_json_schema(schema_generator=_Generator)
    sections = {name: _section(name, made["$defs"][_name(made["properties"][name])]) for name in KEYS}
    for section, key in _CHARTS:
        del sections[section]["properties"][key]
    return {"type": "object", "additionalProperties": False, "properties": sections}


def _name(reference: Mapping[str, Any]) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _section(section: str, made: JsonSchemaValue) -> JsonSchemaValue:
    keys: dict[str, Any] = {}
    for key, info in KEYS[section].items():
        described = {"description": _one_line(info.description)}
        if is_secret(info):
            keys[f"{key}{FILE_SUFFIX}"] = {"type": "string", "minLength": 1} | described
        else:
            keys[key] = _plain(made["properties"][key]) | described
    return {
        "type": "object",
        "description": _one_line(made.get("description")),
        "additionalProperties": False,
        "properties": keys,
    }


def _plain(schema: JsonSchemaValue) -> JsonSchemaValue:
    """Take out what says nothing, and write "or nothing" so that messages stay short."""
    kept = {key: value for key, value in schema.items() if key not in ("title", "default", "format")}
    if "anyOf" not in kept:
        return kept
    (some,) = (each for each in kept.pop("anyOf") if each != {"type": "null"})
    some = _plain(some)
    kinds = some["type"] if isinstance(some["type"], list) else [some["type"]]
    return kept | some | {"type": [*kinds, "null"]}


def _client() -> JsonSchemaValue:
    """Return what librdkafka may be told: whatever it likes, but no secret as it is."""
    words = "|".join(map(re.escape, _SECRET_WORDS))
    return {
        "type": "object",
        "patternProperties": {f"({words})[^_]*$": False},
        "additionalProperties": {"type": ["string", "number", "boolean"]},
    }


def _one_line(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").strip().replace("``", "`")
