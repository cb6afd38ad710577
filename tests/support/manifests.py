"""Whether Kubernetes would take an object: by its own schemas, strictly, and by those of custom resources."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

OLDEST, NEWEST = "1.29.0", "1.37.0"
"""Versions of Kubernetes that the chart is for; the package kubernetes-validate brings their schemas."""

_CUSTOM = Path(__file__).resolve().parents[1] / "helm" / "schemas"
_KUBERNETES = files("kubernetes_validate") / "kubernetes-json-schema"


def faults(each: Mapping[str, Any], version: str) -> list[str]:
    """Return what is wrong with an object, as places and sentences."""
    validator = _validator(each["apiVersion"], each["kind"], version)
    return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(each)]


def is_custom(each: Mapping[str, Any]) -> bool:
    """Tell a custom resource, by the group it is of."""
    group = each["apiVersion"].partition("/")[0]
    return "." in group and not group.endswith(".k8s.io")


@cache
def _validator(api: str, kind: str, version: str) -> Draft7Validator:
    if is_custom({"apiVersion": api}):
        return Draft7Validator(json.loads((_CUSTOM / f"{api.replace('/', '_')}_{kind}.json").read_text()))
    folder = _KUBERNETES / f"v{version}-local-strict"
    name = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api)
    schema = json.loads((folder / f"{kind.lower()}-{name}.json").read_text())
    return Draft7Validator(schema, registry=_definitions(version))


@cache
def _definitions(version: str) -> Registry[Any]:
    whole = json.loads((_KUBERNETES / f"v{version}-local-strict" / "_definitions.json").read_text())
    registry: Registry[Any] = Registry().with_resource("/api/_definitions.json", DRAFT7.create_resource(whole))
    return registry
