"""Can the records be read: the schemas that the registry has for the topics to read, against ours."""

from collections.abc import Iterable
from io import BytesIO

from confluent_kafka.schema_registry import AsyncSchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError
from fastavro import schemaless_reader, schemaless_writer
from fastavro.read import SchemaResolutionError
from fastavro.utils import generate_many

from streamer.errors import UserError
from streamer.preflight.finding import Finding, fault, ok, warning
from streamer.records.compat import differing_units, reads_directly
from streamer.records.registry import RegistrySchemas, make_client
from streamer.records.schema import AvroSchema, SchemaError
from streamer.records.sources import SchemaSourceUnavailable
from streamer.settings import SchemaRegistrySettings

MOST_TOPICS = 50
"""Of an expression that matches many, so many are looked at."""
_SAMPLES = 20
_DENIED = (401, 403)


async def check_registry(settings: SchemaRegistrySettings, topics: Iterable[str], reader: AvroSchema) -> list[Finding]:
    """Ask the registry for the newest schema of each topic's values, and whether ours can read it.

    :param topics: subjects are looked for under ``<topic>-value``.
    """
    try:
        client = make_client(settings, **{"max.retries": 0})
    except UserError as error:
        return [fault("registry", str(error))]
    try:
        subjects = set(await client.get_subjects())
        found = [await _subject(client, topic, subjects, (settings, reader)) for topic in list(topics)[:MOST_TOPICS]]
    except SchemaRegistryError as error:
        return [fault("registry", _complaint(error.http_status_code))]
    except Exception as error:  # noqa: BLE001 - whatever else its client raises, the registry gave no answer
        what = type(error).__name__
        return [fault("registry", f"schema_registry.url: no answer ({what}). Check the address, and that it is up.")]
    finally:
        await client.aclose()
    return [ok("registry", f"schema_registry.url: it answers, and has {len(subjects)} subjects."), *found]


def readable(writer: AvroSchema, reader: AvroSchema) -> str | None:
    """Return None if records of one schema can be read by another, else why not, as the end of a sentence."""
    if path := differing_units(writer, reader):
        return f"the field {path} is in another unit than in ours"
    if reads_directly(writer, reader):
        return None
    try:
        for sample in generate_many(writer.parsed, _SAMPLES):
            body = BytesIO()
            schemaless_writer(body, writer.parsed, sample)
            body.seek(0)
            schemaless_reader(body, writer.parsed, reader.parsed)
    except SchemaResolutionError as error:
        return f"it cannot be resolved to ours ({str(error) or 'types differ'})"
    return None


async def _subject(
    client: AsyncSchemaRegistryClient,
    topic: str,
    subjects: set[str],
    known: tuple[SchemaRegistrySettings, AvroSchema],
) -> Finding:
    settings, reader = known
    subject = f"{topic}-value"
    name = f"schema {subject}"
    if subject not in subjects:
        return warning(name, f"The registry has no subject {subject}; each record's own schema id will be looked up.")
    latest = await client.get_latest_version(subject)
    try:
        writer = await RegistrySchemas(settings, client).find(latest.schema_id or 0)
    except (SchemaError, SchemaSourceUnavailable) as error:
        return fault(name, f"{error}.")
    why = "it is gone" if writer is None else readable(writer, reader)
    if why:
        return fault(name, f"Version {latest.version} cannot be read: {why}. Change records.schema, or the producer's.")
    return ok(name, f"Version {latest.version} can be read by ours.")


def _complaint(status: int) -> str:
    if status in _DENIED:
        return f"schema_registry: it refuses us (HTTP {status}). Check username and password, or bearer_token."
    return f"schema_registry.url: HTTP {status}. Is this the address of a schema registry, with its path?"
