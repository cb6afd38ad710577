"""The layers that settings come from, a file, the environment and flags, each as a list of entries and faults."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from streamer.errors import ConfigError
from streamer.settings import Settings
from streamer.yamlfile import Place, YamlFile, parse_yaml, read_yaml

PREFIX = "STREAMER__"
FILE_SUFFIX = "_file"

KEYS: Mapping[str, Mapping[str, FieldInfo]] = {
    section: {info.alias or key: info for key, info in getattr(part.annotation, "model_fields").items()}  # noqa: B009 - each annotation is a Section, which the type of FieldInfo does not say
    for section, part in Settings.model_fields.items()
}
"""Every setting by section and key, as users write them."""


@dataclass(frozen=True, slots=True)
class FileOf:
    """In place of a secret: the file that holds it."""

    path: Path

    def read(self) -> str:
        """Return the secret, without the space around it.

        :raises ConfigError: when there is none. The text begins in the middle of a sentence and has no secret.
        """
        try:
            secret = self.path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(f"the file {self.path} cannot be read ({error.strerror})") from None
        except UnicodeDecodeError:
            raise ConfigError(f"the file {self.path} is not UTF-8 text") from None
        if not secret:
            raise ConfigError(f"the file {self.path} is empty")
        return secret


@dataclass(frozen=True, slots=True)
class Entry:
    """A value, the setting it is for, and where it was given."""

    place: Place
    value: Any = field(repr=False)
    where: str
    file: YamlFile | None = None

    @property
    def name(self) -> str:
        """The key as users wrote it, such as ``kafka.topics`` or ``meta.access_token_file``."""
        return dotted(self.place) + (FILE_SUFFIX if isinstance(self.value, FileOf) else "")


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source says, and what is wrong with it."""

    entries: list[Entry] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class _UnknownKeyError(Exception):
    """No setting has this name."""


def dotted(place: Iterable[str | int]) -> str:
    """Write a place the way users do."""
    return ".".join(map(str, place))


def is_secret(info: FieldInfo) -> bool:
    """Say whether a setting is a secret, which may also be given as a file."""
    return info.annotation is SecretStr or SecretStr in get_args(info.annotation)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown name: what was probably meant, else what there is."""
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1)
    return f"Did you mean {close[0]}?" if close else f"There are: {', '.join(names)}."


def file_layer(path: Path) -> Layer:
    """Read the layer of a YAML file.

    :raises ConfigError: when it is no file, or no YAML.
    """
    file, layer = read_yaml(path), Layer()
    if file.value is not None and not isinstance(file.value, dict):
        raise ConfigError(f"{path}: must hold sections, such as kafka: and meta:, and their keys below them.")
    for section, content in (file.value or {}).items():
        where = file.where((section,))
        if section not in KEYS:
            layer.faults.append(f"{where}: there is no section {section}. {nearest(str(section), KEYS)}")
        elif content is not None and not isinstance(content, dict):
            layer.faults.append(f"{where}: {section} must hold keys, indented below it.")
        else:
            _add_all(layer, _section_items(section, content or {}), file)
    return _without_twins(layer)


def _section_items(section: str, content: Mapping[Any, Any]) -> Iterator[tuple[Place, Any]]:
    for key, value in content.items():
        if (section, key) == ("kafka", "client") and isinstance(value, dict):
            yield from (((section, key, str(below)), each) for below, each in value.items())
        else:
            yield (section, str(key)), value


def _add_all(layer: Layer, items: Iterable[tuple[Place, Any]], file: YamlFile) -> None:
    for given, value in items:
        where = file.where(given)
        try:
            place, from_file = _resolve(given)
        except _UnknownKeyError as unknown:
            layer.faults.append(f"{where}: {unknown}")
            continue
        if from_file and not isinstance(value, str):
            layer.faults.append(f"{where}: {dotted(given)} must be the name of a file.")
            continue
        content = FileOf(file.path.parent / value) if from_file else _beside(file.path.parent, place, value)
        layer.entries.append(Entry(place, content, where, file))


def environment_layer(environ: Mapping[str, str]) -> Layer:
    """Read the layer of the environment: ``STREAMER__SECTION__KEY``, and ``STREAMER__KAFKA__CLIENT__SASL_PASSWORD``."""
    layer = Layer()
    for name in sorted(name for name in environ if name.upper().startswith(PREFIX)):
        section, _, key = name[len(PREFIX) :].lower().partition("__")
        key, _, below = key.partition("__")
        below = (
            f"{below.removesuffix(FILE_SUFFIX).replace('_', '.')}{FILE_SUFFIX if below.endswith(FILE_SUFFIX) else ''}"
        )
        _add_text(layer, (section, key, below) if below else (section, key), environ[name], f"environment, {name}")
    return _without_twins(layer)


def flags_layer(overrides: Mapping[str, str]) -> Layer:
    """Read the layer of flags: ``--set section.key=value``."""
    layer = Layer()
    for name, text in overrides.items():
        section, _, key = name.partition(".")
        client, _, below = key.partition(".")
        given = (section, client, below) if below else (section, key)
        _add_text(layer, given, text, f"--set {name}")
    return _without_twins(layer)


def _add_text(layer: Layer, given: Place, text: str, where: str) -> None:
    try:
        place, from_file = _resolve(given)
        value = FileOf(Path(text)) if from_file else _from_text(place, text)
    except (_UnknownKeyError, ConfigError) as error:
        layer.faults.append(f"{where}: {error}")
    else:
        layer.entries.append(Entry(place, value, where))


def _resolve(given: Place) -> tuple[Place, bool]:
    """Return the setting that is meant, and whether its value is in a file."""
    section, key, *below = (*map(str, given), "")[: max(2, len(given))]
    if section not in KEYS:
        raise _UnknownKeyError(f"there is no section {section}. {nearest(section, KEYS)}")
    if not key:
        raise _UnknownKeyError(f"{section} is a section: name one of its keys too. {nearest('', _names(section))}")
    if below and (section, key) == ("kafka", "client"):
        last = below[0]
        return (section, key, last.removesuffix(FILE_SUFFIX)), last.endswith(FILE_SUFFIX)
    if not below and key in KEYS[section]:
        return (section, key), False
    secret = key.removesuffix(FILE_SUFFIX)
    if not below and secret != key and secret in KEYS[section] and is_secret(KEYS[section][secret]):
        return (section, secret), True
    raise _UnknownKeyError(f"there is no key {dotted(given)}. {nearest(dotted(given), _names(section))}")


def _names(section: str) -> list[str]:
    secrets = [key for key, info in KEYS[section].items() if is_secret(info)]
    return [f"{section}.{key}" for key in [*KEYS[section], *(f"{key}{FILE_SUFFIX}" for key in secrets)]]


def _from_text(place: Place, text: str) -> Any:  # noqa: ANN401 - a value that is still to be checked
    if len(place) > 2:  # noqa: PLR2004 - a key of kafka.client
        return text
    info = KEYS[str(place[0])][str(place[1])]
    if get_origin(info.annotation) in (list, dict):
        try:
            return parse_yaml(text, Path()).value
        except ConfigError:
            raise ConfigError(f"{dotted(place)} must be YAML, such as [a, b] or {{a: 1}}.") from None
    if type(None) in get_args(info.annotation) and not is_secret(info) and text in ("", "null"):
        return None
    return text.strip() if is_secret(info) else text


def _beside(folder: Path, place: Place, value: Any) -> Any:  # noqa: ANN401 - a value that is still to be checked
    """Make a relative path that stands in a file relative to that file's folder."""
    if not isinstance(value, str) or len(place) > 2:  # noqa: PLR2004 - a key of kafka.client, passed on as it is
        return value
    info = KEYS[str(place[0])][str(place[1])]
    is_path = info.annotation is Path or Path in get_args(info.annotation)
    is_mapping_file = place == ("records", "mapping") and Path(value).suffix != ""
    return str(folder / value) if is_path or is_mapping_file else value


def _without_twins(layer: Layer) -> Layer:
    """Refuse a setting that is given twice in a layer, as it is and as a file: which one counts is no guess of ours."""
    seen: dict[Place, Entry] = {}
    for entry in layer.entries:
        other = seen.setdefault(entry.place, entry)
        if other is not entry:
            layer.faults.append(
                f"{entry.where}: {dotted(entry.place)} is given twice, also by {other.where}. Keep one."
            )
    return layer
