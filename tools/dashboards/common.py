"""What both dashboards ask, be it of all pixels or of one."""

from tools.dashboards.model import Panel, Query

EVERY = "$__rate_interval"
"""For what changes from one point of a picture to the next."""
ALL = "$__range"
"""For one figure over all of the time that is shown."""

CODES = "docs/delivery.md says what each code means, and what is done."

OUTCOMES = Query("sum by (outcome) (rate(streamer_outcomes_total{$$}[$__rate_interval]))", "{{outcome}}")
ANSWERS = Query("sum by (result) (rate(streamer_requests_total{$$}[$__rate_interval]))", "{{result}}")
REFUSALS = Query(
    'topk(8, sum by (result, code) (rate(streamer_requests_total{$$,result!="delivered"}[$__rate_interval])))',
    "{{result}} {{code}}",
)
WITHIN = Query(
    "sum by (le) (rate(streamer_event_age_seconds_bucket{$$}[$__rate_interval]))"
    " / on () group_left sum(rate(streamer_event_age_seconds_count{$$}[$__rate_interval]))",
    "{{le}} s",
)


def share(part: str, whole: str, over: str = EVERY, legend: str = "") -> Query:
    """Return how much of one counter another is."""
    return Query(f"sum(rate({part}[{over}])) / sum(rate({whole}[{over}]))", legend)


def mean(histogram: str) -> Query:
    """Return the mean of what a histogram counts."""
    return share(f"{histogram}_sum{{$$}}", f"{histogram}_count{{$$}}", legend="mean")


def quantile(part: float, histogram: str, by: str = "le", legend: str = "") -> Query:
    """Return the value below which this part of what a histogram counts lies."""
    return Query(
        f"histogram_quantile({part}, sum by ({by}) (rate({histogram}_bucket{{$$}}[{EVERY}])))", legend or f"{part:.0%}"
    )


def coverage(over: str) -> Query:
    """Return the share of the events that have each match key."""
    return Query(
        f"sum by (key) (rate(streamer_match_key_events_total{{$$}}[{over}]))"
        f" / on () group_left sum(rate(streamer_server_events_total{{$$}}[{over}]))",
        "{{key}}",
    )


def reasons(outcome: str, note: str) -> Panel:
    """Return a picture of why events had an outcome."""
    picked = f'streamer_outcomes_total{{$$,outcome="{outcome}"}}'
    return Panel(
        f"{outcome.replace('_', '-').capitalize()}, by reason",
        (Query(f"sum by (reason) (rate({picked}[{EVERY}]))", "{{reason}}"),),
        unit="cps",
        stacked=True,
        note=note,
    )


REASONS = (
    reasons("skipped", "By policy."),
    reasons("dead_lettered", "By fault of the events, or because they came too late."),
    reasons("parked", "The reason is why the pixel was parked."),
)
COVERAGE = Panel(
    "Coverage of match keys",
    (coverage(ALL),),
    unit="percentunit",
    kind="bargauge",
    note="Share of the events that have the key, over the time that is shown; a key that is not here is in none. "
    "docs/quality.md says what to expect of each.",
    highest=1,
)
FIELDS = Panel(
    "Fields left out, repaired or missed",
    (Query("topk(30, sum by (field, reason) (increase(streamer_fields_dropped_total{$$}[$__range])) > 0)"),),
    kind="table",
    width=16,
    note="Over the time that is shown. docs/normalising.md says what each field needs.",
    renamed={"field": "Field", "reason": "Reason", "Value": "Times"},
)
FRESHNESS = Panel(
    "Delivered within …",
    (WITHIN,),
    unit="percentunit",
    note="Within 300 s is what to expect, within an hour what Meta asks for; beyond two it hurts.",
    highest=1,
)
REQUESTS = (
    Panel("Requests, by answer", (ANSWERS,), unit="reqps", stacked=True),
    Panel("Answers other than taken, by Meta's code", (REFUSALS,), unit="reqps", note=CODES),
)
