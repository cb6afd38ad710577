"""The words that normalising looks up, read from ``tables.json``, which ``tools/make_tables.py`` writes."""

import json
import unicodedata
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple


class Tables(NamedTuple):
    """Plain data, the same for every engine; the keys of the three dicts are :func:`word_key`'s."""

    countries: dict[str, str]
    """Codes and names, in many languages, to ISO 3166-1 alpha-2 in lowercase."""
    states: dict[str, dict[str, str]]
    """For ``us`` and ``ca``: names to two lowercase letters."""
    genders: dict[str, str]
    """Words to ``m`` or ``f``."""
    currencies: frozenset[str]
    """The ISO 4217 codes that Meta takes, uppercase."""


def word_key(text: str) -> str:
    """Reduce a text to what tables are looked up by: its letters and marks, casefolded, in NFC."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFC", "".join(c for c in text if unicodedata.category(c)[0] in "LM"))


def fold(text: str) -> str:
    """Take the accents off Latin letters; other scripts stay as they are."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return bare if bare.isascii() else text


def load(path: Path | None = None) -> Tables:
    """Read the tables from a file, by default from the one that ships with the package."""
    source = path if path is not None else files(__package__).joinpath("tables.json")
    raw = json.loads(source.read_text(encoding="utf-8"))
    countries = {word: code for code, words in raw["countries"].items() for word in words.split()}
    return Tables(countries, raw["states"], raw["genders"], frozenset(raw["currencies"]))


TABLES = load()
