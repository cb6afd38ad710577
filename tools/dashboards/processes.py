"""The platform's dashboard: Kafka, and the processes."""

from tools.dashboards.common import quantile
from tools.dashboards.model import Panel, Query, Row

_REPLICA = "{{pod}} {{instance}}"
_OURS = "and on (namespace, job, instance) streamer_build_info{$$}"
"""Metrics that every program has, of Streamer alone."""

KAFKA = Row(
    "Kafka",
    (
        Panel(
            "Committed records",
            (Query("sum by (topic) (deriv(streamer_committed_offset{$$}[$__rate_interval]))", "{{topic}}"),),
            unit="cps",
            note="How quickly the committed offsets move.",
        ),
        Panel(
            "Owed an outcome",
            (
                Query("sum(streamer_records_unsettled{$$})", "records unsettled"),
                Query("sum(streamer_settlements_under_way{$$})", "outcomes not acknowledged yet"),
            ),
        ),
        Panel(
            "Commits that failed",
            (Query("sum by (reason) (rate(streamer_commit_failures_total{$$}[$__rate_interval]))", "{{reason}}"),),
            unit="cps",
        ),
        Panel(
            "Rebalances",
            (Query("sum by (kind) (increase(streamer_rebalances_total{$$}[$__rate_interval]))", "{{kind}}"),),
        ),
        Panel(
            "Jumps over offsets that were gone",
            (
                Query(
                    "sum by (topic, partition) (increase(streamer_offset_jumps_total{$$}[$__rate_interval]))",
                    "{{topic}} {{partition}}",
                ),
            ),
            note="Each is a loss.",
        ),
        Panel(
            "Passes over the parked topic, and records not understood",
            (
                Query("sum by (because) (increase(streamer_parked_passes_total{$$}[$__rate_interval]))", "{{because}}"),
                Query(
                    "max(increase(streamer_connections_not_understood_total{$$}[$__rate_interval]))", "not understood"
                ),
            ),
        ),
    ),
)

PROCESSES = Row(
    "The processes",
    (
        Panel(
            "Memory budget used",
            (
                Query(
                    "max by (pod, instance) (streamer_memory_used_bytes{$$} / streamer_memory_budget_bytes{$$})",
                    _REPLICA,
                ),
            ),
            unit="percentunit",
            note="At 100 % reading pauses.",
            highest=1,
        ),
        Panel(
            "Reading paused",
            (Query("max by (pod, instance) (avg_over_time(streamer_reading_paused{$$}[$__rate_interval]))", _REPLICA),),
            unit="percentunit",
            note="Share of the time.",
            highest=1,
        ),
        Panel(
            "Memory of the process", (Query(f"process_resident_memory_bytes{{$$}} {_OURS}", _REPLICA),), unit="bytes"
        ),
        Panel(
            "Processor time",
            (Query(f"rate(process_cpu_seconds_total{{$$}}[$__rate_interval]) {_OURS}", _REPLICA),),
            note="Cores in use.",
        ),
        Panel(
            "How late the loop runs",
            (quantile(0.99, "streamer_loop_lag_seconds", by="le, pod, instance", legend=_REPLICA),),
            unit="s",
            note="99 %. Above half a second, the process wants for CPU.",
        ),
        Panel(
            "Kafka threads idle",
            (Query("max by (pod, instance) (streamer_kafka_thread_idle_seconds{$$})", _REPLICA),),
            unit="s",
            note="Above 30 s it stands still.",
        ),
        Panel(
            "Pixels file",
            (
                Query("max(streamer_pixels_file_faults{$$})", "faults"),
                Query("max(streamer_secrets_missing{$$})", "secrets missing"),
            ),
        ),
        Panel(
            "Versions",
            (
                Query("count by (version) (streamer_build_info{$$})", "{{version}}"),
                Query("count by (engine) (streamer_engine_info{$$})", "engine {{engine}}"),
            ),
            note="Replicas of each; several versions at a time are a rollout.",
        ),
        Panel(
            "Restarts",
            (Query(f"sum(changes(process_start_time_seconds{{$$}}[$__rate_interval]) {_OURS})", "restarts"),),
        ),
    ),
)
