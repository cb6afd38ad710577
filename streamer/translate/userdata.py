"""The hashed keys of ``user_data``: raw text in, 64 hex digits or a drop out, in one call a key.

What many people share (names, places, birthdays, genders) goes through caches: bounded in entries and in the length of
what they hold, so bounded in bytes. E-mail addresses, phone numbers and external ids never do.
"""

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from typing import Final

from streamer.translate import normalise, normalise_parts
from streamer.translate.hashing import prehashed
from streamer.translate.notes import Drop, NoteReason

Hasher = Callable[[str, str | None], str | Drop]
"""``(value, country or region) -> hash or drop``; the second is what :func:`normalise.country` returns, or ``None``."""

_NEVER_HASHED_BELOW: Final = 32
_CACHED_BELOW: Final = _NEVER_HASHED_BELOW
_LONGEST: Final = 512
_NOT_SHA256: Final = Drop(NoteReason.NOT_SHA256)


def _email(value: str, _place: str | None) -> str | Drop:
    hashed = _hashed_already(value) if len(value) >= _NEVER_HASHED_BELOW else None
    return _hashed(normalise.email(value)) if hashed is None else hashed


def _phone(value: str, region: str | None) -> str | Drop:
    hashed = _hashed_already(value) if len(value) >= _NEVER_HASHED_BELOW else None
    return _hashed(normalise.phone(value, region)) if hashed is None else hashed


def _external_id(value: str, _place: str | None) -> str | Drop:
    """Hash an id as it is; 32 hex digits are somebody's own id here (a UUID without dashes), not MD5."""
    hashed = _hashed_already(value) if len(value) >= _NEVER_HASHED_BELOW else None
    if hashed is None or hashed == _NOT_SHA256:
        return _hashed(normalise.external_id(value))
    return hashed


def _external_id_lowercase(value: str, place: str | None) -> str | Drop:
    """Hash an id in lowercase and without white space, as Meta's parameter builder does."""
    return _external_id("".join(value.split()).lower(), place)


def _external_id_plain(value: str, place: str | None) -> str | Drop:
    """Take an id as it is. One that looks like an e-mail address is hashed: it would be a person's own in the clear."""
    hashed = _hashed_already(value) if len(value) >= _NEVER_HASHED_BELOW else None
    if hashed.__class__ is str:
        return hashed
    is_address = "@" in value or "%40" in value or "\uff20" in value
    return _external_id(value, place) if is_address or len(value) > _LONGEST else normalise.external_id(value)


def _hashed(text: str | Drop) -> str | Drop:
    return sha256(text.encode()).hexdigest() if text.__class__ is str else text


def _hashed_already(value: str) -> str | Drop | None:
    return Drop(NoteReason.TOO_LONG) if len(value) > _LONGEST else prehashed(value)


def _cached(function: Callable[[str, str | None], str | Drop], size: int) -> Hasher:
    """Make a hasher of a normaliser, with a cache of so many short values over the whole of it."""
    remembered = lru_cache(maxsize=size)(lambda value, place: _hashed(function(value, place)))

    def hasher(value: str, place: str | None) -> str | Drop:
        if len(value) < _CACHED_BELOW:
            return remembered(value, place)
        hashed = _hashed_already(value)
        return _hashed(function(value, place)) if hashed is None else hashed

    return hasher


def _placeless(function: Callable[[str], str | Drop], size: int) -> Hasher:
    """Make a hasher that does not look at the place, so that its cache holds each value once."""
    remembered = lru_cache(maxsize=size)(lambda value: _hashed(function(value)))

    def hasher(value: str, _place: str | None) -> str | Drop:
        if len(value) < _CACHED_BELOW:
            return remembered(value)
        hashed = _hashed_already(value)
        return _hashed(function(value)) if hashed is None else hashed

    return hasher


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

EXTERNAL_ID_HASHERS: Final[dict[str, Hasher]] = {
    "hashed": _external_id,
    "hashed_lowercase": _external_id_lowercase,
    "plain": _external_id_plain,
}
"""By :attr:`streamer.translate.plan.PixelRules.external_id`."""
