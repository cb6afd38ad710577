"""SHA-256 as Meta matches it, and values that arrive hashed already."""

import re
from hashlib import sha256

from streamer.translate.notes import Drop, NoteReason

# Meta's parameter builder adds `.` and a token of 8 characters (2 in old versions) to what it made.
_SHA256 = re.compile(r"\s*([0-9A-Fa-f]{64})(?:\.(?:[\w-]{8}|A[Qgw]|B[AQg]))?\s*", re.ASCII)
_MD5 = re.compile(r"\s*[0-9A-Fa-f]{32}(?:\.(?:[\w-]{8}|A[Qgw]|B[AQg]))?\s*", re.ASCII)
_SHORTEST = 32
_OF_NOTHING = sha256(b"").hexdigest()


def sha256_hex(text: str) -> str:
    """Return the 64 lowercase hex digits of the SHA-256 of the text in UTF-8."""
    return sha256(text.encode()).hexdigest()


def prehashed(value: str) -> str | Drop | None:
    """Recognise a value that was hashed before it came here, so that nothing is hashed twice.

    :return: the SHA-256 as 64 lowercase hex digits, without the parameter builder's appendix; ``Drop(EMPTY)`` for that
        of the empty text, which would make one person of all who left a field blank; ``Drop(NOT_SHA256)`` for the 32
        digits of MD5, which Meta's documentation does not name; ``None`` when it is no hash.
    """
    if len(value) < _SHORTEST:
        return None
    if match := _SHA256.fullmatch(value):
        hashed = match[1].lower()
        return hashed if hashed != _OF_NOTHING else Drop(NoteReason.EMPTY)
    return Drop(NoteReason.NOT_SHA256) if _MD5.fullmatch(value) else None
