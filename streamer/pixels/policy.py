"""The keys of pixels.yaml that say what is done with a pixel's events, and the rules they make."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import phonenumbers

from streamer.pixels.spot import Read, Spot, flag, text, texts, word_of
from streamer.translate.limited import REGIONS
from streamer.translate.plan import ConsentPolicy, EventPolicy, Limited, PixelRules, PropertyPolicy
from streamer.translate.policy import NEEDED_PROPERTIES, ORIGINS

Said = Mapping[str, Any]
"""What the file says, by dotted key such as ``consent.require``: so a pixel overrides the defaults key by key."""

_PURPOSES: Final = tuple(purpose for purpose, _ in ConsentPolicy().require)
_SLIP: Final = 0.8
"""How alike two words are of which one is probably misspelt."""
_ALL: Final = "all"
_NONE: Final = "none"


class ListSource(NamedTuple):
    """A list of suppressed people, and where the file names it."""

    path: Path
    where: str


def read_policy(spot: Spot, raw: Mapping[str, object], defaults: Said) -> Said:
    """Read the keys of a policy.

    :param raw: no other keys than :data:`POLICY_KEYS`.
    :param defaults: what counts where nothing is said here.
    """
    said = dict(defaults)
    for key, value in raw.items():
        below = spot.below(key)
        if key in _SIMPLE:
            said |= _given(key, _SIMPLE[key](below, value))
            continue
        reads = _SECTIONS[key]
        for inner, each in below.map(value, reads, f"keys ({', '.join(reads)})").items():
            said |= _given(f"{key}.{inner}", reads[inner](below.below(inner), each))
    if "events" in raw:
        _check_names(spot.below("events"), said)
    return said


def make_rules(said: Said) -> PixelRules:
    """Return the rules for what was said."""
    people = said.get("suppression", _NONE)
    return PixelRules(
        **_of(said, phone_region="region", enabled="enabled", external_id="external_id", opt_out="opt_out"),
        consent=ConsentPolicy(**_of(said, require="consent.require", missing="consent.missing")),
        limited=Limited(**_of(said, regions="limited_data_use.regions", unknown="limited_data_use.unknown")),
        events=EventPolicy(
            **_of(
                said,
                allow="events.allow",
                deny="events.deny",
                rename="events.rename",
                origins="origins.allow",
                origins_by_event="origins.events",
            )
        ),
        properties=PropertyPolicy(
            **_of(said, allow="properties.allow", deny="properties.deny", server_only="properties.server_only")
        ),
        suppression=None if people == _NONE else str(people.path),
    )


def _given(key: str, value: object) -> dict[str, object]:
    return {} if value is None else {key: value}


def _of(said: Said, **keys: str) -> dict[str, Any]:
    """Return what was said under other names; ``all`` is no restriction."""
    return {name: None if said[key] == _ALL else said[key] for name, key in keys.items() if key in said}


def _check_names(spot: Spot, said: Said) -> None:
    """Find new names for events that are never sent: the filter looks at the names of before."""
    allow, deny = said.get("events.allow", _ALL), said.get("events.deny", ())
    for name, _ in said.get("events.rename", ()):
        if name in deny or (allow != _ALL and name not in allow):
            spot.below("rename").below(name).fault(
                f"is never used: events of the name {name} are not sent. allow and deny look at names as they are "
                "before they are changed."
            )


# ---- the values of single keys


def _region(spot: Spot, value: object) -> str | None:
    region = text(spot, value)
    if region is not None and region.upper() not in phonenumbers.SUPPORTED_REGIONS:
        spot.fault("must be a country's two letters (ISO 3166-1), such as US.")
        return None
    return region.lower() if region else None


def _require(spot: Spot, value: object) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    if not isinstance(value, dict):
        spot.fault("must hold purposes with the choice that allows to send, such as {ad_storage: granted}.")
        return None
    for purpose in value:
        close = get_close_matches(str(purpose), _PURPOSES, 1, _SLIP)
        if close and str(purpose) not in _PURPOSES:
            spot.below(str(purpose)).fault(f"is nearly {close[0]}, and would never be found. Did you mean that?")
    return tuple((str(purpose), _choices(spot.below(str(purpose)), each)) for purpose, each in value.items())


def _choices(spot: Spot, value: object) -> tuple[str, ...]:
    if value == []:
        spot.fault("must have a choice that allows to send, such as granted.")
    several = [(spot.below(at), each) for at, each in enumerate(value)] if isinstance(value, list) else [(spot, value)]
    made = (_choice(*each) for each in several)
    return tuple(dict.fromkeys(choice for choice in made if choice is not None))


def _choice(spot: Spot, value: object) -> str | None:
    if isinstance(value, bool | int):
        return str(value).lower()
    choice = text(spot, value)
    return choice.lower() if choice else None


def _limited_region(spot: Spot, value: object) -> str | None:
    region = text(spot, value)
    if region is None or region.lower() in REGIONS:
        return region and region.lower()
    spot.fault(f"cannot be {region}: Meta limits data use in {', '.join(REGIONS)}.")
    return None


def _regions(spot: Spot, value: object) -> tuple[str, ...] | None:
    return texts(spot, value, "us-ca", _limited_region)


def _names(spot: Spot, value: object) -> tuple[str, ...] | None:
    return texts(spot, value, "Purchase")


def _allowed_names(spot: Spot, value: object) -> object:
    return _ALL if value == _ALL else _some(spot, value) and _names(spot, value)


def _origins(spot: Spot, value: object) -> tuple[str, ...] | None:
    return _some(spot, value) and texts(spot, value, "server", word_of(*ORIGINS))


def _allowed_origins(spot: Spot, value: object) -> object:
    return _ALL if value == _ALL else _origins(spot, value)


def _some(spot: Spot, value: object) -> Any:  # noqa: ANN401 - true, or what stands for a fault
    """Refuse a list with nothing in it, where that would mean that nothing is sent."""
    if value != []:
        return True
    spot.fault("lets no event pass. To send all, say all; to send none, enabled: false.")
    return None


def _origins_by_event(spot: Spot, value: object) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    if not isinstance(value, dict):
        spot.fault("must hold event names with their origins, such as {Purchase: [server]}.")
        return None
    read = {str(name): _origins(spot.below(str(name)), each) for name, each in value.items()}
    return tuple((name, origins) for name, origins in read.items() if origins)


def _rename(spot: Spot, value: object) -> tuple[tuple[str, str], ...] | None:
    if not isinstance(value, dict):
        spot.fault("must hold event names with their new ones, such as {order: Purchase}.")
        return None
    read = {str(name): text(spot.below(str(name)), each) for name, each in value.items()}
    return tuple((name, new) for name, new in read.items() if new is not None)


def _properties(spot: Spot, value: object) -> tuple[str, ...] | None:
    return texts(spot, value, "margin")


def _allowed_properties(spot: Spot, value: object) -> object:
    return _ALL if value == _ALL else _properties(spot, value)


def _withheld_properties(spot: Spot, value: object) -> tuple[str, ...] | None:
    names = _properties(spot, value)
    for name in names or ():
        if name in NEEDED_PROPERTIES:
            spot.fault(
                f"cannot have {name}: Meta refuses events that need it and come without. To keep the events back, "
                "use events.deny or origins."
            )
    return names


def _suppression(spot: Spot, value: object) -> ListSource | str | None:
    if value == _NONE:
        return _NONE
    if not isinstance(value, dict):
        spot.fault("must name a file of hashes, {file: …}, or be none.")
        return None
    raw = spot.map(value, ("file",), "file")
    name = text(spot.below("file"), raw.get("file"))
    return ListSource(spot.file.path.parent / name, spot.where) if name else None


_SIMPLE: Final[Mapping[str, Read]] = MappingProxyType(
    {
        "region": _region,
        "enabled": flag,
        "external_id": word_of("hashed", "hashed_lowercase", "plain"),
        "opt_out": flag,
        "suppression": _suppression,
    }
)
_SECTIONS: Final[Mapping[str, Mapping[str, Read]]] = MappingProxyType(
    {
        "consent": {"require": _require, "missing": word_of("granted", "denied")},
        "limited_data_use": {"regions": _regions, "unknown": word_of("ask_meta", "off")},
        "origins": {"allow": _allowed_origins, "events": _origins_by_event},
        "events": {"allow": _allowed_names, "deny": _names, "rename": _rename},
        "properties": {
            "allow": _allowed_properties,
            "deny": _withheld_properties,
            "server_only": _withheld_properties,
        },
    }
)

POLICY_KEYS: Final = (*_SIMPLE, *_SECTIONS)
"""The keys of a policy, the same for one pixel as for all."""
