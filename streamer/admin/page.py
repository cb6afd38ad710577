"""The status page: plain HTML, made on the server, with nothing from elsewhere."""

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from string import Template

from streamer.admin.html import NOTHING, bar, code, duration, figure, head, heading, number, right, row, size, text
from streamer.admin.quality_card import quality_card
from streamer.admin.status import PartitionStatus, PixelStatus, Status, in_order
from streamer.ledger import LedgerSnapshot
from streamer.outcomes import Outcome

SHOWN = 200
"""Rows of a table; all of them are in /status.json."""

_SHELL = Template(files("streamer.admin").joinpath("page.html").read_text(encoding="utf-8"))
_PARTS = (*(outcome.value for outcome in Outcome), "in_flight")
_NOTICE = '<p id="notice" class="card notice" hidden></p>'


def render_page(status: Status | None, nonce: str, now: float) -> str:
    """Return the page.

    :param status: None while the process is starting.
    :param nonce: of the content security policy, for the page's own style and script.
    :param now: Unix seconds, to say how long ago something was.
    """
    state = "starting" if status is None else "ready" if status.ready else "not ready"
    body = "".join(_starting() if status is None else _body(status, now))
    return _SHELL.substitute(nonce=nonce, title=f"Streamer: {state}", body=body)


def _starting() -> Iterator[str]:
    yield f'<header><h1>Streamer</h1><span class="pill bad">starting</span></header>{_NOTICE}<main></main>'


def _body(status: Status, now: float) -> Iterator[str]:
    about = f"version {status.version} · {status.engine} engine · up {duration(status.uptime_seconds)}"
    pill = '<span class="pill">ready</span>' if status.ready else '<span class="pill bad">not ready</span>'
    yield f'<header><h1>Streamer</h1>{pill}<span class="quiet">{escape(about)}</span></header>{_NOTICE}<main>'
    if not status.ready:
        yield f'<p class="card notice">Not ready: {escape("; ".join(status.not_ready_because))}.</p>'
    yield f'<section class="figures">{"".join(_figures(status))}</section>'
    yield f'<div class="two"><section class="card">{"".join(_ledger(status.ledger))}</section><div class="stack">'
    yield f'<section class="card">{"".join(_memory(status))}</section>'
    yield f'<section class="card">{"".join(_partitions(status.partitions))}</section></div></div>'
    yield f'<section class="card">{"".join(_pixels(in_order(status.pixels), now))}</section>'
    yield f'<section class="card">{"".join(quality_card(status.pixels, status.quality_seconds))}</section></main>'


def _figures(status: Status) -> Iterator[str]:
    load = status.load
    troubled = sum(pixel.state != "works" for pixel in status.pixels)
    oldest = load.oldest_unsent_seconds
    yield figure(f"{status.rates.delivered:,.0f}/s", "delivered to Meta")
    yield figure(f"{status.rates.read:,.0f}/s", "records read")
    yield figure(f"{status.ledger.in_flight:,}", "events in flight")
    yield figure(NOTHING if oldest is None else duration(oldest), "oldest unsent event")
    yield figure(f"{load.requests_in_flight:,}", "requests in flight")
    yield figure(f"{troubled:,}", f"of {len(status.pixels):,} pixels in trouble")


def _ledger(ledger: LedgerSnapshot) -> Iterator[str]:
    yield heading("Ledger", "it balances" if ledger.balanced else "it does NOT balance")
    parts = [(name, getattr(ledger, name)) for name in _PARTS]
    yield bar(parts, sum(count for _, count in parts), "outcomes")
    yield "<table>" + row(text("Records read"), number(ledger.read))
    if ledger.already_settled:
        yield row(text("Settled before a restart"), number(ledger.already_settled))
    yield row(text("Events, one a record and pixel"), number(ledger.translated))
    if ledger.forgotten:
        yield row(text("Left to the next owner"), number(ledger.forgotten))
    for name, count in parts:
        yield row(text(_label(name), dot=name), number(count))
        reasons = [(n, reason) for (outcome, reason), n in ledger.reasons.items() if outcome == name]
        for n, reason in sorted(reasons, reverse=True):
            yield row(text(reason.value.replace("_", " ")), number(n), kind="reason")
    yield "</table>"


def _memory(status: Status) -> Iterator[str]:
    used, budget = status.load.memory_used, status.load.memory_budget
    yield heading("Memory", f"{size(used)} of {size(budget)}")
    yield bar([("in_flight", min(used, budget))], budget, "memory used")


def _partitions(partitions: Sequence[PartitionStatus]) -> Iterator[str]:
    behind = sorted(partitions, key=lambda one: (-(one.lag or 0), one.topic, one.partition))
    yield heading(
        "Partitions", f"{len(partitions)}, together {sum(one.lag or 0 for one in partitions):,} records behind"
    )
    yield '<div class="scroll low"><table>' + head(["topic"], ["partition", "committed", "lag"])
    for one in behind[:SHOWN]:
        yield row(text(one.topic), right(str(one.partition)), number(one.committed), number(one.lag))
    yield "</table></div>" + _more(len(partitions))


def _pixels(pixels: Sequence[PixelStatus], now: float) -> Iterator[str]:
    yield heading("Pixels", "troubled ones first, then by volume")
    counts = ["delivered", "skipped", "dead-lettered", "parked", "in flight"]
    yield '<div class="scroll tall"><table>'
    yield head(["client", "pixel", "state"], [*counts, "last success", "last error"])
    for one in pixels[:SHOWN]:
        state = one.state if one.reason is None else f"{one.state}, {one.reason.replace('_', ' ')}"
        success = NOTHING if one.last_success is None else f"{duration(max(0, now - one.last_success))} ago"
        yield row(
            text(one.client or NOTHING),
            code(one.pixel_id),
            text(state, dot=one.state),
            *map(number, (one.delivered, one.skipped, one.dead_lettered, one.parked, one.in_flight)),
            right(success),
            right(NOTHING if one.last_code is None else str(one.last_code)),
        )
    yield "</table></div>" + _more(len(pixels))


def _more(count: int) -> str:
    return f'<p class="quiet">and {count - SHOWN:,} more, in /status.json</p>' if count > SHOWN else ""


def _label(name: str) -> str:
    return {"dead_lettered": "Dead-lettered", "in_flight": "In flight"}.get(name, name.capitalize())
