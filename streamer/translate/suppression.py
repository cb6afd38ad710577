"""People who asked to be forgotten: lists of their hashes, and the events that are skipped for them."""

import re
from binascii import unhexlify
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Any, Final

from streamer.outcomes import Outcome, Reason
from streamer.translate.engine import Refusal

KEYS: Final = ("em", "ph", "external_id")
"""The keys of ``user_data`` by which people are known again."""

_DIGITS: Final = 64
_SHA256: Final = re.compile(r"[0-9a-f]{64}").fullmatch
_BYTES: Final = 32
_PREFIXES: Final = frozenset(key.encode() for key in KEYS)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_REFUSALS: Final = tuple((key, Refusal(Outcome.SKIPPED, Reason.SUPPRESSED, f"user_data.{key}")) for key in KEYS)


def suppressor(people: frozenset[bytes], *, plain_ids: bool) -> Callable[[dict[str, Any]], Refusal | None]:
    """Bind a list of people.

    :param people: SHA-256, 32 bytes each.
    :param plain_ids: the external ids of events are not hashed; those of the list always are.
    :return: an event in, whose hashes are hex digits; a refusal out if it is of one of these people.
    """

    def check(event: dict[str, Any]) -> Refusal | None:
        user = event["user_data"]
        for key, refusal in _REFUSALS:
            for value in user.get(key, ()):
                digest = _of_id(value) if plain_ids and key == "external_id" else unhexlify(value)
                if digest in people:
                    return refusal
        return None

    return check


def _of_id(value: str) -> bytes:
    """Return the hash of an id, which may come as a hash although the others are plain."""
    return unhexlify(value) if _SHA256(value) else sha256(value.encode()).digest()


def read_lines(lines: Iterable[bytes], faulty: list[int]) -> Iterator[bytes]:
    """Yield the 32 bytes of each hash in a list: one a line, after ``em:``, ``ph:``, ``external_id:`` or nothing.

    All may be written in any case. What stands behind ``#`` and lines with nothing else are passed over.

    :param faulty: takes the numbers of lines, from 1, that are none of this.
    """
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(_BYTE_ORDER_MARK).partition(b"#")[0].strip()
        if not text:
            continue
        try:
            digest = unhexlify(text if len(text) == _DIGITS else _bare(text))
        except ValueError:
            digest = b""
        if len(digest) == _BYTES:
            yield digest
        else:
            faulty.append(number)


def _bare(text: bytes) -> bytes:
    """Take off what may stand before a hash."""
    key, colon, rest = text.partition(b":")
    return rest.strip() if colon and key.strip().lower() in _PREFIXES else text
