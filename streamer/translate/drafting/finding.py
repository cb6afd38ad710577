"""Finding the place of a schema that a key of a mapping probably means, by names, kinds and what stands around it."""

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from streamer.translate.drafting import words
from streamer.translate.drafting.places import Place
from streamer.translate.drafting.words import Wanted

_TIMES = re.compile(r"(?:local-)?timestamp-(?:millis|micros|nanos)|date")
_PLAIN_LOGICAL = {None, "uuid", "decimal"}
_OF_THE_EVENT = {"event_name", "event_time", "event_id"}
_ADDRESS = {"ct", "st", "zp", "country"}
_ELSEWHERE = {"user_data": words.NO_PERSON, "custom_data": words.OTHER_SUMS, "item": frozenset[str]()}
"""Below which records nothing is looked for, by section."""
_GENERAL_SUMS = {"value", "amount", "total", "sum"}
_GENERAL_PLACES = {"state", "region"}


@dataclass(frozen=True, slots=True)
class Found:
    """A place that may be meant."""

    place: Place
    doubt: str = ""
    """What is to be checked, if it is not certain; empty else."""
    scale: int | None = None
    """As the name says: ``total_cents`` has two digits behind the point."""


def find(wanted: Wanted, places: Sequence[Place], section: str = "") -> list[Found]:
    """Return the places that may be meant, the likeliest first: the certain ones, then those near the top."""
    rated = [(rating, place) for place in places if (rating := _rate(wanted, place, section)) is not None]
    rated.sort(key=lambda each: (bool(each[0].doubt), each[1].depth, each[0].rank))
    return [Found(place, rating.doubt, rating.scale) for rating, place in rated]


def find_lists(names: str, places: Sequence[Place], kind: str) -> list[Place]:
    """Return the lists with one of these names whose items are of a kind, those near the top first."""
    known = _known(names)
    return [place for place in _lists(places, kind) if _called(place) & known.keys()]


def find_lists_ending(last_words: Container[str], places: Sequence[Place], kind: str) -> list[Place]:
    """Return the lists whose name ends in one of these words and whose items are of a kind, in the same order."""
    return [place for place in _lists(places, kind) if place.words[-1][-1:] and place.words[-1][-1] in last_words]


def _lists(places: Sequence[Place], kind: str) -> list[Place]:
    fit = [place for place in places if "list" in place.kinds and kind in place.inner]
    return sorted(fit, key=lambda place: place.depth)


def find_maps(names: str, places: Sequence[Place]) -> list[Place]:
    """Return the maps, and records, with one of these names, those near the top first."""
    fit = [place for place in places if place.kinds & {"map", "record"} and is_called(names, place)]
    return sorted(fit, key=lambda place: place.depth)


def is_called(names: str, place: Place) -> bool:
    """Tell whether a place has one of these names."""
    return squash(place.words[-1]) in _known(names)


def squash(name: Iterable[str]) -> str:
    """Write words as one, so that ``pageUrl``, ``page_url`` and ``PAGE_URL`` are alike."""
    return "".join(name)


@dataclass(frozen=True, slots=True)
class _Rating:
    rank: int
    doubt: str
    scale: int | None


def _known(names: str) -> dict[str, int]:
    return {name.replace("_", ""): rank for rank, name in enumerate(names.split())}


def _called(place: Place) -> set[str]:
    """Return what a place is called: its name, and the name together with that of the record around."""
    last = squash(place.words[-1])
    return {last, squash(place.words[-2]) + last} if place.depth > 1 else {last}


def _rate(wanted: Wanted, place: Place, section: str) -> _Rating | None:
    if not _fits(wanted, place):
        return None
    place, scale = _bare(wanted, place)
    called = _called(place)
    for names, weak in ((wanted.names, False), (wanted.weak, True)):
        ranks = [rank for name, rank in _known(names).items() if name in called]
        if ranks and (doubt := _doubt(wanted.key, section, place, weak=weak)) is not None:
            return _Rating(min(ranks), doubt, scale)
    return None


def _fits(wanted: Wanted, place: Place) -> bool:
    kinds = set(wanted.kinds.split())
    if wanted.key in {"event_time", "db"} and "whole" in place.kinds:
        timed = place.logical is not None and _TIMES.fullmatch(place.logical) is not None
        return timed or (wanted.key == "event_time" and place.logical is None)
    if "list" in kinds and "list" in place.kinds:
        return "text" in place.inner
    return bool(kinds & place.kinds) and place.logical in _PLAIN_LOGICAL


def _bare(wanted: Wanted, place: Place) -> tuple[Place, int | None]:
    """Take the unit off a name, as in ``total_cents`` and ``timestamp_ms``; return how many digits that means."""
    last = place.words[-1]
    suffixes = words.SCALES if "decimal" in wanted.kinds else words.UNITS if wanted.key == "event_time" else {}
    if len(last) == 1 or last[-1] not in suffixes:
        return place, None
    bare = place._replace(words=(*place.words[:-1], last[:-1]))
    return bare, words.SCALES[last[-1]] if suffixes is words.SCALES else None


def _doubt(key: str, section: str, place: Place, *, weak: bool) -> str | None:
    """Return what is doubtful about a place with a name that would fit; None: it is something else."""
    above = {word for name in place.words[:-1] for word in name}
    if (weak and not _is_around(place)) or above & (words.EARLIER | _ELSEWHERE.get(section, words.NO_PAGE)):
        return None
    if section == "user_data":
        return _doubt_of_person(key, place, above)
    doubt = f"whether this is meant: {' '.join(place.words[-1])!r} is a general name" if weak else ""
    if section == "custom_data":
        return _doubt_of_sum(key, place, above) or doubt
    return _doubt_of_event(key, place, above, doubt) if key in _OF_THE_EVENT else doubt


def _is_around(place: Place) -> bool:
    """Tell whether a place is at the top, or in a record that only holds the event."""
    return place.depth == 1 or set(place.words[-2]) <= words.AROUND


def _doubt_of_person(key: str, place: Place, above: set[str]) -> str:
    if not above.isdisjoint(words.NOT_QUITE):
        return "that it is said of the user, and is not another's or guessed from an address"
    if key in _ADDRESS and place.depth == 1 and squash(place.words[-1]) in _GENERAL_PLACES:
        return f"that it is where the user lives: {squash(place.words[-1])!r} is a general name"
    return ""


def _doubt_of_sum(key: str, place: Place, above: set[str]) -> str:
    if (
        key == "value"
        and squash(place.words[-1]) in _GENERAL_SUMS
        and place.depth > 1
        and above.isdisjoint(words.ORDERS)
    ):
        return f"that it is what the event is worth: it stands at {place.path}"
    return ""


def _doubt_of_event(key: str, place: Place, above: set[str], doubt: str) -> str | None:
    if not above.isdisjoint(words.PEOPLE):
        return None
    if _is_around(place) or squash(word for name in place.words[-2:] for word in name) == key.replace("_", ""):
        return doubt
    return f"that it is the event's own: it stands at {place.path}"
