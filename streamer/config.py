"""Loading the settings: the file, then the environment, then flags; each fault says where it is and what to do."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from streamer.contradictions import contradictions
from streamer.errors import ConfigError
from streamer.layers import (
    KEYS,
    Entry,
    FileOf,
    Layer,
    dotted,
    environment_layer,
    file_layer,
    flags_layer,
    is_secret,
    nearest,
)
from streamer.settings import Settings
from streamer.yamlfile import Place

_NOTHING: Mapping[str, str] = MappingProxyType({})

_MUST = {
    "list_type": "must be a list, such as [a, b].",
    "dict_type": "must hold keys and values, such as {{a: 1}}.",
    "int_parsing": "must be a whole number.",
    "int_type": "must be a whole number.",
    "float_parsing": "must be a number.",
    "float_type": "must be a number.",
    "finite_number": "must be a finite number.",
    "bool_parsing": "must be true or false.",
    "bool_type": "must be true or false.",
    "path_type": "must be the name of a file.",
    "too_short": "is empty. Give it a value, or leave it out.",
    "string_pattern_mismatch": "must have the form {pattern}.",
}
"""What a value must be, by pydantic's name of the fault, where its own words say too little."""

_SECRET_WORDS = ("password", "secret", "key.pem", "sasl.oauthbearer.config")


def load_settings(
    path: Path | None, overrides: Mapping[str, str] = _NOTHING, environ: Mapping[str, str] = os.environ
) -> Settings:
    """Read the settings from a YAML file, the environment (``STREAMER__SECTION__KEY``), then flags; the later wins.

    :param path: the file; None for defaults alone. Relative paths in it are relative to its folder.
    :param overrides: values by ``section.key``, as ``--set`` gives them. Lists and maps are YAML here and in the
        environment.
    :raises ConfigError: with a line for each fault, none of which holds a value.
    """
    layers = [*([file_layer(path)] if path else []), environment_layer(environ), flags_layer(overrides)]
    faults = [fault for layer in layers for fault in layer.faults]
    entries = _merge(layers)
    raw, missing = _tree(entries.values())
    faults += missing
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        faults += [f"{_located(each['loc'], entries)} {_what(each)}" for each in error.errors(include_url=False)]
    else:
        for places, sentence in contradictions(settings):
            given = next((place for place in places if _entry(place, entries)), places[0])
            faults.append(f"{_located(given, entries)} {sentence}")
    if faults:
        raise ConfigError(list(dict.fromkeys(faults)))
    return settings


def secrets_of(settings: Settings) -> Iterator[str]:
    """Return every secret in the settings, for the logs to hide; those of ``kafka.client`` too."""
    for section in KEYS:
        part = getattr(settings, section)
        values = (getattr(part, name) for name in type(part).model_fields)
        yield from (value.get_secret_value() for value in values if isinstance(value, SecretStr))
    client = settings.kafka.client.items()
    yield from (str(value) for key, value in client if any(word in key for word in _SECRET_WORDS))


def _merge(layers: Iterable[Layer]) -> dict[Place, Entry]:
    merged: dict[Place, Entry] = {}
    for entry in (entry for layer in layers for entry in layer.entries):
        # The whole of kafka.client in one layer takes the place of single keys in an earlier one.
        for below in [place for place in merged if place[: len(entry.place)] == entry.place]:
            del merged[below]
        merged[entry.place] = entry
    return merged


def _tree(entries: Iterable[Entry]) -> tuple[dict[str, Any], list[str]]:
    raw: dict[str, Any] = {}
    faults: list[str] = []
    for entry in entries:
        value = entry.value
        if isinstance(value, FileOf):
            try:
                value = value.read()
            except ConfigError as error:
                faults.append(f"{entry.where}: {entry.name}: {error}.")
                continue
        if value in ("", None) and is_secret(KEYS[str(entry.place[0])][str(entry.place[1])]):
            faults.append(f"{entry.where}: {entry.name} is empty. Give it a value, or leave it out.")
        inner = raw
        for key in entry.place[:-1]:
            below = inner.setdefault(str(key), {})
            inner = below if isinstance(below, dict) else {}
        inner[str(entry.place[-1])] = value
    return raw, faults


def _entry(place: Place, entries: Mapping[Place, Entry]) -> Entry | None:
    """Return what was given for a place, or for something around it."""
    return next((entries[place[:end]] for end in range(len(place), 0, -1) if place[:end] in entries), None)


def _located(place: Place, entries: Mapping[Place, Entry]) -> str:
    entry = _entry(place, entries)
    where = "" if entry is None else f"{entry.file.where(place) if entry.file else entry.where}: "
    return f"{where}{dotted(place)}"


def _what(error: ErrorDetails) -> str:
    """Say what a value must be; the value itself may be a secret, and stays out."""
    if error["type"] == "literal_error":
        return _choice(error)
    if error["input"] is None:
        return "is empty. Give it a value, or leave it out."
    if error["type"] == "string_type":
        return "must be text: put it in quotes." if isinstance(error["input"], int | float) else "must be text."
    if error["type"] == "value_error":
        return f"{error['ctx']['error']}."
    known = _MUST.get(error["type"])
    if known:
        return known.format_map(error.get("ctx", {}))
    return re.sub(r"^[A-Z]\w+ should", "should", error["msg"]) + "."


def _choice(error: ErrorDetails) -> str:
    allowed = re.findall(r"'([^']*)'", error["ctx"]["expected"])
    meant = nearest(str(error["input"]), allowed)
    return f"is not one of {', '.join(allowed)}. {meant if meant.startswith('Did') else ''}".rstrip()
