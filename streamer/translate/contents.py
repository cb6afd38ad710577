"""Binding of the rules ``contents``, ``properties`` and ``extinfo``: records and lists that become several keys."""

from collections.abc import Callable, Sequence
from typing import Final

from streamer.records.decode import Decoded, Value
from streamer.translate.draft import Draft, Section, place_of
from streamer.translate.notes import Drop, NoteReason
from streamer.translate.paths import finder, plain_head
from streamer.translate.plan import Rule
from streamer.translate.rules import CONVERT, Convert, has_address, is_property, text
from streamer.translate.sources import Read, first_made, first_of, read_source
from streamer.translate.surface import EXTINFO_PARTS, STANDARD_PROPERTIES, TEXT_PROPERTIES, is_personal
from streamer.translate.tree import Rows, Step, plain_name

_Field = tuple[str, str, Convert]
"""Field of a record, key in one of the contents, and how it is made."""

_Further = tuple[Sequence[Read], str, Convert]
"""The same where there is more to read than a field."""

_Fill = tuple[list[_Field], list[tuple[str, list[_Field]]], list[_Further]]
"""Fields of the item itself, those of records in it by their field, and those that take more."""

_LEAST_QUANTITY: Final = 1
_EXTINFO_VERSIONS: Final = {"android": "a2", "a2": "a2", "ios": "i2", "ipados": "i2", "i2": "i2"}
"""Platform to version of the list (Meta, app events)."""
_EXTINFO_OS_VERSION: Final = EXTINFO_PARTS.index("os_version")
"""Blank, and the request is refused (2804043)."""


def bind_contents(rules: Sequence[Rule]) -> Step:
    """Bind contents. An item without an id or a positive quantity is left out: Meta refuses the request (2804008)."""
    reads, label = [read_source(source) for source in rules[0].sources], rules[0].key
    take = _taker(rules[0].fields, label)

    def step(rows: Rows) -> None:
        for record, draft in rows:
            for read in reads:
                value = read(record)
                if value and (contents := take(value, draft)):
                    draft["custom_data"]["contents"] = contents
                    break

    return step


def _taker(rules: Sequence[Rule], label: str) -> Callable[[Value, Draft], list[Section]]:
    """Bind how items become contents: a list of records; a record that is no list counts as one item."""
    own, inner, further = _bind_items(rules)

    def take(value: Value, draft: Draft) -> list[Section]:
        contents = []
        for item in value if value.__class__ is list else (value,):
            content: Section = {}
            if item.__class__ is dict:
                _fill(content, item, own, draft)
                for name, fields in inner:
                    part = item.get(name)
                    if part.__class__ is dict:
                        _fill(content, part, fields, draft)
                for reads, key, convert in further:
                    _put(first_made(reads, convert, item), key, content, draft)
            if "id" in content and content.get("quantity", 0) >= _LEAST_QUANTITY:
                contents.append(content)
            elif item is not value or "id" in content:  # a record without an id was never meant as an item
                draft.note(label, NoteReason.MALFORMED)
        return contents

    return take


def _bind_items(rules: Sequence[Rule]) -> _Fill:
    own: list[_Field] = []
    inner: dict[str, list[_Field]] = {}
    further: list[_Further] = []
    for rule in rules:
        convert = CONVERT[rule.rule]
        if name := plain_name(rule.sources):
            own.append((name, rule.key, convert))
        elif split := _one_below(rule):
            inner.setdefault(split[0], []).append((split[1], rule.key, convert))
        else:
            further.append(([read_source(source) for source in rule.sources], rule.key, convert))
    return own, list(inner.items()), further


def _one_below(rule: Rule) -> tuple[str, str] | None:
    """Return field and inner field, where these are all there is to read."""
    head = plain_head(rule.sources[0].path) if len(rule.sources) == 1 else None
    if head is None:
        return None
    (source,) = rule.sources
    return head if plain_name((type(source)(head[1], None, source.table, source.unit, source.scale),)) else None


def _fill(content: Section, item: Decoded, fields: Sequence[_Field], draft: Draft) -> None:
    for name, key, convert in fields:
        value = item.get(name)
        if value is None:
            continue
        made = convert(value)
        if made.__class__ is Drop:
            draft.note(f"custom_data.contents.{key}", made.reason)
        else:
            content[key] = made


def _put(made: Value, key: str, content: Section, draft: Draft) -> None:
    if isinstance(made, Drop):
        draft.note(f"custom_data.contents.{key}", made.reason)
    elif made is not None:
        content[key] = made


def bind_properties(rules: Sequence[Rule]) -> Step:
    """Bind maps and records that become custom properties, under their own names."""
    places = [
        (finder(source.path), frozenset(rule.without), frozenset(rule.only) or None, rule.key)
        for rule in rules
        for source in rule.sources
    ]

    def step(rows: Rows) -> None:
        for find, without, only, label in places:
            for record, draft in rows:
                found = find(record)
                if found and found.__class__ is dict:
                    wanted = found.keys() - without if only is None else (found.keys() & only) - without
                    _take_properties({name: found[name] for name in found if name in wanted}, label, draft)

    return step


def _take_properties(found: Decoded, label: str, draft: Draft) -> None:
    for name, value in found.items():
        if value is None:
            continue
        if name == "customer_segmentation":  # Meta's page has it at both places; it is sent at the event's own
            _put_segment(value, draft)
            continue
        fault = _property_fault(name, value)
        if fault is None:
            draft["custom_data"].setdefault(name, value)  # what the mapping names itself goes before
        else:
            draft.note(label, fault)


def _put_segment(value: Value, draft: Draft) -> None:
    made = CONVERT["customer_segmentation"](value)
    if isinstance(made, Drop):
        draft.note("customer_segmentation", made.reason)
    else:
        draft[""].setdefault("customer_segmentation", made)


def _property_fault(name: str, value: Value) -> NoteReason | None:
    if name in STANDARD_PROPERTIES:
        return NoteReason.RESERVED
    if (value.__class__ is not bool and is_personal(name)) or has_address(value):
        return NoteReason.PERSONAL
    if not name or name.isspace() or not is_property(value):
        return NoteReason.MALFORMED
    return NoteReason.MALFORMED if name in TEXT_PROPERTIES and text(value) is not value else None


def bind_extinfo(rules: Sequence[Rule]) -> Step:
    """Bind the 16 texts by which Meta knows a device."""
    parts = {rule.key: first_of(rule.sources) for rule in rules[0].fields}
    (platform, *others), label = [parts.get(name, _nothing) for name in EXTINFO_PARTS], rules[0].key

    def step(rows: Rows) -> None:
        for record, draft in rows:
            name = platform(record)
            if name is None or name == "":  # no app's event
                continue
            version = _EXTINFO_VERSIONS.get(_written(name).lower())
            written = [version or "", *[_written(read(record)) for read in others]]
            if version and written[_EXTINFO_OS_VERSION]:
                draft[place_of(label)[0]]["extinfo"] = written
            else:
                draft.note(label, NoteReason.INCOMPLETE if version else NoteReason.UNKNOWN)

    return step


def _nothing(_record: Decoded) -> None:
    return None


def _written(value: Value) -> str:
    """Write a part out; an unknown one is empty (Meta, app events)."""
    if value.__class__ is str:
        return str(value).strip()
    return str(value) if value.__class__ in {int, float} else ""
