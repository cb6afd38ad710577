"""What may stand in ``values.pixels``: pixels.yaml as JSON schema, in which a token can only be named."""

from typing import Any

from streamer.pixels.file import _READ
from streamer.pixels.policy import _SECTIONS, _SIMPLE
from streamer.translate.limited import REGIONS
from streamer.translate.policy import ORIGINS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "pattern": r"\S"}
_NAMES: Schema = {"type": "array", "items": _TEXT}
_CHOICE: Schema = {"type": ["string", "boolean", "integer"]}
_SOURCE: Schema = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
    "properties": {"file": _TEXT, "env": _TEXT},
}


def pixels_schema() -> Schema:
    """Return the schema of the whole file, or of none."""
    policy = {key: _KEYS[key] for key in _SIMPLE} | {key: _section(key) for key in _SECTIONS}
    own = {key: _OWN[key] for key in _READ}
    return {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            "defaults": _closed(policy),
            "pixels": {
                "type": "object",
                "propertyNames": {"pattern": "^[1-9][0-9]{0,19}$"},
                "additionalProperties": _closed(own | policy),
            },
        },
    }


def _closed(properties: Schema) -> Schema:
    return {"type": ["object", "null"], "additionalProperties": False, "properties": properties}


def _section(name: str) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _KEYS[f"{name}.{key}"] for key in _SECTIONS[name]},
    }


def _all_or(names: Schema) -> Schema:
    return {"anyOf": [{"enum": ["all"]}, names | {"minItems": 1}]}


def _word(*words: str) -> Schema:
    return {"enum": list(words)}


_ORIGINS: Schema = {"type": "array", "items": _word(*ORIGINS), "minItems": 1}

_OWN: Schema = {
    "client": _TEXT,
    "token": _SOURCE,
    "app_secret": _SOURCE,
    "containers": _NAMES,
    "partner_agent": {"type": "string", "maxLength": 22},
    "test_event_code": _TEXT,
}
_KEYS: Schema = {
    "enabled": {"type": "boolean"},
    "opt_out": {"type": "boolean"},
    "region": {"type": "string", "pattern": "^[A-Za-z]{2}$"},
    "external_id": _word("hashed", "hashed_lowercase", "plain"),
    "suppression": {
        "anyOf": [
            _word("none"),
            {"type": "object", "additionalProperties": False, "required": ["file"], "properties": {"file": _TEXT}},
        ]
    },
    "consent.require": {
        "type": "object",
        "additionalProperties": {"anyOf": [_CHOICE, {"type": "array", "items": _CHOICE, "minItems": 1}]},
    },
    "consent.missing": _word("granted", "denied"),
    "limited_data_use.regions": {"type": "array", "items": _word(*REGIONS)},
    "limited_data_use.unknown": _word("ask_meta", "off"),
    "origins.allow": _all_or(_ORIGINS),
    "origins.events": {"type": "object", "additionalProperties": _ORIGINS},
    "events.allow": _all_or(_NAMES),
    "events.deny": _NAMES,
    "events.rename": {"type": "object", "additionalProperties": _TEXT},
    "properties.allow": {"anyOf": [{"enum": ["all"]}, _NAMES]},
    "properties.deny": _NAMES,
    "properties.server_only": _NAMES,
}
"""By the dotted keys of a policy; one that the program has and this does not is an error where it is made."""
