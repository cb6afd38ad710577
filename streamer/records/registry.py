"""Writers' schemas from a Confluent-compatible schema registry.

confluent-kafka's own client does the work: time-outs, retries, several addresses, authentication, TLS. Here its answers
become ours: a schema, "there is none", or "can't be asked now".
"""

from collections.abc import Awaitable
from typing import Any, TypeVar

from confluent_kafka.schema_registry import AsyncSchemaRegistryClient, Schema
from confluent_kafka.schema_registry.error import SchemaRegistryError

from streamer.certificates import wrong_authorities, wrong_pair
from streamer.errors import UserError
from streamer.records.schema import AvroSchema, SchemaError, parse_schema
from streamer.records.sources import SchemaSourceUnavailable
from streamer.records.wire import SchemaKey
from streamer.settings import SchemaRegistrySettings

__all__ = ["RegistrySchemas", "SchemaSourceUnavailable", "make_client", "wrong_files"]

Answer = TypeVar("Answer")

_NOT_FOUND = frozenset({40401, 40402, 40403})
"""Subject, version and schema not found (Confluent Schema Registry, API reference, errors). A 404 without such a code
comes from something else at that address, and says nothing of the schema."""

_MOST_REFERENCES = 200


class RegistrySchemas:
    """For Confluent-framed records: the registry knows a schema by its id, for ever."""

    def __init__(self, settings: SchemaRegistrySettings, client: AsyncSchemaRegistryClient | None = None) -> None:
        """Prepare to ask; nothing is asked yet.

        :param client: another client, for tests.
        :raises UserError: the address or a certificate can't be used.
        """
        self._url = settings.url
        self._client = client or make_client(settings)

    async def find(self, key: SchemaKey) -> AvroSchema | None:
        """Return the schema of an id, with all that it refers to; see :class:`SchemaSource`."""
        if not isinstance(key, int):
            return None
        where = f"schema {key} of the registry"
        found = await self._ask(where, self._client.get_schema(key))
        if found is None:
            return None
        if (found.schema_type or "AVRO").upper() != "AVRO":
            raise SchemaError(f"{where}: is not an Avro schema")
        references: dict[tuple[str, int], str] = {}
        await self._collect(found, where, references)
        return parse_schema(found.schema_str or "", where, list(references.values()))

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def _collect(self, schema: Schema, where: str, into: dict[tuple[str, int], str]) -> None:
        """Gather what a schema refers to, each after those it refers to itself."""
        for reference in schema.references or ():
            name, version = reference.subject, reference.version
            if name is None or version is None or (name, version) in into:
                continue
            if len(into) >= _MOST_REFERENCES:
                raise SchemaError(f"{where}: refers to more than {_MOST_REFERENCES} other schemas")
            found = await self._ask(where, self._client.get_version(name, version, True))  # noqa: FBT003 - their signature
            if found is None:
                raise SchemaError(f"{where}: refers to version {version} of {name}, which is not there")
            await self._collect(found.schema, where, into)
            into[name, version] = found.schema.schema_str or ""

    async def _ask(self, where: str, asking: Awaitable[Answer]) -> Answer | None:
        try:
            return await asking
        except SchemaRegistryError as error:
            if error.error_code in _NOT_FOUND:
                return None
            raise self._unavailable(where, f"HTTP {error.http_status_code}, code {error.error_code}") from None
        except Exception as error:  # noqa: BLE001 - whatever else its client raises, the registry gave no answer
            raise self._unavailable(where, type(error).__name__) from None

    def _unavailable(self, where: str, what: str) -> SchemaSourceUnavailable:
        return SchemaSourceUnavailable(f"{where} can't be had from {self._url} (schema_registry.url): {what}")


def make_client(settings: SchemaRegistrySettings, **more: object) -> AsyncSchemaRegistryClient:
    """Return confluent-kafka's client, which has asked nothing yet.

    :param more: of its own settings.
    :raises UserError: the address or a certificate can't be used.
    """
    if wrong := wrong_files(settings):
        raise UserError("\n".join(wrong))
    try:
        return AsyncSchemaRegistryClient(_client_config(settings) | more)
    except Exception as error:  # noqa: BLE001 - whatever its client does not like about address or certificates
        raise UserError(f"schema_registry: its settings cannot be used ({type(error).__name__}).") from None


def wrong_files(settings: SchemaRegistrySettings) -> list[str]:
    """Return a sentence for each file of certificates or keys that cannot be used."""
    found = []
    if settings.ca_file and (wrong := wrong_authorities(settings.ca_file)):
        found.append(f"schema_registry.ca_file: {wrong}. Name a file of the authorities that its certificate is from.")
    if settings.cert_file and (wrong := wrong_pair(settings.cert_file, settings.key_file)):
        found.append(f"schema_registry.cert_file, schema_registry.key_file: {wrong}.")
    return found


def _client_config(settings: SchemaRegistrySettings) -> dict[str, Any]:
    """Return the settings under the names of confluent-kafka's client."""
    config: dict[str, Any] = {
        "url": settings.url,
        "timeout": settings.timeout_seconds,
        "max.retries": 2,
        "retries.wait.ms": 200,
        "retries.max.wait.ms": 2000,
    }
    for name, path in (
        ("ssl.ca.location", settings.ca_file),
        ("ssl.certificate.location", settings.cert_file),
        ("ssl.key.location", settings.key_file),
    ):
        if path is not None:
            config[name] = str(path)
    if settings.username is not None:
        password = settings.password.get_secret_value() if settings.password else ""
        config["basic.auth.user.info"] = f"{settings.username}:{password}"
    if settings.bearer_token is not None:
        config["bearer.auth.credentials.source"] = "STATIC_TOKEN"
        config["bearer.auth.token"] = settings.bearer_token.get_secret_value()
        config["bearer.auth.logical.cluster"] = ""  # Confluent Cloud's; the client insists on one
    return config
