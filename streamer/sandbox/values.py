"""Small questions about one JSON value, asked by all the rules. Values come from a JSON parser: types are exact."""

import re
from collections.abc import Callable, Iterable

Check = Callable[[object], bool]
"""Whether a value is what a key may hold."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9_.]{1,40}").fullmatch
_SHA256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE).fullmatch
_URL = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?").fullmatch


def text(value: object) -> bool:
    """Whether it is a string that is not blank."""
    return type(value) is str and value != "" and not value.isspace()


def number(value: object) -> bool:
    """Whether it is a number; true and false are none."""
    return type(value) is float or type(value) is int


def whole(value: object) -> bool:
    """Whether it is a whole number of at least 0."""
    return type(value) is int and value >= 0


def flag(value: object) -> bool:
    """Whether it is true or false."""
    return type(value) is bool


def flag_or_bit(value: object) -> bool:
    """Whether it is true, false, 1 or 0."""
    return value in (0, 1) and type(value) in (bool, int)


def url(value: object) -> bool:
    """Whether it is an address of http or https, with nothing in it that must be escaped and no user name."""
    return type(value) is str and _URL(value) is not None


def looks_hashed(value: str) -> bool:
    """Whether it has the form of a SHA-256."""
    return len(value) == 64 and _SHA256(value) is not None  # noqa: PLR2004 - 64 digits are what a SHA-256 has


def one_of(*choices: str) -> Check:
    """Return the check for a closed set of strings."""
    allowed = frozenset(choices)
    return lambda value: type(value) is str and value in allowed


def list_of(check: Check) -> Check:
    """Return the check for a list that is not empty, of values that each pass."""
    return lambda value: type(value) is list and bool(value) and all(map(check, value))


def shown(prefix: str, key: str) -> str:
    """Return a key's path for an error; a key that may itself be somebody's data is not shown."""
    name = key if _IDENTIFIER(key) else "(a key)"
    return f"{prefix}.{name}" if prefix else name


def first_bad(values: Iterable[tuple[str, object]], checks: dict[str, Check]) -> str | None:
    """Return the first key whose value fails its check, or that has no check."""
    for key, value in values:
        check = checks.get(key)
        if check is None or not check(value):
            return key
    return None
