"""The hashed keys of ``user_data``: raw text in, 64 hex digits or a drop out, in one call a key.

What many people share (names, places, birthdays, genders) goes through caches: bounded in entries and in the length of
what they hold, so bounded in bytes. E-mail addresses, phone numbers and external ids never do.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from streamer.translate import normalise, normalise_parts
from streamer.translate.hashing import prehashed, sha256_hex
from streamer.translate.notes import Drop, NoteReason

Hasher = Callable[[str, str | None], str | Drop]
"""``(value, country or region) -> hash or drop``; the second is what :func:`normalise.country` returns, or ``None``."""

_NEVER_HASHED_BELOW: Final = 32
_CACHED_BELOW: Final = _NEVER_HASHED_BELOW
_LONGEST: Final = 512


def _email(value: str, _place: str | None) -> str | Drop:
    return _hash_long(value, None, _plain_email) if len(value) >= _NEVER_HASHED_BELOW else _plain_email(value, None)


def _plain_email(value: str, _place: str | None) -> str | Drop:
    text = normalise.email(value)
    return sha256_hex(text) if type(text) is str else text


def _phone(value: str, region: str | None) -> str | Drop:
    return _hash_long(value, region, _plain_phone) if len(value) >= _NEVER_HASHED_BELOW else _plain_phone(value, region)


def _plain_phone(value: str, region: str | None) -> str | Drop:
    text = normalise.phone(value, region)
    return sha256_hex(text) if type(text) is str else text


def _external_id(value: str, _place: str | None) -> str | Drop:
    """Hash an id as it is; 32 hex digits are somebody's own id here (a UUID without dashes), not MD5."""
    if len(value) > _LONGEST:
        return Drop(NoteReason.TOO_LONG)
    hashed = prehashed(value)
    if type(hashed) is str:
        return hashed
    text = normalise.external_id(value)
    return sha256_hex(text) if type(text) is str else text


def _hash_long(value: str, place: str | None, plain: Hasher) -> str | Drop:
    if len(value) > _LONGEST:
        return Drop(NoteReason.TOO_LONG)
    hashed = prehashed(value)
    return plain(value, place) if hashed is None else hashed


def _cached(function: Callable[[str, str | None], str | Drop], size: int) -> Hasher:
    """Make a hasher of a normaliser, with a cache of so many short values over the whole of it."""

    def plain(value: str, place: str | None) -> str | Drop:
        text = function(value, place)
        return sha256_hex(text) if type(text) is str else text

    remembered = lru_cache(maxsize=size)(plain)

    def hasher(value: str, place: str | None) -> str | Drop:
        return remembered(value, place) if len(value) < _CACHED_BELOW else _hash_long(value, place, plain)

    return hasher


def _placeless(function: Callable[[str], str | Drop], size: int) -> Hasher:
    """Make a hasher that does not look at the place, so that its cache holds each value once."""
    by_value = _cached(lambda value, _place: function(value), size)
    return lambda value, _place: by_value(value, None)


HASHERS: Final[dict[str, Hasher]] = {
    "em": _email,
    "ph": _phone,
    "fn": _placeless(normalise.first_name, 8_192),
    "ln": _placeless(normalise.last_name, 8_192),
    "ge": _placeless(normalise.gender, 256),
    "db": _placeless(normalise.birthdate, 32_768),
    "ct": _placeless(normalise.city, 8_192),
    "st": _cached(normalise.state, 4_096),
    "zp": _cached(normalise.zip_code, 8_192),
    "country": _placeless(normalise.country, 1_024),
    "external_id": _external_id,
}
"""By CAPI key."""

PART_HASHERS: Final[dict[str, Hasher]] = {
    "f5first": _placeless(normalise_parts.first_five, 1_024),
    "f5last": _placeless(normalise_parts.first_five, 1_024),
    "fi": _placeless(normalise_parts.first_initial, 1_024),
    "dobd": _placeless(normalise_parts.birth_day, 256),
    "dobm": _placeless(normalise_parts.birth_month, 256),
    "doby": _placeless(normalise_parts.birth_year, 1_024),
}
"""By the keys that only Meta's SDKs name."""
