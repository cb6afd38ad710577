"""Drafting a mapping from an Avro schema by the names of its fields: a start, to be read before it is used."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from streamer.records.schema import AvroSchema
from streamer.translate.drafting import sections, words
from streamer.translate.drafting.finding import is_called
from streamer.translate.drafting.lines import Line
from streamer.translate.drafting.places import Place, places_of

_HEAD = """\
# A draft for {name}, made from the names of its fields. Read it before you use it, and first what
# stands behind "check:". What it gives: streamer translate FILE --mapping THIS --set records.schema={where}
"""

_FILL_IN = {
    "route": "{pixel_id: …} or {container_id: …}, the path of the event's pixel or of its container",
    "event_name": "the path of the event's name, or {constant: Purchase} where every record is the same event",
    "event_time": "the path of when it happened, with a unit where that is a number: {path: …, unit: milliseconds}",
}
"""What a mapping must have, and what is to be filled in."""

_WORTH = {
    "event_id": "the id that the browser's pixel sends too, by which Meta folds the two copies",
    "event_source_url": "the page's address: Meta requires it of events of websites",
    "user_data.client_user_agent": "the browser's User-Agent: Meta requires it of events of websites",
    "user_data.client_ip_address": "the browser's address",
    "user_data.fbp": "the cookie _fbp",
    "user_data.fbc": "the cookie _fbc",
    "user_data.em": "the e-mail address, raw or hashed",
    "user_data.ph": "the phone number, raw or hashed",
    "user_data.external_id": "the client's own id of the user, as its pixel sends it",
    "custom_data.value": "what the event is worth: Meta requires it of a Purchase",
    "custom_data.currency": "the currency: Meta requires it of a Purchase",
    "custom_data.contents": "what was bought or looked at",
    "consent": "the user's choices",
}
"""What is worth a search in the schema where names do not tell, and what it is."""


@dataclass(frozen=True, slots=True)
class MappingDraft:
    """A draft, and what is left to do."""

    text: str
    """YAML with comments."""
    missing: tuple[str, ...]
    """Keys without which it is no mapping, and that were not found: they stand in it as comments."""
    checks: int
    """How many of its lines are to be checked."""


def draft_mapping(schema: AvroSchema, where: str) -> MappingDraft:
    """Draft a mapping for the records of a schema.

    :param where: the schema's file, as people name it.
    :return: a mapping that holds against this very schema, unless something is missing of what a mapping must have.
    """
    places = places_of(schema)
    parts = _parts(places)
    keys = {f"{part}.{line.key}" if part else line.key for part, lines in parts.items() for line in lines}
    missing = tuple(key for key in _FILL_IN if key not in keys and not (key == "route" and parts["route"]))
    body = [str(line) for part, lines in parts.items() for line in _under(part, lines)]
    text = [
        *_HEAD.format(name=schema.name, where=where).splitlines(),
        *(f"# {key}: FILL IN {_FILL_IN[key]}" for key in missing),
        *body,
        *_not_found(keys),
        *_unseen(places),
    ]
    return MappingDraft("\n".join(text) + "\n", missing, sum("  # check: " in line for line in body))


def _parts(places: Sequence[Place]) -> dict[str, list[Line]]:
    """Return the lines by section, in the order they stand in the draft."""
    event = [*sections.event(places), *sections.consent(places)]
    messaging = any(line.key == "messaging_channel" for line in event)
    return {
        "route": list(sections.route(places)),
        "": event,
        "user_data": list(sections.user(places, messaging=messaging)),
        "custom_data": list(sections.custom(places)),
        "app_data": list(sections.app(places)),
        "original_event_data": list(
            sections.below("original_event_data", "original_event original_event_data", places)
        ),
        "attribution_data": list(sections.below("attribution_data", "attribution attribution_data", places)),
    }


def _under(section: str, lines: Sequence[Line]) -> Iterator[Line]:
    if not section:
        yield from lines
    elif lines:
        yield Line(section)
        yield from (line.deeper() for line in lines)


def _not_found(keys: set[str]) -> Iterator[str]:
    lost = [key for key in _WORTH if key not in keys]
    if lost:
        yield "# Not found by name, and worth a look at the schema:"
        yield from (f"#   {key}: {_WORTH[key]}" for key in lost)


def _unseen(places: Sequence[Place]) -> Iterator[str]:
    """Name what the schema does not show: keys of maps, and lists of keys and values."""
    shown = [each for place in places if (each := _unseen_in(place))]
    if shown:
        yield "# More may stand in these, which the schema does not show:"
        yield from (f"#   {each}" for each in shown)


def _unseen_in(place: Place) -> str | None:
    if "map" in place.kinds and not is_called(f"{words.COOKIES} {words.CONSENT_MAPS}", place):
        as_properties = f', or all of it in custom_data: "*": {place.path}'
        return f"{place.path}.NAME{as_properties if is_called(words.OPEN_MAPS, place) else ''}"
    if "list" in place.kinds:
        names = {item.path for item in place.items if "text" in item.kinds}
        name = next((each for each in ("key", "name") if each in names), None)
        values = [item.path for item in place.items if item.path.startswith("value") and "record" not in item.kinds]
        return f"{place.path}[{name}=NAME].{values[0]}" if name and values else None
    if place.kinds == {"text"} and not place.symbols and _may_hold_json(place):
        return f"{place.path}|json.NAME, if it is JSON"
    return None


def _may_hold_json(place: Place) -> bool:
    return is_called(words.JSON_TEXTS, place) or place.words[-1][-1:] == ("json",)
