"""Runs of offsets: what is done beyond a committed offset, in the 4096 bytes that a commit's metadata has."""

import base64
import binascii
import zlib
from collections.abc import Iterable, Iterator, Sequence

METADATA_LIMIT = 4096
"""Bytes of metadata that a broker takes with an offset (``offset.metadata.max.bytes``)."""

_PREFIX = "streamer1:"
_LOW = 0x7F  # a varint's seven bits of number
_MORE = 0x80  # and the bit that says another byte follows

Range = tuple[int, int]
"""First and last offset of a run, both in it."""


def runs(offsets: Iterable[int]) -> list[Range]:
    """Fold rising offsets into runs of neighbours: ``3 4 5 9`` gives ``(3, 5) (9, 9)``."""
    folded: list[Range] = []
    first = last = -2
    for offset in offsets:
        if offset != last + 1:
            if first >= 0:
                folded.append((first, last))
            first = offset
        last = offset
    if first >= 0:
        folded.append((first, last))
    return folded


def encode_completed(committed: int, completed: Sequence[Range], room: int = METADATA_LIMIT) -> str:
    """Write the runs that are done beyond ``committed`` as commit metadata.

    :param committed: the offset that is committed with it.
    :param completed: rising, disjoint runs, all beyond ``committed``.
    :param room: bytes that it may take.
    :return: at most ``room`` ASCII characters; empty when there is nothing to say. Where not all
        fits, the runs nearest to the committed offset are kept: the others are only sent once more.
    """
    kept = len(completed)
    while kept:
        text = _PREFIX + base64.b64encode(zlib.compress(_varints(committed, completed[:kept]), 6)).decode()
        if len(text) <= room:
            return text
        kept = min(kept - 1, kept * room * 9 // (len(text) * 10))
    return ""


def decode_completed(committed: int, metadata: str | None) -> list[Range]:
    """Read what :func:`encode_completed` wrote; metadata of another program, or damaged, says nothing: ``[]``."""
    if not metadata or not metadata.startswith(_PREFIX):
        return []
    try:
        numbers = list(_numbers(zlib.decompress(base64.b64decode(metadata[len(_PREFIX) :], validate=True))))
    except (binascii.Error, zlib.error, ValueError):
        return []
    completed: list[Range] = []
    position = committed
    for gap, length in zip(numbers[::2], numbers[1::2], strict=False):
        first = position + gap
        position = first + length
        completed.append((first, position - 1))
    return completed


def _varints(committed: int, completed: Sequence[Range]) -> bytes:
    """Pairs of (gap since the run before, length), each number in base 128, low part first."""
    out = bytearray()
    position = committed
    for first, last in completed:
        for number in (first - position, last + 1 - first):
            rest = number
            while rest > _LOW:
                out.append(rest & _LOW | _MORE)
                rest >>= 7
            out.append(rest)
        position = last + 1
    return bytes(out)


def _numbers(data: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in data:
        number |= (byte & _LOW) << shift
        shift += 7
        if not byte & _MORE:
            yield number
            number = shift = 0
