"""Finding the mapping that ``records.mapping`` names: a preset, or a file."""

from pathlib import Path

from streamer.errors import ConfigError
from streamer.layers import nearest
from streamer.records.schema import AvroSchema
from streamer.translate.mapping.compiling import Compiled, compile_file, compile_mapping
from streamer.translate.mapping.presets import DEFAULT_PRESET, load_preset, preset_names
from streamer.translate.plan import TranslationMap
from streamer.yamlfile import read_yaml


def find_mapping(name_or_path: str | None, base: Path | None, schema: AvroSchema) -> TranslationMap:
    """Return a mapping for the records of a reader schema.

    :param name_or_path: a preset's name, or a file; ``None``: the preset of the tag event.
    :param base: the folder that a relative path begins at; ``None``: the current one.
    :raises ConfigError: there is no such mapping, or it does not hold for the schema; with a line for each fault.
    """
    return compile_named(name_or_path, base, schema).mapping


def compile_named(name_or_path: str | None, base: Path | None, schema: AvroSchema, about_schema: str = "") -> Compiled:
    """Do what :func:`find_mapping` does, and tell what a preset has that the schema does not.

    :param about_schema: what is to be said first of the schema where a file does not hold for it.
    """
    name = DEFAULT_PRESET if name_or_path is None else name_or_path
    if name in preset_names():
        return compile_mapping(load_preset(name), schema, strict=False)
    path = (base or Path()) / name
    if not path.is_file():
        close = nearest(name.lower(), preset_names())
        meant = f"{close} " if close.startswith("Did") and not path.suffix else ""
        raise ConfigError(
            f"records.mapping: there is no preset {name}, and no file {path}. "
            f"{meant}The presets are: {', '.join(preset_names())}."
        )
    return compile_file(read_yaml(path), schema, about_schema=about_schema)
