"""What a mapping may say itself: constants, and what its tables give, by the key they are for."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from streamer.layers import nearest
from streamer.translate.mapping.parsed import Holds
from streamer.translate.notes import Drop
from streamer.translate.plan import Constant
from streamer.translate.routing import is_pixel_id
from streamer.translate.rules import (
    ACTION_SOURCES,
    CONTENT_TYPES,
    CONVERT,
    CUSTOMER_SEGMENTS,
    DELIVERY_CATEGORIES,
    MESSAGING_CHANNELS,
    Convert,
)
from streamer.translate.surface import HASHED_KEYS
from streamer.translate.tables import TABLES
from streamer.translate.userdata import HASHERS, PART_HASHERS

_WORDS: Final[Mapping[Holds, Collection[str]]] = {
    "origin": ("browser", "server", "offline"),
    "action_source": sorted(ACTION_SOURCES),
    "messaging_channel": sorted(MESSAGING_CHANNELS),
    "customer_segmentation": sorted(CUSTOMER_SEGMENTS),
    "content_type": sorted(CONTENT_TYPES),
    "delivery_category": sorted(DELIVERY_CATEGORIES),
    "flag": ("true", "false"),
    "opt_out": ("true", "false"),
    "bit": ("true", "false"),
}
"""What keys may hold that take no other word."""

_CONVERT: Final[Mapping[str, Convert]] = {**dict[str, Convert](CONVERT.items()), "opt_out": CONVERT["flag"]}
_PLATFORM: Final = "app_data.extinfo.platform"
_PLATFORMS: Final = ("android", "ios")
_MOST: Final = 2**63
_LONGEST: Final = 60

_WANTED: Final[Mapping[Holds, str]] = {
    "hash": "Nothing that Meta knows can be made of it: see docs/normalising.md.",
    "currency": "It must be a code of ISO 4217 that Meta takes, such as EUR.",
    "number": "It must be a number.",
    "share": "It must be a number from 0 to 1.",
    "whole": "It must be a whole number of at least 0.",
    "lead_id": "It must have 15 or 16 digits.",
    "url": "It must begin with http:// or https://.",
    "ip": "It must be a public IP address.",
    "fbp": "It must be such as fb.1.1596403881668.1116446470.",
    "processing_country": "It must be 1 or 0.",
    "processing_state": "It must be one of Meta's codes, such as 1000 for California, or 0.",
    "pixel_id": "It must be a pixel's id: 1 to 20 digits.",
}


def constant_of(value: object) -> Constant | None:
    """Take a value of a mapping's file as a constant; ``None``: it can be none."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int) and abs(value) < _MOST:
        return value
    return value if isinstance(value, float) else None


def written(value: object) -> str | None:
    """Write a plain value of a mapping's file as the text by which tables and conditions compare."""
    plain = constant_of(value)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return None if plain is None else str(plain)


def shown(value: Constant) -> str:
    """Write a value for a sentence: not endlessly."""
    text = str(written(value))
    if not text.strip():
        return "empty"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def value_fault(holds: Holds, key: str, value: Constant) -> str | None:
    """Return why a key cannot have this value, in words that go on after the key; ``None``: it can.

    :param key: whole, such as ``user_data.country``.
    """
    if key == _PLATFORM:
        fits = str(value).lower() in _PLATFORMS
        words: Iterable[str] = _PLATFORMS
    else:
        fits, words = _fits(holds, key, value), _WORDS.get(holds, ())
    if fits:
        return None
    if words:
        return f"cannot be {shown(value)}. {nearest(str(value).lower(), words)}"
    if holds == "currency" and (close := nearest(str(value).upper(), sorted(TABLES.currencies))).startswith("Did"):
        return f"cannot be {shown(value)}. {close}"
    return f"cannot be {shown(value)}. {_WANTED.get(holds, 'It must be text that is not empty.')}"


def _fits(holds: Holds, key: str, value: Constant) -> bool:
    if holds == "pixel_id":
        return is_pixel_id(str(value))
    if holds == "origin":
        return value in _WORDS["origin"]
    if holds in {"choice", "container_id"}:
        return str(value).strip() != ""
    if holds == "hash":
        name = key.rpartition(".")[2]
        hasher = HASHERS[name] if name in HASHED_KEYS else PART_HASHERS[name]
        return not isinstance(value, bool) and not isinstance(hasher(str(value), None), Drop)
    convert = _CONVERT.get(holds)
    return convert is None or not isinstance(convert(value), Drop)


def tidied(holds: Holds, value: Constant) -> Constant:
    """Return a constant as its key's rule takes it quickest."""
    if holds in {"number", "share"} and not isinstance(value, bool):
        return float(value)
    return str(value) if holds in {"pixel_id", "container_id"} else value
