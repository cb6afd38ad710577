"""The places of a schema that a mapping could name, with what drafting looks at: names, kinds and units."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from streamer.records.schema import AvroSchema
from streamer.translate.mapping.schema_types import Kind, SchemaTypes, Type

_DEEPEST = 8
_MOST = 10_000
"""Types that use each other many times over would give more places than anybody can look through."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

Words = tuple[tuple[str, ...], ...]
"""The words of the names in a path, in lowercase: ``(("customer",), ("first", "name"))``."""


class Place(NamedTuple):
    """What stands at a path: a field of the record, or of a record inside it."""

    path: str
    words: Words
    kinds: frozenset[Kind]
    """Of its types."""
    inner: frozenset[Kind] = frozenset()
    """Of a list's items or a map's values."""
    logical: str | None = None
    """Avro's logical type, of one of its types."""
    symbols: tuple[str, ...] = ()
    """Of an enum."""
    items: tuple["Place", ...] = ()
    """Of a list of records: the places of an item, with paths that begin at it."""

    @property
    def depth(self) -> int:
        """How many steps it is away from the top, from 1."""
        return len(self.words)


def places_of(schema: AvroSchema) -> tuple[Place, ...]:
    """Return every place that can be reached by names alone, in the order of the schema."""
    types = SchemaTypes(schema)
    return tuple(islice((place for one in types.top for place in _fields(one, _START, types)), _MOST))


def words_of(name: str) -> tuple[str, ...]:
    """Split a name such as ``pageUrl`` or ``page_url`` into its words, in lowercase."""
    return tuple(map(str.lower, _WORD.findall(name)))


class _Way(NamedTuple):
    """How a record was reached."""

    path: str
    words: Words
    above: tuple[str, ...]
    """Full names of the records around, so that one which holds itself is not walked for ever."""


_START = _Way("", (), ())


def _fields(record: Type, way: _Way, schema: SchemaTypes) -> Iterator[Place]:
    full = f"{record.namespace}.{record.schema['name']}"
    if full in way.above or len(way.above) == _DEEPEST:
        return
    for name in record.names:
        types = schema.field(record, name)
        below = _Way(f"{way.path}.{name}" if way.path else name, (*way.words, words_of(name)), (*way.above, full))
        yield _place(types, below, schema)
        for one in types:
            if one.kind == "record":
                yield from _fields(one, below, schema)


def _place(types: tuple[Type, ...], way: _Way, schema: SchemaTypes) -> Place:
    items = [item for one in types if one.kind == "list" for item in schema.inside(one)]
    values = [value for one in types if one.kind == "map" for value in schema.inside(one)]
    return Place(
        way.path,
        way.words,
        frozenset(one.kind for one in types),
        frozenset(one.kind for one in (*items, *values)),
        next((one.logical for one in types if one.logical is not None), None),
        next((tuple(one.schema["symbols"]) for one in types if "symbols" in one.schema), ()),
        tuple(
            place for item in items if item.kind == "record" for place in _fields(item, _Way("", (), way.above), schema)
        ),
    )
