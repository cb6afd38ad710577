"""The rules of a mapping as a tree that follows the record: one walk, and a part that is not there costs one look.

Each rule hangs on the innermost record that holds all of its paths.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from streamer.translate.draft import Draft, place_of
from streamer.translate.notes import Drop
from streamer.translate.paths import Decoded, finder
from streamer.translate.plan import Rule
from streamer.translate.rules import CONVERT, Convert, text

Step = Callable[[Decoded, Draft], None]
"""Reads the record that it hangs on, and writes to a draft."""

BindSteps = Callable[[Sequence[Rule]], Step]
"""Makes one step of all the rules of a kind that hang on the same record; their paths begin there."""


class Plain(NamedTuple):
    """The rules of one section that look at one value alone."""

    section: str
    texts: tuple[tuple[str, str], ...]
    """Field and key of texts that are taken to the letter: most of what there is."""
    others: tuple[tuple[str, str, Convert], ...]


class Branch(NamedTuple):
    """What is to be done with one record of the tree."""

    plain: tuple[Plain, ...]
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
    plain = [rule for rule in here if rule.rule not in special]
    steps = [_first_of(rule) for rule in plain if len(rule.paths) > 1]
    for name, bind in special.items():
        if of_kind := [rule for rule in here if rule.rule == name]:
            steps.append(bind(of_kind))
    return Branch(
        _plain([rule for rule in plain if len(rule.paths) == 1]),
        tuple(steps),
        tuple((field, grow(rules, special)) for field, rules in inner.items()),
    )


def walk(branch: Branch, record: Decoded, draft: Draft) -> None:
    """Carry out all rules on a record."""
    get = record.get
    plain, steps, branches = branch
    for section, texts, others in plain:
        target = draft.sections[section]
        for name, key in texts:
            value = get(name)
            if value.__class__ is str and value and not value.isspace():
                target[key] = value
            elif value is not None:
                _put(text(value), section, key, draft)
        for name, key, convert in others:
            value = get(name)
            if value is not None:
                made = convert(value)
                if made.__class__ is Drop or made is None:
                    _put(made, section, key, draft)
                else:
                    target[key] = made
    for step in steps:
        step(record, draft)
    for name, inner in branches:
        value = get(name)
        if value:
            walk(inner, value, draft)


def _put(made: Any, section: str, key: str, draft: Draft) -> None:
    """Put what a rule made into its section, if it made something."""
    if isinstance(made, Drop):
        draft.note(f"{section}.{key}" if section else key, made.reason)
    elif made is not None:
        draft.sections[section][key] = made


def _common_field(paths: Sequence[str]) -> str | None:
    """Return the field whose record holds all of the paths, if there is one."""
    first, _, rest = paths[0].partition(".")
    return sys.intern(first) if rest and all(path.startswith(first + ".") for path in paths) else None


def _within(rule: Rule, field: str) -> Rule:
    return Rule(rule.key, rule.rule, tuple(sys.intern(path[len(field) + 1 :]) for path in rule.paths), rule.fields)


def _plain(rules: Sequence[Rule]) -> tuple[Plain, ...]:
    sections: dict[str, list[Rule]] = {}
    for rule in rules:
        sections.setdefault(place_of(rule.key)[0], []).append(rule)
    return tuple(
        Plain(
            section,
            tuple((rule.paths[0], place_of(rule.key)[1]) for rule in rules if rule.rule == "text"),
            tuple((rule.paths[0], place_of(rule.key)[1], CONVERT[rule.rule]) for rule in rules if rule.rule != "text"),
        )
        for section, rules in sections.items()
    )


def _first_of(rule: Rule) -> Step:
    """Take the first path that gives a value."""
    finds = [finder(path) for path in rule.paths]
    convert, (section, key) = CONVERT[rule.rule], place_of(rule.key)

    def step(record: Decoded, draft: Draft) -> None:
        for find in finds:
            value = find(record)
            made = None if value is None else convert(value)
            _put(made, section, key, draft)
            if made is not None and not isinstance(made, Drop):
                return

    return step
