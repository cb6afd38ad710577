"""Each key of Meta's customer information as Meta hashes it: the raw text in, the text to hash out, or a drop.

The rule of each key, where it comes from and where sources differ is in docs/normalising.md. No function here raises
for any text, and none gives an empty text.
"""

import re
from datetime import date

from streamer.translate.cleaning import clean, compose, without_punctuation
from streamer.translate.normalise_place import city, country, state, zip_code
from streamer.translate.notes import Drop, NoteReason
from streamer.translate.phone import phone
from streamer.translate.tables import TABLES, word_key

__all__ = [
    "birthdate",
    "city",
    "country",
    "currency",
    "email",
    "external_id",
    "first_name",
    "gender",
    "last_name",
    "phone",
    "state",
    "zip_code",
]

_LOCAL = r"""[^\s@<>()\[\],;:\\"\x00-\x1f\x7f]+"""
_LABEL = r"""[^\s@<>()\[\],;:\\"\x00-\x1f\x7f!#$%&'*+/=?^`{|}~.]+"""
_EMAIL = re.compile(rf"{_LOCAL}@{_LABEL}(?:\.{_LABEL})+")
_NO_ID = frozenset({"undefined", "null", "none", "nan", "(not set)", "[object object]"})
_CURRENCIES = TABLES.currencies
_NUMBERS = re.compile(r"\d+")
_MONTHS = 12
_LAST_DAY = 31
_COMPACT = 8
_DATE_PARTS = 3
_YEARS = range(1800, 2101)


def email(value: str) -> str | Drop:
    """Trim and lowercase (Meta); nothing else is changed: dots and ``+tags`` belong to the address.

    Checked mildly: one ``@``, no white space, a domain with a dot. Addresses in other scripts pass.
    """
    # Turkish keyboards write the capital of i as İ, whose lowercase by Unicode has a combining dot no address has.
    text = clean(value) if value.isascii() else clean(value.replace("\u0130", "i"))
    if not text:
        return Drop(NoteReason.EMPTY)
    return text if _EMAIL.fullmatch(text) else Drop(NoteReason.MALFORMED)


def first_name(value: str) -> str | Drop:
    """Lowercase without punctuation or spaces, accents and other scripts kept (Meta): ``Mary-Ann`` is ``maryann``."""
    return without_punctuation(value)


def last_name(value: str) -> str | Drop:
    """As :func:`first_name`: ``O'Connor`` is ``oconnor``."""
    return without_punctuation(value)


def gender(value: str) -> str | Drop:
    """``f`` or ``m`` (Meta), from a table of words in many languages; anything else is dropped."""
    found = TABLES.genders.get(word_key(value))
    return found if found is not None else Drop(NoteReason.UNKNOWN if value.strip() else NoteReason.EMPTY)


def birthdate(value: str) -> str | Drop:
    """``YYYYMMDD`` (Meta) of a date that exists.

    Year first or year last, any separators, a time after it ignored. Where the year is last, the month comes first
    (Meta's sample ``2/16/1997``) unless it cannot be a month.
    """
    groups = _NUMBERS.findall(value)
    if not groups:
        return Drop(NoteReason.MALFORMED if value.strip() else NoteReason.EMPTY)
    if len(groups) == 1 and len(groups[0]) == _COMPACT:
        return _compact_date(groups[0])
    if len(groups) < _DATE_PARTS or max(map(len, groups[:_DATE_PARTS])) > len("YYYY"):
        return Drop(NoteReason.MALFORMED)
    first, second, third = map(int, groups[:_DATE_PARTS])
    found = _year_first(first, second, third) if first > _LAST_DAY else _year_last(first, second, third)
    return found or Drop(NoteReason.IMPOSSIBLE)


def external_id(value: str) -> str | Drop:
    """Trim and compose; the case stays, because it must be the text that the client's pixel sends.

    Stand-ins such as ``null`` are dropped: one id shared by many people would merge them.
    """
    text = compose(value)
    if not text:
        return Drop(NoteReason.EMPTY)
    return Drop(NoteReason.PLACEHOLDER) if text.lower() in _NO_ID else text


def currency(value: str) -> str | Drop:
    """Three uppercase letters of ISO 4217 that Meta takes; an unknown code would cost the whole request (2804011)."""
    if value in _CURRENCIES:
        return value
    text = value.strip().upper()
    if text in _CURRENCIES:
        return text
    return Drop(NoteReason.UNKNOWN if text else NoteReason.EMPTY)


def _compact_date(digits: str) -> str | Drop:
    year_first = _written(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    return year_first or _year_last(int(digits[:2]), int(digits[2:4]), int(digits[4:])) or Drop(NoteReason.IMPOSSIBLE)


def _year_first(year: int, second: int, third: int) -> str | None:
    return _written(year, third, second) if second > _MONTHS else _written(year, second, third)


def _year_last(first: int, second: int, year: int) -> str | None:
    return _written(year, second, first) if first > _MONTHS else _written(year, first, second)


def _written(year: int, month: int, day: int) -> str | None:
    if year not in _YEARS:
        return None
    try:
        date(year, month, day)
    except ValueError:
        return None
    return f"{year:04d}{month:02d}{day:02d}"
