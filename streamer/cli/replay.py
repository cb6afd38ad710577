"""``streamer replay``: a bounded range once more, in a group of its own."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import click
import orjson
import structlog
import uvloop

from streamer.cli.options import config_options, on_signals, parse_overrides
from streamer.config import load_settings, secrets_of
from streamer.errors import UserError
from streamer.logs import configure_logs
from streamer.replay.parts import Survey
from streamer.replay.replay import Order, Replay, Result, Show
from streamer.replay.show import BarShow, LogShow, as_json, summary
from streamer.replay.span import Span, check_order, make_bound, make_only
from streamer.replay.survey import warnings
from streamer.settings import Settings

_log = structlog.get_logger(__name__)


class _Manner(NamedTuple):
    """How it is told and asked."""

    on_terminal: bool
    yes: bool
    as_json: bool


@click.command()
@config_options
@click.option("--topic", multiple=True, metavar="NAME", help="Of what; may be repeated. Left out: all of kafka.topics.")
@click.option("--from", "from_time", metavar="TIME", help="From this time on: ISO 8601 with a zone, 2026-11-01T00:00Z.")
@click.option("--to", "to_time", metavar="TIME", help="Up to this time, which is not part of it.")
@click.option("--from-offset", metavar="OFFSETS", help="From this offset on: N for all partitions, or p:N,p:N.")
@click.option("--to-offset", metavar="OFFSETS", help="Up to this offset, which is not part of it.")
@click.option("--pixel", multiple=True, metavar="ID", help="Only for this pixel; may be repeated.")
@click.option("--container", multiple=True, metavar="ID", help="Only events of this container; may be repeated.")
@click.option("--event", multiple=True, metavar="NAME", help="Only events of this name; may be repeated.")
@click.option("--name", metavar="NAME", help="Names the replay, and so its group. Left out: made of the range itself.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Read at most so many records a second.")
@click.option("--dry-run", is_flag=True, help="Count what would happen; send, write and commit nothing.")
@click.option("--accept-gone", is_flag=True, help="Go on where records of the range are gone from the topic.")
@click.option("--workers", type=click.IntRange(min=1), default=1, help="So many workers share the partitions.")
@click.option(
    "--worker",
    type=click.IntRange(min=0),
    envvar="JOB_COMPLETION_INDEX",
    help="Which of them this is, from 0. Left out: $JOB_COMPLETION_INDEX, which an Indexed Job has.",
)
@click.option("--serve", is_flag=True, help="Serve health, metrics and the status page, as `run` does.")
@click.option("--yes", is_flag=True, help="Do not ask before it starts.")
@click.option("--json", "json_wanted", is_flag=True, help="Print the summary as one JSON object.")
def replay(*, config: Path | None, overrides: tuple[str, ...], yes: bool, json_wanted: bool, **given: Any) -> int:  # noqa: ANN401 - as click gives them
    """Send a range of the topics once more, as `run` would, and end.

    The range is fixed when it first starts, and the same command goes on where it was stopped or killed. Live offsets
    are never touched. docs/backfills.md tells what to think of before.

    Exit status 0 if every record of the range has its outcome; 1 if not, and the same command goes on; 2 if something
    keeps it from starting or going on that you can mend.
    """
    settings = load_settings(config, parse_overrides(overrides))
    configure_logs(settings.log, secrets_of(settings))
    order = _order(settings, given)
    return _replay(settings, order, _Manner(sys.stdin.isatty() and sys.stderr.isatty(), yes, json_wanted))


def _order(settings: Settings, given: dict[str, Any]) -> Order:
    span = Span(
        tuple(given["topic"]) or tuple(settings.kafka.topics),
        make_bound("from", given["from_offset"], given["from_time"]),
        make_bound("to", given["to_offset"], given["to_time"]),
        make_only(given["pixel"], given["container"], given["event"]),
    )
    check_order(span)
    names = ("name", "rate", "workers", "dry_run", "accept_gone", "serve")
    return Order(span, worker=_worker(given["workers"], given["worker"]), **{name: given[name] for name in names})


def _worker(workers: int, worker: int | None) -> int:
    if worker is None and workers > 1:
        raise UserError("--worker: say which of the workers this is, from 0 on, or set JOB_COMPLETION_INDEX.")
    if worker is not None and worker >= workers:
        raise UserError(f"--worker: is {worker}, and must be less than --workers, {workers}.")
    return worker or 0


def _replay(settings: Settings, order: Order, manner: _Manner) -> int:
    job = Replay(settings, order)
    survey = job.survey()
    if not _may_begin(survey, order, manner):
        click.echo("Nothing was sent.", err=True)
        return 1
    result = uvloop.run(_run(job, survey))
    _tell(result, manner)
    return 0 if result.finished else 1


async def _run(job: Replay, survey: Survey) -> Result:
    stop = asyncio.Event()
    on_signals(stop)
    show: Show = BarShow(survey.left) if sys.stderr.isatty() else LogShow()
    return await job.run(survey, stop, show)


def _may_begin(survey: Survey, order: Order, manner: _Manner) -> bool:
    """Say what is about to happen, and ask on a terminal."""
    said = warnings(survey, time.time())
    if not manner.on_terminal:
        for sentence in said:
            _log.warning(sentence)
        return True
    partitions = sum(1 for part in survey.parts if part.left)
    click.echo(f"To do: {survey.left:,} of {survey.offsets:,} offsets, in {partitions} partitions.", err=True)
    for sentence in said:
        click.secho(sentence, fg="yellow", err=True)
    return manner.yes or order.dry_run or not survey.left or click.confirm("Go on?", err=True)


def _tell(result: Result, manner: _Manner) -> None:
    if manner.as_json:
        click.echo(orjson.dumps(as_json(result)))
        return
    for line in summary(result):
        click.echo(line)
