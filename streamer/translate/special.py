"""The rules that look at more than one value: hashes, the click id, contents, custom properties, ``extinfo``."""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import Any, Final

from streamer.translate.draft import Draft, Section, place_of
from streamer.translate.identifiers import fbc
from streamer.translate.notes import Drop, NoteReason
from streamer.translate.paths import Decoded, finder
from streamer.translate.phone import phone_note
from streamer.translate.plan import Rule
from streamer.translate.rules import text
from streamer.translate.tree import BindSteps, Step, grow, walk
from streamer.translate.userdata import HASHERS, Hasher

STANDARD_KEYS: Final = frozenset(
    "value currency contents content_ids content_type content_name content_category order_id num_items search_string "
    "status predicted_ltv net_revenue delivery_category item_number customer_segmentation".split()
)
"""Keys that have a meaning and a type of Meta's (Meta, custom data parameters): no custom property may be called so."""

_TEXT_PROPERTIES: Final = frozenset({"event_source", "lead_event_source"})
"""Custom properties that must be text (Meta, Conversions API for CRM)."""

_LEAST_QUANTITY: Final = 1
_EXTINFO_VERSIONS: Final = {"android": "a2", "a2": "a2", "ios": "i2", "ipados": "i2", "i2": "i2"}
"""Platform to version of the list (Meta, app events)."""
_EXTINFO_OS_VERSION: Final = 4
"""Place of the operating system's version: blank, and the request is refused (2804043)."""


def _hashes(rules: Sequence[Rule]) -> Step:
    """Each key is a list of one hash or several, without doubles, because several paths may give values for it."""
    fields = [(path, place_of(rule.key)[1]) for rule in rules for path in rule.paths]
    entries = [(path, key, HASHERS[key], key == "ph") for path, key in fields]

    def step(record: Decoded, draft: Draft) -> None:
        get, user, place, region = record.get, draft.sections["user_data"], draft.place, draft.region
        for name, key, hasher, is_phone in entries:
            value = get(name)
            if value is None:
                continue
            if value.__class__ is not str or key in user or (is_phone and region is None):
                _add(value, key, hasher, draft)
                continue
            hashed = hasher(value, region if is_phone else place)
            if hashed.__class__ is str:
                user[key] = [hashed]
            else:
                draft.note("user_data." + key, hashed.reason)  # type: ignore[union-attr]

    return step


def _add(value: Any, key: str, hasher: Hasher, draft: Draft) -> None:
    """Add several values, or one more, or one that is no text."""
    user = draft.sections["user_data"]
    for each in value if value.__class__ is list else (value,):
        written = text(each)
        place = draft.region if key == "ph" else draft.place
        hashed = written if isinstance(written, Drop) else hasher(written, place)
        if isinstance(hashed, Drop):
            draft.note("user_data." + key, hashed.reason)
        elif hashed not in user.setdefault(key, []):
            user[key].append(hashed)
            if key == "ph" and draft.region is None:
                _note_phone(str(written), draft)


def _note_phone(value: str, draft: Draft) -> None:
    if value[:1] != "+" and phone_note(value) is NoteReason.NO_COUNTRY_CODE:
        draft.note("user_data.ph", NoteReason.NO_COUNTRY_CODE)


def _click(rules: Sequence[Rule]) -> Step:
    cookie, page_url, referrer, event_time = map(finder, rules[0].paths)
    label = rules[0].key

    def step(record: Decoded, draft: Draft) -> None:
        made = fbc(cookie(record), page_url(record), referrer(record), event_time(record))
        if made.__class__ is str:
            draft.sections["user_data"]["fbc"] = made
        elif isinstance(made, Drop):
            draft.note(label, made.reason)

    return step


def _contents(rules: Sequence[Rule]) -> Step:
    """An item without an id or a positive quantity is left out: Meta refuses the request for it (2804008)."""
    find, label = finder(rules[0].paths[0]), rules[0].key
    items_tree = grow([replace(field, key=f"{label}.{field.key}") for field in rules[0].fields], {})

    def step(record: Decoded, draft: Draft) -> None:
        items = find(record)
        if not items or items.__class__ is not list:
            return
        contents = []
        for item in items:
            walk(items_tree, item, draft)
            content = draft.sections.pop(label, {})
            if "id" in content and content.get("quantity", 0) >= _LEAST_QUANTITY:
                contents.append(content)
            else:
                draft.note(label, NoteReason.MALFORMED)
        if contents:
            draft.sections["custom_data"]["contents"] = contents

    return step


def _custom(rules: Sequence[Rule]) -> Step:
    """A map becomes custom properties, under its own names."""
    find, label = finder(rules[0].paths[0]), rules[0].key

    def step(record: Decoded, draft: Draft) -> None:
        properties = find(record)
        if not properties or properties.__class__ is not dict:
            return
        section = draft.sections["custom_data"]
        for name, value in properties.items():
            fault = None if value is None else _property_fault(name, value)
            if fault is not None:
                draft.note(label, fault)
            elif value is not None:
                section[name] = value

    return step


def _property_fault(name: str, value: Any) -> NoteReason | None:
    if name in STANDARD_KEYS:
        return NoteReason.RESERVED
    if not name or name.isspace() or (value.__class__ is float and not isfinite(value)):
        return NoteReason.MALFORMED
    return NoteReason.MALFORMED if name in _TEXT_PROPERTIES and text(value) is not value else None


def _extinfo(rules: Sequence[Rule]) -> Step:
    """The 16 texts by which Meta knows a device."""
    finds, label = [finder(path) for path in rules[0].paths], rules[0].key

    def step(record: Decoded, draft: Draft) -> None:
        parts = [_part(find(record)) for find in finds]
        if not any(parts):
            return
        version = _EXTINFO_VERSIONS.get(parts[0].lower())
        if version is None or not parts[_EXTINFO_OS_VERSION]:
            draft.note(label, NoteReason.INCOMPLETE if version or not parts[0] else NoteReason.UNKNOWN)
            return
        draft.sections["app_data"]["extinfo"] = [version, *parts[1:]]

    return step


def _part(value: Any) -> str:
    """Write a part out; an unknown one is empty (Meta, app events)."""
    if value is None or value.__class__ is bool:
        return ""
    return value.strip() if value.__class__ is str else str(value)


SPECIAL: Final[dict[str, BindSteps]] = {
    "hash": _hashes,
    "fbc": _click,
    "contents": _contents,
    "custom": _custom,
    "extinfo": _extinfo,
}
"""How each is bound."""
