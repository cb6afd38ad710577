"""The keys that a mapping may have, and what was probably meant by one that it may not."""

from collections.abc import Iterator, Mapping
from typing import Final

from streamer.layers import nearest
from streamer.translate.mapping.parsed import Holds
from streamer.translate.surface import (
    CONTENT_KEYS,
    SECTIONS,
    STANDARD_PROPERTIES,
    TEXT_PROPERTIES,
    is_personal,
)

OWN_KEYS: Final = ("when", "route", "origin", "consent", "follow")
"""Keys of the file that are not Meta's."""
INNER_SECTIONS: Final = tuple(section for section in SECTIONS if section)

_STANDARD: Final = STANDARD_PROPERTIES | TEXT_PROPERTIES

_CALLED: Final[Mapping[str, str]] = {
    "email": "user_data.em",
    "phone": "user_data.ph",
    "first_name": "user_data.fn",
    "last_name": "user_data.ln",
    "birthdate": "user_data.db",
    "date_of_birth": "user_data.db",
    "birthday": "user_data.db",
    "gender": "user_data.ge",
    "city": "user_data.ct",
    "state": "user_data.st",
    "zip": "user_data.zp",
    "zip_code": "user_data.zp",
    "postal_code": "user_data.zp",
    "postcode": "user_data.zp",
    "user_id": "user_data.external_id",
    "ip": "user_data.client_ip_address",
    "client_ip": "user_data.client_ip_address",
    "ip_address": "user_data.client_ip_address",
    "user_agent": "user_data.client_user_agent",
    "url": "event_source_url",
    "page_url": "event_source_url",
    "source_url": "event_source_url",
    "referrer": "referrer_url",
    "timestamp": "event_time",
    "name": "event_name",
    "items": "custom_data.contents",
    "products": "custom_data.contents",
}
"""Other names of what Meta's keys hold, for whoever writes them first."""

_ITEM_CALLED: Final[Mapping[str, str]] = {"sku": "id", "item_id": "id", "price": "item_price", "name": "title"}


def holds_of(section: str, name: str) -> Holds | None:
    """Return what a key holds; ``None``: there is no such key, or not there."""
    known = SECTIONS[section].get(name)
    if known is not None or section != "custom_data":
        return known
    return None if own_property_fault(name) else "property"


def unknown_key(section: str, name: str) -> str:
    """Return the sentence about a key that is not there, with what was probably meant."""
    whole = f"{section}.{name}" if section else name
    if section == "custom_data" and (fault := own_property_fault(name)):
        return f"{whole} {fault}"
    places = [each for each in SECTIONS if name in SECTIONS[each] and each != section and name != "*"]
    if name == "*":
        return f"there is no key {whole}: only custom_data takes all there is."
    if places:
        return f"there is no key {whole}: {name} stands {_stands(places[0])}."
    return f"there is no key {whole}. {_meant(section, name)}"


def unknown_part(key: str, name: str, known: Mapping[str, object]) -> str:
    """Return the sentence about a part of ``contents`` or ``extinfo`` that is not there."""
    if known is CONTENT_KEYS and name in _ITEM_CALLED:
        return f"there is no key {key}.{name}. Did you mean {_ITEM_CALLED[name]}?"
    return f"there is no key {key}.{name}. {nearest(name, ['each', *known] if known is CONTENT_KEYS else known)}"


def own_property_fault(name: str) -> str | None:
    """Return why a custom property cannot be called so, in words that go on after the key; ``None``: it can."""
    if "." in name or not name.strip():
        return "is no name for a custom property: it must have a character, and no point."
    if name == "customer_segmentation":
        return "stands at the top of the file, without custom_data."
    if is_personal(name):
        meant = _CALLED.get(name.lower()) or (f"user_data.{name}" if name in SECTIONS["user_data"] else "")
        instead = f"write it as {meant}, where it is hashed" if meant else "a person's own data is never sent so"
        return f"would send it as it is, for all to see: {instead}."
    slip = next((known for known in sorted(_STANDARD) if _is_slip(_squashed(name), _squashed(known))), None)
    if slip is None:
        return None
    return (
        f"is nearly {slip}. Did you mean that? A custom property of this name can only come with others, "
        'by "*": the path of a map or record.'
    )


def _stands(section: str) -> str:
    return f"below {section}" if section else "at the top of the file, below no other key"


def _meant(section: str, name: str) -> str:
    keys = [f"{section}.{each}" if section else each for each in SECTIONS[section]]
    keys += [] if section else [*OWN_KEYS, *INNER_SECTIONS]
    called = _CALLED.get(name.lower())
    if called is None and (close := nearest(name.lower(), _names(section))).startswith("Did"):
        word = close.removeprefix("Did you mean ").rstrip("?")
        called = _CALLED.get(word) or (f"{section}.{word}" if section else word)
    return f"Did you mean {called}?" if called else nearest("", keys)


def _names(section: str) -> Iterator[str]:
    """Give all names by which keys of a section may be meant."""
    yield from (name for name in SECTIONS[section] if name != "*")
    if not section:
        yield from OWN_KEYS
        yield from INNER_SECTIONS
    yield from (name for name, key in _CALLED.items() if key.rpartition(".")[0] == section)


def _squashed(name: str) -> str:
    return name.lower().translate({ord(each): None for each in "_- "})


def _is_slip(word: str, known: str) -> bool:
    """Say whether a word is another one but for a letter: one more, less or other, or two the wrong way round."""
    start = 0
    while start < min(len(word), len(known)) and word[start] == known[start]:
        start += 1
    word, known = word[start:], known[start:]
    while word and known and word[-1] == known[-1]:
        word, known = word[:-1], known[:-1]
    return max(len(word), len(known)) <= 1 or (len(word) == len("ab") and word == known[::-1])
