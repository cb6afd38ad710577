"""Reading what may be anything, such as the answer of a proxy: nothing here raises. Pure."""

from typing import Any

import orjson

_DIGITS = 10


def to_object(body: bytes | str) -> dict[str, Any]:
    """Return the JSON object that this is; an empty one if it is none."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:  # also for a text that is no UTF-8
        return {}
    return found if isinstance(found, dict) else {}


def to_int(value: object) -> int | None:
    """Return a whole number, given as one or as digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def to_positive(value: object) -> float | None:
    """Return a number above zero, such as seconds or percent."""
    try:
        number = float(value) if isinstance(value, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return None
    return number if 0 < number < float("inf") else None
