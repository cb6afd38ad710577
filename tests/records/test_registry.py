"""The schema registry: what it says is a fact about the record; that it says nothing is not."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from pydantic import SecretStr

from streamer.records.registry import RegistrySchemas, SchemaSourceUnavailable
from streamer.records.schema import SchemaError, encode, load_schema
from streamer.settings import SchemaRegistrySettings
from tests.support.ports import free_ports
from tests.support.registry_server import RegistryServer

TEXT = json.dumps(load_schema().definition)
USES_ADDRESS = json.dumps(
    {
        "type": "record",
        "name": "TagEvent",
        "fields": [{"name": "a", "type": "b.Address"}, {"name": "c", "type": "b.City"}],
    }
)
ADDRESS = json.dumps(
    {"type": "record", "name": "Address", "namespace": "b", "fields": [{"name": "city", "type": "b.City"}]}
)
CITY = json.dumps({"type": "record", "name": "City", "namespace": "b", "fields": [{"name": "name", "type": "string"}]})
TO_CITY = {"name": "b.City", "subject": "city", "version": 1}
TO_ADDRESS = {"name": "b.Address", "subject": "address", "version": 1}


def _error(status: int, code: int | None) -> tuple[int, Any]:
    return status, "<html>" if code is None else {"error_code": code, "message": "no"}


ANSWERS: dict[str, tuple[int, Any]] = {
    "/schemas/ids/1": (200, {"schema": TEXT}),
    "/schemas/ids/2": (200, {"schema": USES_ADDRESS, "references": [TO_ADDRESS, TO_CITY]}),
    "/subjects/address/versions/1": (
        200,
        {"subject": "address", "version": 1, "id": 8, "schema": ADDRESS, "references": [TO_CITY]},
    ),
    "/subjects/city/versions/1": (200, {"subject": "city", "version": 1, "id": 9, "schema": CITY}),
    "/schemas/ids/3": (200, {"schema": "{}", "schemaType": "JSON"}),
    "/schemas/ids/4": (200, {"schema": '"string"'}),
    "/schemas/ids/5": (200, {"schema": USES_ADDRESS, "references": [{**TO_ADDRESS, "version": 7}]}),
    "/subjects/address/versions/7": _error(404, 40402),
    "/schemas/ids/404": _error(404, 40403),
    "/schemas/ids/405": _error(404, None),
    "/schemas/ids/401": _error(401, 401),
    "/schemas/ids/500": _error(500, 50001),
}


class _Handler(BaseHTTPRequestHandler):
    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization", ""))
        status, answer = ANSWERS[self.path.partition("?")[0]]
        body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def fake() -> Iterator[tuple[str, list[str]]]:
    handler = type("Handler", (_Handler,), {"seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler.seen  # type: ignore[attr-defined] # made just above
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _settings(url: str, **more: Any) -> SchemaRegistrySettings:
    return SchemaRegistrySettings(url=url, timeout_seconds=2, **more)


async def _find(settings: SchemaRegistrySettings, key: int) -> Any:
    source = RegistrySchemas(settings)
    try:
        return await source.find(key)
    finally:
        await source.close()


async def test_a_schema_is_found_by_its_id(fake: tuple[str, list[str]]) -> None:
    assert (await _find(_settings(fake[0]), 1)).name == "tagmanager.TagEvent"


async def test_a_schema_that_builds_on_others_is_put_together(fake: tuple[str, list[str]]) -> None:
    schema = await _find(_settings(fake[0]), 2)
    assert encode({"a": {"city": {"name": "x"}}, "c": {"name": "y"}}, schema) == b"\x02x\x02y"


async def test_an_id_that_the_registry_does_not_know_is_told_from_one_it_cannot_tell(
    fake: tuple[str, list[str]],
) -> None:
    assert await _find(_settings(fake[0]), 404) is None
    for key in (405, 401, 500):
        with pytest.raises(SchemaSourceUnavailable, match=rf"schema {key} of the registry"):
            await _find(_settings(fake[0]), key)


@pytest.mark.parametrize("key", [3, 4, 5])
async def test_what_is_no_avro_record_is_a_fault_of_the_schema(fake: tuple[str, list[str]], key: int) -> None:
    with pytest.raises(SchemaError, match=rf"schema {key} of the registry"):
        await _find(_settings(fake[0]), key)


async def test_a_registry_that_does_not_answer_says_where_it_was_looked_for_and_shows_no_password() -> None:
    (port,) = free_ports(1)
    settings = _settings(f"http://127.0.0.1:{port}", username="reader", password=SecretStr("sesame"))
    with pytest.raises(SchemaSourceUnavailable) as raised:
        await _find(settings, 1)
    assert f"127.0.0.1:{port}" in str(raised.value)
    assert "schema_registry.url" in str(raised.value)
    assert "sesame" not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_logins_reach_the_registry(fake: tuple[str, list[str]]) -> None:
    url, seen = fake
    await _find(_settings(url, username="reader", password=SecretStr("sesame")), 1)
    await _find(_settings(url, bearer_token=SecretStr("bearer-sesame")), 1)
    assert seen == ["Basic " + base64.b64encode(b"reader:sesame").decode(), "Bearer bearer-sesame"]


async def test_a_real_registry_gives_back_what_was_registered(registry: RegistryServer) -> None:
    client = SchemaRegistryClient({"url": registry.url})
    client.register_schema("translator-city", Schema(CITY, "AVRO"))
    uses_city = json.dumps({"type": "record", "name": "R", "fields": [{"name": "city", "type": "b.City"}]})
    schema = Schema(uses_city, "AVRO", references=[SchemaReference("b.City", "translator-city", 1)])
    schema_id = client.register_schema("translator-value", schema)
    found = await _find(_settings(registry.url), schema_id)
    assert encode({"city": {"name": "x"}}, found) == b"\x02x"
    assert await _find(_settings(registry.url), 2_000_000_000) is None
