"""Custom resources as strict JSON schemas: from the definitions that controller-gen makes, and from Strimzi's classes.

``tools/chart/crds.sh`` calls it.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

from tools.chart.strimzi import strimzi_schemas

TARGET = Path(__file__).resolve().parents[2] / "tests" / "helm" / "schemas"
WANTED = ("ScaledObject", "TriggerAuthentication", "PodMonitor", "ServiceMonitor", "PrometheusRule", "ExternalSecret")

Schema = dict[str, Any]

_KEPT = {"type", "properties", "items", "required", "enum", "pattern", "minimum", "maximum", "minItems", "maxItems"}
_KEPT |= {"minLength", "maxLength", "anyOf", "oneOf", "allOf", "additionalProperties"}


def main(folder: str, jar: str) -> None:
    """Write a file a kind."""
    TARGET.mkdir(exist_ok=True)
    for path in Path(folder).glob("*.yaml"):
        definition = yaml.safe_load(path.read_text())
        if definition["spec"]["names"]["kind"] in WANTED:
            for version in definition["spec"]["versions"]:
                _write(definition["spec"], version)
    for kind, schema in strimzi_schemas(Path(jar)).items():
        _save(f"kafka.strimzi.io_v1_{kind}", _object(schema))


def _write(spec: Schema, version: Schema) -> None:
    properties = version["schema"]["openAPIV3Schema"]["properties"]
    _save(f"{spec['group']}_{version['name']}_{spec['names']['kind']}", _object(strict(properties["spec"])))


def _object(spec: Schema) -> Schema:
    """Return the schema of a whole object; Kubernetes' own schemas look at its metadata."""
    names = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
    properties = names | {"spec": spec}
    return {"type": "object", "additionalProperties": False, "required": ["spec"], "properties": properties}


def strict(schema: Schema) -> Schema:
    """Return a schema that is closed where it is not open on purpose, and without words for people."""
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    made = {key: value for key, value in schema.items() if key in _KEPT}
    if "properties" in made:
        made["properties"] = {key: strict(each) for key, each in made["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields") and "additionalProperties" not in made:
            made["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if isinstance(made.get(key), dict):
            made[key] = strict(made[key])
    return made


def _save(name: str, schema: Schema) -> None:
    (TARGET / f"{name}.json").write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
