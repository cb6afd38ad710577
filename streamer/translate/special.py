"""The rules that look at more than one value: hashes, the click id, contents, custom properties, ``extinfo``."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Final

from streamer.records.decode import Decoded, Value
from streamer.translate.draft import Draft, Section, place_of
from streamer.translate.identifiers import fbc
from streamer.translate.notes import Drop, NoteReason
from streamer.translate.paths import finder, split
from streamer.translate.phone import phone_note
from streamer.translate.plan import Rule
from streamer.translate.rules import CONVERT, Convert, text
from streamer.translate.tree import BindSteps, Rows, Step
from streamer.translate.userdata import HASHERS, Hasher

_UserRows = Sequence[tuple[Decoded, Draft, Section]]
"""Rows, each with the draft's ``user_data``."""

_UserStep = Callable[[_UserRows], None]

_ItemField = tuple[str, str, Convert]
"""Field of an item, key in one of the contents, and how it is made."""

STANDARD_KEYS: Final = frozenset(
    {
        "value",
        "currency",
        "contents",
        "content_ids",
        "content_type",
        "content_name",
        "content_category",
        "order_id",
        "num_items",
        "search_string",
        "status",
        "predicted_ltv",
        "net_revenue",
        "delivery_category",
        "item_number",
        "customer_segmentation",
    }
)
"""Keys that have a meaning and a type of Meta's (Meta, custom data parameters): no custom property may be called so."""

_TEXT_PROPERTIES: Final = frozenset({"event_source", "lead_event_source"})
"""Custom properties that must be text (Meta, Conversions API for CRM)."""

_LEAST_QUANTITY: Final = 1
_NOTHING: Final[dict[str, Value]] = {}
_EXTINFO_VERSIONS: Final = {"android": "a2", "a2": "a2", "ios": "i2", "ipados": "i2", "i2": "i2"}
"""Platform to version of the list (Meta, app events)."""
_EXTINFO_OS_VERSION: Final = 4
"""Place of the operating system's version: blank, and the request is refused (2804043)."""


def _hashes(rules: Sequence[Rule]) -> Step:
    """Bind hashed keys: each a list of one hash or several, without doubles, because several paths may give values."""
    fields = [(path, place_of(rule.key)[1]) for rule in rules for path in rule.paths]
    steps = [_hash(path, key, HASHERS[key]) if key != "ph" else _phone(path) for path, key in fields]

    def step(rows: Rows) -> None:
        user_rows = [(record, draft, draft["user_data"]) for record, draft in rows]
        for each in steps:
            each(user_rows)

    return step


def _hash(name: str, key: str, hasher: Hasher) -> _UserStep:
    def step(rows: _UserRows) -> None:
        for record, draft, user in rows:
            value = record.get(name)
            if value is None:
                continue
            if value.__class__ is not str or key in user:
                _add(value, key, hasher, draft.place, draft)
                continue
            hashed = hasher(value, draft.place)
            if hashed.__class__ is str:
                user[key] = [hashed]
            else:
                draft.note("user_data." + key, hashed.reason)  # type: ignore[union-attr]

    return step


def _phone(name: str) -> _UserStep:
    hasher = HASHERS["ph"]

    def step(rows: _UserRows) -> None:
        for record, draft, user in rows:
            value = record.get(name)
            if value is None:
                continue
            region = draft.region
            if value.__class__ is str and region is not None and "ph" not in user:
                hashed = hasher(value, region)
                if hashed.__class__ is str:
                    user["ph"] = [hashed]
                    continue
            _add(value, "ph", hasher, region, draft)
            if region is None:
                _note_phones(value, draft)

    return step


def _add(value: Value, key: str, hasher: Hasher, place: str | None, draft: Draft) -> None:
    """Add several values, or one more, or one that is no text."""
    hashes = draft["user_data"].get(key, [])
    for each in value if value.__class__ is list else (value,):
        written = text(each)
        hashed = written if isinstance(written, Drop) else hasher(written, place)
        if isinstance(hashed, Drop):
            draft.note("user_data." + key, hashed.reason)
        elif hashed not in hashes:
            hashes.append(hashed)
    if hashes:
        draft["user_data"][key] = hashes


def _note_phones(value: Value, draft: Draft) -> None:
    for each in value if value.__class__ is list else (value,):
        if each.__class__ is str and each[:1] != "+" and phone_note(each) is NoteReason.NO_COUNTRY_CODE:
            draft.note("user_data.ph", NoteReason.NO_COUNTRY_CODE)


def _click(rules: Sequence[Rule]) -> Step:
    cookie, page_url, referrer, event_time = map(finder, rules[0].paths)
    label = rules[0].key

    def step(rows: Rows) -> None:
        for record, draft in rows:
            made = fbc(cookie(record), page_url(record), referrer(record), event_time(record))
            if made.__class__ is str:
                draft["user_data"]["fbc"] = made
            elif isinstance(made, Drop):
                draft.note(label, made.reason)

    return step


def _contents(rules: Sequence[Rule]) -> Step:
    """Bind contents. An item without an id or a positive quantity is left out: Meta refuses the request (2804008)."""
    find, label = finder(rules[0].paths[0]), rules[0].key
    own, inner = _item_fields(rules[0].fields)

    def step(rows: Rows) -> None:
        for record, draft in rows:
            contents = []
            for item in find(record) or ():
                content: Section = {}
                _fill(content, item, own, draft)
                for name, fields in inner:
                    if part := item.get(name):
                        _fill(content, part, fields, draft)
                if "id" in content and content.get("quantity", 0) >= _LEAST_QUANTITY:
                    contents.append(content)
                else:
                    draft.note(label, NoteReason.MALFORMED)
            if contents:
                draft["custom_data"]["contents"] = contents

    return step


def _item_fields(rules: Sequence[Rule]) -> tuple[list[_ItemField], list[tuple[str, list[_ItemField]]]]:
    """Tell the fields of an item's own record from those of records inside it."""
    parents: dict[str, list[_ItemField]] = {"": []}
    for rule in rules:
        parent, name = split(rule.paths[0])
        parents.setdefault(parent, []).append((name, rule.key, CONVERT[rule.rule]))
    return parents.pop(""), list(parents.items())


def _fill(content: Section, item: Decoded, fields: Sequence[_ItemField], draft: Draft) -> None:
    for name, key, convert in fields:
        value = item.get(name)
        if value is None:
            continue
        made = convert(value)
        if made.__class__ is Drop:
            draft.note(f"custom_data.contents.{key}", made.reason)
        else:
            content[key] = made


def _custom(rules: Sequence[Rule]) -> Step:
    """Bind a map that becomes custom properties, under its own names."""
    find, label = finder(rules[0].paths[0]), rules[0].key

    def step(rows: Rows) -> None:
        for record, draft in rows:
            for name, value in (find(record) or _NOTHING).items():
                fault = None if value is None else _property_fault(name, value)
                if fault is not None:
                    draft.note(label, fault)
                elif value is not None:
                    draft["custom_data"][name] = value

    return step


def _property_fault(name: str, value: Value) -> NoteReason | None:
    if name in STANDARD_KEYS:
        return NoteReason.RESERVED
    if not name or name.isspace() or (value.__class__ is float and not isfinite(value)):
        return NoteReason.MALFORMED
    return NoteReason.MALFORMED if name in _TEXT_PROPERTIES and text(value) is not value else None


def _extinfo(rules: Sequence[Rule]) -> Step:
    """Bind the 16 texts by which Meta knows a device."""
    finds, label = [finder(path) for path in rules[0].paths], rules[0].key

    def step(rows: Rows) -> None:
        for record, draft in rows:
            parts = [_part(find(record)) for find in finds]
            version = _EXTINFO_VERSIONS.get(parts[0].lower())
            if version and parts[_EXTINFO_OS_VERSION]:
                draft["app_data"]["extinfo"] = [version, *parts[1:]]
            elif any(parts):
                draft.note(label, NoteReason.INCOMPLETE if version or not parts[0] else NoteReason.UNKNOWN)

    return step


def _part(value: Value) -> str:
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
