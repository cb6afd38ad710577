"""City, state, postcode and country as Meta hashes them."""

import re
import unicodedata

from streamer.translate.cleaning import compose, letters_only
from streamer.translate.notes import Drop, NoteReason
from streamer.translate.tables import TABLES, fold, word_key

_ISO_STATE = re.compile(r"\s*(us|ca)[-_ ]([a-z]{2})\s*", re.IGNORECASE | re.ASCII)
_STATE_AFFIX = re.compile(r"(?:stateof|provinceof)(?=.)|(?<=.)(?:state|province)$")
_ZIP_PLUS_4 = re.compile(r"[0-9]{5}[- ][0-9]{4}")
_DIGIT = re.compile(r"[0-9]")
_ASCII_NOT_POSTCODE = dict.fromkeys(n for n in range(128) if not chr(n).isalnum())
_US_DIGITS = 5
_LENGTHS_WITHOUT_ZEROS = range(3, 5)
_STATE_CODES = {country: frozenset(names.values()) for country, names in TABLES.states.items()}
_SHORTEST_POSTCODE = 2
_LONGEST_POSTCODE = 12


def city(value: str) -> str | Drop:
    """Lowercase letters of any script without spaces, punctuation and digits (Meta): ``Saint-Étienne``, ``東京``."""
    return letters_only(value)


def state(value: str, country: str | None) -> str | Drop:
    """Two letters for the states of the US and Canada, elsewhere the whole name in lowercase letters (Meta).

    :param country: as :func:`country` returns it. Without one, the names of the US and Canada are known all the same.
    """
    if (iso := _ISO_STATE.fullmatch(value)) and country in {None, iso[1].lower()}:
        code = iso[2].lower()
        if code in _STATE_CODES[iso[1].lower()]:
            return code
    text = letters_only(value)
    if type(text) is not str or (country is not None and country not in TABLES.states):
        return text
    folded = fold(text)
    for table in TABLES.states.values() if country is None else (TABLES.states[country],):
        if code := table.get(folded) or table.get(_STATE_AFFIX.sub("", folded, count=1)):
            return code
    return text


def zip_code(value: str, country: str | None) -> str | Drop:
    """Lowercase letters and digits without spaces and dashes; the first five digits for the US (Meta).

    Without a country, five digits, a dash or a space, and four digits are a US ZIP+4.

    :param country: as :func:`country` returns it.
    """
    text = compose(value).lower() if value.isascii() else _in_ascii_digits(value)
    if not text:
        return Drop(NoteReason.EMPTY)
    bare = text.translate(_ASCII_NOT_POSTCODE)
    if not bare.isascii():
        bare = "".join([c for c in bare if c.isalnum()])
    if not _SHORTEST_POSTCODE <= len(bare) <= _LONGEST_POSTCODE or not _DIGIT.search(bare):
        return Drop(NoteReason.MALFORMED)
    if country == "us" and bare[:_US_DIGITS].isdigit():
        # A spreadsheet took the zeros off the front: 2134 is Boston's 02134.
        return bare.zfill(_US_DIGITS) if len(bare) in _LENGTHS_WITHOUT_ZEROS else bare[:_US_DIGITS]
    return bare[:_US_DIGITS] if country is None and _ZIP_PLUS_4.fullmatch(text) else bare


def country(value: str) -> str | Drop:
    """Two lowercase letters of ISO 3166-1 (Meta), from two- and three-letter codes and names in many languages."""
    key = word_key(value)
    found = TABLES.countries.get(key) or TABLES.countries.get(fold(key))
    return found if found is not None else Drop(NoteReason.UNKNOWN if key else NoteReason.EMPTY)


def _in_ascii_digits(value: str) -> str:
    text = unicodedata.normalize("NFKC", compose(value)).strip().lower()
    return "".join([str(unicodedata.decimal(c, c)) for c in text])
