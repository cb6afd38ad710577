"""Whether an event's user allows it to be sent, by a pixel's policy."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from streamer.outcomes import Outcome, Reason
from streamer.records.decode import Decoded, Value
from streamer.translate.engine import Refusal
from streamer.translate.notes import Drop, NoteReason
from streamer.translate.paths import JSON, Find, finder, not_json
from streamer.translate.plan import ConsentMap, ConsentPolicy, Source
from streamer.translate.sources import Read, as_text, first_of

Consent = Callable[[Decoded], Refusal | None]
"""A record in; the first purpose out that holds it back, or ``None``."""


_UNREADABLE = Drop(NoteReason.MALFORMED)
_UNKNOWN = Drop(NoteReason.UNKNOWN)


class _Purpose(NamedTuple):
    """One purpose that must be allowed."""

    name: str
    allowed: frozenset[str]
    refusal: Refusal
    unsaid: Refusal | None
    """What comes of an event that says nothing of it."""
    own: Read | None
    """Its own place, if it has one."""


def consent_of(policy: ConsentPolicy, mapping: ConsentMap) -> Consent | None:
    """Bind a policy to the places where a mapping finds choices; None: nothing can hold an event back."""
    places = dict(mapping.purposes)
    purposes = [_bind(name, allowed, policy, mapping.choices, places.get(name, ())) for name, allowed in policy.require]
    if mapping.choices is None:
        purposes = [purpose for purpose in purposes if purpose.own or purpose.unsaid]
    if not purposes:
        return None
    find = _choices(mapping.choices) if mapping.choices is not None else _nowhere
    if any(purpose.own for purpose in purposes):
        return _by_place(find, purposes)
    return _by_map(find, purposes)


def _bind(
    name: str, allowed: Sequence[str], policy: ConsentPolicy, choices: str | None, own: Sequence[Source]
) -> _Purpose:
    paths = [source.path for source in own if source.path] or [f"{choices}.{name}" if choices else name]
    refusal = Refusal(Outcome.SKIPPED, Reason.NO_CONSENT, paths[0] if len(paths) == 1 else f"consent.{name}")
    unsaid = refusal if policy.missing == "denied" else None
    return _Purpose(name, frozenset(allowed), refusal, unsaid, first_of(own) if own else None)


def _by_map(find: Find, purposes: Sequence[_Purpose]) -> Consent:
    """Look into one map of choices: nearly every mapping has that and no more."""
    unsaid = next((purpose.unsaid for purpose in purposes if purpose.unsaid), None)
    wanted = [(purpose.name, purpose.allowed, purpose.refusal) for purpose in purposes]

    def check(record: Decoded) -> Refusal | None:
        choices = find(record)
        if choices is None or choices == {}:
            return unsaid
        if choices.__class__ is not dict:
            return wanted[0][2]
        for name, allowed, refusal in wanted:
            choice = choices.get(name)
            if choice is None:
                if unsaid is not None:
                    return refusal
            elif not _allows(choice, allowed):
                return refusal
        return None

    return check


def _by_place(find: Find, purposes: Sequence[_Purpose]) -> Consent:
    """Look at each purpose's own place first, and into the map of choices where that says nothing."""

    def check(record: Decoded) -> Refusal | None:
        choices = find(record)
        choices = {} if choices is None else choices
        for purpose in purposes:
            choice = _without_unknown(purpose.own(record)) if purpose.own is not None else None
            if choice is None:
                choice = choices.get(purpose.name) if choices.__class__ is dict else _UNREADABLE
            refused = purpose.unsaid if choice is None else None
            if choice is not None and not _allows(choice, purpose.allowed):
                refused = purpose.refusal
            if refused is not None:
                return refused
        return None

    return check


def _choices(path: str) -> Find:
    """Find the map of choices; a text that should be JSON and is none is something that nobody can read."""
    find, (before, is_json, _) = finder(path), path.partition(JSON)
    if not is_json:
        return find
    find_text = finder(before)

    def choices(record: Decoded) -> Value:
        found = find(record)
        return _UNREADABLE if found is None and not_json(find_text(record)) else found

    return choices


def _nowhere(_record: Decoded) -> None:
    return None


def _without_unknown(choice: Value) -> Value:
    """Take a choice that the mapping's table leaves out (``otherwise: drop``) as not said."""
    return None if choice == _UNKNOWN else choice


def _allows(choice: Value, allowed: frozenset[str]) -> bool:
    """Tell whether a choice allows to send; what cannot be read forbids, and of several choices each must allow."""
    if choice.__class__ is str and choice in allowed:
        return True
    if choice.__class__ is list:
        return bool(choice) and all(_allows(each, allowed) for each in choice)
    text = as_text(choice)
    return text is not None and text.strip().lower() in allowed
