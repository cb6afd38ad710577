"""A census: how much is held in the collections that hang on an object, so that a test sees what grows with time."""

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from typing import Any

_COLLECTIONS = (dict, list, set, deque, bytearray)


def census(root: object, packages: tuple[str, ...] = ("streamer",)) -> dict[str, int]:
    """Return the sizes of all collections that can be reached from ``root`` through objects of these packages.

    :return: by path, such as ``Courier._lanes._lanes``; empty ones are left out.
    """
    return {path: size for path, size in _walk(root, type(root).__name__, packages, set()) if size}


def _walk(thing: Any, path: str, packages: tuple[str, ...], seen: set[int]) -> Iterator[tuple[str, int]]:
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, _COLLECTIONS):
        yield path, len(thing)
        parts: Collection[Any] = thing.values() if isinstance(thing, Mapping) else thing
        for part in list(parts):
            yield from _walk(part, f"{path}[]", packages, seen)
        return
    if type(thing).__module__.split(".")[0] not in packages:
        return
    for name in _attributes(thing):
        yield from _walk(getattr(thing, name, None), f"{path}.{name}", packages, seen)


def _attributes(thing: object) -> Iterator[str]:
    yield from getattr(thing, "__dict__", {})
    for kind in type(thing).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        yield from (name for name in ([slots] if isinstance(slots, str) else slots) if name != "__dict__")
