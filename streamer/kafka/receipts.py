"""Receipts: one small record for each request and each group of other outcomes, of what became of which offsets."""

from collections.abc import Sequence
from typing import Any

import orjson

from streamer.kafka.ranges import runs
from streamer.kafka.record import Record
from streamer.outcomes import Fate

VERSION = 1


def receipt(fate: Fate, records: Sequence[Record], at_ms: int) -> bytes:
    """Write a receipt as JSON.

    ``offsets`` lists, by topic and partition, the runs of offsets it covers, flat: first, last, first, last, …

    :param records: what the fate befell.
    :param at_ms: now, Unix milliseconds.
    :return: JSON; holds no personal value.
    """
    body: dict[str, Any] = {
        "v": VERSION,
        "at": at_ms,
        "outcome": fate.outcome.value,
        "pixel": fate.pixel_id,
        "events": len(records),
        "offsets": _offsets(records),
        "reason": fate.reason and fate.reason.value,
        "field": fate.field,
        "fbtrace_id": fate.fbtrace_id,
        "code": fate.code,
        "error_subcode": fate.subcode,
    }
    return orjson.dumps({key: value for key, value in body.items() if value is not None})


def _offsets(records: Sequence[Record]) -> list[dict[str, Any]]:
    by_partition: dict[tuple[str, int], list[int]] = {}
    for record in records:
        progress = record.progress
        by_partition.setdefault((progress.topic, progress.partition), []).append(record.offset)
    return [
        {"topic": topic, "partition": partition, "ranges": [edge for run in runs(sorted(offsets)) for edge in run]}
        for (topic, partition), offsets in by_partition.items()
    ]
