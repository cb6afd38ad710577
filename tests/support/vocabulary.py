"""What labels may be asked for, and which of their values exist: a query for another would be silent for ever."""

from collections.abc import Iterator, Mapping

from prometheus_client.utils import floatToGoString

from streamer.delivery.answers import Kind
from streamer.delivery.scopes import HELD, PACED, Scope
from streamer.kafka.passes import Why
from streamer.measures import Declared
from streamer.outcomes import Outcome, Reason
from streamer.translate.engine import MATCH_KEYS
from streamer.translate.notes import NoteReason
from tests.support.promql import named
from tests.support.promtool import known_metrics

TARGET_LABELS = frozenset({"namespace", "job", "instance", "pod"})
"""Given by Prometheus to all that it scrapes, in Kubernetes or (the first and the last left out) elsewhere."""

OF_THE_PROCESS = frozenset(
    {"up", "process_start_time_seconds", "process_cpu_seconds_total", "process_resident_memory_bytes"}
)
"""Metrics that are not the product's own and that may be asked for."""

VALUES: Mapping[str, frozenset[str]] = {
    "outcome": frozenset(Outcome),
    "reason": frozenset({*Reason, *NoteReason}),
    "result": frozenset({*Kind, "no_answer", "not_understood"}),
    "kind": frozenset({"assigned", "revoked", "lost"}),
    "scope": frozenset(Scope),
    "how": frozenset({HELD, PACED}),
    "because": frozenset(Why),
    "key": frozenset({*MATCH_KEYS, "event_id"}),
}
"""Of labels with a closed set of values."""


def faults(expression: str) -> Iterator[str]:
    """Yield what an expression asks for that is not there."""
    known = known_metrics()
    for one in named(expression):
        declared = known.get(one.metric)
        if declared is None:
            if one.metric not in OF_THE_PROCESS:
                yield f"there is no metric {one.metric}"
            continue
        for pick in one.picks:
            if pick.label not in {*declared.labels, *TARGET_LABELS, "le"}:
                yield f"{one.metric} has no label {pick.label}"
            values = _values(declared, pick.label)
            if values is not None:
                yield from (f"{pick.label} is never {value}" for value in pick.values if value not in values)


def _values(declared: Declared, label: str) -> frozenset[str] | None:
    if label == "le":
        return frozenset({*map(floatToGoString, declared.buckets), "+Inf"})
    return VALUES.get(label)
