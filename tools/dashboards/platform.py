"""The dashboard of the platform: for whoever is woken."""

from tools.dashboards.common import COVERAGE, FIELDS, FRESHNESS, OUTCOMES, REASONS, REQUESTS, mean, quantile, share
from tools.dashboards.model import DEPLOYMENT, JOB, NAMESPACE, Dashboard, Limits, Panel, Query, Row
from tools.dashboards.processes import KAFKA, PROCESSES

_DEAD = 'streamer_outcomes_total{$$,outcome="dead_lettered"}'
_PIXEL = {"pixel": "Pixel", "reason": "Reason"}


def _stat(title: str, query: Query, unit: str = "short", note: str = "", limits: Limits = ()) -> Panel:
    """Return one figure."""
    return Panel(title, (query,), unit=unit, kind="stat", width=3, height=4, note=note, limits=limits)


_NOW = Row(
    "Is it well?",
    (
        _stat("Replicas ready", Query("sum(streamer_ready{$$})")),
        _stat("Partitions read", Query("sum(streamer_partitions_owned{$$})")),
        _stat(
            "Delivered", Query('sum(rate(streamer_outcomes_total{$$,outcome="delivered"}[$__rate_interval]))'), "cps"
        ),
        _stat(
            "Behind by",
            Query("sum(streamer_lag{$$}) / sum(rate(streamer_records_read_total{$$}[5m]))"),
            "s",
            "Time to read what waits in Kafka, at the speed of the last five minutes. Some seconds are usual.",
            ((300, "yellow"), (900, "red")),
        ),
        _stat(
            "Oldest event unsent",
            Query("max(streamer_oldest_unsent_seconds{$$})"),
            "s",
            "Not much above `window.seconds` when all is well.",
            ((120, "yellow"), (600, "red")),
        ),
        _stat(
            "Pixels parked",
            Query("count(max by (pixel) (streamer_pixel_parked{$$})) or vector(0)"),
            limits=((1, "yellow"), (6, "red")),
        ),
        _stat(
            "Dead-lettered",
            share(_DEAD, "streamer_events_translated_total{$$}"),
            "percentunit",
            limits=((0.05, "yellow"), (0.3, "red")),
        ),
        _stat(
            "Ledger",
            Query(
                "abs(sum(streamer_events_translated_total{$$})"
                " - (sum(streamer_events_forgotten_total{$$}) or vector(0))"
                " - sum(streamer_outcomes_total{$$}) - sum(streamer_events_in_flight{$$}))"
            ),
            note="What is missing for the ledger to balance: 0, always.",
            limits=((1, "red"),),
        ),
        Panel(
            "Alerts",
            (
                Query(
                    "max by (alertname, severity, alertstate, pixel, topic, partition) "
                    '(ALERTS{alertname=~"Streamer.*",$$})'
                ),
            ),
            kind="table",
            width=24,
            height=6,
            note="Pending ones have not lasted long enough to fire. What to do: the link to the runbooks.",
            renamed={"alertname": "Alert", "severity": "Severity", "alertstate": "State", "pixel": "Pixel"},
        ),
    ),
)

_FLOW = Row(
    "What flows",
    (
        Panel("Outcomes", (OUTCOMES,), unit="cps", stacked=True, width=12),
        Panel(
            "Read and translated",
            (
                Query("sum(rate(streamer_records_read_total{$$}[$__rate_interval]))", "records read"),
                Query("sum(rate(streamer_events_translated_total{$$}[$__rate_interval]))", "events"),
                Query("sum(rate(streamer_records_already_settled_total{$$}[$__rate_interval]))", "settled before"),
                Query("sum(rate(streamer_events_forgotten_total{$$}[$__rate_interval]))", "left to the next owner"),
            ),
            unit="cps",
            width=12,
        ),
        *REASONS,
    ),
)

_LATE = Row(
    "How late",
    (
        Panel("Lag by topic", (Query("sum by (topic) (streamer_lag{$$})", "{{topic}}"),), stacked=True),
        Panel(
            "Partitions with the most lag",
            (Query("topk(5, max by (topic, partition) (streamer_lag{$$}))", "{{topic}} {{partition}}"),),
        ),
        Panel(
            "Oldest event unsent, by replica",
            (Query("max by (pod, instance) (streamer_oldest_unsent_seconds{$$})", "{{pod}} {{instance}}"),),
            unit="s",
        ),
        FRESHNESS,
        Panel(
            "Waiting to be sent",
            (
                Query("sum(streamer_events_waiting{$$})", "in windows and lanes"),
                Query("sum(streamer_events_in_flight{$$})", "without an outcome"),
            ),
        ),
        Panel(
            "Parked copies that wait for a pass",
            (Query("sum by (partition) (streamer_parked_waiting{$$})", "partition {{partition}}"),),
            stacked=True,
        ),
    ),
)

_META = Row(
    "What Meta says",
    (
        *REQUESTS,
        Panel(
            "Held and slowed down",
            (Query("max by (scope, how) (streamer_scopes_slowed{$$})", "{{scope}} {{how}}"),),
            note="Behind a held app or token are all pixels that share it.",
        ),
        Panel(
            "Time of a request",
            tuple(quantile(part, "streamer_request_seconds") for part in (0.5, 0.95, 0.99)),
            unit="s",
        ),
        Panel(
            "Events in a request",
            (mean("streamer_request_events"), quantile(0.95, "streamer_request_events")),
            note="The more, the cheaper: a longer window makes larger requests.",
        ),
        Panel("Bytes in a request", (mean("streamer_request_bytes"),), unit="bytes"),
        Panel("Requests in flight", (Query("sum(streamer_requests_in_flight{$$})", "requests"),)),
        Panel(
            "Searches for bad events",
            (Query("sum(rate(streamer_splits_total{$$}[$__rate_interval]))", "requests halved"),),
            unit="cps",
        ),
        Panel(
            "Questions about parked pixels",
            (Query("sum by (result) (rate(streamer_probes_total{$$}[$__rate_interval]))", "{{result}}"),),
            unit="cps",
        ),
    ),
)


def _worst(title: str, query: Query, unit: str = "short", note: str = "") -> Panel:
    """Return a table of pixels, each of which leads to its client's dashboard."""
    return Panel(title, (query,), unit=unit, kind="table", note=note, renamed=_PIXEL, links=True)


_CLIENTS = Row(
    "Clients",
    (
        _worst("Parked pixels", Query("max by (pixel, reason) (streamer_pixel_parked{$$})")),
        _worst(
            "Most delivered",
            Query('topk(20, sum by (pixel) (rate(streamer_outcomes_total{$$,outcome="delivered"}[$__range])))'),
            "cps",
            "Mean over the time that is shown.",
        ),
        _worst(
            "Most dead-lettered",
            Query(f"topk(20, sum by (pixel, reason) (increase({_DEAD}[$__range])) > 0)"),
            note="Events over the time that is shown. The pixel `-`: records that did not get as far as one.",
        ),
        _worst(
            "Most faulty",
            Query(
                "topk(20, sum by (pixel) (rate(streamer_faulty_events_total{$$}[$__range]))"
                " / sum by (pixel) (rate(streamer_server_events_total{$$}[$__range])))"
            ),
            "percentunit",
        ),
        COVERAGE,
        FIELDS,
    ),
)

PLATFORM = Dashboard(
    "platform",
    "Streamer: platform",
    "Tag events to Meta's Conversions API: is it well, what flows, how late, and where is trouble?",
    (NAMESPACE, JOB),
    DEPLOYMENT,
    (_NOW, _FLOW, _LATE, _META, KAFKA, PROCESSES, _CLIENTS),
)
