"""The types of an Avro schema as mappings look at them: unions looked through, names resolved, null left out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from streamer.records.schema import AvroSchema, Json

Kind = Literal["text", "whole", "real", "flag", "bytes", "decimal", "record", "map", "list", "any"]
"""What Avro holds; ``any`` is what JSON may hold, of which a schema says nothing."""

_KINDS: Final[Mapping[str, Kind]] = {
    "string": "text",
    "enum": "text",
    "int": "whole",
    "long": "whole",
    "float": "real",
    "double": "real",
    "boolean": "flag",
    "bytes": "bytes",
    "fixed": "bytes",
    "record": "record",
    "error": "record",
    "map": "map",
    "array": "list",
}
_INSIDE: Final[Mapping[Kind, str]] = {"list": "items", "map": "values"}
_WORDS: Final[Mapping[Kind, str]] = {
    "text": "text",
    "whole": "a whole number",
    "real": "a number",
    "flag": "true or false",
    "bytes": "bytes",
    "decimal": "a decimal number",
    "record": "a record",
    "map": "a map",
    "list": "a list",
    "any": "JSON",
}
_PLURALS: Final[Mapping[Kind, str]] = {
    **_WORDS,
    "whole": "whole numbers",
    "real": "numbers",
    "decimal": "decimal numbers",
    "record": "records",
    "map": "maps",
    "list": "lists",
}


@dataclass(frozen=True, slots=True)
class Type:
    """One type that a value may be of."""

    kind: Kind
    schema: Json = field(default=None, repr=False)
    """Avro's long form; none of a list that a path makes, and of what is in JSON."""
    namespace: str = field(default="", repr=False)
    """In which the names in it are to be read."""
    logical: str | None = None
    items: tuple["Type", ...] | None = field(default=None, repr=False)
    """Of a list that a path makes (``lines[].sku``): the types of its items."""

    @property
    def names(self) -> list[str]:
        """The names of a record's fields; of anything else, none can be known."""
        return [each["name"] for each in self.schema["fields"]] if self.kind == "record" else []

    @property
    def scale(self) -> int:
        """How many of a decimal's digits stand behind the point."""
        return int(self.schema.get("scale", 0))


Types = tuple[Type, ...]
"""All types that a value may be of, but for null; none where it is always null."""

ANY: Final[Types] = (Type("any"),)


class SchemaTypes:
    """The types of one schema."""

    def __init__(self, schema: AvroSchema) -> None:
        """Look up the named types once."""
        self._named = dict(_named(schema.definition, ""))
        self._elsewhere = schema.named  # types of other files, which it refers to; they have lost their logical types
        self.top: Types = tuple(self._types(schema.definition, ""))

    def inside(self, one: Type) -> Types:
        """Return the types of a list's items or a map's values."""
        if one.kind == "any":
            return ANY
        if one.items is not None:
            return one.items
        key = _INSIDE.get(one.kind)
        return tuple(self._types(one.schema[key], one.namespace)) if key else ()

    def field(self, one: Type, name: str) -> Types:
        """Return the types of a record's field or a map's value; none where there is no such."""
        if one.kind in {"map", "any"}:
            return self.inside(one)
        if one.kind != "record":
            return ()
        schema = next((each["type"] for each in one.schema["fields"] if each["name"] == name), "null")
        return tuple(self._types(schema, one.namespace))

    def described(self, types: Types) -> str:
        """Say of which kind a value is, for people."""
        words = [self._described(one) for one in types] or ["always null"]
        return " or ".join(dict.fromkeys(words))

    def _described(self, one: Type) -> str:
        if (one.logical or "").startswith("time-"):
            return "a time of day"
        items = self.inside(one) if one.kind == "list" else ()
        kinds = dict.fromkeys(_PLURALS[item.kind] for item in items)
        return f"a list of {' or '.join(kinds)}" if kinds else _WORDS[one.kind]

    def _types(self, schema: Json, namespace: str) -> Iterator[Type]:
        if isinstance(schema, list):
            for branch in schema:
                yield from self._types(branch, namespace)
        elif isinstance(schema, str):
            if schema in _KINDS:
                yield Type(_KINDS[schema], {"type": schema}, namespace)
            elif schema != "null":
                yield from self._of_name(schema, namespace)
        elif isinstance(schema["type"], str) and schema["type"] in _KINDS:
            yield _type(schema, namespace)
        else:  # a type that is written around another one, {"type": {"type": "long"}}
            inner = schema["type"]
            logical = {"logicalType": schema["logicalType"]} if "logicalType" in schema else {}
            yield from self._types({**inner, **logical} if isinstance(inner, dict) else inner, namespace)

    def _of_name(self, name: str, namespace: str) -> Iterator[Type]:
        for known in (_full(name, namespace), name):
            if known in self._named:
                yield _type(*self._named[known])
                return
            if known in self._elsewhere:
                yield _type(self._elsewhere[known], "")
                return


def _type(schema: dict[str, Json], namespace: str) -> Type:
    kind, logical = _KINDS[schema["type"]], schema.get("logicalType")
    if kind == "bytes" and logical == "decimal":
        kind = "decimal"
    if "name" in schema:
        namespace = _full(schema["name"], schema.get("namespace", namespace)).rpartition(".")[0]
    return Type(kind, schema, namespace, None if logical is None else str(logical))


def _named(schema: Json, namespace: str) -> Iterator[tuple[str, tuple[dict[str, Json], str]]]:
    """Give the named types that a schema defines: full name, the type, and the namespace around it."""
    if isinstance(schema, list):
        for branch in schema:
            yield from _named(branch, namespace)
    if not isinstance(schema, dict):
        return
    if "name" in schema:
        full = _full(schema["name"], schema.get("namespace", namespace))
        yield full, (schema, namespace)
        namespace = full.rpartition(".")[0]
    for inner in (schema.get("type"), schema.get("items"), schema.get("values")):
        yield from _named(inner, namespace)
    for each in schema.get("fields", ()):
        yield from _named(each["type"], namespace)


def _full(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"
