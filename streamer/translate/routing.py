"""Which records are sent at all, and to which pixels."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from streamer.outcomes import Outcome, Reason
from streamer.records.decode import Decoded, Value
from streamer.translate.engine import Refusal
from streamer.translate.notes import Drop
from streamer.translate.paths import finder
from streamer.translate.plan import Condition, Plan
from streamer.translate.sources import Read, as_text, first_of

Route = Callable[[Decoded], tuple[str, ...] | Refusal]
"""A record in; its pixels out, at least one, or why there is none."""

Sift = Callable[[Decoded], Refusal | None]
"""A record in; why it is not sent out, or ``None``."""

_NO_PIXEL = Refusal(Outcome.SKIPPED, Reason.NO_PIXEL)
_TOO_MANY = Refusal(Outcome.DEAD_LETTERED, Reason.TOO_MANY_PIXELS)
_LONGEST_PIXEL_ID = 20
MOST_PIXELS = 255
"""Of one record: what a record's progress can count."""


def router(plan: Plan) -> Route:
    """Bind the routes: the event's own pixels, or else the pixels of its container."""
    mapping = plan.mapping
    find_pixels = first_of(mapping.pixel_id) if mapping.pixel_id else _nowhere
    find_container = first_of(mapping.container_id) if mapping.container_id else _nowhere
    path = mapping.pixel_id[0].path if mapping.pixel_id else None
    bad_pixel = Refusal(Outcome.DEAD_LETTERED, Reason.BAD_PIXEL_ID, path)
    containers = {name: tuple(dict.fromkeys(pixels)) for name, pixels in plan.containers.items() if pixels}

    def route(record: Decoded) -> tuple[str, ...] | Refusal:
        own = find_pixels(record)
        if own.__class__ is str and is_pixel_id(own):
            return (own,)
        pixels: tuple[str, ...] | Refusal
        if own is not None and own not in ("", []):
            pixels = _several(own) or bad_pixel
        else:
            pixels = _of_containers(find_container(record), containers)
        return _TOO_MANY if len(pixels) > MOST_PIXELS and not isinstance(pixels, Refusal) else pixels

    return route


def _nowhere(_record: Decoded) -> None:
    return None


def _several(own: Value) -> tuple[str, ...]:
    """Return the pixels of a list, or of a number; nothing if one of them is no pixel's id."""
    found = [as_text(each) or "" for each in (own if own.__class__ is list else (own,)) if each.__class__ is not Drop]
    return tuple(dict.fromkeys(found)) if all(map(is_pixel_id, found)) else ()


def _of_containers(named: Value, containers: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | Refusal:
    if named.__class__ is str:
        return containers.get(named, _NO_PIXEL)
    names = [as_text(each) for each in (named if named.__class__ is list else (named,))]
    return tuple(dict.fromkeys(chain.from_iterable(containers.get(name or "", ()) for name in names))) or _NO_PIXEL


def is_pixel_id(text: str) -> bool:
    """Whether it has the form of a pixel's (a dataset's) id: digits, the first of which is not 0."""
    return text.isascii() and text.isdigit() and text[0] != "0" and len(text) <= _LONGEST_PIXEL_ID


def sifter(conditions: Sequence[Condition]) -> Sift | None:
    """Bind the conditions for a record to be sent at all; None: there are none."""
    tests = [(_test(each), Refusal(Outcome.SKIPPED, Reason.EVENT_FILTERED, each.path)) for each in conditions]
    if not tests:
        return None

    def sift(record: Decoded) -> Refusal | None:
        for holds, refusal in tests:
            if not holds(record):
                return refusal
        return None

    return sift


def _test(condition: Condition) -> Callable[[Decoded], bool]:
    find: Read = finder(condition.path)
    values = frozenset(condition.values)
    match condition.test:
        case "in":
            return lambda record: _is_among(find(record), values)
        case "not_in":
            return lambda record: not _is_among(find(record), values)
        case "present":
            return lambda record: find(record) not in _ABSENT
        case "absent":
            return lambda record: find(record) in _ABSENT


def _is_among(value: Value, values: frozenset[str]) -> bool:
    return value in values if value.__class__ is str else as_text(value) in values


_ABSENT: Sequence[Value] = (None, "", [], {})
"""What is as good as nothing; 0 and false are something."""
