"""Reading the file of a mapping (docs/mapping.md): its keys, with every fault named by file and line."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args

from streamer.errors import ConfigError
from streamer.layers import nearest
from streamer.translate.mapping.forms import read_path, read_sources
from streamer.translate.mapping.keys import INNER_SECTIONS, OWN_KEYS, holds_of, unknown_key, unknown_part
from streamer.translate.mapping.parsed import Entry, Fault, Given, Holds, Mapped, Spot, Test, fault_at
from streamer.translate.mapping.values import shown, written
from streamer.translate.plan import Condition, Followed, Source
from streamer.translate.surface import CONTENT_KEYS, EXTINFO_PARTS
from streamer.yamlfile import YamlFile, parse_yaml, read_yaml

_NEEDED: Final = {
    "route": "Say in route.pixel_id or route.container_id where events go.",
    "event_name": "Say where its name comes from, or write {constant: Purchase} where every record is the same event.",
    "event_time": "Say where the time comes from at which it happened.",
}
_NEEDED_OF_ITEM: Final = {
    "each": "the path of the list of records",
    "id": "without which Meta takes no item",
    "quantity": "without which Meta takes no item: where the record does not say it, add {constant: 1}",
}
_NEEDED_OF_EXTINFO: Final = ("platform", "os_version")
_CONDITION: Final = ("path", "in", "not_in", "present")
_ALL: Final = "*"
_NO_TABLE: Final[Mapping[str, Holds]] = dict.fromkeys(EXTINFO_PARTS, "text")


def read_mapping(path: Path) -> Mapped:
    """Read the file of a mapping.

    :raises ConfigError: with a line for each fault.
    """
    return _checked(survey(read_yaml(path)))


def parse_mapping(text: str, path: Path) -> Mapped:
    """Do what :func:`read_mapping` does, with ``text`` in place of the file's content."""
    return _checked(survey(parse_yaml(text, path)))


def _checked(surveyed: tuple[Mapped, list[Fault]]) -> Mapped:
    mapped, faults = surveyed
    if faults:
        raise ConfigError([fault.text for fault in sorted(faults)])
    return mapped


def survey(file: YamlFile) -> tuple[Mapped, list[Fault]]:
    """Return what of a mapping can be read, and what is wrong with the rest."""
    faults: list[Fault] = []
    top = Spot(file, (), "", faults)
    raw = _keys(top, file.value, "keys, such as event_name and user_data")
    if isinstance(file.value, dict):
        faults += [fault_at(file.path, 0, f"{key} is missing. {why}") for key, why in _NEEDED.items() if key not in raw]
    entries: list[Entry] = []
    for name, value in raw.items():
        if name in INNER_SECTIONS:
            entries += _section(top.key_below(name), value)
        elif name not in OWN_KEYS:
            entries += _entry("", top.key_below(name), name, value)
    route = _route(top.key_below("route"), raw["route"]) if "route" in raw else {}
    choices, purposes = _consent(top.key_below("consent"), raw["consent"]) if "consent" in raw else (None, ())
    mapped = Mapped(
        path=file.path,
        entries=tuple(entries),
        pixel_id=route.get("pixel_id"),
        container_id=route.get("container_id"),
        origin=_plain(top.key_below("origin"), raw["origin"], "origin") if "origin" in raw else None,
        choices=choices,
        purposes=purposes,
        when=tuple(_when(top.key_below("when"), raw["when"])) if "when" in raw else (),
        follow=_follow(top.key_below("follow"), raw["follow"]) if "follow" in raw else ("content_ids", "num_items"),
    )
    return mapped, faults


def _keys(spot: Spot, value: object, holds: str) -> dict[str, Any]:
    """Return a map by its keys as texts."""
    if not isinstance(value, dict):
        spot.fault(f"must hold {holds}, indented below it.")
        return {}
    names = {key: written(key) for key in value}
    for name in names.values():
        if name is None:
            spot.fault("has a key that is no text.")
    return {name: value[key] for key, name in names.items() if name is not None}


def _section(spot: Spot, value: object) -> Iterator[Entry]:
    if value is not None:  # all of its keys may be comments
        for name, each in _keys(spot, value, "keys of Meta's").items():
            yield from _entry(spot.key, spot.key_below(name), name, each)


def _entry(section: str, spot: Spot, name: str, value: object) -> Iterator[Entry]:
    holds = holds_of(section, name)
    if holds is None:
        spot.says(unknown_key(section, name))
    elif holds == "contents":
        yield _contents(spot, value)
    elif holds == "extinfo":
        yield _extinfo(spot, value)
    elif holds == "properties":
        yield _properties(spot, value)
    else:
        yield _plain(spot, value, holds)


def _plain(spot: Spot, value: object, holds: Holds) -> Entry:
    given, every = read_sources(spot, value, holds)
    return Entry(spot.key, holds, spot.line, given, every)


def _contents(spot: Spot, value: object) -> Entry:
    raw = _keys(spot, value, "each, the path of a list of records, and Meta's keys of an item")
    for name in raw.keys() - CONTENT_KEYS.keys() - {"each"}:
        spot.below(name).says(unknown_part(spot.key, name, CONTENT_KEYS))
    for name, why in _NEEDED_OF_ITEM.items():
        if isinstance(value, dict) and name not in raw:
            spot.fault(f"has no {name}, {why}.")
    given = read_sources(spot.below("each"), raw["each"], "contents").given if "each" in raw else ()
    parts = [_plain(spot.key_below(name), raw[name], holds) for name, holds in CONTENT_KEYS.items() if name in raw]
    return Entry(spot.key, "contents", spot.line, given, parts=tuple(parts))


def _extinfo(spot: Spot, value: object) -> Entry:
    raw = _keys(spot, value, "the names of its parts, such as platform and os_version")
    for name in raw.keys() - set(EXTINFO_PARTS):
        spot.below(name).says(unknown_part(spot.key, name, _NO_TABLE))
    for name in _NEEDED_OF_EXTINFO:
        if isinstance(value, dict) and name not in raw:
            spot.fault(f"has no {name}, without which Meta refuses the event.")
    parts = [_plain(spot.key_below(name), raw[name], "text") for name in EXTINFO_PARTS if name in raw]
    return Entry(spot.key, "extinfo", spot.line, parts=tuple(parts))


def _properties(spot: Spot, value: object) -> Entry:
    """Read what takes all of a map: its path, or several of them, and what is left out."""
    if isinstance(value, list) or (isinstance(value, dict) and "first" in value):
        spot.fault("takes the properties of all that is named: write {all: [order.extra, page.extra]}.")
        return Entry(spot.key, "properties", spot.line)
    without: tuple[str, ...] = ()
    if isinstance(value, dict) and "without" in value:
        without = _names(spot.below("without"), value["without"])
        value = {key: each for key, each in value.items() if key != "without"}
    given, _ = read_sources(spot, value, "properties")
    return Entry(spot.key, "properties", spot.line, given, without=without)


def _names(spot: Spot, value: object) -> tuple[str, ...]:
    names = [written(each) for each in value] if isinstance(value, list) else []
    if not names or None in names:
        spot.fault("must have a list of names in without, such as [internal_note].")
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _route(spot: Spot, value: object) -> dict[str, Entry]:
    routes = _keys(spot, value, "pixel_id, container_id, or both")
    known: tuple[Holds, ...] = ("pixel_id", "container_id")
    for name in routes.keys() - set(known):
        spot.below(name).says(f"there is no key route.{name}. {nearest(name, known)}")
    if value == {}:
        spot.fault("must hold pixel_id, container_id, or both, indented below it.")
    return {holds: _plain(spot.key_below(holds), routes[holds], holds) for holds in known if holds in routes}


def _consent(spot: Spot, value: object) -> tuple[Entry | None, tuple[tuple[str, Entry], ...]]:
    if not isinstance(value, dict):
        return _choices(spot, spot, value), ()
    if "path" in value:
        spot.below("path").fault("has no forms: write the path itself, or purposes and their places.")
        return None, ()
    raw = _keys(spot, value, "a path, or purposes and their places")
    choices = _choices(spot, spot.below(_ALL), raw[_ALL]) if _ALL in raw else None
    return choices, tuple((name, _plain(spot.key_below(name), raw[name], "choice")) for name in raw if name != _ALL)


def _choices(spot: Spot, place: Spot, value: object) -> Entry:
    if isinstance(value, list):
        place.fault(
            "must be one path, that of a map from purpose to choice. Of purposes that have places of their own, write "
            "the name too: {ad_storage: consent.ads, ad_user_data: [consent.user, consent.all]}."
        )
        return Entry(spot.key, "choices", spot.line)
    path = read_path(place, value)
    given = () if path is None else (Given(Source(path), place.line),)
    return Entry(spot.key, "choices", spot.line, given)


def _when(spot: Spot, value: object) -> Iterator[Test]:
    if not isinstance(value, list):
        spot.fault("must be a list of conditions, such as - {path: kind, in: [order, cart]}.")
        return
    for at, each in enumerate(value):
        below = spot.below(at)
        condition = _condition(below, each)
        if condition is not None:
            yield Test(condition, below.line)


def _condition(spot: Spot, value: object) -> Condition | None:
    raw = _keys(spot, value, "conditions, each with a path") if isinstance(value, dict) else {}
    tests = [word for word in _CONDITION[1:] if word in raw]
    unknown = raw.keys() - set(_CONDITION)
    for name in unknown:
        spot.below(name).fault(f"cannot have {shown(name)}. {nearest(name, _CONDITION)}")
    if unknown:
        return None
    if "path" not in raw or len(tests) != 1:
        spot.fault("must have in each condition a path, and one of in, not_in and present.")
        return None
    path = read_path(spot.below("path"), raw["path"])
    test, said = tests[0], raw[tests[0]]
    if test == "present":
        if not isinstance(said, bool):
            spot.below(test).fault("must have true or false in present.")
        return None if path is None else Condition(path, "present" if said else "absent")
    values = [written(each) for each in said] if isinstance(said, list) else []
    if not values or None in values:
        spot.below(test).fault(f"must have a list of values in {test}, such as [order, cart].")
    words = tuple(dict.fromkeys(each for each in values if each is not None))
    return None if path is None else Condition(path, "in" if test == "in" else "not_in", words)


def _follow(spot: Spot, value: object) -> tuple[Followed, ...]:
    known: tuple[Followed, ...] = get_args(Followed)
    if not isinstance(value, list):
        spot.fault(f"must be a list of what follows from contents: {', '.join(known)}.")
        return ()
    for at, each in enumerate(value):
        if each not in known:
            word = written(each) or "this"
            spot.below(at).fault(f"cannot have {shown(word)}. {nearest(word, known)}")
    return tuple(each for each in known if each in value)
