"""values.schema.json: what the comments of values.yaml say, the program's settings and the kinds below."""

from typing import Any

from tools.chart.comments import Value
from tools.chart.config_schema import config_schema
from tools.chart.pixels_schema import pixels_schema

Schema = dict[str, Any]

_TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
_QUANTITY: Schema = {"type": ["string", "number"], "pattern": r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$"}
_QUANTITIES: Schema = {"type": "object", "additionalProperties": {"$ref": "#/definitions/quantity"}}
_COUNT: Schema = {"type": "integer", "minimum": 1}
_WORDS: Schema = {"type": "array", "items": {"type": "string", "minLength": 1}}
_OFFSETS: Schema = {"type": ["integer", "string"], "minimum": 0, "pattern": "^([0-9]+|[0-9]+:[0-9]+(,[0-9]+:[0-9]+)*)$"}


def _closed(properties: Schema, *required: str) -> Schema:
    made: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return made | ({"required": list(required)} if required else {})


def values_schema(values: list[Value]) -> Schema:
    """Return the schema: closed wherever the chart itself says what there is."""
    root = _closed({})
    for value in values:
        inner = root
        for key in value.path[:-1]:
            inner = inner["properties"].setdefault(key, _closed({}))
        inner["properties"][value.path[-1]] = _of(value)
    root["properties"]["enabled"] = {"type": "boolean", "description": "For the condition of a parent chart."}
    root["properties"]["global"]["additionalProperties"] = True  # other charts of a parent have theirs there too
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart streamer",
        "description": "Made by `make chart`. Change values.yaml, tools/chart or the program's settings.",
        **root,
        "definitions": _definitions(),
    }


def _of(value: Value) -> Schema:
    if value.schema is not None:
        return value.schema | {"description": value.description}
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    if type(value.default) not in kinds:
        raise ValueError(f"{'.'.join(value.path)}: say by # @schema what may stand there.")
    return {"type": kinds[type(value.default)], "description": value.description}


def _definitions() -> Schema:
    return {
        "config": config_schema(),
        "pixels": pixels_schema(),
        "labels": _TEXTS,
        "annotations": _TEXTS,
        "objectName": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"},
        "reference": _closed({"name": {"$ref": "#/definitions/objectName"}}, "name"),
        "duration": {"type": "string", "pattern": "^([0-9]+(ms|s|m|h))+$"},
        "intOrPercent": {"type": ["integer", "string", "null"], "minimum": 0, "pattern": "^[0-9]+%$"},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535},
        "quantity": _QUANTITY,
        "resources": _closed(
            {"limits": _QUANTITIES, "requests": _QUANTITIES, "claims": {"$ref": "#/definitions/kubernetesList"}}
        ),
        "probe": _closed(
            {
                "initialDelaySeconds": {"type": "integer", "minimum": 0},
                "periodSeconds": _COUNT,
                "timeoutSeconds": _COUNT,
                "successThreshold": _COUNT,
                "failureThreshold": _COUNT,
            }
        ),
        "variable": _variable(),
        "remote": _closed(
            {
                **{key: {"type": "string"} for key in ("key", "property", "version")},
                "conversionStrategy": {"enum": ["Default", "Unicode"]},
                "decodingStrategy": {"enum": ["None", "Base64", "Base64URL", "Auto"]},
                "metadataPolicy": {"enum": ["None", "Fetch"]},
            },
            "key",
        ),
        "backfill": _backfill(),
        "kubernetes": {"type": "object", "description": "As Kubernetes has it, which checks it."},
        "kubernetesList": {
            "type": "array",
            "items": {"type": "object"},
            "description": "As Kubernetes has it, which checks it.",
        },
    }


def _variable() -> Schema:
    """Return what ``env`` takes; a secret only by reference."""
    secret = "(TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|[tT]oken|[sS]ecret|[pP]assword)"  # noqa: S105 - words, no secret
    return {
        **_closed(
            {
                "name": {"type": "string", "minLength": 1},
                "value": {"type": "string", "not": {"pattern": "^EAA"}},
                "valueFrom": {"$ref": "#/definitions/kubernetes"},
            },
            "name",
        ),
        "if": {
            "properties": {"name": {"allOf": [{"pattern": secret}, {"not": {"pattern": "_FILE$"}}]}},
            "required": ["name"],
        },
        "then": {"required": ["valueFrom"], "properties": {"value": False}},
    }


def _backfill() -> Schema:
    return _closed(
        {
            "name": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$"},
            "from": {"type": "string", "minLength": 1},
            "to": {"type": "string", "minLength": 1},
            "fromOffset": _OFFSETS,
            "toOffset": _OFFSETS,
            "topics": _WORDS,
            "pixels": {"type": "array", "items": {"type": "string", "pattern": "^[1-9][0-9]{0,19}$"}},
            "containers": _WORDS,
            "events": _WORDS,
            "acceptGone": {"type": "boolean"},
            "workers": _COUNT,
            "rate": _COUNT,
            "retries": {"type": "integer", "minimum": 0},
            "suspend": {"type": "boolean"},
            "ttlSecondsAfterFinished": {"type": "integer", "minimum": 0},
            "resources": {"$ref": "#/definitions/resources"},
        },
        "name",
    )
