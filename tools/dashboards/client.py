"""The dashboard of one client's pixel: for whoever talks to the client."""

from tools.dashboards.common import (
    ALL,
    COVERAGE,
    EVERY,
    FIELDS,
    FRESHNESS,
    OUTCOMES,
    REASONS,
    REQUESTS,
    coverage,
    mean,
    share,
)
from tools.dashboards.model import DEPLOYMENT, JOB, NAMESPACE, Dashboard, Limits, Panel, Query, Row, Variable

_PIXEL = Variable(
    "pixel",
    "Pixel",
    f"label_values(streamer_events_translated_total{{{DEPLOYMENT}}}, pixel)",
    many=False,
    pattern=r"/^\d+$/",
)
_MADE = "streamer_server_events_total{$$}"
_SENT = "streamer_requests_total{$$}"


def _count(outcome: str, note: str, limits: Limits = ()) -> Panel:
    """Return the count of an outcome over the time that is shown."""
    picked = f'streamer_outcomes_total{{$$,outcome="{outcome}"}}'
    query = Query(f"sum(increase({picked}[{ALL}])) or vector(0)")
    name = outcome.replace("_", "-").capitalize()
    return Panel(name, (query,), kind="stat", width=4, height=4, note=note, limits=limits)


def _or_none(query: Query) -> Query:
    """Return a query that gives 0 where there was nothing of the kind."""
    return Query(f"{query.text} or vector(0)", query.legend)


_NOW = Row(
    "Now",
    (
        Panel(
            "Connection",
            (Query("max(streamer_pixel_parked{$$}) or vector(0)"),),
            kind="stat",
            width=4,
            height=4,
            note="Events of a parked pixel are kept, and sent when it works again.",
            limits=((1, "red"),),
            names={"0": "works", "1": "parked"},
        ),
        _count("delivered", "Over the time that is shown."),
        _count("skipped", "Policy says do not send: no consent, an opt-out, a filtered event. Not a fault."),
        _count("dead_lettered", "Never sent; the original records are on the dead-letter topic.", ((1, "yellow"),)),
        _count("parked", "Sent when the pixel works again.", ((1, "yellow"),)),
        Panel(
            "Delivered within an hour",
            (
                share(
                    'streamer_event_age_seconds_bucket{$$,le="3600.0"}',
                    "streamer_event_age_seconds_count{$$}",
                    over=ALL,
                ),
            ),
            unit="percentunit",
            kind="stat",
            width=4,
            height=4,
            note="What Meta asks for. Beyond two hours it sees clearly worse performance.",
        ),
    ),
)

_BECAME = Row(
    "What became of the events",
    (
        Panel("Outcomes", (OUTCOMES,), unit="cps", stacked=True, width=16),
        Panel(
            "On the way",
            (
                Query("sum(streamer_events_in_flight{$$})", "without an outcome"),
                Query(f"sum(rate(streamer_events_translated_total{{$$}}[{EVERY}]))", "translated a second"),
                Query(f"sum(rate(streamer_events_forgotten_total{{$$}}[{EVERY}]))", "left to the next owner a second"),
            ),
        ),
        *REASONS,
    ),
)

_QUALITY = Row(
    "Match keys and fields",
    (
        COVERAGE,
        Panel(
            "Coverage over time",
            (coverage(EVERY),),
            unit="percentunit",
            note="A key that falls is nearly always a change at the source.",
            width=16,
            highest=1,
        ),
        Panel(
            "Faulty events, and ids of their own",
            (
                share("streamer_faulty_events_total{$$}", _MADE, legend="faulty"),
                share(
                    'streamer_match_key_events_total{$$,key="event_id"}', _MADE, legend="with an event_id of their own"
                ),
            ),
            unit="percentunit",
            note="Faulty: nearly none. Ids: all, where a browser sends the same events, or Meta counts them twice.",
            highest=1,
        ),
        FIELDS,
    ),
)

_FRESHNESS = Row(
    "Freshness",
    (
        FRESHNESS,
        Panel(
            "Mean age at delivery",
            (mean("streamer_event_age_seconds"),),
            unit="s",
            width=16,
            note="One old event raises it: look at the shares too.",
        ),
    ),
)

_META = Row(
    "What Meta says",
    (
        *REQUESTS,
        Panel(
            "Throttled, and searched for bad events",
            (
                _or_none(share('streamer_requests_total{$$,result="throttle"}', _SENT, legend="share throttled")),
                _or_none(share("streamer_splits_total{$$}", _SENT, legend="share halved")),
            ),
            unit="percentunit",
            note="Of the requests.",
            highest=1,
        ),
    ),
)

CLIENT = Dashboard(
    "client",
    "Streamer: client",
    "One client's pixel: what became of its events and why, and how good they are for Meta.",
    (NAMESPACE, JOB, _PIXEL),
    f'{DEPLOYMENT},pixel="$pixel"',
    (_NOW, _BECAME, _QUALITY, _FRESHNESS, _META),
    since="now-24h",
)
