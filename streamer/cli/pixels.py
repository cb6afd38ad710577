"""``streamer pixels``: who the pixels are, how their connections stand, and a test that brings one back."""

import asyncio
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click
import orjson

from streamer.cli.options import config_options, parse_overrides
from streamer.config import load_settings, secrets_of
from streamer.delivery.probe import Proof, Shown
from streamer.errors import UserError
from streamer.kafka.follower import read_once
from streamer.logs import configure_logs
from streamer.pixels.book import FilePixelBook
from streamer.pixels.pixel import Pixel
from streamer.pixels.told import Board, fingerprint, read_board
from streamer.preflight.cluster import ask_cluster
from streamer.settings import LogSettings, Settings
from streamer.translate.routing import is_pixel_id
from streamer.trial import try_out

READ_SECONDS = 15.0

_NOTHING = "-"
_COLUMNS = ("pixel", "client", "state", "reason", "since", "last test")

Row = dict[str, Any]


class _Known(NamedTuple):
    settings: Settings
    book: FilePixelBook


@click.group()
def pixels() -> None:
    """List the pixels and how their connections stand, show one, or test one."""


@pixels.command("list")
@config_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in place of a table.")
def list_pixels(*, config: Path | None, overrides: tuple[str, ...], as_json: bool) -> None:
    """List the pixels of pixels.file, and all others whose connection had trouble at some time.

    The state is what the replicas told each other; a pixel of which none told anything has none.
    """
    known = _known(config, overrides)
    board = _board(known.settings)
    found = sorted({*(pixel.pixel_id for pixel in known.book.pixels()), *(board.states if board else ())})
    rows = [_row(known.book, pixel_id, board) for pixel_id in found]
    if as_json:
        click.echo(orjson.dumps({"states_known": board is not None, "pixels": rows}))
        return
    for line in _table(rows):
        click.echo(line)


@pixels.command()
@click.argument("pixel_id", metavar="ID")
@config_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in place of lines.")
def show(*, pixel_id: str, config: Path | None, overrides: tuple[str, ...], as_json: bool) -> None:
    """Show all that is known of one pixel, but for its token."""
    known = _known(config, overrides)
    _check_id(pixel_id)
    row = _row(known.book, pixel_id, _board(known.settings)) | _details(known, pixel_id)
    if as_json:
        click.echo(orjson.dumps(row))
        return
    for name, value in row.items():
        click.echo(f"{name.replace('_', ' '):18} {_words(name, value)}")


@pixels.command("test")
@click.argument("pixel_id", metavar="ID")
@config_options
@click.option("--test-event-code", "code", help="From Events Manager, Test Events; in place of the one in pixels.file.")
@click.option("--probe", is_flag=True, help="Send an empty event, which Meta refuses, so that nothing is written.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in place of a sentence.")
def test_pixel(  # noqa: PLR0913 - one parameter an option
    *,
    pixel_id: str,
    config: Path | None,
    overrides: tuple[str, ...],
    code: str | None,
    probe: bool,
    as_json: bool,
) -> int:
    """Send one event to a pixel, and say what Meta made of it.

    The event goes to Events Manager's Test Events, which wants a code; Meta counts it all the same. If the pixel works,
    every replica is told: a parked pixel is sent to again, and so are its parked events.

    Exit status 0 if the pixel works and the replicas were told, else 1.
    """
    known = _known(config, overrides)
    pixel = _to_test(known.book, pixel_id, code, probe=probe)
    proof, untold = asyncio.run(try_out(known.settings, pixel, probe=probe))
    works = proof.shown is Shown.WORKS
    if as_json:
        click.echo(orjson.dumps(_tested(pixel_id, proof, untold)))
    else:
        click.echo(f"pixel {pixel_id}: {proof.sentence}")
        if untold:
            click.echo(f"The replicas could not be told: {untold}", err=True)
    return int(not works or untold is not None)


def _known(config: Path | None, overrides: tuple[str, ...]) -> _Known:
    settings = load_settings(config, parse_overrides(overrides))
    configure_logs(LogSettings(level="error", format=settings.log.format), secrets_of(settings))
    return _Known(settings, FilePixelBook(settings.pixels, settings.meta, os.environ))


def _check_id(pixel_id: str) -> None:
    if not is_pixel_id(pixel_id):
        raise UserError(f"{pixel_id} is no pixel id: 1 to 20 digits.")


# ---- what is known


def _board(settings: Settings) -> Board | None:
    """Read what the replicas told; None, with a sentence on standard error: it cannot be read."""
    topic = settings.kafka.connections_topic
    try:
        there = topic in ask_cluster(settings.kafka).topics
    except UserError as error:
        click.echo(f"States are not known. {error}", err=True)
        return None
    if not there:
        click.echo(
            f"States are not known. kafka.connections_topic: there is no topic {topic}. "
            "`streamer check -c FILE --create-topics` creates it.",
            err=True,
        )
        return None
    news = asyncio.run(read_once(settings.kafka, READ_SECONDS))
    if news is None:
        click.echo(f"States are not known. kafka.connections_topic: {topic} cannot be read.", err=True)
        return None
    return read_board((one.key, one.value) for one in news)


def _row(book: FilePixelBook, pixel_id: str, board: Board | None) -> Row:
    told = board.states.get(pixel_id) if board else None
    tested = board.tests.get(pixel_id) if board else None
    known = told.connection if told else None
    return {
        "pixel_id": pixel_id,
        "client": book.get(pixel_id).client,
        "state": known and known.state,
        "reason": known and known.reason,
        "since": known and known.since_unix,
        "last_test": tested and {"at": tested.at, "works": tested.works, "said": tested.said},
        "code": known and known.code,
        "subcode": known and known.subcode,
        "fbtrace_id": known and known.fbtrace_id,
        "told_by": told and told.replica,
        "told_of_token": told and told.token,
    }


def _details(known: _Known, pixel_id: str) -> Row:
    pixel = known.book.get(pixel_id)
    containers = known.book.containers()
    defaults, rules = known.book.rules()
    return {
        "in_pixels_file": any(each.pixel_id == pixel_id for each in known.book.pixels()),
        "enabled": known.book.enabled(pixel_id),
        "token": fingerprint(pixel.access_token) or None,
        "app_secret": pixel.app_secret is not None,
        "containers": [name for name, pixels in containers.items() if pixel_id in pixels],
        "partner_agent": pixel.partner_agent,
        "test_event_code": pixel.test_event_code,
        "region": rules.get(pixel_id, defaults).phone_region,
    }


def _table(rows: Iterable[Row]) -> Iterable[str]:
    cells = [_COLUMNS, *(tuple(_words(name, row[name]) for name in _SHOWN) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


_SHOWN = ("pixel_id", "client", "state", "reason", "since", "last_test")


def _words(name: str, value: Any) -> str:  # noqa: ANN401 - any value of a row
    if value is None or value == []:
        return _NOTHING
    if name == "since":
        return _moment(value)
    if name == "last_test":
        return f"{_moment(value['at'])} {'works' if value['works'] else 'failed'}"
    if name == "token":
        return f"there is one, with the fingerprint {value}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _moment(unix: float) -> str:
    return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%d %H:%M:%SZ}"


# ---- the test


def _to_test(book: FilePixelBook, pixel_id: str, code: str | None, *, probe: bool) -> Pixel:
    """Return the pixel as it is to be tested."""
    _check_id(pixel_id)
    pixel = book.get(pixel_id)
    if not book.enabled(pixel_id):
        raise UserError(f"Pixel {pixel_id} is not enabled in pixels.file: no event of it is sent.")
    if probe:
        return pixel
    code = code or pixel.test_event_code
    if code is None:
        raise UserError(
            f"A test of pixel {pixel_id} wants a test event code, so that the event does not count as a customer's: "
            "take it from Events Manager, Test Events, and give it as --test-event-code or as test_event_code in "
            "pixels.file. Or use --probe, which writes no event."
        )
    return replace(pixel, test_event_code=code)


def _tested(pixel_id: str, proof: Proof, untold: str | None) -> Mapping[str, Any]:
    verdict = proof.verdict
    return {
        "pixel_id": pixel_id,
        "works": proof.shown is Shown.WORKS,
        "shown": proof.shown,
        "sentence": proof.sentence,
        "code": verdict and verdict.code,
        "subcode": verdict and verdict.subcode,
        "fbtrace_id": verdict and verdict.fbtrace_id,
        "told": untold is None,
        "untold_because": untold,
    }
