"""What a copy on the dead-letter or parked topic says of its original."""

import json

from confluent_kafka import Message

from streamer.kafka.copies import copy_headers, origin_of
from streamer.outcomes import Fate, Outcome, Reason
from streamer.translate.engine import Origin

_REFUSED = Fate(
    Outcome.DEAD_LETTERED, "1234567890123456", Reason.REFUSED_BY_META, fbtrace_id="Abc", code=100, subcode=2804010
)


def _message(headers: list[tuple[str, str | bytes | None]] | None = None, topic: str = "tag-events") -> Message:
    return Message(
        topic=topic, partition=3, offset=42, key=b"k", value=b"v", headers=headers or [], timestamp=(1, 1790000000123)
    )


def test_a_copy_keeps_the_originals_headers_and_says_where_from_which_pixel_and_why() -> None:
    message = _message([("trace", b"1"), ("trace", b"2")])
    headers = copy_headers(message, origin_of(message, may_be_copy=False), _REFUSED, "streamer", 1790000001000)
    assert headers[:2] == [("trace", b"1"), ("trace", b"2")]
    assert dict(headers[2:]) == {
        "streamer.origin.topic": b"tag-events",
        "streamer.origin.partition": b"3",
        "streamer.origin.offset": b"42",
        "streamer.origin.timestamp": b"1790000000123",
        "streamer.group": b"streamer",
        "streamer.outcome": b"dead_lettered",
        "streamer.reason": b"refused_by_meta",
        "streamer.pixel": b"1234567890123456",
        "streamer.meta.error": json.dumps({"code": 100, "error_subcode": 2804010}).encode(),
        "streamer.meta.fbtrace_id": b"Abc",
        "streamer.copied_at": b"1790000001000",
    }


def test_a_copy_of_a_copy_still_says_where_the_record_first_stood() -> None:
    first = _message()
    parked = Fate(Outcome.PARKED, "1", Reason.NO_TOKEN)
    headers = copy_headers(first, origin_of(first, may_be_copy=False), parked, "streamer", 1)
    copy = Message(topic="streamer.parked", partition=0, offset=7, value=b"v", headers=[*headers], timestamp=(1, 5))
    origin = origin_of(copy, may_be_copy=True)
    again = dict(copy_headers(copy, origin, _REFUSED, "streamer", 2))
    assert origin == Origin("tag-events", 3, 42)
    assert again["streamer.origin.offset"] == b"42"
    assert again["streamer.origin.timestamp"] == b"1790000000123"
    assert again["streamer.reason"] == b"refused_by_meta"


def test_origin_headers_on_a_producers_own_topic_are_not_believed() -> None:
    forged: list[tuple[str, str | bytes | None]] = [
        ("streamer.origin.topic", b"x"),
        ("streamer.origin.partition", b"0"),
        ("streamer.origin.offset", b"0"),
    ]
    assert origin_of(_message(forged), may_be_copy=False) == Origin("tag-events", 3, 42)


def test_damaged_origin_headers_fall_back_to_where_the_record_stands() -> None:
    damaged: list[tuple[str, str | bytes | None]] = [
        ("streamer.origin.topic", b"\xff"),
        ("streamer.origin.partition", b"x"),
    ]
    assert origin_of(_message(damaged, "streamer.parked"), may_be_copy=True) == Origin("streamer.parked", 3, 42)
