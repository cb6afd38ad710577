"""Files that the settings hand on to Kafka's and the registry's clients: there, and of the right kind."""

from collections.abc import Iterator
from pathlib import Path

from streamer.certificates import wrong_authorities, wrong_pair
from streamer.preflight.finding import Finding, fault, ok
from streamer.records.registry import wrong_files
from streamer.settings import KafkaSettings, SchemaRegistrySettings, Settings

_PEMS = ("ssl.ca.location", "ssl.certificate.location", "ssl.key.location")
_OTHERS = ("ssl.keystore.location", "ssl.crl.location", "sasl.kerberos.keytab")
"""Keys of ``kafka.client`` that name a file of another kind: it must be there."""


def check_files(settings: Settings) -> list[Finding]:
    """Look at certificates and keys that are named; nobody is asked."""
    registry = settings.schema_registry if settings.records.format == "confluent" else SchemaRegistrySettings()
    faults = [*_of_kafka(settings.kafka), *wrong_files(registry)]
    if faults:
        return [fault("files", each) for each in faults]
    named = [registry.ca_file, registry.cert_file, *map(settings.kafka.client.get, (*_PEMS, *_OTHERS))]
    return [ok("files", "Certificates and keys that are named can be read.")] if any(named) else []


def _of_kafka(kafka: KafkaSettings) -> Iterator[str]:
    files = {key: Path(value) for key, value in kafka.client.items()}
    authorities, certificate, key = map(files.get, _PEMS)
    if authorities and not _is_elsewhere(authorities) and (wrong := wrong_authorities(authorities)):
        yield f"kafka.client.ssl.ca.location: {wrong}. Name a file of the authorities of the brokers' certificates."
    if certificate and "ssl.key.password" not in files and (wrong := wrong_pair(certificate, key)):
        yield f"kafka.client.ssl.certificate.location, ssl.key.location: {wrong}."
    for name in _OTHERS:
        if name in files and not files[name].is_file():
            yield f"kafka.client.{name}: there is no file {files[name]}."


def _is_elsewhere(authorities: Path) -> bool:
    """Tell a folder, and librdkafka's own word for "look for them", from a file."""
    return str(authorities) == "probe" or authorities.is_dir()
