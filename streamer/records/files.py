"""Records in files: JSON lines, or Avro container files; streamed, so that a file may be larger than memory."""

from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO, NamedTuple

import fastavro
import orjson

from streamer.records.json_record import WrongValue, record_from_json
from streamer.records.schema import AvroSchema, SchemaError, encode, parse_schema

_CONTAINER_MAGIC = b"Obj\x01"
_CODECS = ("null", "deflate", "bzip2", "xz")


class FileRecord(NamedTuple):
    """One record of a file."""

    line: int
    """Of JSON lines, the line; of a container, which record it is. From 1."""
    body: bytes
    """Avro, without framing."""
    unknown: list[str]
    """Paths of fields that the schema does not have."""


class FileFault(NamedTuple):
    """A record that can't be read; the message names the field, never the value."""

    line: int
    reason: str
    message: str


class FileRecords(NamedTuple):
    """The records of a file, all of one schema."""

    writer: AvroSchema
    records: Iterator[FileRecord | FileFault]


def open_records(stream: BinaryIO, reader: AvroSchema) -> FileRecords:
    """Begin to read a file: a container tells itself by its first bytes.

    :param stream: a buffered file, read from where it stands.
    :param reader: by which JSON is checked; a container brings its writer's schema along.
    :raise SchemaError: the container's header or schema can't be read.
    """
    start = stream.read(len(_CONTAINER_MAGIC))
    if start == _CONTAINER_MAGIC:
        return _container(_Again(start, stream))
    return FileRecords(reader, _json_lines(_Again(start, stream), reader))


class _Again:
    """A stream whose first bytes were read already: standard input can't be wound back, and tells no position."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start = start
        self._rest = rest
        self._position = 0

    def read(self, size: int) -> bytes:
        start, self._start = self._start[:size], self._start[size:]
        data = start + self._rest.read(size - len(start)) if len(start) < size else start
        self._position += len(data)
        return data

    def tell(self) -> int:
        return self._position

    def lines(self) -> Iterator[bytes]:
        yield from (self._start + self._rest.readline()).splitlines(keepends=True)
        yield from self._rest


def _json_lines(stream: _Again, schema: AvroSchema) -> Iterator[FileRecord | FileFault]:
    for number, line in enumerate(stream.lines(), 1):
        if not line.strip():
            continue
        try:
            record, unknown = record_from_json(schema, orjson.loads(line.rstrip()))
            body = encode(record, schema)
        except orjson.JSONDecodeError as error:
            yield FileFault(number, "bad_json", _not_json(error))
        except WrongValue as error:
            yield FileFault(number, "wrong_value", f"{error}.")
        else:
            yield FileRecord(number, body, unknown)


def _not_json(error: orjson.JSONDecodeError) -> str:
    if error.msg.startswith("unexpected end"):
        return "The line ends too early to be JSON: it is cut off, or its record goes on in the next. Write one a line."
    return f"The line is not JSON: see column {error.colno}."


def _container(stream: _Again) -> FileRecords:
    try:
        blocks = fastavro.block_reader(stream)  # type: ignore[arg-type]
        writer = parse_schema(blocks.metadata["avro.schema"], "the file's own schema")
    except SchemaError:
        raise
    except Exception as error:  # noqa: BLE001 - fastavro raises many kinds for a bad header
        raise SchemaError(
            f"the file begins as an Avro container, but its header can't be read ({type(error).__name__})"
        ) from None
    if blocks.codec not in _CODECS:
        raise SchemaError(f"the file is compressed with {blocks.codec}; write it with one of {', '.join(_CODECS)}")
    return FileRecords(writer, _container_records(blocks, writer))


def _container_records(blocks: "fastavro.block_reader", writer: AvroSchema) -> Iterator[FileRecord | FileFault]:
    number = 0
    try:
        for block in blocks:
            data = block.bytes_.getvalue()  # type: ignore[attr-defined] # their stub leaves it out
            source = BytesIO(data)
            for _ in range(block.num_records):
                number += 1
                start = source.tell()
                fastavro.schemaless_reader(source, writer.parsed, None)
                yield FileRecord(number, data[start : source.tell()], [])
    except Exception as error:  # noqa: BLE001 - fastavro raises many kinds for bad bytes, and their texts hold values
        yield FileFault(
            max(number, 1),
            "bad_avro",
            f"The file can't be read from here on: it is cut off or damaged ({type(error).__name__}).",
        )
