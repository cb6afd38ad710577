"""A record written as JSON, checked against a schema: for files that people write or export.

Fields that are left out take their defaults. Values of unions stand there plainly, or in the way of Avro's own JSON
encoding, such as ``{"string": "x"}``. Decimals are numbers (docs/mapping.md).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from streamer.records.json_decimal import decimal_bytes, described_decimal, is_decimal
from streamer.records.schema import AvroSchema, Json


class WrongValue(ValueError):  # noqa: N818 - it says what is wrong with a value
    """A value is not of its field's type; the message names the field and the type, never the value."""


_INT = range(-(2**31), 2**31)
_LONG = range(-(2**63), 2**63)


def _is_number(value: Json) -> bool:
    return type(value) in {int, float}


_PRIMITIVES: Mapping[str, Callable[[Json], bool]] = MappingProxyType(
    {
        "null": lambda value: value is None,
        "boolean": lambda value: type(value) is bool,
        "int": lambda value: type(value) is int and value in _INT,
        "long": lambda value: type(value) is int and value in _LONG,
        "float": _is_number,
        "double": _is_number,
        "string": lambda value: type(value) is str,
    }
)


def record_from_json(schema: AvroSchema, value: Json) -> tuple[dict[str, Json], list[str]]:
    """Return a record as fastavro writes it, and the paths of fields that the schema does not have.

    :raise WrongValue: it is no object, or a value has the wrong type, or one without a default is missing.
    """
    reading = _Reading(schema.named)
    return reading.record(schema.parsed, value, ""), reading.unknown


class _Reading:
    def __init__(self, named: dict[str, Json]) -> None:
        self._named = named
        self.unknown: list[str] = []

    def value(self, schema: Json, value: Json, path: str) -> Json:
        schema = self._named.get(schema, schema) if isinstance(schema, str) else schema
        if isinstance(schema, list):
            return self._branch(schema, value, path)
        kind = schema["type"] if isinstance(schema, dict) else schema
        match kind:
            case "record" | "error":
                return self.record(schema, value, path)
            case "array":
                return self._array(schema, value, path)
            case "map":
                return self._map(schema, value, path)
            case "enum":
                fits = value in schema["symbols"]
            case "bytes" | "fixed":
                return self._bytes(schema, value, path)
            case _:
                fits = _PRIMITIVES[kind](value)
        if not fits:
            raise WrongValue(f"{path} must be {_described(schema)}")
        return value

    def record(self, schema: dict[str, Json], value: Json, path: str) -> dict[str, Json]:
        if not isinstance(value, dict):
            raise WrongValue(f"{path or 'the record'} must be an object")
        fields = {field["name"]: field for field in schema["fields"]}
        self.unknown += [_join(path, name) for name in value if name not in fields]
        made = {}
        for name, field in fields.items():
            if name in value:
                made[name] = self.value(field["type"], value[name], _join(path, name))
            elif "default" not in field:
                raise WrongValue(f"{_join(path, name)} is missing: it must be {_described(field['type'])}")
        return made

    def _branch(self, schema: list[Json], value: Json, path: str) -> Json:
        known = len(self.unknown)
        faults = []
        for branch in schema:
            for candidate in (*self._unwrapped(branch, value), value):
                try:
                    return self.value(branch, candidate, path)
                except WrongValue as fault:
                    del self.unknown[known:]
                    faults.append(fault)
        deeper = [fault for fault in faults if not str(fault).startswith(f"{path} must")]
        raise deeper[0] if deeper else WrongValue(f"{path} must be {_described(schema)}")

    def _unwrapped(self, branch: Json, value: Json) -> list[Json]:
        """Return the inner value of Avro's JSON encoding of a union."""
        if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in self._names(branch):
            return list(value.values())
        return []

    def _names(self, branch: Json) -> set[str]:
        """Return what may stand around the value of a type: its full name, or the last part of it alone.

        A record with a field of that name is meant plainly.
        """
        full = _name(branch)
        schema = self._named.get(full, branch)
        fields = schema.get("fields", ()) if isinstance(schema, dict) else ()
        short = full.rpartition(".")[2]
        return {full} if any(field["name"] == short for field in fields) else {full, short}

    def _array(self, schema: dict[str, Json], value: Json, path: str) -> list[Json]:
        if not isinstance(value, list):
            raise WrongValue(f"{path} must be a list")
        return [self.value(schema["items"], each, f"{path}[{at}]") for at, each in enumerate(value)]

    def _map(self, schema: dict[str, Json], value: Json, path: str) -> dict[str, Json]:
        if not isinstance(value, dict):
            raise WrongValue(f"{path} must be an object")
        return {name: self.value(schema["values"], each, _join(path, name)) for name, each in value.items()}

    @staticmethod
    def _bytes(schema: Json, value: Json, path: str) -> bytes:
        """Avro specification, "JSON encoding": a character for each byte. A decimal may stand there as a number."""
        made: bytes | None
        try:
            if is_decimal(schema):
                made = decimal_bytes(schema, value)
            else:
                made = value.encode("latin-1") if isinstance(value, str) else None
        except ValueError:
            made = None
        if made is None or (isinstance(schema, dict) and "size" in schema and len(made) != schema["size"]):
            raise WrongValue(f"{path} must be {_described(schema)}")
        return made


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _name(schema: Json) -> str:
    return str(schema.get("name", schema["type"]) if isinstance(schema, dict) else schema)


_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "record": "an object",
        "error": "an object",
        "map": "an object",
        "array": "a list",
        "int": "a whole number (int)",
        "long": "a whole number (long)",
        "float": "a number",
        "double": "a number",
        "string": "text",
        "boolean": "true or false",
        "bytes": "text, a character for each byte",
        "fixed": "text, a character for each byte",
    }
)


def _described(schema: Json) -> str:
    if isinstance(schema, list):
        return " or ".join(_described(branch) for branch in schema)
    if is_decimal(schema):
        return described_decimal(schema)
    kind = schema["type"] if isinstance(schema, dict) else schema
    return "one of " + ", ".join(schema["symbols"]) if kind == "enum" else _NAMES.get(kind, str(kind))
