"""The parts of names and birth dates that only Meta's SDKs know: ``f5first f5last fi dobd dobm doby``."""

from streamer.translate.cleaning import clean
from streamer.translate.notes import Drop, NoteReason

_FIVE = 5
_DAYS = range(1, 32)
_MONTHS = range(1, 13)


def first_five(value: str) -> str | Drop:
    """``f5first``, ``f5last``: the first five characters of the lowercase name, punctuation included (the SDKs)."""
    return clean(value)[:_FIVE].strip() or Drop(NoteReason.EMPTY)


def first_initial(value: str) -> str | Drop:
    """``fi``: the first character of the lowercase first name."""
    return clean(value)[:1] or Drop(NoteReason.EMPTY)


def birth_day(value: str) -> str | Drop:
    """``dobd``: ``01`` to ``31``."""
    return _two_digits(value, _DAYS)


def birth_month(value: str) -> str | Drop:
    """``dobm``: ``01`` to ``12``."""
    return _two_digits(value, _MONTHS)


def birth_year(value: str) -> str | Drop:
    """``doby``: four digits."""
    text = clean(value)
    if not text:
        return Drop(NoteReason.EMPTY)
    return text if len(text) == len("YYYY") and text.isascii() and text.isdigit() else Drop(NoteReason.MALFORMED)


def _two_digits(value: str, allowed: range) -> str | Drop:
    text = clean(value)
    if not text:
        return Drop(NoteReason.EMPTY)
    if len(text) > len("DD") or not (text.isascii() and text.isdigit()):
        return Drop(NoteReason.MALFORMED)
    return text.zfill(2) if int(text) in allowed else Drop(NoteReason.IMPOSSIBLE)
