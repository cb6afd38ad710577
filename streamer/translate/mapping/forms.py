"""The forms in which a mapping says where a value comes from: paths, constants, and what is done to what is found."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, get_args

from streamer.layers import nearest
from streamer.translate.mapping.parsed import Given, Holds, Spot
from streamer.translate.mapping.values import constant_of, shown, tidied, value_fault, written
from streamer.translate.paths import PathError, parse_path
from streamer.translate.plan import Constant, Otherwise, Source, Table, Unit
from streamer.translate.surface import HASHED_KEYS

UNITS: Final[tuple[Unit, ...]] = ("seconds", "milliseconds", "microseconds", "nanoseconds", "days", "iso8601")
"""As sentences list them."""

_KEYS: Final = ("path", "values", "otherwise", "unit", "scale", "constant", "first", "all")
_ADAPTS: Final = ("values", "unit", "scale")
_SCALED: Final = frozenset[Holds]({"number", "share", "whole", "property"})
_ONLY_PATHS: Final = frozenset[Holds]({"seconds", "contents", "properties", "choices"})
_OF_ONE_PERSON: Final = frozenset(
    f"user_data.{key}"
    for key in (
        *(
            "em",
            "ph",
            "fn",
            "ln",
            "f5first",
            "f5last",
            "fi",
            "external_id",
            "client_ip_address",
            "fbp",
            "fbc",
            "fbclid",
        ),
        *(
            "madid",
            "anon_id",
            "lead_id",
            "subscription_id",
            "fb_login_id",
            "page_scoped_user_id",
            "ctwa_clid",
            "ig_sid",
        ),
    )
)
"""Keys by which Meta tells people apart."""
_MOST_DIGITS: Final = 30
_NOTHING: Final = "holds nothing. Write where its value comes from, or leave the key out."


class Sources(NamedTuple):
    """Where a value comes from."""

    given: tuple[Given, ...] = ()
    every: bool = False


def is_time(holds: Holds, key: str) -> bool:
    """Say whether a key holds a time or a day, which needs a unit."""
    return holds == "seconds" or key == "user_data.db"


def read_sources(spot: Spot, value: object, holds: Holds) -> Sources:
    """Read any of the forms; faults are noted, and what cannot be read is left out."""
    if isinstance(value, list):
        return Sources(tuple(_several(spot, value, holds)))
    if isinstance(value, dict) and ("first" in value or "all" in value):
        word = "first" if "first" in value else "all"
        items, below = value[word], spot.below(word)
        if _has_unknown(spot, value, holds):
            return Sources()
        if len(value) > 1:
            spot.fault(f"has more beside {word}: write it inside, with the path that it is for.")
        elif not isinstance(items, list):
            below.fault(f"must have a list in {word}, such as {{{word}: [customer.email, order.email]}}.")
        elif word == "all" and not _holds_list(holds, spot.key):
            spot.fault("holds one value: write first in place of all.")
        else:
            return Sources(tuple(_several(below, items, holds)), word == "all")
        return Sources()
    one = _one(spot, value, holds)
    return Sources((one,) if one else ())


def _holds_list(holds: Holds, key: str) -> bool:
    return holds in {"texts", "properties"} or (holds == "hash" and key.rpartition(".")[2] in HASHED_KEYS)


def _several(spot: Spot, items: list[Any], holds: Holds) -> Iterator[Given]:
    if not items:
        spot.fault("has an empty list. Write where its value comes from, or leave the key out.")
    for at, item in enumerate(items):
        below = spot.below(at)
        if isinstance(item, list) or (isinstance(item, dict) and ("first" in item or "all" in item)):
            below.fault("has a list in a list. Write its items out in one list.")
        elif one := _one(below, item, holds):
            yield one


def _one(spot: Spot, value: object, holds: Holds) -> Given | None:
    if isinstance(value, dict):
        return _form(spot, value, holds)
    path = read_path(spot, value, constants=holds not in _ONLY_PATHS)
    return None if path is None else Given(Source(path), spot.line)


def read_path(spot: Spot, value: object, *, constants: bool = False) -> str | None:
    """Read a path.

    :param constants: a constant could stand there too, and is perhaps what was meant.
    """
    if value is None:
        spot.fault(_NOTHING)
        return None
    if not isinstance(value, str):
        plain = constant_of(value) if constants else None
        meant = "" if plain is None else f" A value that is always the same is written {{constant: {shown(plain)}}}."
        spot.fault(f"must be a path, such as customer.email.{meant}")
        return None
    try:
        parse_path(value)
    except PathError as error:
        meant = " A value that is always the same is written {constant: …}." if constants else ""
        spot.fault(f"has {shown(value)!r}, which {error}.{meant}")
        return None
    return value


def _form(spot: Spot, raw: Mapping[Any, Any], holds: Holds) -> Given | None:
    """Read a map that says what it takes from where."""
    if _has_unknown(spot, raw, holds):
        return None
    if "constant" in raw:
        return _constant(spot, raw, holds)
    if "path" not in raw:
        spot.fault("does not say where its value comes from: give it a path, or a constant.")
        return None
    path = read_path(spot.below("path"), raw["path"])
    both = [key for key in _ADAPTS if key in raw]
    if len(both) > 1:
        spot.fault(f"has {' and '.join(both)}: there can be one of them.")
    if "otherwise" in raw and "values" not in raw:
        spot.below("otherwise").fault("has otherwise without values, of which it says what becomes of others.")
    table = _table(spot, raw, holds) if "values" in raw else None
    unit = _unit(spot.below("unit"), raw["unit"], holds) if "unit" in raw else None
    scale = _scale(spot.below("scale"), raw["scale"], holds) if "scale" in raw else None
    return None if path is None else Given(Source(path, None, table, unit, scale), spot.line)


def _has_unknown(spot: Spot, raw: Mapping[Any, Any], holds: Holds) -> bool:
    """Note keys that no form has; what takes all of a map may also leave some out."""
    known = (*_KEYS, "without") if holds == "properties" else _KEYS
    unknown = [key for key in raw if key not in _KEYS]
    for key in unknown:
        name = written(key) or "null"
        spot.below(name).fault(f"cannot have {shown(name)}. {nearest(name, known)}")
    return bool(unknown)


def _constant(spot: Spot, raw: Mapping[str, Any], holds: Holds) -> Given | None:
    if len(raw) > 1:
        spot.fault("has more beside its constant, which is sent as it is.")
        return None
    if holds in _ONLY_PATHS:
        what = "A time" if holds == "seconds" else "It"
        spot.fault(f"cannot be constant. {what} comes from a path.")
        return None
    value = constant_of(raw["constant"])
    fault = "must have text, a number, true or false in constant." if value is None else ""
    fault = fault or (value is not None and value_fault(holds, spot.key, value)) or ""
    if not fault and spot.key in _OF_ONE_PERSON:
        fault = "cannot be constant: it would make one person of all events. Write its path, or leave it out."
    if fault or value is None:
        spot.below("constant").fault(fault)
        return None
    return Given(Source(constant=tidied(holds, value)), spot.line)


def _table(spot: Spot, raw: Mapping[str, Any], holds: Holds) -> Table | None:
    values, below = raw["values"], spot.below("values")
    if holds in _ONLY_PATHS:
        below.fault("cannot have values: they are for texts.")
        return None
    if not isinstance(values, dict) or not values:
        below.fault("must have a table in values, such as {order: Purchase, cart: AddToCart}.")
        return None
    pairs = [_pair(below, key, value, holds) for key, value in values.items()]
    otherwise = _otherwise(spot.below("otherwise"), raw.get("otherwise", "keep"))
    return Table(tuple(pair for pair in pairs if pair), otherwise)


def _pair(spot: Spot, key: object, value: object, holds: Holds) -> tuple[str, str] | None:
    was, becomes = written(key), written(value)
    if was is None:
        spot.fault("has a value in its table that is no text, number, true or false.")
        return None
    below = spot.below(was)
    if becomes is None:
        below.fault(f"must say what becomes of {shown(was)}: text, a number, true or false.")
        return None
    fault = value_fault(holds, spot.key, becomes) if becomes else None  # empty: it becomes nothing
    if fault is not None:
        below.fault(fault)
    return (was, becomes)


def _otherwise(spot: Spot, value: object) -> Otherwise:
    known: tuple[Otherwise, ...] = get_args(Otherwise)
    if value not in known:
        spot.fault(f"cannot have {_word(value)} in otherwise. {nearest(_word(value), known)}")
    elif value == "skip" and spot.key != "event_name":
        spot.fault("cannot have skip in otherwise: an event is skipped by event_name, or by when.")
    else:
        return value
    return "keep"


def _unit(spot: Spot, value: object, holds: Holds) -> Unit | None:
    if not is_time(holds, spot.key):
        spot.fault("is no time, and has no unit.")
        return None
    if value not in UNITS:
        spot.fault(f"cannot have {_word(value)} as its unit. {nearest(_word(value), UNITS)}")
        return None
    return value


def _scale(spot: Spot, value: object, holds: Holds) -> int | None:
    if holds not in _SCALED:
        spot.fault("is no number, and has no scale.")
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_DIGITS:
        spot.fault(f"must have a whole number from 0 to {_MOST_DIGITS} as its scale: the digits behind the point.")
        return None
    return value


def _word(value: object) -> str:
    """Write what stands where a word should."""
    plain: Constant | None = constant_of(value)
    return shown(plain) if plain is not None else "this"
