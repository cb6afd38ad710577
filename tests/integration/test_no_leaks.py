"""A canary run: events full of values that nobody can mistake, and no raw one of them anywhere it must not be."""

import json
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message

from streamer.delivery.requests import appsecret_proof
from tests.support.evidence import copies, headers_of, wait_until_committed
from tests.support.forwarder import Forwarder
from tests.support.kafka_cluster import KafkaCluster, Outgoing
from tests.support.product import SandboxProcess, Start, StreamerProcess, prepare, sandbox_in
from tests.support.tag_events import PIXELS, encode, tag_event

PIXEL, DEAD, TOKENLESS = PIXELS[:3]
TOKEN, DEAD_TOKEN, APP_SECRET = "canary-platform-token", "canary-dead-token", "canary-app-secret"

USER = {
    "email": "Zebuloria.Quaggenstein@Quokkamail.example.com",
    "phone": "+49 1522 8817263",
    "first_name": "Zebuloria",
    "last_name": "Quaggenstein",
    "city": "Xanthippolis",
    "state": "Numbatland",
    "zip": "Q7Y 9ZQ",
    "country": "DE",
    "external_id": "kudu-4711-customer",
    "birthdate": "1907-11-30",
    "gender": "f",
}
PERSONAL = (
    "zebuloria quaggenstein quokkamail xanthippolis numbatland kudu-4711 15228817263 1522_8817263 "
    "q7y_9zq q7y9zq 1907-11-30 19071130"
)
"""Parts of these values as they are and as they are before hashing; a _ is a blank. Not even Meta may see them."""
FREE_TEXT = "wombatgasse"
"""A street, in fields that Meta takes as they are: it may travel to Meta, and nowhere else."""

ECHO = f"{USER['email']} and {DEAD_TOKEN} are no good"
"""Meta's own words can quote what it was sent."""
SCRIPT = [
    {"match": {"event_name": "Slow"}, "then": {"code": 2, "message": ECHO}, "times": 1},
    {"match": {"event_name": "Refused"}, "then": {"code": 100, "subcode": 2804016, "message": ECHO}},
    {"match": {"token": DEAD_TOKEN}, "then": {"code": 190, "subcode": 463, "message": ECHO}},
]


@pytest.fixture
def strict_sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    """Give a sandbox that wants the proof of an app's secret with each request."""
    (tmp_path / "app-secret").write_text(APP_SECRET)
    with sandbox_in(tmp_path, "--app-secret-file", str(tmp_path / "app-secret")) as sandbox:
        yield sandbox


def _event(**changes: Any) -> dict[str, Any]:
    street = {"delivery_street": "Wombatgasse 17", "note": ["Wombatgasse"]}
    whole = {"user": USER, "event_id": "e-wombatgasse", "referrer": "https://www.example.com/wombatgasse"}
    event = tag_event(1, PIXEL) | whole | changes
    properties = {"currency": "EUR", "value": 1.5, "order_id": "Wombatgasse-1", "items": [], "custom": street}
    return event | {"properties": {**properties, **changes.get("properties", {})}}


def _malformed() -> Iterator[dict[str, Any]]:
    """Yield events with values in places where they make no sense."""
    for field, value in {
        "email": "Zebuloria Quaggenstein at quokkamail",
        "phone": "Zebuloria 15228817263x",
        "birthdate": "Zebuloria's, 19071130 or so",
        "gender": "Zebuloria",
        "country": "Numbatland",
        "state": "\ud7ff Numbatland \x00",
    }.items():
        yield _event(user={**USER, field: value})
    yield _event(client_ip="Zebuloria 1522 8817263")
    yield _event(cookies={"_fbc": "fb.1.Zebuloria", "_fbp": "Quaggenstein", "session": "Zebuloria"})
    yield _event(page_url="https://zebuloria:quaggenstein@shop.example.com/")
    yield _event(privacy={"data_processing_options": ["Zebuloria"]})
    yield _event(messaging={"channel": "Zebuloria"})
    yield _event(properties={"more": {"content_type": "Zebuloria", "delivery_category": "Quaggenstein"}})
    yield _event(app={"platform": "Zebuloria", "os_version": "Quaggenstein"})


def _hopeless() -> Iterator[tuple[str, bytes]]:
    """Yield records that can never be sent, each with its reason."""
    good = encode(_event())
    yield "bad_framing", json.dumps(USER).encode()
    yield "bad_avro", good[:-9]
    yield "bad_avro", good.replace(b"Quaggenstein@", b"Quaggenstein\xff")
    yield "trailing_bytes", good + json.dumps(USER).encode()
    yield "bad_pixel_id", encode(_event(pixel_id="Zebuloria"))
    yield "bad_action_source", encode(_event(action_source="Zebuloria Quaggenstein"))
    yield "no_event_name", encode(_event(event_name=" "))
    yield "too_old", encode(_event(event_time=1_000))
    yield "missing_field", encode(_event(page_url="Zebuloria Quaggenstein"))
    yield "missing_field", encode(_event(properties={"currency": "Zebuloria"}))
    yield "missing_field", encode(_event(action_source="business_messaging", messaging={"channel": "Zebuloria"}))
    yield "refused_by_meta", encode(_event(event_name="Refused"))


def _held_back() -> Iterator[tuple[str, bytes]]:
    """Yield records that are skipped or parked, each with its reason."""
    yield "no_pixel", encode(_event(pixel_id=None) | {"pixel_id": None, "container_id": "Zebuloria"})
    yield "no_consent", encode(_event(consent={"ad_storage": "Zebuloria", "Quaggenstein": "denied"}))
    yield "token_dead", encode(_event(pixel_id=DEAD))
    yield "no_token", encode(_event(pixel_id=TOKENLESS))


def test_no_personal_value_and_no_secret_of_a_canary_run_is_seen(
    kafka: KafkaCluster, topic: str, strict_sandbox: SandboxProcess, start: Start, tmp_path: Path
) -> None:
    sandbox = strict_sandbox
    sandbox.script(SCRIPT)
    between = Forwarder(sandbox.url)
    config = prepare(kafka, topic, 2) | {
        "meta": {"base_url": between.url, "access_token": TOKEN, "app_secret": APP_SECRET},
        "pixels": {"file": str(_pixels_file(tmp_path))},
        "log": {"level": "debug"},
    }
    hopeless, held_back = list(_hopeless()), list(_held_back())
    sent = [_event(), _event(event_name="Slow"), _event(event_name="Wombatgasse"), *_malformed()]
    values = [*map(encode, sent), *(value for _, value in (*hopeless, *held_back))]
    key, headers = USER["email"].encode(), [("user", json.dumps(USER).encode())]
    kafka.produce(topic, [Outgoing(value, key, headers, at % 2) for at, value in enumerate(values)])
    with between.listening():
        streamer = start(config)
        wait_until_committed(kafka, config)
        shown = _shown(streamer)
        assert streamer.end() == 0

    _check_that_all_of_it_happened(kafka, sandbox, config, len(sent), [reason for reason, _ in (*hopeless, *held_back)])
    seen = {**shown, "log": streamer.said(), **_left_in_kafka(kafka, config)}
    for place, text in seen.items():
        assert _found(text, [*_personal(), FREE_TEXT, TOKEN, DEAD_TOKEN, APP_SECRET]) == [], place
    _check_requests(between)


def _check_requests(between: Forwarder) -> None:
    bodies = "".join(request.body.decode() for request in between.requests)
    assert FREE_TEXT in bodies.lower()
    assert sha256(b"zebuloria").hexdigest() in bodies
    assert sha256(b"zebuloria.quaggenstein@quokkamail.example.com").hexdigest() in bodies
    assert appsecret_proof(TOKEN, APP_SECRET) in bodies
    for request in between.requests:
        headers = {name: value for name, value in request.headers.items() if name != "Authorization"}
        text = f"{request.path} {headers} {request.body.decode()}"
        assert _found(text, [*_personal(), TOKEN, DEAD_TOKEN, APP_SECRET]) == []


def _check_that_all_of_it_happened(
    kafka: KafkaCluster, sandbox: SandboxProcess, config: dict[str, Any], sent: int, reasons: list[str]
) -> None:
    assert sandbox.ledger()["total"]["events"] == sent
    assert sandbox.ledger()["query_tokens"] == 0
    topics = (config["kafka"]["dead_letter_topic"], config["kafka"]["parked_topic"])
    # The first pass over the parked topic may park again what it finds there: a copy of a copy counts once.
    said = [copy.said for name in topics for copy in copies(kafka, name)]
    fates = {(each["origin.partition"], each["origin.offset"], each.get("pixel")): each["reason"] for each in said}
    copied = Counter(fates.values())
    assert copied == Counter(reason for reason in reasons if reason not in {"no_pixel", "no_consent"})


def _shown(streamer: StreamerProcess) -> dict[str, str]:
    shown = {"metrics": streamer.metrics(), "status": json.dumps(streamer.status()), "page": streamer.page()}
    assert all(PIXEL in text for text in shown.values())
    return shown


def _left_in_kafka(kafka: KafkaCluster, config: dict[str, Any]) -> dict[str, str]:
    own = config["kafka"]
    group = own["group_id"]
    left = {"commits": repr(kafka.committed(group, group))}
    for name in (own["receipts_topic"], own["connections_topic"]):
        left[name] = repr([(message.key(), message.value(), message.headers()) for message in kafka.read(name)])
    for name in (own["dead_letter_topic"], own["parked_topic"]):
        left[name] = repr([_own_headers(message) for message in kafka.read(name)])
    return left


def _own_headers(message: Message) -> list[tuple[str, bytes | None]]:
    """Leave out what is the original's, and so full of values."""
    return [header for header in headers_of(message) if header[0].startswith("streamer.")]


def _pixels_file(folder: Path) -> Path:
    (folder / "dead").write_text(DEAD_TOKEN)
    path = folder / "pixels.yaml"
    path.write_text(f"""
pixels:
  "{PIXEL}": {{client: acme, region: de}}
  "{DEAD}": {{token: {{file: dead}}}}
  "{TOKENLESS}": {{token: {{file: nowhere}}}}
""")
    return path


def _personal() -> list[str]:
    return [part.replace("_", " ") for part in PERSONAL.split()]


def _found(text: str, parts: list[str]) -> list[str]:
    lowered = text.lower()
    return [part for part in parts if part in lowered]
