"""What every normaliser does first: trim, lowercase, compose (NFC), and take out what nobody typed."""

import unicodedata

from streamer.translate.notes import Drop, NoteReason

# Invisible characters that copying leaves behind, and lone surrogates, which are no characters at all. The joiners
# U+200C and U+200D stay: Persian and Indic spelling needs them.
_INVISIBLE = dict.fromkeys(
    [
        0xAD,
        0x200B,
        0x200E,
        0x200F,
        0x2060,
        0xFEFF,
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        *range(0xD800, 0xE000),
    ]
)
_ASCII_NOT_NAME = dict.fromkeys(n for n in range(128) if not chr(n).isalnum())
_ASCII_NOT_LETTER = dict.fromkeys(n for n in range(128) if not chr(n).isalpha())
# The acute accent on its own and modifier letters: not punctuation by Unicode, apostrophes in the way they are used.
_APOSTROPHES = frozenset("\u00b4\u02bb\u02bc\u02b9\u02c8")
_PLACEHOLDERS = frozenset({"undefined", "notset", "objectobject"})


def compose(value: str) -> str:
    """Trim and compose to NFC, keeping the case: the documented hash of an accented name is the one of NFC."""
    if value.isascii():
        return value.strip()
    return unicodedata.normalize("NFC", value.translate(_INVISIBLE)).strip()


def clean(value: str) -> str:
    """Trim, compose and lowercase."""
    if value.isascii():
        return value.strip().lower()
    return unicodedata.normalize("NFC", compose(value).lower())


def without_punctuation(value: str) -> str | Drop:
    """Lowercase without white space and punctuation: letters of all scripts, digits and symbols such as emoji stay.

    ASCII symbols (``$ + < = > ^ ` | ~``) count as punctuation, as for Meta's parameter builder.
    """
    text = clean(value)
    if text.isascii():
        return _checked(text.translate(_ASCII_NOT_NAME))
    kept = "".join([c for c in text.translate(_ASCII_NOT_NAME) if c.isalnum() or _belongs_to_name(c)])
    return _checked(unicodedata.normalize("NFC", kept))


def letters_only(value: str) -> str | Drop:
    """Lowercase letters of all scripts, with their marks, and nothing else."""
    text = clean(value)
    if text.isascii():
        return _checked(text.translate(_ASCII_NOT_LETTER))
    kept = "".join([c for c in text if c.isalpha() or unicodedata.category(c)[0] == "M"])
    return _checked(unicodedata.normalize("NFC", kept))


def _belongs_to_name(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] not in "PZ" and category != "Cc" and character not in _APOSTROPHES


def _checked(text: str) -> str | Drop:
    if not text:
        return Drop(NoteReason.EMPTY)
    return Drop(NoteReason.PLACEHOLDER) if text in _PLACEHOLDERS else text
