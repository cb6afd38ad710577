"""Reading pixels.yaml: what differs from pixel to pixel, with every fault named by file and line."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import phonenumbers

from streamer.errors import ConfigError
from streamer.kafka.progress import MAX_OUTCOMES
from streamer.kinds import check_agent
from streamer.layers import nearest
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
    """What the file says of one pixel, under the file's own keys."""

    client: str | None = None
    token: SecretSource | None = None
    app_secret: SecretSource | None = None
    containers: tuple[str, ...] = ()
    partner_agent: str | None = None
    test_event_code: str | None = None
    region: str | None = None
    """ISO 3166-1 alpha-2 in lowercase."""
    enabled: bool = True


def read_pixels(path: Path) -> dict[str, PixelEntry]:
    """Return what the file says, by pixel id.

    Paths in it are relative to its folder. Secrets are named in it, and not read here.

    :raises ConfigError: with a line for each fault, none of which holds a secret.
    """
    file = read_yaml(path)
    faults: list[str] = []
    pixels = dict(_entries(_Spot(file, (), faults), file.value))
    faults += _overrouted(file, pixels)
    if faults:
        raise ConfigError(faults)
    return pixels


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place in the file, and where to say what is wrong there."""

    file: YamlFile
    place: tuple[str | int, ...]
    faults: list[str]

    def below(self, key: str | int) -> "_Spot":
        return _Spot(self.file, (*self.place, key), self.faults)

    @property
    def where(self) -> str:
        return self.file.where(self.place)

    def fault(self, what: str) -> None:
        """Note a fault. ``what`` goes on after the key."""
        self.faults.append(f"{self.where}: {'.'.join(map(str, self.place)) or 'the file'} {what}")

    def map(self, value: object, known: tuple[str, ...], holds: str) -> dict[str, Any]:
        """Return a map with no other keys than known ones."""
        if not isinstance(value, dict):
            self.fault(f"must hold {holds}, indented below it.")
            return {}
        for key in value:
            if key not in known:
                self.faults.append(f"{self.below(str(key)).where}: there is no key {key}. {nearest(str(key), known)}")
        return {key: each for key, each in value.items() if key in known}


def _entries(spot: _Spot, value: object) -> Iterator[tuple[str, PixelEntry]]:
    if value is None:
        return
    below = spot.map(value, ("pixels",), "the key pixels").get("pixels")
    spot = spot.below("pixels")
    if below is not None and not isinstance(below, dict):
        spot.fault("must hold pixel ids, indented below it.")
        return
    for key, entry in (below or {}).items():
        one = spot.below(str(key))
        if not is_pixel_id(str(key)):
            one.fault("is no pixel id: 1 to 20 digits.")
        else:
            yield str(key), _entry(one, {} if entry is None else entry)


def _entry(spot: _Spot, value: object) -> PixelEntry:
    raw = spot.map(value, tuple(_READ), f"keys ({', '.join(_READ)})")
    read = {key: _READ[key](spot.below(key), each) for key, each in raw.items()}
    if "app_secret" in raw and "token" not in raw:
        spot.below("app_secret").fault(
            "has no token beside it. It must be of the app that issued the pixel's own token: name that too, or leave "
            "it out."
        )
    return PixelEntry(**{key: each for key, each in read.items() if each is not None})


def _text(spot: _Spot, value: object) -> str | None:
    if isinstance(value, str) and value.strip():
        return value.strip()
    number = isinstance(value, int | float)
    spot.fault("must be text: put it in quotes." if number else "must be text that is not empty.")
    return None


def _secret(spot: _Spot, value: object) -> SecretSource | None:
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
    name = _text(spot.below(key), raw)
    if name is None:
        return None
    if key == "env":
        return SecretSource(spot.where, env=name)
    return SecretSource(spot.where, file=spot.file.path.parent / name)


def _containers(spot: _Spot, value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list):
        spot.fault("must be a list, such as [GTM-ACME1].")
        return None
    names = [_text(spot.below(at), each) for at, each in enumerate(value)]
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _agent(spot: _Spot, value: object) -> str | None:
    """Check what Meta asks of ``partner_agent``."""
    agent = _text(spot, value)
    try:
        return None if agent is None else check_agent(agent)
    except ValueError as error:
        spot.fault(f"{error}.")
        return None


def _region(spot: _Spot, value: object) -> str | None:
    region = _text(spot, value)
    if region is not None and region.upper() not in phonenumbers.SUPPORTED_REGIONS:
        spot.fault("must be a country's two letters (ISO 3166-1), such as US.")
        return None
    return region.lower() if region else None


def _flag(spot: _Spot, value: object) -> bool | None:
    flag = {"true": True, "false": False}.get(str(value).lower())
    if flag is None:
        spot.fault("must be true or false.")
    return flag


def _overrouted(file: YamlFile, pixels: Mapping[str, PixelEntry]) -> Iterator[str]:
    """Find containers with more pixels than a record can have outcomes."""
    routed = Counter(name for entry in pixels.values() for name in entry.containers)
    for name, count in routed.items():
        if count > MAX_OUTCOMES:
            yield (
                f"{file.path}: container {name} goes to {count} pixels, and a record can go to at most {MAX_OUTCOMES}. "
                "Take it from some of them, or split the container."
            )


_READ: dict[str, Callable[[_Spot, object], Any]] = {
    "client": _text,
    "token": _secret,
    "app_secret": _secret,
    "containers": _containers,
    "partner_agent": _agent,
    "test_event_code": _text,
    "region": _region,
    "enabled": _flag,
}
"""How the value of each key is read."""
