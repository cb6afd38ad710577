"""Binding of the rule ``hash``: the keys of ``user_data`` that are sent as SHA-256."""

from collections.abc import Callable, Iterable, Sequence

from streamer.records.decode import Decoded, Value
from streamer.translate.draft import Draft, Section, place_of
from streamer.translate.notes import Drop, NoteReason
from streamer.translate.phone import phone_note
from streamer.translate.plan import Rule
from streamer.translate.rules import text
from streamer.translate.sources import Read, first_made, read_source
from streamer.translate.tree import Rows, Step, plain_name
from streamer.translate.userdata import EXTERNAL_ID_HASHERS, HASHERS, PART_HASHERS, Hasher

_UserRows = Sequence[tuple[Decoded, Draft, Section]]
"""Rows, each with the draft's ``user_data``."""

MOST_VALUES = 100
"""Of one key in one list: nobody has more addresses, numbers or ids."""

_UserStep = Callable[[_UserRows], None]


def bind_hashes(rules: Sequence[Rule]) -> Step:
    """Bind hashed keys: each a list of hashes without doubles, because several sources may give values."""
    steps = [step for rule in rules for step in _steps(rule)]

    def step(rows: Rows) -> None:
        user_rows = [(record, draft, draft["user_data"]) for record, draft in rows]
        for each in steps:
            each(user_rows)

    return step


def _steps(rule: Rule) -> Iterable[_UserStep]:
    key = place_of(rule.key)[1]
    reads = [read_source(source, dates=key == "db") for source in rule.sources]
    if key in PART_HASHERS:
        yield _part(reads, key)
    elif len(reads) > 1 and not rule.every:
        yield _first(reads, key)
    else:
        for source, read in zip(rule.sources, reads, strict=True):
            name = plain_name((source,))
            yield _FAST.get(key, _plain)(name, key) if name else _first([read], key)


def _plain(name: str, key: str) -> _UserStep:
    """Hash what most events have: one text."""
    hasher = HASHERS[key]

    def step(rows: _UserRows) -> None:
        for record, draft, user in rows:
            value = record.get(name)
            if value is None:
                continue
            if value.__class__ is not str or key in user:
                _add(value, key, draft)
                continue
            hashed = hasher(value, draft.place)
            if hashed.__class__ is str:
                user[key] = [hashed]
            else:
                draft.note("user_data." + key, hashed.reason)  # type: ignore[union-attr]

    return step


def _plain_phone(name: str, key: str) -> _UserStep:
    hasher = HASHERS[key]

    def step(rows: _UserRows) -> None:
        for record, draft, user in rows:
            value = record.get(name)
            if value is None:
                continue
            region = draft.region
            if value.__class__ is str and region is not None and key not in user:
                hashed = hasher(value, region)
                if hashed.__class__ is str:
                    user[key] = [hashed]
                    continue
            _add(value, key, draft)

    return step


def _plain_external_id(name: str, key: str) -> _UserStep:
    def step(rows: _UserRows) -> None:
        for record, draft, user in rows:
            value = record.get(name)
            if value is None:
                continue
            if value.__class__ is str and key not in user:
                made = EXTERNAL_ID_HASHERS[draft.rules.external_id](value, None)
                if made.__class__ is str:
                    user[key] = [made]
                    continue
            _add(value, key, draft)

    return step


_FAST = {"ph": _plain_phone, "external_id": _plain_external_id}


def _first(reads: Sequence[Read], key: str) -> _UserStep:
    """Take the first source that gives a hash, or several; what failed before it is not noted."""
    hasher = None if key in _FAST else HASHERS[key]

    def step(rows: _UserRows) -> None:
        for record, draft, user in rows:
            before = len(draft.notes)
            for read in reads:
                value = read(record)
                if value is None:
                    continue
                if hasher is not None and value.__class__ is str and key not in user:
                    hashed = hasher(value, draft.place)
                    if hashed.__class__ is str:
                        user[key] = [hashed]
                        del draft.notes[before:]
                        break
                tried = len(draft.notes)
                if _add(value, key, draft):
                    del draft.notes[before:tried]
                    break

    return step


def _part(reads: Sequence[Read], key: str) -> _UserStep:
    """Hash a key that holds one value."""
    hasher = PART_HASHERS[key]

    def step(rows: _UserRows) -> None:
        for record, draft, user in rows:
            made = first_made(reads, lambda value: _hashed(value, hasher, None), record)
            if isinstance(made, Drop):
                draft.note("user_data." + key, made.reason)
            elif made is not None:
                user[key] = made

    return step


def _add(value: Value, key: str, draft: Draft) -> bool:
    """Add several values, or one more, or one that is no text; say whether one was added."""
    hasher, place = _hasher(key, draft)
    hashes = draft["user_data"].get(key, [])
    before = len(hashes)
    values = value if value.__class__ is list else (value,)
    if len(values) > MOST_VALUES:
        draft.note("user_data." + key, NoteReason.TOO_LONG)
    for each in values[:MOST_VALUES]:
        hashed = each if each.__class__ is Drop else _hashed(each, hasher, place)
        if isinstance(hashed, Drop):
            draft.note("user_data." + key, hashed.reason)
        elif hashed not in hashes:
            hashes.append(hashed)
            _note_phone(each, key, draft)
    if hashes:
        draft["user_data"][key] = hashes
    return len(hashes) > before


def _hasher(key: str, draft: Draft) -> tuple[Hasher, str | None]:
    """Return how a key is hashed, and the country by which that is done."""
    if key == "external_id":
        return EXTERNAL_ID_HASHERS[draft.rules.external_id], None
    return HASHERS[key], draft.region if key == "ph" else draft.place


def _hashed(value: Value, hasher: Hasher, place: str | None) -> str | Drop:
    written = text(value)
    return written if isinstance(written, Drop) else hasher(written, place)


def _note_phone(value: Value, key: str, draft: Draft) -> None:
    """Say that a number was kept although nothing tells its country."""
    if key != "ph" or draft.region is not None or value.__class__ is not str or value[:1] == "+":
        return
    if phone_note(value) is NoteReason.NO_COUNTRY_CODE:
        draft.note("user_data.ph", NoteReason.NO_COUNTRY_CODE)
