"""The rules of a mapping as a tree that follows the record, carried out a rule at a time over a slice of records.

Each rule hangs on the innermost record that holds all of its paths, so that a part which no record of the slice has
costs one look. One rule over many records, and not many rules over one record, is what makes plain Python quick here:
the same few lines run again and again on values of one kind.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from streamer.records.decode import Decoded, Value
from streamer.translate.draft import Draft, place_of
from streamer.translate.notes import Drop, NoteReason
from streamer.translate.paths import JSON, Field, Find, finder, not_json, parse_path, split_head
from streamer.translate.plan import Rule, Source
from streamer.translate.rules import CONVERT, Convert, seconds, text
from streamer.translate.sources import Read, adapter, first_made, milliseconds, read_source

Rows = Sequence[tuple[Decoded, Draft]]
"""Records, or inner records at one place of theirs, each with the draft that becomes of it."""

Step = Callable[[Rows], None]
"""Reads the records that it hangs on, and writes to their drafts."""

BindSteps = Callable[[Sequence[Rule]], Step]
"""Makes one step of all the rules of a kind that hang on the same record; their paths begin there."""


class Branch(NamedTuple):
    """What is to be done with the records at one place of the tree."""

    steps: tuple[Step, ...]
    branches: tuple["Limb", ...]


class Limb(NamedTuple):
    """A branch, and where its records are in those that it grows from."""

    name: str | None
    """The field that holds them, where that is all there is to it."""
    find: Find
    branch: Branch
    head: str
    text: Find | None
    """Where they are read from JSON: finds the text."""


def grow(rules: Iterable[Rule], special: dict[str, BindSteps]) -> Branch:
    """Bind rules.

    :param special: how the rules that look at more than one value are bound, by rule name.
    """
    here: list[Rule] = []
    inner: dict[str, list[Rule]] = {}
    for rule in rules:
        head = _common_head(rule)
        if head is None:
            here.append(rule)
        else:
            inner.setdefault(head, []).append(_within(rule, head))
    steps = [_step(rule) for rule in here if rule.rule not in special]
    for name, bind in special.items():
        if of_kind := [rule for rule in here if rule.rule == name]:
            steps.append(bind(of_kind))
    return Branch(tuple(steps), tuple(_limb(head, grow(rules, special)) for head, rules in inner.items()))


def _limb(head: str, branch: Branch) -> Limb:
    steps = parse_path(head)
    name = steps[0].name if len(steps) == 1 and isinstance(steps[0], Field) else None
    text = finder(head.removesuffix(JSON)) if head.endswith(JSON) else None
    return Limb(name, finder(head), branch, head, text)


def walk(branch: Branch, rows: Rows) -> None:
    """Carry out all rules on records."""
    for step in branch.steps:
        step(rows)
    for name, find, inner, head, find_text in branch.branches:
        if name is not None:
            inner_rows = [(value, draft) for record, draft in rows if (value := record.get(name)).__class__ is dict]
        else:
            inner_rows = [(value, draft) for record, draft in rows if (value := find(record)).__class__ is dict]
        if find_text is not None and len(inner_rows) < len(rows):
            _note_texts(rows, find_text, head)
        if inner_rows:
            walk(inner, inner_rows)


def _note_texts(rows: Rows, find: Find, head: str) -> None:
    """Say of texts that should be JSON that they are not: all that would be in them is missing."""
    for record, draft in rows:
        if not_json(find(record)):
            draft.note(head, NoteReason.MALFORMED)


def _sources(rule: Rule) -> Iterable[Source]:
    """All sources whose paths begin at the record."""
    yield from rule.sources
    if rule.rule == "extinfo":
        yield from (source for part in rule.fields for source in part.sources)


def _common_head(rule: Rule) -> str | None:
    """Return the way to the record that holds all of the paths, if there is one. A constant counts for any record."""
    heads = {split and split[0] for split in (split_head(source.path) for source in _sources(rule))}
    return heads.pop() if len(heads) == 1 else None


def _within(rule: Rule, head: str) -> Rule:
    length = len(head) + 1
    fields = rule.fields
    if rule.rule == "extinfo":
        fields = tuple(replace(part, sources=_cut(part.sources, length)) for part in fields)
    return replace(rule, sources=_cut(rule.sources, length), fields=fields)


def _cut(sources: tuple[Source, ...], length: int) -> tuple[Source, ...]:
    return tuple(replace(source, path=sys.intern(source.path[length:])) for source in sources)


def plain_name(sources: Sequence[Source]) -> str | None:
    """Return the name of the one field that is all there is to read, as it stands; None: there is more to it."""
    if len(sources) != 1 or adapter(sources[0]) is not None:
        return None
    path = sources[0].path
    steps = parse_path(path) if path else ()
    return steps[0].name if len(steps) == 1 and isinstance(steps[0], Field) else None


def _step(rule: Rule) -> Step:
    if rule.key == "event_time":
        return _event_time(rule)
    name = plain_name(rule.sources)
    if name is None:
        return _first_of(rule)
    return _text(rule, name) if rule.rule == "text" else _one(rule, name)


def _event_time(rule: Rule) -> Step:
    """Take the time of the event, of which the draft keeps the milliseconds."""
    reads = [read_source(source) for source in rule.sources]

    def step(rows: Rows) -> None:
        for record, draft in rows:
            value = first_made(reads, _time, record)
            if value.__class__ is int:
                draft.time_ms = value
                value = seconds(value)
            _put(value, "", "event_time", draft)

    return step


def _time(value: Value) -> Value:
    """Take milliseconds that are a time at all."""
    made = value if value.__class__ is int else milliseconds(value, "milliseconds")
    fault = seconds(made) if made.__class__ is int else made
    return made if fault.__class__ is int else fault


def _text(rule: Rule, name: str) -> Step:
    """Take a text to the letter: most of what there is, so that it has a loop of its own."""
    section, key = place_of(rule.key)

    def step(rows: Rows) -> None:
        for record, draft in rows:
            value = record.get(name)
            if value.__class__ is str and value and not value.isspace():
                draft[section][key] = value
            elif value is not None:
                _put(text(value), section, key, draft)

    return step


def _one(rule: Rule, name: str) -> Step:
    """Convert one value."""
    (section, key), convert = place_of(rule.key), CONVERT[rule.rule]

    def step(rows: Rows) -> None:
        for record, draft in rows:
            value = record.get(name)
            if value is None:
                continue
            made = convert(value)
            if made is None or made.__class__ is Drop:
                _put(made, section, key, draft)
            else:
                draft[section][key] = made

    return step


def _first_of(rule: Rule) -> Step:
    """Take the first source that gives a value; or, of a list, what all of them give."""
    (section, key), convert = place_of(rule.key), CONVERT[rule.rule]
    reads = [read_source(source) for source in rule.sources]
    take = _every if rule.every else first_made

    def step(rows: Rows) -> None:
        for record, draft in rows:
            _put(take(reads, convert, record), section, key, draft)

    return step


def _every(reads: Iterable[Read], convert: Convert, record: Decoded) -> Value:
    """Return what all of them give, without doubles; if that is nothing, the first drop."""
    together: dict[Value, None] = {}
    dropped = None
    for read in reads:
        made = first_made((read,), convert, record)
        if made.__class__ is list:
            together |= dict.fromkeys(made)
        else:
            dropped = dropped or made
    return list(together) or dropped


def _put(made: Value, section: str, key: str, draft: Draft) -> None:
    """Put what a rule made into its section, if it made something."""
    if isinstance(made, Drop):
        draft.note(f"{section}.{key}" if section else key, made.reason)
    elif made is not None:
        draft[section][key] = made
