"""Strimzi's KafkaTopic and KafkaUser as JSON schemas, read from the signatures of its own classes by ``javap``.

Maven has the classes, and not the definitions that are made from them.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_MODEL = "io.strimzi.api.kafka.model"
_KINDS = {"KafkaTopic": f"{_MODEL}.topic.KafkaTopicSpec", "KafkaUser": f"{_MODEL}.user.KafkaUserSpec"}
_PLAIN: dict[str, "Schema"] = {
    "java.lang.String": {"type": "string"},
    "java.lang.Integer": {"type": "integer"},
    "java.lang.Double": {"type": "number"},
    "java.lang.Boolean": {"type": "boolean"},
    "java.util.Map<java.lang.String, java.lang.Object>": {"type": "object"},
    "java.util.Map<java.lang.String, java.lang.String>": {"type": "object", "additionalProperties": {"type": "string"}},
}
_LEFT_OUT = {"additionalProperties", "class"}
_GONE = {"operation"}
"""Keys that the version v1 of the resources no longer has: ``operations`` stands in its place."""
_WORDS = {
    "ALTERCONFIGS": "AlterConfigs",
    "CLUSTERACTION": "ClusterAction",
    "DESCRIBECONFIGS": "DescribeConfigs",
    "IDEMPOTENTWRITE": "IdempotentWrite",
}

Schema = dict[str, Any]


def strimzi_schemas(jar: Path) -> dict[str, Schema]:
    """Return the schemas of the specs, by kind."""
    return {kind: _Reader(jar).schema(name) for kind, name in _KINDS.items()}


class _Reader:
    """Reads classes of a jar, each once."""

    def __init__(self, jar: Path) -> None:
        self._jar = jar
        self._known: dict[str, Schema] = {}

    def schema(self, name: str) -> Schema:
        if name in _PLAIN:
            return _PLAIN[name]
        if inner := re.fullmatch(r"java\.util\.List<(.+)>", name):
            return {"type": "array", "items": self.schema(inner[1])}
        if not name.startswith(_MODEL):
            return {"type": "object"}
        if name not in self._known:
            self._known[name] = self._read(name)
        return self._known[name]

    def _read(self, name: str) -> Schema:
        said = self._javap(name)
        if "extends java.lang.Enum" in said:
            return {"enum": [_word(name, each) for each in re.findall(rf"static final {re.escape(name)} (\w+);", said)]}
        if f"abstract class {name}" in said:
            return {"oneOf": list(self._choices(said))}
        return {"type": "object", "additionalProperties": False, "properties": self._properties(said)}

    def _properties(self, said: str) -> Schema:
        getters = re.findall(r"  public (\S.*) (?:get|is)([A-Z]\w*)\(\);", said)
        keys = {name[0].lower() + name[1:]: kind for kind, name in getters if not kind.startswith("abstract")}
        return {key: self.schema(kind) for key, kind in keys.items() if key not in _LEFT_OUT | _GONE}

    def _choices(self, said: str) -> Iterator[Schema]:
        """Return one schema for each of the classes that Jackson is told to choose from by ``type``."""
        for word, kind in re.findall(r"name=\"([\w-]+)\"\s+value=class L([\w/$]+);", said):
            schema = self.schema(kind.replace("/", "."))
            yield {**schema, "properties": {**schema["properties"], "type": {"enum": [word]}}, "required": ["type"]}

    def _javap(self, name: str) -> str:
        command = ["javap", "-v", "-cp", str(self._jar), name]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - of our own


def _word(enumeration: str, constant: str) -> str:
    """Return how Strimzi writes a constant."""
    if enumeration.endswith("AclOperation"):
        return _WORDS.get(constant, constant.capitalize())
    return constant.lower()
