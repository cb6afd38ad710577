"""Avro's decimals in JSON: a number as people write it becomes the bytes that the schema wants."""

import re
from fractions import Fraction
from typing import Final

from streamer.records.schema import Json

_NUMBER: Final = re.compile(r"\s*[+-]?[0-9]{1,400}(?:\.[0-9]{1,400})?\s*")
_NEARLY: Final = re.compile(r"(?=.*[0-9])[-+0-9.,'_\s]{3,}", re.DOTALL)
"""Grouped digits, a comma for the point: as bytes, one a character, it would be a number that nobody wrote."""
_MOST_DIGITS: Final = 400


class NoDecimalError(ValueError):
    """A value is no decimal of its type."""


def is_decimal(schema: Json) -> bool:
    """Tell whether a type is a decimal: bytes with a precision, which is what is left of it in a parsed schema."""
    return isinstance(schema, dict) and schema["type"] in {"bytes", "fixed"} and _whole(schema, "precision") > 0


def decimal_bytes(schema: dict[str, Json], value: Json) -> bytes:
    """Return a decimal as Avro writes it: of all its digits, a whole number in two's complement, the first byte first.

    :param value: a number; the text of one; or, as in Avro's own JSON encoding, a text with a character for each byte.
    :raises ValueError: it is none of these, or has more digits than the type.
    """
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return _as_encoded(schema, value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise NoDecimalError
    scaled = Fraction(str(value)) * _power_of_ten(_whole(schema, "scale"))
    if scaled.denominator != 1 or not _has_room(schema, scaled.numerator):
        raise NoDecimalError
    size = _whole(schema, "size") or scaled.numerator.bit_length() // 8 + 1
    try:
        return scaled.numerator.to_bytes(size, "big", signed=True)
    except OverflowError:
        raise NoDecimalError from None


def described_decimal(schema: dict[str, Json]) -> str:
    """Say what a decimal must be, for people."""
    scale = _whole(schema, "scale")
    behind = f"{scale} of them behind the point" if scale else "none behind the point"
    return f"a number of at most {schema['precision']} digits, {behind}"


def _as_encoded(schema: dict[str, Json], value: str) -> bytes:
    made = value.encode("latin-1")
    if _NEARLY.fullmatch(value) or not _has_room(schema, int.from_bytes(made, "big", signed=True)):
        raise NoDecimalError
    return made


def _has_room(schema: dict[str, Json], number: int) -> bool:
    return abs(number) < _power_of_ten(_whole(schema, "precision"))


def _power_of_ten(digits: int) -> int:
    return int(10 ** min(digits, _MOST_DIGITS))


def _whole(schema: dict[str, Json], key: str) -> int:
    value = schema.get(key)
    return value if type(value) is int else 0
