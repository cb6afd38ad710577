"""Mappings: from a page of YAML, or a preset, to the frozen data of a plan, held against a reader schema."""

from typing import Final

from streamer.records.schema import load_schema
from streamer.translate.mapping.compiling import Compiled, compile_mapping
from streamer.translate.mapping.file import parse_mapping, read_mapping
from streamer.translate.mapping.finding import compile_named, find_mapping
from streamer.translate.mapping.presets import load_preset, preset_names, preset_text
from streamer.translate.plan import TranslationMap

__all__ = [
    "TAG_EVENT",
    "Compiled",
    "compile_mapping",
    "compile_named",
    "find_mapping",
    "load_preset",
    "parse_mapping",
    "preset_names",
    "preset_text",
    "read_mapping",
]

TAG_EVENT: Final[TranslationMap] = find_mapping(None, None, load_schema())
"""What is used where ``records.mapping`` names nothing, for records of the tag event's own schema."""
