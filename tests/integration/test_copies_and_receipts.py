"""What is left behind of records that are not delivered: copies on topics of the product's own, and receipts."""

import json
import time
from pathlib import Path
from typing import NamedTuple

from tests.support.evidence import Copy, Fate, copies, fates, receipts, wait_until_committed
from tests.support.kafka_cluster import KafkaCluster, Outgoing
from tests.support.product import SandboxProcess, Start, prepare
from tests.support.tag_events import PIXELS, encode, tag_event

PIXEL, OTHER, TOKENLESS = PIXELS[:3]
DAY_MS = 86_400_000
WRITTEN_AT = 1_790_000_000_123
KEY = b"\x00\xffkey"
HEADERS = [("trace", b"\xff\xfe"), ("trace", b"again"), ("empty", b"")]
POISON = {"match": {"event_name": "Poison"}, "then": {"code": 100, "subcode": 2804016}}


class Bad(NamedTuple):
    """A record that can never be sent, and what its copy must say."""

    value: bytes
    reason: str
    pixel: str | None = None
    field: str | None = None


def _bad_records() -> list[Bad]:
    good = encode(tag_event(0, PIXEL))
    return [
        Bad(b"junk, and no Avro at all", "bad_framing"),
        Bad(b"", "bad_framing"),
        Bad(good[:9], "bad_framing"),
        Bad(b"\xc3\x02" + good[2:], "bad_framing"),
        Bad(b"\xc3\x01" + b"\x07" * 8 + good[10:], "unknown_schema"),
        Bad(good[:-1], "bad_avro"),
        Bad(good[:10], "bad_avro"),
        Bad(good[:10] + b"\xff" * 40, "bad_avro"),
        Bad(good + b"\x00", "trailing_bytes"),
        Bad(encode(tag_event(0, "no-number")), "bad_pixel_id", field="pixel_id"),
        Bad(encode(tag_event(0, PIXEL, event_name="")), "no_event_name", PIXEL, "event_name"),
        Bad(encode(tag_event(0, PIXEL, event_time=_now() - 8 * DAY_MS)), "too_old", PIXEL, "event_time"),
        Bad(encode(tag_event(0, PIXEL, user=None, client_ip=None)), "too_little_user_data", PIXEL, "user_data"),
        Bad(encode(tag_event(0, PIXEL, event_name="Poison", event_id="p-1")), "refused_by_meta", PIXEL),
        Bad(encode(tag_event(0, OTHER, event_name="Poison", event_id="p-2")), "refused_by_meta", OTHER),
    ]


def test_what_can_never_be_sent_is_dead_lettered_as_it_came_and_its_neighbours_are_delivered(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    config = prepare(kafka, topic, 1)
    sandbox.script([POISON])
    bad = _bad_records()
    good = [tag_event(1000 + number, PIXELS[number % 2]) for number in range(len(bad))]
    values = [value for pair in zip((each.value for each in bad), map(encode, good), strict=True) for value in pair]
    kafka.produce(topic, [Outgoing(value, KEY, HEADERS, 0, WRITTEN_AT) for value in [*values, None]])
    start(config)
    wait_until_committed(kafka, config)

    for at, pixel_id in enumerate((PIXEL, OTHER)):
        assert sandbox.ids(pixel_id) == [("Purchase", event["event_id"]) for event in good[at::2]]
    found = {int(copy.said["origin.offset"]): copy for copy in copies(kafka, config["kafka"]["dead_letter_topic"])}
    assert sorted(found) == [2 * at for at in range(len(bad))]
    for at, each in enumerate(bad):
        copy = found[2 * at]
        assert (copy.value, copy.key, copy.headers) == (each.value, KEY, HEADERS)
        _check_words(copy, each, topic)
    assert copies(kafka, config["kafka"]["parked_topic"]) == []
    assert fates(receipts(kafka, config))[topic, 0, 2 * len(bad)] == [Fate(None, "skipped", "tombstone")]


def _check_words(copy: Copy, bad: Bad, topic: str) -> None:
    said = dict(copy.said)
    assert abs(int(said.pop("copied_at")) - _now()) < 10 * 60_000
    assert said.pop("origin.offset")
    refused_by_meta = bad.reason == "refused_by_meta"
    if refused_by_meta:
        assert json.loads(said.pop("meta.error")) == {"code": 100, "error_subcode": 2804016}
        assert said.pop("meta.fbtrace_id").startswith("Sandbox")
    expected = {
        "origin.topic": topic,
        "origin.partition": "0",
        "origin.timestamp": str(WRITTEN_AT),
        "group": topic,
        "outcome": "dead_lettered",
        "reason": bad.reason,
        "pixel": bad.pixel,
        "field": bad.field,
    }
    assert said == {name: value for name, value in expected.items() if value is not None}


def test_bare_records_that_are_junk_are_dead_lettered_too(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    config = prepare(kafka, topic, 1) | {"records": {"format": "bare"}}
    good = encode(tag_event(1, PIXEL), "bare")
    values = [b"", b"\xff" * 30, good + b"\x00", good]
    kafka.produce(topic, map(Outgoing, values))
    start(config)
    wait_until_committed(kafka, config)
    assert sandbox.ids(PIXEL) == [("Purchase", "e-1")]
    found = [(copy.value, copy.said["reason"]) for copy in copies(kafka, config["kafka"]["dead_letter_topic"])]
    assert sorted(found) == sorted(zip(values, ["bad_avro", "bad_avro", "trailing_bytes"], strict=False))


def test_receipts_alone_prove_what_became_of_every_offset_through_a_restart(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, tmp_path: Path
) -> None:
    config = prepare(kafka, topic, 2) | {"pixels": {"file": str(tmp_path / "pixels.yaml")}}
    (tmp_path / "pixels.yaml").write_text(_PIXELS)
    sandbox.script([POISON])
    kinds = _kinds()
    for _ in range(2):
        records = [Outgoing(value, partition=at % 2) for value, _ in kinds for at in range(10)]
        kafka.produce(topic, records)
        streamer = start(config)
        wait_until_committed(kafka, config)
        assert streamer.end() == 0
    expected = [fate for _ in range(2) for _, fate in kinds for _ in range(5)]
    found_again = fates(receipts(kafka, config))  # the second start looks through the parked topic, and parks again
    proven = {place: found_again.pop(place) for place in list(found_again) if place[0] == topic}
    assert {place[0] for place in found_again} <= {config["kafka"]["parked_topic"]}
    assert all(found == [Fate(TOKENLESS, "parked", "no_token")] for found in found_again.values())
    assert sorted(proven) == [(topic, partition, offset) for partition in range(2) for offset in range(len(expected))]
    for (_, _, offset), found in proven.items():
        assert found == expected[offset], offset


_PIXELS = f"""
pixels:
  "{PIXEL}": {{containers: [GTM-BOTH]}}
  "{OTHER}": {{containers: [GTM-BOTH]}}
  "{TOKENLESS}": {{token: {{file: nowhere}}}}
"""


def _kinds() -> list[tuple[bytes | None, list[Fate]]]:
    """Return a record of each kind of fate, with what its receipts must say of it."""
    both = {"pixel_id": None, "container_id": "GTM-BOTH"}
    return [
        (encode(tag_event(1, PIXEL)), [Fate(PIXEL, "delivered")]),
        (None, [Fate(None, "skipped", "tombstone")]),
        (encode(tag_event(2) | {"pixel_id": None}), [Fate(None, "skipped", "no_pixel")]),
        (encode(tag_event(3, PIXEL, consent={"ad_storage": "denied"})), [Fate(PIXEL, "skipped", "no_consent")]),
        (b"junk", [Fate(None, "dead_lettered", "bad_framing")]),
        (encode(tag_event(4, PIXEL, event_name="Poison")), [Fate(PIXEL, "dead_lettered", "refused_by_meta")]),
        (encode(tag_event(5, TOKENLESS)), [Fate(TOKENLESS, "parked", "no_token")]),
        (encode(tag_event(6) | both), [Fate(PIXEL, "delivered"), Fate(OTHER, "delivered")]),
    ]


def _now() -> int:
    return int(time.time() * 1000)
