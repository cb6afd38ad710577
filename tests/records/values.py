"""Strategies: Avro schemas, and values of any of them."""

from typing import Any

from hypothesis import strategies as st

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_INTS = st.integers(-(2**31), 2**31 - 1)
_LONGS = st.integers(-(2**63), 2**63 - 1)
_DOUBLES = st.floats(width=64, allow_nan=False, allow_infinity=False)

_PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": _INTS,
    "long": _LONGS,
    "float": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "double": _DOUBLES,
    "string": TEXTS,
    "bytes": st.binary(max_size=40),
}


def values(schema: Any, named: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a schema, as fastavro writes and reads them."""
    schema = named.get(schema, schema) if isinstance(schema, str) else schema
    if isinstance(schema, list):
        return st.one_of([values(branch, named) for branch in schema])
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind == "record":
        return st.fixed_dictionaries({field["name"]: values(field["type"], named) for field in schema["fields"]})
    if kind in {"array", "map"}:
        inner = values(schema["items" if kind == "array" else "values"], named)
        return st.lists(inner, max_size=4) if kind == "array" else st.dictionaries(TEXTS, inner, max_size=4)
    return _PRIMITIVES[kind] if kind in _PRIMITIVES else _of_named_type(schema)


def _of_named_type(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if schema["type"] == "enum":
        return st.sampled_from(schema["symbols"])
    return st.binary(min_size=schema["size"], max_size=schema["size"])


def _named(kind: str, number: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "name": f"T{number}", **more}


_numbers = st.integers(0, 10**9)

_leaves = st.one_of(
    st.sampled_from(sorted(_PRIMITIVES)),
    st.just(["null", "string"]),
    _numbers.map(lambda number: _named("fixed", number, size=number % 9)),
    _numbers.map(lambda number: _named("enum", number, symbols=[f"S{each}" for each in range(number % 4 + 1)])),
)


def _record(number: int, types: list[Any]) -> dict[str, Any]:
    return _named("record", number, fields=[{"name": f"f{at}", "type": kind} for at, kind in enumerate(types)])


def _renamed(schema: Any, counter: list[int]) -> Any:
    """Give each named type a name of its own."""
    if isinstance(schema, list):
        return [_renamed(each, counter) for each in schema]
    if not isinstance(schema, dict):
        return schema
    copy = {
        key: _renamed(value, counter) if key in {"type", "items", "values", "fields"} else value
        for key, value in schema.items()
    }
    if "symbols" in copy or "size" in copy or "fields" in copy:
        counter[0] += 1
        copy["name"] = f"N{counter[0]}"
    return copy


def _wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    no_union = inner.filter(lambda each: not isinstance(each, list))
    return st.one_of(
        inner.map(lambda each: {"type": "array", "items": each}),
        inner.map(lambda each: {"type": "map", "values": each}),
        no_union.filter(lambda each: each != "null").map(lambda each: ["null", each]),
        st.builds(_record, _numbers, st.lists(inner, max_size=4)),
    )


RECORD_SCHEMAS = st.builds(
    lambda types: _renamed(_record(0, types), [0]), st.lists(st.recursive(_leaves, _wider, max_leaves=6), max_size=6)
)
"""Schemas of records, nested and with unions."""
