"""Paths in a decoded record, such as ``user.email`` or ``cookies._fbp``: records and maps are both dicts."""

import sys
from collections.abc import Callable

from streamer.records.decode import Decoded, Value

Find = Callable[[Decoded], Value]


def finder(path: str) -> Find:
    """Return a function that gives a path's value, or ``None`` where there is none."""
    steps = [sys.intern(step) for step in path.split(".")]
    if steps == [""]:
        return lambda record: record
    if len(steps) == 1:
        only = steps[0]
        return lambda record: record.get(only)

    if len(steps) == len(("outer", "inner")):
        outer, inner = steps

        def find_inner(record: Decoded) -> Value:
            value = record.get(outer)
            return value.get(inner) if value.__class__ is dict else None

        return find_inner

    def find(record: Decoded) -> Value:
        value: Value = record
        for step in steps:
            if value.__class__ is not dict:
                return None
            value = value.get(step)
        return value

    return find


def split(path: str) -> tuple[str, str]:
    """Split a path into its parent's and its last step."""
    parent, _, name = path.rpartition(".")
    return parent, name
