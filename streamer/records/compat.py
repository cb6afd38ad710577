"""Whether a record can be read with its writer's schema alone, instead of by schema resolution for each record.

Resolution makes fastavro twice as slow. It is needed only where it would change what is read: most writers differ from
the reader by fields that they leave out or add, and a field that is not there reads as ``None``, as its default would.
"""

from streamer.records.schema import AvroSchema, Json

_PROMOTIONS = {"int": {"long", "float", "double"}, "long": {"float", "double"}, "float": {"double"}}
"""Avro specification, "Schema resolution". Here a whole number where a double is expected stays a whole number; the
engine makes it one."""

_INNER = {"array": "items", "map": "values"}
_EMPTY_DEFAULTS: tuple[Json, ...] = (None, [], {})


def reads_directly(writer: AvroSchema, reader: AvroSchema) -> bool:
    """Say whether decoding by the writer's schema alone gives what schema resolution would give.

    Given that whoever uses the record takes a missing field for an empty one. Names of nested types do not count: only
    the record itself must have the reader's name, because a topic may hold records of other kinds.
    """
    same_kind = writer.name.rpartition(".")[2] == reader.name.rpartition(".")[2]
    return same_kind and _Comparison(writer, reader).fits(writer.parsed, reader.parsed)


def differing_units(writer: AvroSchema, reader: AvroSchema) -> str | None:
    """Return the path of a field whose numbers would be read in a wrong unit, such as microseconds as milliseconds.

    Avro's schema resolution does not look at logical types.
    """
    for path, unit in reader.units.items():
        if writer.units.get(path, unit) != unit:
            return path
    return None


class _Comparison:
    def __init__(self, writer: AvroSchema, reader: AvroSchema) -> None:
        self._writer = writer.named
        self._reader = reader.named
        self._compared: set[tuple[str, str]] = set()

    def fits(self, writer: Json, reader: Json) -> bool:
        writer, reader = _resolved(writer, self._writer), _resolved(reader, self._reader)
        if isinstance(writer, list):
            return isinstance(reader, list) and all(self.fits(branch, reader) for branch in writer)
        if isinstance(reader, list):
            return any(self.fits(writer, branch) for branch in reader)
        return self._types_fit(writer, reader)

    def _types_fit(self, writer: Json, reader: Json) -> bool:
        kind, wanted = _type(writer), _type(reader)
        if kind != wanted:
            return wanted in _PROMOTIONS.get(kind, ())
        inner = _INNER.get(kind)
        if inner is not None:
            return self.fits(writer[inner], reader[inner])
        if kind in {"record", "error"}:
            return self._records_fit(writer, reader)
        if kind == "enum":
            return set(writer["symbols"]) <= set(reader["symbols"])
        return kind != "fixed" or bool(writer["size"] == reader["size"])

    def _records_fit(self, writer: dict[str, Json], reader: dict[str, Json]) -> bool:
        pair = (writer["name"], reader["name"])
        if pair in self._compared:
            return True
        self._compared.add(pair)
        written = {field["name"]: field for field in writer["fields"]}
        fits = all(self._field_fits(written.get(field["name"]), field) for field in reader["fields"])
        if not fits:
            self._compared.discard(pair)  # in another branch it must not count as one that does
        return fits

    def _field_fits(self, written: dict[str, Json] | None, field: dict[str, Json]) -> bool:
        if written is None:
            return not field.get("aliases") and "default" in field and field["default"] in _EMPTY_DEFAULTS
        return self.fits(written["type"], field["type"])


def _resolved(schema: Json, named: dict[str, Json]) -> Json:
    return named.get(schema, schema) if isinstance(schema, str) else schema


def _type(schema: Json) -> str:
    return str(schema["type"] if isinstance(schema, dict) else schema)
