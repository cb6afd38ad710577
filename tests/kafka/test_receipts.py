"""Receipts: what became of which offsets."""

from typing import Any

import orjson
from confluent_kafka import Message

from streamer.kafka.progress import Progress
from streamer.kafka.receipts import receipt
from streamer.kafka.record import Record
from streamer.outcomes import Fate, Outcome, Reason


def _record(progress: Progress, offset: int) -> Record:
    message = Message(topic=progress.topic, partition=progress.partition, offset=offset, value=b"secret@example.com")
    return Record(message, progress, 0, offset)


def _read(fate: Fate, records: list[Record]) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(receipt(fate, records, 1790000000000))
    return found


def test_a_receipt_names_every_offset_by_topic_and_partition_in_runs() -> None:
    one, other = Progress("a", 0, 1, 0), Progress("b", 2, 1, 0)
    records = [_record(one, 5), _record(other, 9), _record(one, 6), _record(one, 8), _record(other, 4)]
    found = _read(Fate(Outcome.DELIVERED, "77", fbtrace_id="Trace"), records)
    assert found == {
        "v": 1,
        "at": 1790000000000,
        "outcome": "delivered",
        "pixel": "77",
        "events": 5,
        "fbtrace_id": "Trace",
        "offsets": [
            {"topic": "a", "partition": 0, "ranges": [5, 6, 8, 8]},
            {"topic": "b", "partition": 2, "ranges": [4, 4, 9, 9]},
        ],
    }


def test_a_receipt_of_a_refusal_says_why_and_never_what_the_record_held() -> None:
    fate = Fate(Outcome.DEAD_LETTERED, None, Reason.BAD_AVRO, field="user.email")
    records = [_record(Progress("a", 0, 1, 0), 5)]
    assert b"secret" not in receipt(fate, records, 1)
    found = _read(fate, records)
    assert (found["reason"], found["field"]) == ("bad_avro", "user.email")
    assert "pixel" not in found
