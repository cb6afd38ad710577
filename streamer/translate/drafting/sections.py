"""The lines of each section of a draft."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from streamer.translate.drafting import words
from streamer.translate.drafting.finding import Found, find, find_lists, find_lists_ending, find_maps, squash
from streamer.translate.drafting.lines import Line, line_of, listed, mapped, others, quoted, time_line
from streamer.translate.drafting.places import Place, words_of
from streamer.translate.drafting.words import Wanted
from streamer.translate.surface import SECTIONS

Places = Sequence[Place]

_IN_CENTS = "whether it counts in cents: then {path: …, scale: 2}"
_AS_TEXT = "that it is a number such as 12.50, for it is text"


def route(places: Places) -> Iterator[Line]:
    """Give the pixel and the container."""
    return _each(words.ROUTE, places, "")


def event(places: Places) -> Iterator[Line]:
    """Give the event's own keys, and who reported it."""
    for line, found in _found(words.EVENT, places, ""):
        if line.key == "event_name":
            yield _named(line, found[0].place)
        elif line.key == "event_time":
            yield time_line(line.key, found)
        else:
            yield line
    yield from _each([words.ORIGIN], [place for place in places if place.depth == 1], "")


def consent(places: Places) -> Iterator[Line]:
    """Give the user's choices: a map, or places by purpose."""
    for place in find_maps(words.CONSENT_MAPS, places):
        if "record" in place.kinds or place.inner & {"text", "flag"}:
            yield Line("consent", quoted(place.path), ("which of its purposes count: a pixel's policy says that",))
            return
    purposes = {
        purpose: quoted(found[0].place.path)
        for purpose, name in words.PURPOSES.items()
        if (found := find(Wanted(purpose, "text flag", name), places))
    }
    if purposes:
        yield Line("consent", mapped(purposes), ("that its values are granted or denied, true or false",))


def user(places: Places, *, messaging: bool) -> Iterator[Line]:
    """Give whom the event is about."""
    lines = {line.key: line for line in _each(words.USER, places, "user_data")}
    for key, names in words.PLURALS.items():
        several = find_lists(names, places, "text")
        if several:
            one = [lines[key].value] if key in lines else []
            lines[key] = Line(key, _all([*one, quoted(several[0].path)]), lines[key].checks if one else ())
    cookies = next((place for place in find_maps(words.COOKIES, places) if "text" in place.inner), None)
    for key in ("fbp", "fbc"):
        if cookies and key not in lines:
            lines[key] = Line(key, quoted(f"{cookies.path}._{key}"))
    yield from (lines[key] for key in SECTIONS["user_data"] if key in lines)
    if messaging:
        yield from _each(words.MESSAGING, places, "user_data")


def custom(places: Places) -> Iterator[Line]:
    """Give what the event is about."""
    pairs = list(_found(words.CUSTOM, places, "custom_data"))
    value = next((found[0].place for line, found in pairs if line.key == "value"), None)
    for line, found in pairs:
        if line.key == "value":
            yield _number(line, found[0])
        elif line.key == "currency":
            yield line_of("currency", _beside(value, found))
        else:
            yield line
    yield from _contents(places)


def app(places: Places) -> Iterator[Line]:
    """Give the app and its device, where a schema has what Meta requires of an app's events."""
    lines = list(_each(words.APP, places, "app_data"))
    parts = list(_each(words.EXTINFO, places, "app_data"))
    if not lines or lines[0].key != words.APP[0].key or not {"platform", "os_version"} <= {part.key for part in parts}:
        return
    yield from lines
    yield Line("extinfo")
    yield from (part.deeper() for part in parts)


def below(section: str, names: str, places: Places) -> Iterator[Line]:
    """Give keys of a section under Meta's own names, below a record with one of these names."""
    holders = find_maps(names, places)
    inside = [place for place in places if holders and place.path.startswith(f"{holders[0].path}.")]
    for key, rule in SECTIONS[section].items():
        called = [place for place in inside if squash(place.words[-1]) in {key.replace("_", ""), _spoken(key)}]
        if called and called[0].kinds & {"text", "whole", "real"}:
            found = [Found(called[0])]
            yield time_line(key, found) if rule == "seconds" else line_of(key, found)


def _spoken(key: str) -> str:
    """Meta's touchpoint_ts is a time as well."""
    return key.removesuffix("_ts").replace("_", "") + "time" if key.endswith("_ts") else key.replace("_", "")


def _each(wanted: Sequence[Wanted], places: Places, section: str) -> Iterator[Line]:
    return (line for line, _ in _found(wanted, places, section))


def _found(wanted: Sequence[Wanted], places: Places, section: str) -> Iterator[tuple[Line, list[Found]]]:
    for each in wanted:
        found = find(each, places, section)
        if found:
            line = line_of(each.key, found)
            yield replace(line, checks=(*line.checks, *filter(None, [each.check]))), found


def _named(line: Line, place: Place) -> Line:
    """Add what the names of events are to Meta: known for an enum, to be asked for else."""
    if not place.symbols:
        return replace(
            line, checks=(*line.checks, "that its values are Meta's names, such as Purchase; else give values")
        )
    meant = {symbol: name for symbol in place.symbols if (name := words.EVENT_NAMES.get(_lowered(symbol)))}
    rest = [symbol for symbol in place.symbols if symbol not in meant]
    checks = (f"that {', '.join(rest)} may be sent so: no name of Meta's is known for it",) if rest else ()
    value = f"{{path: {line.value}, values: {mapped(meant)}}}" if meant else line.value
    return replace(line, value=value, checks=(*line.checks, *checks))


def _lowered(symbol: str) -> str:
    return "_".join(words_of(symbol))


def _number(line: Line, found: Found) -> Line:
    doubt = _IN_CENTS if found.place.kinds == {"whole"} and found.scale is None else ""
    doubt = doubt or (_AS_TEXT if found.place.kinds == {"text"} else "")
    return replace(line, checks=(*filter(None, [doubt]), *line.checks))


def _beside(value: Place | None, found: list[Found]) -> list[Found]:
    """Put first what stands in the same record as the value: a currency belongs to its amount."""
    around = value.path.rpartition(".")[0] if value else None
    return sorted(found, key=lambda each: each.place.path.rpartition(".")[0] != around)


def _contents(places: Places) -> Iterator[Line]:
    lists, checks = _lists_of_items(places)
    if not lists:
        return
    yield Line("contents")
    yield Line("each", quoted(lists[0].path), (*checks, *others([Found(place) for place in lists])), 1)
    keys = set()
    for line, found in _found(words.ITEM, lists[0].items, "item"):
        keys.add(line.key)
        yield (_number(line, found[0]) if line.key == "item_price" else line).deeper()
    if "quantity" not in keys:
        yield Line("quantity", "{constant: 1}", ("that each item is one piece: no quantity was found",), 1)


def _lists_of_items(places: Places) -> tuple[list[Place], tuple[str, ...]]:
    """Return the lists whose items can be told apart by an id, and what is to be checked of them."""
    for lists, checks in (
        (find_lists(words.CONTENTS, places, "record"), ()),
        (find_lists_ending(words.CONTENT_WORDS, places, "record"), ("that it is what was bought or looked at",)),
    ):
        if known := [place for place in lists if find(words.ITEM[0], place.items)]:
            return known, checks
    return [], ()


def _all(values: Sequence[str]) -> str:
    return f"{{all: {listed(values)}}}" if len(values) > 1 else values[0]
