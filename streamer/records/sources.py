"""Where writers' schemas come from. The registry's is in :mod:`streamer.records.registry`."""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from streamer.records.schema import AvroSchema, SchemaError, crc_64_avro, load_schema
from streamer.records.wire import SchemaKey

READ_AGAIN_SECONDS = 30.0
"""How often at most schema files are read."""


class SchemaSourceUnavailable(Exception):  # noqa: N818 - it says that a source is down, not that data are wrong
    """The source can't be asked now: wait and try again. It says nothing about the records.

    The message is a sentence that names the source and holds no secret.
    """


class SchemaSource(Protocol):
    """Finds the schema that a record was written with."""

    async def find(self, key: SchemaKey) -> AvroSchema | None:
        """Return the schema, or ``None`` when the source is sure that it has none of that key.

        :raise SchemaError: there is one, but it is no Avro schema of a record.
        :raise SchemaSourceUnavailable: the source can't be asked now.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class OneSchema:
    """For bare records: all were written with one given schema."""

    def __init__(self, schema: AvroSchema) -> None:
        self._schema = schema

    async def find(self, key: SchemaKey) -> AvroSchema | None:
        """Return the schema when the record names none."""
        return self._schema if key is None else None

    async def close(self) -> None:
        """Nothing is open."""


class SchemaFiles:
    """For single-object records: the reader's schema, and .avsc files told by their fingerprints.

    Files are read anew when a fingerprint turns up that none of them has, so that one laid beside them counts without
    a restart; but no more often than every :data:`READ_AGAIN_SECONDS`, because junk has any number of fingerprints.
    """

    def __init__(
        self, reader: AvroSchema, paths: Sequence[Path] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Read the files, so that one that can't be read is told of at start.

        :param paths: files, or folders whose .avsc files count.
        :raise SchemaError: one of them can't be read.
        """
        self._reader = reader
        self._paths = tuple(paths)
        self._clock = clock
        self._known = self._read()
        self._read_at = clock()

    async def find(self, key: SchemaKey) -> AvroSchema | None:
        """Return the schema of a fingerprint."""
        if not isinstance(key, bytes):
            return None
        if key not in self._known and self._paths and self._clock() >= self._read_at + READ_AGAIN_SECONDS:
            self._known = self._read_again()
            self._read_at = self._clock()
        return self._known.get(key)

    async def close(self) -> None:
        """Nothing is open."""

    def _read(self) -> dict[bytes, AvroSchema]:
        schemas = [load_schema(path) for path in _files(self._paths)]
        return {crc_64_avro(schema): schema for schema in (*schemas, self._reader)}

    def _read_again(self) -> dict[bytes, AvroSchema]:
        try:
            return self._read()
        except SchemaError as error:
            raise SchemaSourceUnavailable(str(error)) from None


def _files(paths: Iterable[Path]) -> list[Path]:
    return [file for path in paths for file in (sorted(path.glob("*.avsc")) if path.is_dir() else [path])]
