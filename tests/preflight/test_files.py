"""Certificates and keys: a wrong file is told by its key before a library meets it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import trustme

from streamer.errors import UserError
from streamer.preflight.files import check_files
from streamer.preflight.finding import Level
from streamer.records.registry import RegistrySchemas
from streamer.settings import KafkaSettings, SchemaRegistrySettings, Settings

NONSENSE = "not a certificate\n"


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Give files of an authority, of a certificate with its key, of another key, and of nonsense."""
    folder, authority = tmp_path_factory.mktemp("pems"), trustme.CA()
    own, other = authority.issue_cert("streamer.example.com"), authority.issue_cert("other.example.com")
    content = {
        "ca": authority.cert_pem.bytes(),
        "cert": own.cert_chain_pems[0].bytes(),
        "key": own.private_key_pem.bytes(),
        "other": other.private_key_pem.bytes(),
        "nonsense": NONSENSE.encode(),
        "empty": b"",
    }
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in content} | {"gone": folder / "gone"}


def _kafka(**client: object) -> Settings:
    named = {key.replace("_", "."): str(value) for key, value in client.items()}
    return Settings(kafka=KafkaSettings(client=named))


def _registry(**files: Any) -> Settings:
    return Settings(schema_registry=SchemaRegistrySettings(url="https://registry.example.com", **files))


def _faults(settings: Settings) -> list[str]:
    return [found.sentence for found in check_files(settings) if found.level is Level.FAULT]


def test_where_no_file_is_named_nothing_is_said() -> None:
    assert check_files(Settings()) == []


def test_files_of_the_right_kind_are_fine(pems: Mapping[str, Path]) -> None:
    kafka = _kafka(ssl_ca_location=pems["ca"], ssl_certificate_location=pems["cert"], ssl_key_location=pems["key"])
    registry = _registry(ca_file=pems["ca"], cert_file=pems["cert"], key_file=pems["key"])
    for settings in (kafka, registry):
        (found,) = check_files(settings)
        assert found.level is Level.OK


@pytest.mark.parametrize("name", ["gone", "nonsense", "empty", "key"])
def test_authorities_that_are_none_are_told_by_their_key(pems: Mapping[str, Path], name: str) -> None:
    reason = "cannot be read" if name == "gone" else "holds no certificate in PEM form"
    (kafka,) = _faults(_kafka(ssl_ca_location=pems[name]))
    (registry,) = _faults(_registry(ca_file=pems[name]))
    assert kafka.startswith(f"kafka.client.ssl.ca.location: the file {pems[name]} {reason}")
    assert registry.startswith(f"schema_registry.ca_file: the file {pems[name]} {reason}")


def test_the_consumer_does_not_start_with_a_traceback_for_it(pems: Mapping[str, Path]) -> None:
    with pytest.raises(UserError, match=r"^schema_registry\.ca_file: .* holds no certificate in PEM form\. Name"):
        RegistrySchemas(_registry(ca_file=pems["nonsense"]).schema_registry)


def test_a_key_that_is_not_the_certificates_own_is_told(pems: Mapping[str, Path]) -> None:
    (kafka,) = _faults(_kafka(ssl_certificate_location=pems["cert"], ssl_key_location=pems["other"]))
    (registry,) = _faults(_registry(cert_file=pems["cert"], key_file=pems["other"]))
    assert kafka.startswith("kafka.client.ssl.certificate.location, ssl.key.location: ")
    assert registry.startswith("schema_registry.cert_file, schema_registry.key_file: ")


def test_a_key_with_a_password_of_its_own_is_left_to_librdkafka(pems: Mapping[str, Path]) -> None:
    client = {
        "ssl_certificate_location": pems["cert"],
        "ssl_key_location": pems["other"],
        "ssl_key_password": "invented",
    }
    assert _faults(_kafka(**client)) == []


def test_a_folder_of_authorities_is_fine_and_a_keystore_that_is_gone_is_not(pems: Mapping[str, Path]) -> None:
    assert _faults(_kafka(ssl_ca_location=pems["ca"].parent)) == []
    assert _faults(_kafka(ssl_ca_location="probe")) == []
    (found,) = _faults(_kafka(ssl_keystore_location=pems["gone"]))
    assert found == f"kafka.client.ssl.keystore.location: there is no file {pems['gone']}."


def test_the_registrys_files_do_not_matter_where_it_is_not_asked(pems: Mapping[str, Path]) -> None:
    settings = _registry(ca_file=pems["gone"]).model_copy(
        update={"records": Settings().records.model_copy(update={"format": "bare"})}
    )
    assert check_files(settings) == []
