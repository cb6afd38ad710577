"""Decodes Avro bodies: by functions that a schema is compiled to once, or by fastavro where schemas must be resolved.

A record that its writer's schema alone can read (see :mod:`streamer.records.compat`) is read here. That takes 60 % of
fastavro's time, and is stricter where fastavro is not: an index outside its union, a negative length or a
block of more items than the record has bytes is an error.
"""

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from itertools import groupby, islice
from struct import Struct
from typing import Any, Protocol

from fastavro import schemaless_reader

from streamer.records.compat import reads_directly
from streamer.records.schema import AvroSchema, Json

Value = Any
"""What Avro can hold: None, a bool, a number, a text, bytes, a list, or a dict."""

Decoded = dict[str, Value]
"""A record: its fields by name. One that is null is missing, and so is one that its writer does not have where the
default is empty."""

Decode = Callable[[bytes], tuple[Decoded, int]]
"""A body in; the record out, and how many bytes of the body it took. Raises some exception for bytes that are no such
record; its text may hold values and must not be shown."""

_Read = Callable[[bytes, int], tuple[Value, int]]
"""Bytes and a place in; a value out, and the place after it."""


class _ReadRecord(Protocol):
    """The same for a record, by default from the beginning."""

    def __call__(self, data: bytes, at: int = 0, /) -> tuple[Decoded, int]: ...


_Field = tuple[str, bool, _Read]
"""How one field of a record is read: its name; whether it may be null; how what is not null is read, its index being
passed already. A plain tuple: Python takes no other apart as quickly."""

_Others = dict[str, _Read]
"""Of fields that are null or one of several things, how all but the first of these are read, from the index on."""

_Group = tuple[bytes, Sequence[_Field]]
"""Fields that follow each other, and how they look when they are all null; empty where they can't be."""

_DOUBLE = Struct("<d")
_FLOAT = Struct("<f")
_CONTINUED = 0x80
_LONGEST_VARINT = 63
_MOST_BITS = 2**64 - 1
_NULLS_AT_ONCE = 6
"""Fields in a row that are passed over with one look when they are all null."""
_EMPTY_ITEMS = 1000
"""Items that may take no byte, such as nulls, so that no few bytes make millions of them."""


def decoder(writer: AvroSchema, reader: AvroSchema) -> Decode:
    """Compile how a writer's records are read by the reader's schema.

    What is made raises :class:`fastavro.read.SchemaResolutionError` for a record that can't be resolved.
    """
    read = _Compiler(writer.named).record(writer.parsed)
    return read if reads_directly(writer, reader) else _resolver(read, writer.parsed, reader.parsed)


def _resolver(read: Decode, writer: dict[str, Json], reader: dict[str, Json]) -> Decode:
    """Let fastavro resolve what was read here before: it has no bounds of its own for hostile bytes."""

    def resolve(body: bytes) -> tuple[Decoded, int]:
        read(body)
        source = BytesIO(body)
        record = schemaless_reader(source, writer, reader)
        return record, source.tell()  # type: ignore[return-value]

    return resolve


class _Compiler:
    def __init__(self, named: dict[str, Json]) -> None:
        self._named = named
        self._records: dict[str, _Read] = {}

    def read(self, schema: Json) -> _Read:
        if isinstance(schema, list):
            return self._union(schema)
        kind = schema["type"] if isinstance(schema, dict) else schema
        make = {"record": self.record, "error": self.record, "array": self._array, "map": self._map}.get(kind)
        if make is not None:
            return make(schema)
        if kind == "enum":
            return _choice([_constant(symbol) for symbol in schema["symbols"]])
        if kind == "fixed":
            return _fixed(schema["size"])
        return _PRIMITIVES.get(kind) or self._of_name(kind)

    def _array(self, schema: Json) -> _Read:
        return _array(self.read(schema["items"]))

    def _map(self, schema: Json) -> _Read:
        return _map(self.read(schema["values"]))

    def record(self, schema: dict[str, Json]) -> _ReadRecord:
        groups: list[_Group] = []
        others: _Others = {}
        read = self._records[schema["name"]] = _record(groups, others)  # before its fields, which may hold it
        groups += _grouped([self._field(field["name"], field["type"], others) for field in schema["fields"]])
        return read

    def _field(self, name: str, schema: Json, others: _Others) -> _Field:
        if not isinstance(schema, list) or len(schema) == 1 or schema[0] != "null":
            return name, False, self.read(schema)
        if not _is_nullable(schema):
            others[name] = self._union(schema)
        return name, True, self.read(schema[1])

    def _union(self, schema: list[Json]) -> _Read:
        if _is_nullable(schema):
            return _nullable(self.read(schema[1]))
        return _choice([self.read(branch) for branch in schema])

    def _of_name(self, name: str) -> _Read:
        return self._records.get(name) or self.read(self._named[name])


def _is_nullable(schema: Json) -> bool:
    """Say whether it is a union of null and one thing more, which most fields are."""
    return isinstance(schema, list) and len(schema) == len(("null", "other")) and schema[0] == "null"


def _grouped(fields: Sequence[_Field]) -> Iterator[_Group]:
    """Group fields: wide records have long runs of fields that are all null."""
    others: list[_Field] = []
    for nullable, run in groupby(fields, lambda field: field[1]):
        while several := tuple(islice(run, _NULLS_AT_ONCE)):
            if nullable and len(several) == _NULLS_AT_ONCE:
                yield b"", tuple(others)
                yield bytes(_NULLS_AT_ONCE), several
                others = []
            else:
                others += several
    yield b"", tuple(others)


def _record(groups: Sequence[_Group], others: _Others) -> _ReadRecord:
    """Read fields in one loop: nulls and short texts, which most of them are, are written out in it.

    A text that goes beyond the end gives a place beyond the end, where nothing can be read, and where no record ends.
    """

    def read(data: bytes, at: int = 0) -> tuple[Decoded, int]:
        record: Decoded = {}
        for nulls, fields in groups:
            if nulls and data[at] == 0 and data.startswith(nulls, at):
                at += _NULLS_AT_ONCE
                continue
            for name, nullable, read_value in fields:
                if nullable:
                    index = data[at]
                    at += 1
                    if index == 0:
                        continue
                    if index != 2:  # noqa: PLR2004 - index 1, as Avro writes it
                        if name not in others:
                            raise ValueError("an index is outside its union")
                        record[name], at = others[name](data, at - 1)
                        continue
                if read_value is _text and (length := data[at]) < _CONTINUED and not length & 1:
                    at += 1
                    end = at + (length >> 1)
                    record[name] = data[at:end].decode()
                    at = end
                else:
                    record[name], at = read_value(data, at)
        return record, at

    return read


def _text(data: bytes, at: int) -> tuple[str, int]:
    length = data[at]
    at += 1
    if length >= _CONTINUED:
        more = data[at]
        if more >= _CONTINUED:
            return _long_text(data, at - 1)
        length = length & 0x7F | more << 7
        at += 1
    if length & 1:
        raise ValueError("a length is negative")
    end = at + (length >> 1)
    return data[at:end].decode(), end


def _long_text(data: bytes, at: int) -> tuple[str, int]:
    value, at = _bytes(data, at)
    return value.decode(), at


def _bytes(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = _long(data, at)
    value = data[at : at + length]
    if length < 0 or len(value) != length:
        raise ValueError("a length goes beyond the end")
    return value, at + length


def _long(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    at += 1
    if byte < _CONTINUED:
        return (byte >> 1) ^ -(byte & 1), at
    value = byte & 0x7F
    shift = 7
    while byte >= _CONTINUED:
        if shift > _LONGEST_VARINT:
            raise ValueError("a number has more than ten bytes")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
    if value > _MOST_BITS:
        raise ValueError("a number has more than 64 bits")
    return (value >> 1) ^ -(value & 1), at


def _nullable(read: _Read) -> _Read:
    def read_nullable(data: bytes, at: int) -> tuple[Value, int]:
        if data[at] == 0:
            return None, at + 1
        if data[at] != 2:  # noqa: PLR2004 - index 1, as Avro writes it
            raise ValueError("an index is outside its union")
        return read(data, at + 1)

    return read_nullable


def _choice(branches: list[_Read]) -> _Read:
    def read(data: bytes, at: int) -> tuple[Value, int]:
        byte = data[at]
        if byte < _CONTINUED and not byte & 1:
            return branches[byte >> 1](data, at + 1)
        index, at = _long(data, at)
        if index < 0:
            raise ValueError("an index is outside its union")
        return branches[index](data, at)

    return read


def _count(data: bytes, at: int) -> tuple[int, int]:
    """Read how many items a block has; a negative count is followed by the block's size in bytes."""
    byte = data[at]
    if byte < _CONTINUED and not byte & 1:
        return byte >> 1, at + 1
    count, at = _long(data, at)
    if count < 0:
        count = -count
        _, at = _long(data, at)
    return count, at


def _bounded(items: int, data: bytes) -> None:
    if items > len(data) + _EMPTY_ITEMS:
        raise ValueError("there are more items than bytes")


def _array(read_item: _Read) -> _Read:
    def read(data: bytes, at: int) -> tuple[list[Value], int]:
        items: list[Value] = []
        while data[at]:
            count, at = _count(data, at)
            _bounded(len(items) + count, data)
            for _ in range(count):
                item, at = read_item(data, at)
                items.append(item)
        return items, at + 1

    return read


def _map(read_value: _Read) -> _Read:
    def read(data: bytes, at: int) -> tuple[dict[str, Value], int]:
        values: dict[str, Value] = {}
        while data[at]:
            count, at = _count(data, at)
            _bounded(count, data)
            for _ in range(count):
                key, at = _text(data, at)
                values[key], at = read_value(data, at)
        return values, at + 1

    return read


def _fixed(size: int) -> _Read:
    def read(data: bytes, at: int) -> tuple[bytes, int]:
        value = data[at : at + size]
        if len(value) != size:
            raise ValueError("a value goes beyond the end")
        return value, at + size

    return read


def _constant(value: Value) -> _Read:
    return lambda _data, at: (value, at)


def _boolean(data: bytes, at: int) -> tuple[bool, int]:
    return data[at] != 0, at + 1


def _double(data: bytes, at: int) -> tuple[float, int]:
    return _DOUBLE.unpack_from(data, at)[0], at + 8


def _float(data: bytes, at: int) -> tuple[float, int]:
    return _FLOAT.unpack_from(data, at)[0], at + 4


_PRIMITIVES: dict[str, _Read] = {
    "null": _constant(None),
    "boolean": _boolean,
    "int": _long,
    "long": _long,
    "float": _float,
    "double": _double,
    "bytes": _bytes,
    "string": _text,
}
