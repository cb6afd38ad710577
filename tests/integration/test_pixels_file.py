"""What pixels.yaml decides while ``streamer run`` runs: where events go, and which pixels have to wait."""

from itertools import count
from pathlib import Path
from typing import Any

from streamer.translate.checks import derived_event_id
from streamer.translate.engine import Origin
from tests.support.evidence import Fate, copies, fates, receipts, wait_until_committed
from tests.support.kafka_cluster import KafkaCluster, Outgoing, eventually
from tests.support.product import SandboxProcess, Start, prepare
from tests.support.tag_events import PIXELS, encode, tag_event, tag_events
from tests.support.watching import metric

FIRST, SECOND, THIRD = PIXELS[:3]


def _prepare(kafka: KafkaCluster, topic: str, folder: Path, pixels: str) -> dict[str, Any]:
    _write(folder / "pixels.yaml", f"pixels:{pixels}")
    return prepare(kafka, topic, 1) | {"pixels": {"file": str(folder / "pixels.yaml"), "reload_seconds": 0.1}}


def _write(path: Path, text: str) -> None:
    """Replace a file at once, as Kubernetes replaces a mounted secret: nobody sees half of it."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)


def test_a_pixel_without_a_working_token_parks_and_its_token_file_brings_it_back(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, tmp_path: Path
) -> None:
    (tmp_path / "tokens").mkdir()
    _write(tmp_path / "tokens" / "second", "invented-token-that-dies")
    pixels = f"""
  "{FIRST}": {{client: acme, token: {{file: tokens/first}}}}
  "{SECOND}": {{client: bolt, token: {{file: tokens/second}}}}
"""
    config = _prepare(kafka, topic, tmp_path, pixels)
    sandbox.tokens(kill=["invented-token-that-dies"])
    values = list(tag_events(50))
    kafka.produce(topic, map(Outgoing, values))
    streamer = start(config)
    wait_until_committed(kafka, config)

    assert sandbox.ids(FIRST) == sandbox.ids(SECOND) == []
    assert sandbox.ledger()["total"]["distinct"] == 30
    parked = copies(kafka, config["kafka"]["parked_topic"])
    # A set: the first pass over the parked topic may park again what it finds there.
    assert sorted({(copy.value or b"", copy.said["pixel"], copy.said["reason"]) for copy in parked}) == sorted(
        [(value, FIRST, "no_token") for value in values[0::5]]
        + [(value, SECOND, "token_dead") for value in values[1::5]]
    )
    assert copies(kafka, config["kafka"]["dead_letter_topic"]) == []
    states = {each["pixel_id"]: (each["state"], each["reason"]) for each in streamer.status()["pixels"]}
    assert states == {
        FIRST: ("parked", "no_token"),
        SECOND: ("parked", "token_dead"),
        **dict.fromkeys(PIXELS[2:], ("works", None)),
    }

    for pixel_id, name in ((FIRST, "first"), (SECOND, "second")):
        _write(tmp_path / "tokens" / name, f"invented-new-token-of-{name}")
        _write_until_one_arrives(kafka, topic, sandbox, pixel_id)
    wait_until_committed(kafka, config)
    assert {each["state"] for each in streamer.status()["pixels"]} == {"works"}


def _write_until_one_arrives(kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, pixel_id: str) -> None:
    """Write an event of a pixel again and again, each with an id of its own, until one has arrived."""
    numbers = count(1000)

    def arrived() -> bool:
        kafka.produce(topic, [Outgoing(encode(tag_event(next(numbers), pixel_id)))])
        return bool(sandbox.ids(pixel_id))

    eventually(arrived, interval=0.4)


def test_an_event_of_a_container_goes_to_each_of_its_pixels_with_an_outcome_of_its_own(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, tmp_path: Path
) -> None:
    pixels = f"""
  "{FIRST}": {{containers: [GTM-SHOP]}}
  "{SECOND}": {{containers: [GTM-SHOP, GTM-ELSE]}}
"""
    config = _prepare(kafka, topic, tmp_path, pixels)
    refused = {"match": {"pixel": SECOND, "event_name": "Lead"}, "then": {"code": 100, "subcode": 2804019}}
    sandbox.script([refused])
    shop = {"pixel_id": None, "container_id": "GTM-SHOP"}
    events = [
        tag_event(0) | shop,
        tag_event(1, event_name="Lead") | shop,
        tag_event(2, event_id=None) | shop,
        tag_event(3) | shop | {"container_id": "GTM-UNKNOWN"},
        tag_event(4, THIRD, container_id="GTM-SHOP"),
    ]
    values = [encode(event) for event in events]
    kafka.produce(topic, map(Outgoing, values))
    start(config)
    wait_until_committed(kafka, config)

    derived = derived_event_id(Origin(topic, 0, 2))
    assert sandbox.ids(FIRST) == [("Lead", "e-1"), ("Purchase", "e-0"), ("Purchase", derived)]
    assert sandbox.ids(SECOND) == [("Purchase", "e-0"), ("Purchase", derived)]
    assert sandbox.ids(THIRD) == [("Purchase", "e-4")]
    delivered = [Fate(FIRST, "delivered"), Fate(SECOND, "delivered")]
    assert fates(receipts(kafka, config)) == {
        (topic, 0, 0): delivered,
        (topic, 0, 1): [Fate(FIRST, "delivered"), Fate(SECOND, "dead_lettered", "refused_by_meta")],
        (topic, 0, 2): delivered,
        (topic, 0, 3): [Fate(None, "skipped", "no_pixel")],
        (topic, 0, 4): [Fate(THIRD, "delivered")],
    }
    (copy,) = copies(kafka, config["kafka"]["dead_letter_topic"])
    assert (copy.value, copy.said["pixel"]) == (values[1], SECOND)


def test_a_pixel_that_is_added_to_a_container_gets_events_without_a_restart(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, tmp_path: Path
) -> None:
    config = _prepare(
        kafka,
        topic,
        tmp_path,
        f"""
  "{FIRST}": {{containers: [GTM-SHOP]}}
""",
    )
    streamer = start(config)
    numbers = count()

    def arrives(pixel_id: str) -> bool:
        event = tag_event(next(numbers)) | {"pixel_id": None, "container_id": "GTM-SHOP"}
        kafka.produce(topic, [Outgoing(encode(event))])
        return bool(sandbox.ids(pixel_id))

    eventually(lambda: arrives(FIRST), interval=0.4)
    assert sandbox.ids(SECOND) == []
    _write(
        tmp_path / "pixels.yaml",
        f"""
pixels:
  "{FIRST}": {{containers: [GTM-ELSE]}}
  "{SECOND}": {{containers: [GTM-SHOP]}}
""",
    )
    eventually(lambda: arrives(SECOND), interval=0.4)
    wait_until_committed(kafka, config)
    taken = [set(sandbox.ids(pixel_id)) for pixel_id in (FIRST, SECOND)]
    assert not taken[0] & taken[1]
    assert len(taken[0] | taken[1]) == next(numbers)

    _write(tmp_path / "pixels.yaml", "pixels: [nonsense")
    eventually(lambda: "what it said before stays in force" in streamer.said())
    eventually(lambda: metric(streamer, "streamer_pixels_file_faults") == 1)
    before = len(sandbox.ids(SECOND))
    assert arrives(SECOND)
    eventually(lambda: len(sandbox.ids(SECOND)) == before + 1)
