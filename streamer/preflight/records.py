"""Can the records be read: reader schema, mapping, and the schemas that the registry has for the topics to read."""

import asyncio
from collections.abc import Iterable

from confluent_kafka.schema_registry import AsyncSchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError
from fastavro import schemaless_reader, schemaless_writer
from fastavro.read import SchemaResolutionError
from fastavro.utils import generate_many

from streamer.preflight.finding import Finding, fault, ok, warning
from streamer.records.compat import differing_units, reads_directly
from streamer.records.registry import client_config
from streamer.records.schema import AvroSchema, SchemaError, parse_schema
from streamer.settings import SchemaRegistrySettings
from io import BytesIO

_SAMPLES = 20
_MOST_SUBJECTS = 50


async def check_registry(settings: SchemaRegistrySettings, topics: Iterable[str], reader: AvroSchema) -> list[Finding]:
    """Ask the registry for the newest schema of each topic's values, and whether ours can read it.

    :param topics: subjects are looked for under ``<topic>-value``.
    """
    try:
        client = AsyncSchemaRegistryClient(client_config(settings) | {"max.retries": 0})
    except Exception as error:  # noqa: BLE001 - whatever its client does not like about address or certificates
        return [fault("registry", f"schema_registry: its settings cannot be used ({type(error).__name__}).")]
    try:
        subjects = set(await client.get_subjects())
        findings = [ok("registry", f"{len(subjects)} subjects.")]
        for topic in list(topics)[:_MOST_SUBJECTS]:
            findings.append(await _subject(client, f"{topic}-value", subjects, reader))
    except SchemaRegistryError as error:
        return [fault("registry", f"schema_registry.url: it answers with HTTP {error.http_status_code}. {_advice(error)}")]
    except Exception as error:  # noqa: BLE001 - whatever else its client raises, the registry gave no answer
        what = type(error).__name__
        return [fault("registry", f"schema_registry.url: it does not answer ({what}). Check the address, and that it is up.")]
    else:
        return findings
    finally:
        await client.aclose()
