"""The three Avro wire formats: what stands before a record's body, and which schema it names."""

from typing import Literal, NamedTuple

from streamer.outcomes import Outcome, Reason
from streamer.translate.engine import Refusal

WireFormat = Literal["confluent", "single-object", "bare"]

SchemaKey = int | bytes | None
"""How a record names its writer's schema: the registry's id, a CRC-64-AVRO fingerprint (8 bytes, little-endian), or
``None`` where the format names none."""

_CONFLUENT_MAGIC = 0
_SINGLE_OBJECT_MAGIC = b"\xc3\x01"
_BAD_FRAMING = Refusal(Outcome.DEAD_LETTERED, Reason.BAD_FRAMING)

HEADER_LENGTH: dict[WireFormat, int] = {"confluent": 5, "single-object": 10, "bare": 0}
"""Bytes before the body."""


class Framed(NamedTuple):
    """A record, taken out of its framing."""

    schema: SchemaKey
    body: bytes


def schema_key(wire_format: WireFormat, header: bytes) -> SchemaKey | Refusal:
    """Read which schema a header names.

    :param header: the first :data:`HEADER_LENGTH` bytes of a record, or fewer where it is shorter.
    """
    if wire_format == "bare":
        return None
    if len(header) < HEADER_LENGTH[wire_format]:
        return _BAD_FRAMING
    if wire_format == "confluent":
        return int.from_bytes(header[1:5], "big") if header[0] == _CONFLUENT_MAGIC else _BAD_FRAMING
    return header[2:10] if header[:2] == _SINGLE_OBJECT_MAGIC else _BAD_FRAMING


def unframe(wire_format: WireFormat, value: bytes) -> Framed | Refusal:
    """Take a record out of its framing.

    Confluent: a zero byte, then the schema's id in the registry, 4 bytes big-endian. Single-object (Avro specification,
    "Single-object encoding"): ``C3 01``, then the schema's fingerprint. Bare: nothing.

    :return: the refusal is :attr:`Reason.BAD_FRAMING`.
    """
    length = HEADER_LENGTH[wire_format]
    key = schema_key(wire_format, value[:length])
    if isinstance(key, Refusal):
        return key
    return Framed(key, value[length:])


def frame(wire_format: WireFormat, key: SchemaKey, body: bytes) -> bytes:
    """Put a body into its framing: the opposite of :func:`unframe`."""
    if isinstance(key, int) and wire_format == "confluent":
        return bytes([_CONFLUENT_MAGIC]) + key.to_bytes(4, "big") + body
    if isinstance(key, bytes) and wire_format == "single-object":
        return _SINGLE_OBJECT_MAGIC + key + body
    if key is None and wire_format == "bare":
        return body
    raise ValueError(f"the format {wire_format} does not name a schema by {type(key).__name__}")
