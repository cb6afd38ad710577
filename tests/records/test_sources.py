"""Schemas from files, for single-object records."""

import json
from pathlib import Path

import pytest

from streamer.records.sample import first_version
from streamer.records.schema import AvroSchema, SchemaError, crc_64_avro, load_schema
from streamer.records.sources import READ_AGAIN_SECONDS, OneSchema, SchemaFiles, SchemaSourceUnavailable

READER = load_schema()
OLDER = first_version(READER)


def _write(path: Path, schema: AvroSchema) -> Path:
    path.write_text(json.dumps(schema.definition))
    return path


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_the_readers_own_schema_needs_no_file() -> None:
    assert await SchemaFiles(READER).find(crc_64_avro(READER)) is READER
    assert await SchemaFiles(READER).find(bytes(8)) is None


async def test_files_and_folders_of_schemas_are_known_by_fingerprint(tmp_path: Path) -> None:
    file = _write(tmp_path / "older.avsc", OLDER)
    for path in (file, tmp_path):
        found = await SchemaFiles(READER, [path]).find(crc_64_avro(OLDER))
        assert found is not None
        assert found.definition == OLDER.definition


async def test_a_file_laid_beside_the_others_counts_without_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    source = SchemaFiles(READER, [tmp_path], clock)
    _write(tmp_path / "older.avsc", OLDER)
    assert await source.find(crc_64_avro(OLDER)) is None
    clock.now = READ_AGAIN_SECONDS
    assert await source.find(crc_64_avro(OLDER)) is not None


async def test_a_file_that_became_unreadable_is_waited_for(tmp_path: Path) -> None:
    clock = Clock()
    source = SchemaFiles(READER, [_write(tmp_path / "older.avsc", OLDER)], clock)
    (tmp_path / "older.avsc").write_text("{")
    clock.now = READ_AGAIN_SECONDS
    with pytest.raises(SchemaSourceUnavailable, match=r"older\.avsc: is not JSON"):
        await source.find(bytes(8))


def test_a_file_that_cannot_be_read_at_start_is_told(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"nowhere\.avsc"):
        SchemaFiles(READER, [tmp_path / "nowhere.avsc"])


async def test_bare_records_have_the_one_schema() -> None:
    assert await OneSchema(READER).find(None) is READER
    assert await OneSchema(READER).find(1) is None
