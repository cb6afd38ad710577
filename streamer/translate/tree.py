"""The rules of a mapping as a tree that follows the record, carried out a rule at a time over a slice of records.

Each rule hangs on the innermost record that holds all of its paths, so that a part which no record of the slice has
costs one look. One rule over many records, and not many rules over one record, is what makes plain Python quick here:
the same few lines run again and again on values of one kind.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from streamer.records.decode import Decoded, Value
from streamer.translate.draft import Draft, place_of
from streamer.translate.notes import Drop
from streamer.translate.paths import finder
from streamer.translate.plan import Rule
from streamer.translate.rules import CONVERT, text

Rows = Sequence[tuple[Decoded, Draft]]
"""Records, or inner records at one place of theirs, each with the draft that becomes of it."""

Step = Callable[[Rows], None]
"""Reads the records that it hangs on, and writes to their drafts."""

BindSteps = Callable[[Sequence[Rule]], Step]
"""Makes one step of all the rules of a kind that hang on the same record; their paths begin there."""


class Branch(NamedTuple):
    """What is to be done with the records at one place of the tree."""

    steps: tuple[Step, ...]
    branches: tuple[tuple[str, "Branch"], ...]
    """By the field that holds the inner record, or map."""


def grow(rules: Iterable[Rule], special: dict[str, BindSteps]) -> Branch:
    """Bind rules.

    :param special: how the rules that look at more than one value are bound, by rule name.
    """
    here: list[Rule] = []
    inner: dict[str, list[Rule]] = {}
    for rule in rules:
        field = _common_field(rule.paths)
        if field is None:
            here.append(rule)
        else:
            inner.setdefault(field, []).append(_within(rule, field))
    steps = [_step(rule) for rule in here if rule.rule not in special]
    for name, bind in special.items():
        if of_kind := [rule for rule in here if rule.rule == name]:
            steps.append(bind(of_kind))
    return Branch(tuple(steps), tuple((field, grow(rules, special)) for field, rules in inner.items()))


def walk(branch: Branch, rows: Rows) -> None:
    """Carry out all rules on records."""
    for step in branch.steps:
        step(rows)
    for name, inner in branch.branches:
        inner_rows = [(value, draft) for record, draft in rows if (value := record.get(name))]
        if inner_rows:
            walk(inner, inner_rows)


def _common_field(paths: Sequence[str]) -> str | None:
    """Return the field whose record holds all of the paths, if there is one."""
    first, _, rest = paths[0].partition(".")
    return sys.intern(first) if rest and all(path.startswith(first + ".") for path in paths) else None


def _within(rule: Rule, field: str) -> Rule:
    return Rule(rule.key, rule.rule, tuple(sys.intern(path[len(field) + 1 :]) for path in rule.paths), rule.fields)


def _step(rule: Rule) -> Step:
    if len(rule.paths) > 1:
        return _first_of(rule)
    return _text(rule) if rule.rule == "text" else _one(rule)


def _text(rule: Rule) -> Step:
    """Take a text to the letter: most of what there is, so that it has a loop of its own."""
    name, (section, key) = rule.paths[0], place_of(rule.key)

    def step(rows: Rows) -> None:
        for record, draft in rows:
            value = record.get(name)
            if value.__class__ is str and value and not value.isspace():
                draft[section][key] = value
            elif value is not None:
                _put(text(value), section, key, draft)

    return step


def _one(rule: Rule) -> Step:
    """Convert one value."""
    name, (section, key), convert = rule.paths[0], place_of(rule.key), CONVERT[rule.rule]

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
    """Take the first path that gives a value."""
    finds = [finder(path) for path in rule.paths]
    (section, key), convert = place_of(rule.key), CONVERT[rule.rule]

    def step(rows: Rows) -> None:
        for record, draft in rows:
            for find in finds:
                value = find(record)
                made = None if value is None else convert(value)
                _put(made, section, key, draft)
                if made is not None and made.__class__ is not Drop:
                    break

    return step


def _put(made: Value, section: str, key: str, draft: Draft) -> None:
    """Put what a rule made into its section, if it made something."""
    if isinstance(made, Drop):
        draft.note(f"{section}.{key}" if section else key, made.reason)
    elif made is not None:
        draft[section][key] = made
