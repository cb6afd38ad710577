"""Parts that are made from the settings alone, before anything runs; ``check`` and ``translate`` use them too."""

from pathlib import Path

from streamer.errors import UserError
from streamer.pixels.book import FilePixelBook
from streamer.records.registry import RegistrySchemas
from streamer.records.schema import AvroSchema, SchemaError, load_schema
from streamer.records.sources import OneSchema, SchemaFiles, SchemaSource
from streamer.records.translator import Reading, Translator
from streamer.settings import Settings
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import PixelRules, Plan

BUILT_IN_MAPPING = "tag-event"


def make_translator(settings: Settings, book: FilePixelBook) -> Translator:
    """Return a translator of the records that the settings describe.

    :raises UserError: if the reader schema cannot be read, or the mapping is not known.
    """
    reader = _reader(settings.records.schema_file)
    reading = Reading(settings.records.format, _source(settings, reader), reader)
    return Translator(reading, make_plan(settings, book))


def make_plan(settings: Settings, book: FilePixelBook) -> Plan:
    """Return the plan of translation, with the routing and the rules of the pixels as they are now.

    :raises UserError: if the mapping is not known.
    """
    if settings.records.mapping not in {None, BUILT_IN_MAPPING}:
        raise UserError(
            f"records.mapping: there is no mapping {settings.records.mapping}. The only one is {BUILT_IN_MAPPING}, "
            "which is also taken when the key is left out."
        )
    regions = book.regions()
    rules = {
        pixel.pixel_id: PixelRules(phone_region=regions.get(pixel.pixel_id), enabled=book.enabled(pixel.pixel_id))
        for pixel in book.pixels()
    }
    return Plan(TAG_EVENT, book.containers(), rules, age_margin_seconds=settings.delivery.age_margin_seconds)


def _reader(path: Path | None) -> AvroSchema:
    try:
        return load_schema(path)
    except SchemaError as error:
        raise UserError(f"records.schema: {error}") from None


def _source(settings: Settings, reader: AvroSchema) -> SchemaSource:
    if settings.records.format == "confluent":
        return RegistrySchemas(settings.schema_registry)
    if settings.records.format == "bare":
        return OneSchema(reader)
    further = settings.records.writer_schemas
    try:
        return SchemaFiles(reader, [further] if further else [])
    except SchemaError as error:
        raise UserError(f"records.writer_schemas: {error}") from None
