"""What the rules of a plan do to one value: the value for Meta out, or a drop, or ``None`` where there is nothing.

None of these raises for any value that Avro can hold, and none makes up a value.
"""

import re
from collections.abc import Callable, Collection, Mapping
from math import isfinite
from types import MappingProxyType

from streamer.records.decode import Value
from streamer.translate.identifiers import client_ip, fbp, lead_id
from streamer.translate.normalise import currency
from streamer.translate.notes import Drop, NoteReason
from streamer.translate.plan import RuleName
from streamer.translate.sources import as_number, milliseconds

Convert = Callable[[Value], Value]
"""A value that is not ``None`` in; a value, a :class:`Drop`, or ``None`` out."""

ACTION_SOURCES = frozenset(
    {
        "website",
        "app",
        "email",
        "phone_call",
        "chat",
        "physical_store",
        "system_generated",
        "business_messaging",
        "other",
    }
)
"""Meta, server event parameters."""

MESSAGING_CHANNELS = frozenset({"messenger", "whatsapp", "instagram"})
"""Meta, Conversions API for business messaging."""

_AUDIENCES = ("business", "business_line", "product_area", "medium")
CUSTOMER_SEGMENTS = frozenset(
    {
        *(f"new_customer_to_{audience}" for audience in _AUDIENCES),
        *(f"existing_customer_to_{audience}" for audience in _AUDIENCES),
        "customer_in_loyalty_program",
    }
)
"""Meta, server event parameters."""

CONTENT_TYPES = frozenset(
    {"product", "product_group", "destination", "flight", "home_listing", "hotel", "vehicle", "vehicle_offer"}
)
"""Meta, pixel reference: products, and the kinds of catalogue for travel, property and cars."""

DELIVERY_CATEGORIES = frozenset({"in_store", "curbside", "home_delivery"})
"""Meta, custom data parameters."""

_MALFORMED = Drop(NoteReason.MALFORMED)
_EMPTY = Drop(NoteReason.EMPTY)
_UNKNOWN = Drop(NoteReason.UNKNOWN)
_MILLISECONDS = 1000
_MOST = 2**63 - 1
"""What every JSON reader takes for a whole number."""
_LATEST_MS = 253_402_300_799_000
"""The last second of the year 9999."""
_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_LIMITED_DATA_USE = "LDU"
_URL = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?").fullmatch
_START = re.compile(r"^(https?://)(?:[^\s/?#@]*@)?", re.IGNORECASE)
_WHITE_SPACE = re.compile(r"\s")
_LONGEST_ADDRESS = 320
_ADDRESS = re.compile(r"\s*[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+\s*").fullmatch
_SHA256_DIGITS = 64
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}").fullmatch


def text(value: Value) -> str | Drop:
    """Take text to the letter; whole numbers are written out."""
    if value.__class__ is str:
        return value if value and not value.isspace() else _EMPTY
    if value.__class__ is float and value.is_integer():
        value = int(value)
    return str(value) if value.__class__ is int else _MALFORMED


def number(value: Value) -> float | Drop:
    """Take a number, or a text that is one, never NaN or infinite: JSON has none."""
    if value.__class__ is float:
        return value if isfinite(value) else _MALFORMED
    made = as_number(value)
    return float(made) if made.__class__ is int else made


def whole(value: Value) -> int | Drop:
    """Take a whole number of at least 0, or a text that is one."""
    if value.__class__ is int:
        return value if 0 <= value <= _MOST else _MALFORMED
    made = as_number(value)
    if made.__class__ is float and made.is_integer():
        return whole(int(made))
    return made if made.__class__ is Drop else _MALFORMED


def share(value: Value) -> float | Drop:
    """Take a number from 0 to 1."""
    made = number(value)
    return _MALFORMED if made.__class__ is float and not 0 <= made <= 1 else made


def flag(value: Value) -> bool | Drop:
    """Take true or false, or a word or number for them."""
    if value.__class__ is bool:
        return value
    found = _FLAGS.get(value.strip().lower()) if value.__class__ is str else None
    if found is None and value.__class__ is int:
        found = _FLAGS.get(str(value))
    return _MALFORMED if found is None else found


def bit(value: Value) -> int | Drop:
    """Give 1 or 0, as Meta's app events documentation writes flags."""
    made = flag(value)
    return int(made) if made.__class__ is bool else made


def seconds(value: Value) -> int | Drop:
    """Give Unix seconds, of milliseconds."""
    if value.__class__ is not int:
        value = milliseconds(value, "milliseconds")
    return value // _MILLISECONDS if value.__class__ is int and 0 < value <= _LATEST_MS else _MALFORMED


def texts(value: Value) -> list[str] | Drop | None:
    """Take a list of texts, without the empty ones; one text is a list of one."""
    if value.__class__ is not list:
        one = text(value)
        return one if isinstance(one, Drop) else [one]
    kept = [each for each in map(text, value) if each.__class__ is str]
    return kept or None


def is_property(value: Value) -> bool:
    """Tell whether a value can be that of a custom property: plain, or a list of plain ones."""
    if value.__class__ is list:
        return bool(value) and all(each.__class__ is not list and is_property(each) for each in value)
    if value.__class__ is float:
        return isfinite(value)
    return value.__class__ in {str, bool} or (value.__class__ is int and -_MOST <= value <= _MOST)


def has_address(value: Value) -> bool:
    """Tell whether a value is an e-mail address, or a list with one: people's own data under whatever name."""
    if value.__class__ is list:
        return any(map(has_address, value))
    return value.__class__ is str and "@" in value and len(value) <= _LONGEST_ADDRESS and _ADDRESS(value) is not None


def _property(value: Value) -> Value:
    if has_address(value):
        return Drop(NoteReason.PERSONAL)
    return value if is_property(value) else _MALFORMED


def processing_options(value: Value) -> list[str] | Drop:
    """Give ``["LDU"]``, or ``[]``, which tells Meta that no option applies (Meta, data processing options).

    Limited Data Use is the only option there is, so that any word asks for it: none may be lost to its spelling.
    """
    words = [word for word in (value if value.__class__ is list else [value]) if word is not None]
    if any(word.strip() for word in words if word.__class__ is str):
        return [_LIMITED_DATA_USE]
    return _MALFORMED if any(word.__class__ is not str for word in words) else []


def url(value: Value) -> str | Drop:
    """Take an address of http or https to the letter; white space in it is escaped, and a login left out."""
    if value.__class__ is not str:
        return _MALFORMED
    if _URL(value):
        return value
    repaired = _WHITE_SPACE.sub("%20", _START.sub(lambda start: start[1].lower(), value.strip()))
    if _URL(repaired):
        return repaired
    return _MALFORMED if repaired else _EMPTY


def referrer(value: Value) -> str | Drop:
    """Take the address of a page or an app to the letter, without a login."""
    made = text(value)
    return made if isinstance(made, Drop) else _START.sub(lambda start: start[1], made)


def opt_out(value: Value) -> bool | Drop:
    """Take true or false. A word that cannot be read asks for it: to leave it out would do what a user forbade."""
    made = flag(value)
    if not isinstance(made, Drop) or value.__class__ is not str:
        return made
    return True if value.strip() else _EMPTY


def plain_id(value: Value) -> str | Drop:
    """Take a text that Meta wants to the letter, and never hashed."""
    made = text(value)
    if made.__class__ is str and len(made) == _SHA256_DIGITS and _SHA256(made):
        return Drop(NoteReason.HASHED)
    if made.__class__ is str and not made.strip("0-"):  # the advertising id of whoever limits tracking
        return Drop(NoteReason.PLACEHOLDER)
    return made


def _one_of(allowed: Collection[str]) -> Convert:
    def word(value: Value) -> str | Drop:
        if value.__class__ is not str:
            return _MALFORMED
        if value in allowed:
            return value
        lowered = value.strip().lower()
        if lowered in allowed:
            return lowered
        return _UNKNOWN if lowered else _EMPTY

    return word


def _one_number(allowed: Collection[int]) -> Convert:
    """Meta, data processing options: the countries and states it has codes for."""
    words = {str(number): number for number in allowed}

    def one(value: Value) -> int | Drop:
        if value.__class__ is str:
            return words.get(value.strip(), _UNKNOWN)
        return value if value.__class__ is int and value in allowed else _UNKNOWN

    return one


def _of_text(convert: Callable[[str], Value]) -> Convert:
    return lambda value: convert(value) if value.__class__ is str else _MALFORMED


def _written(convert: Callable[[str], Value]) -> Convert:
    """Convert a text; a whole number is written out first."""

    def written(value: Value) -> Value:
        made = text(value)
        return made if made.__class__ is Drop else convert(str(made))

    return written


CONVERT: Mapping[RuleName, Convert] = MappingProxyType(
    {
        "text": text,
        "number": number,
        "whole": whole,
        "flag": flag,
        "bit": bit,
        "seconds": seconds,
        "texts": texts,
        "processing_options": processing_options,
        "processing_country": _one_number(range(2)),
        "processing_state": _one_number((0, *range(1000, 1014))),
        "url": url,
        "referrer": referrer,
        "opt_out": opt_out,
        "id": plain_id,
        "share": share,
        "currency": _of_text(currency),
        "ip": _of_text(client_ip),
        "fbp": _of_text(fbp),
        "lead_id": _written(lead_id),
        "fbc": text,
        "fbclid": text,
        "property": _property,
        "action_source": _one_of(ACTION_SOURCES),
        "messaging_channel": _one_of(MESSAGING_CHANNELS),
        "customer_segmentation": _one_of(CUSTOMER_SEGMENTS),
        "content_type": _one_of(CONTENT_TYPES),
        "delivery_category": _one_of(DELIVERY_CATEGORIES),
    }
)
"""The rules that look at one value alone; :mod:`streamer.translate.special` has the others."""
