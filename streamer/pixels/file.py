"""Reading pixels.yaml: what differs from pixel to pixel, with every fault named by file and line."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from streamer.errors import ConfigError
from streamer.kafka.progress import MAX_OUTCOMES
from streamer.kinds import check_agent
from streamer.pixels.policy import POLICY_KEYS, ListSource, Said, make_rules, read_policy
from streamer.pixels.spot import Read, Spot, text, texts
from streamer.translate.plan import PixelRules
from streamer.translate.routing import is_pixel_id
from streamer.yamlfile import YamlFile, read_yaml


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where a secret is: in a file, or in a variable of the environment."""

    where: str
    """File and line that name it."""
    file: Path | None = None
    env: str | None = None


@dataclass(frozen=True, slots=True)
class PixelEntry:
    """What the file says of one pixel: the keys that are its alone, and its rules, those of all pixels among them."""

    client: str | None = None
    token: SecretSource | None = None
    app_secret: SecretSource | None = None
    containers: tuple[str, ...] = ()
    partner_agent: str | None = None
    test_event_code: str | None = None
    rules: PixelRules = field(default_factory=PixelRules)


class PixelsFile(NamedTuple):
    """All that the file says."""

    defaults: PixelRules
    """For pixels that it does not name too."""
    pixels: Mapping[str, PixelEntry]
    """By pixel id, in the order of the file."""
    lists: tuple[ListSource, ...]
    """The lists of suppressed people that the rules name, each once."""


NOTHING: Final = PixelsFile(PixelRules(), {}, ())
"""What a file says that is empty, or not there."""


def read_pixels(path: Path) -> PixelsFile:
    """Return what the file says.

    Paths in it are relative to its folder. Secrets and lists of suppressed people are named in it, and not read here.

    :raises ConfigError: with a line for each fault, none of which holds a secret.
    """
    file = read_yaml(path)
    faults: list[str] = []
    spot = Spot(file, (), faults)
    raw = {} if file.value is None else spot.map(file.value, ("defaults", "pixels"), "the keys defaults and pixels")
    defaults = _defaults(spot.below("defaults"), raw.get("defaults"))
    pixels, said = {}, [defaults]
    for pixel_id, one, entry in _raw_entries(spot.below("pixels"), raw.get("pixels")):
        keys = one.map(entry, (*_READ, *POLICY_KEYS), f"keys ({', '.join((*_READ, *POLICY_KEYS))})")
        said.append(read_policy(one, {key: keys[key] for key in keys if key in POLICY_KEYS}, defaults))
        pixels[pixel_id] = PixelEntry(**_own(one, keys), rules=make_rules(said[-1]))
    faults += _overrouted(file, pixels)
    if faults:
        raise ConfigError(faults)
    return PixelsFile(make_rules(defaults), pixels, _lists(said))


def _defaults(spot: Spot, value: object) -> Said:
    if value is None:
        return {}
    raw = spot.map(value, (*POLICY_KEYS, *_READ), f"keys ({', '.join(POLICY_KEYS)})")
    for key in raw:
        if key in _READ:
            for_all = f" What counts for all is {_FOR_ALL[key]} in streamer.yaml." if key in _FOR_ALL else ""
            spot.below(key).fault(f"is of one pixel: write it below that pixel.{for_all}")
    return read_policy(spot, {key: raw[key] for key in raw if key in POLICY_KEYS}, {})


def _raw_entries(spot: Spot, value: object) -> Iterator[tuple[str, Spot, object]]:
    if value is not None and not isinstance(value, dict):
        spot.fault("must hold pixel ids, indented below it.")
        return
    for key, entry in (value or {}).items():
        one = spot.below(str(key))
        if is_pixel_id(str(key)):
            yield str(key), one, {} if entry is None else entry
        else:
            one.fault("is no pixel id: 1 to 20 digits, the first of which is not 0.")


def _own(spot: Spot, raw: Mapping[str, object]) -> dict[str, Any]:
    """Read the keys that are one pixel's alone."""
    read = {key: _READ[key](spot.below(key), raw[key]) for key in raw if key in _READ}
    if "app_secret" in raw and "token" not in raw:
        spot.below("app_secret").fault(
            "has no token beside it. It must be of the app that issued the pixel's own token: name that too, or leave "
            "it out."
        )
    return {key: each for key, each in read.items() if each is not None}


def _secret(spot: Spot, value: object) -> SecretSource | None:
    if not isinstance(value, dict):
        spot.fault("must name where the secret is, {file: …} or {env: …}; never write it here.")
        return None
    before = len(spot.faults)
    known = spot.map(value, ("file", "env"), "file or env")
    if len(spot.faults) > before:
        return None
    if len(known) != 1:
        spot.fault("must name one place: {file: …} or {env: …}.")
        return None
    (key, raw), *_ = known.items()
    name = text(spot.below(key), raw)
    if name is None:
        return None
    if key == "env":
        return SecretSource(spot.where, env=name)
    return SecretSource(spot.where, file=spot.file.path.parent / name)


def _containers(spot: Spot, value: object) -> tuple[str, ...] | None:
    return texts(spot, value, "GTM-ACME1")


def _agent(spot: Spot, value: object) -> str | None:
    """Check what Meta asks of ``partner_agent``."""
    agent = text(spot, value)
    try:
        return None if agent is None else check_agent(agent)
    except ValueError as error:
        spot.fault(f"{error}.")
        return None


def _overrouted(file: YamlFile, pixels: Mapping[str, PixelEntry]) -> Iterator[str]:
    """Find containers with more pixels than a record can have outcomes."""
    routed = Counter(name for entry in pixels.values() for name in entry.containers)
    for name, count in routed.items():
        if count > MAX_OUTCOMES:
            yield (
                f"{file.path}: container {name} goes to {count} pixels, and a record can go to at most {MAX_OUTCOMES}. "
                "Take it from some of them, or split the container."
            )


def _lists(said: list[Said]) -> tuple[ListSource, ...]:
    named = [each["suppression"] for each in said if isinstance(each.get("suppression"), ListSource)]
    return tuple({source.path: source for source in reversed(named)}.values())


_READ: dict[str, Read] = {
    "client": text,
    "token": _secret,
    "app_secret": _secret,
    "containers": _containers,
    "partner_agent": _agent,
    "test_event_code": text,
}
"""How the value of each key is read that is one pixel's alone."""

_FOR_ALL: Final = {
    "token": "meta.access_token",
    "app_secret": "meta.app_secret",
    "partner_agent": "meta.partner_agent",
    "test_event_code": "meta.test_event_code",
}
"""Settings that are the defaults of such keys."""
