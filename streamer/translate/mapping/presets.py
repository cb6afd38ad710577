"""Mappings that ship: YAML files, each made for a schema that ships with it."""

from functools import cache
from pathlib import Path

from streamer.errors import ConfigError
from streamer.layers import nearest
from streamer.translate.mapping.file import read_mapping
from streamer.translate.mapping.parsed import Mapped

DEFAULT_PRESET = "tag-event"
"""What is taken where ``records.mapping`` names nothing."""

_FOLDER = Path(__file__).resolve().parent.parent / "presets"


def preset_names() -> tuple[str, ...]:
    """Return the names of all presets."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


def preset_path(name: str) -> Path:
    """Return the file of a preset that there is."""
    return _FOLDER / f"{name}.yaml"


def preset_text(name: str) -> str:
    """Return a preset as it is written.

    :raises ConfigError: there is no such preset.
    """
    if name not in preset_names():
        raise ConfigError(f"There is no preset {name}. {nearest(name.lower(), preset_names())}")
    return preset_path(name).read_text(encoding="utf-8")


@cache
def load_preset(name: str) -> Mapped:
    """Read a preset that there is."""
    return read_mapping(preset_path(name))
