"""Parts that are made from the settings alone, before anything runs; ``check`` and ``translate`` use them too."""

from dataclasses import replace

from streamer.errors import UserError
from streamer.pixels.book import FilePixelBook
from streamer.records.registry import RegistrySchemas
from streamer.records.schema import AvroSchema, SchemaError, builtin_schema_path, load_schema
from streamer.records.sources import OneSchema, SchemaFiles, SchemaSource
from streamer.records.translator import Reading, Translator
from streamer.settings import Settings
from streamer.translate.mapping import Compiled, compile_named, preset_names
from streamer.translate.plan import Plan

_WHERE = frozenset({"route", "origin", "consent", "when"})
"""Keys of a mapping that are not Meta's."""

_NO_SCHEMA = (
    "records.schema is not set: the paths were looked up in TagEvent, the tag event's own schema. Name yours, as in "
    "--set records.schema=FILE.avsc."
)


def make_translator(settings: Settings, book: FilePixelBook) -> Translator:
    """Return a translator of the records that the settings describe.

    :raises UserError: if the reader schema cannot be read, or the mapping does not hold for it.
    """
    reader = reader_schema(settings)
    plan = _plan(settings, book, reader)
    return Translator(Reading(settings.records.format, _source(settings, reader), reader), plan)


def not_found(settings: Settings) -> tuple[str, ...]:
    """Return the keys that a preset gives, and for which the reader schema has none of the places it looks at.

    :raises UserError: if the reader schema cannot be read, or the mapping does not hold for it.
    """
    compiled = _compiled(settings, reader_schema(settings))
    found = {rule.key for rule in compiled.mapping.rules} | {name for name, _ in compiled.mapping.consent.purposes}
    keys = dict.fromkeys(key for key, _ in compiled.left_out)
    is_consent_found = compiled.mapping.consent.choices or compiled.mapping.consent.purposes
    others = [key for key in keys if key not in found and key.partition(".")[0] not in _WHERE]
    return (*others, *(["consent"] if not is_consent_found and any(key.startswith("consent") for key in keys) else []))


def make_plan(settings: Settings, book: FilePixelBook) -> Plan:
    """Return the plan of translation, with the routing and the rules of the pixels as they are now.

    :raises UserError: if the reader schema cannot be read, or the mapping does not hold for it.
    """
    return _plan(settings, book, reader_schema(settings))


def with_pixels(plan: Plan, book: FilePixelBook) -> Plan:
    """Return a plan with the routing and the rules of the pixels as they are now."""
    defaults, pixels = book.rules()
    alike = {defaults: defaults}  # pixels with equal rules have the same, and share one translation of a record
    return replace(
        plan,
        containers=book.containers(),
        pixels={pixel_id: alike.setdefault(rules, rules) for pixel_id, rules in pixels.items() if rules != defaults},
        defaults=defaults,
        suppressed=book.suppressed(),
    )


def reader_schema(settings: Settings) -> AvroSchema:
    """Return the schema that records are read by: the settings' own, or else the one that the preset is made for.

    :raises UserError: if it cannot be read.
    """
    path, preset = settings.records.schema_file, settings.records.mapping
    if path is None and preset in preset_names():
        path = builtin_schema_path(preset.replace("-", "_"))
    try:
        return load_schema(path)
    except SchemaError as error:
        raise UserError(f"records.schema: {error}") from None


def _plan(settings: Settings, book: FilePixelBook, reader: AvroSchema) -> Plan:
    mapping = _compiled(settings, reader).mapping
    return with_pixels(Plan(mapping, age_margin_seconds=settings.delivery.age_margin_seconds), book)


def _compiled(settings: Settings, reader: AvroSchema) -> Compiled:
    unset = settings.records.schema_file is None
    return compile_named(settings.records.mapping, None, reader, _NO_SCHEMA if unset else "")


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
