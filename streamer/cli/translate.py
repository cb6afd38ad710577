"""``streamer translate``: what tag events in a file become; nothing is sent."""

import os
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import click
import orjson

from streamer.assembly import make_plan, reader_schema
from streamer.cli.options import config_options, parse_overrides
from streamer.config import load_settings, secrets_of
from streamer.errors import UserError
from streamer.logs import configure_logs
from streamer.outcomes import Outcome
from streamer.pixels.book import FilePixelBook
from streamer.records.files import FileFault, FileRecord, open_records
from streamer.records.schema import SchemaError
from streamer.settings import Settings
from streamer.translate.engine import Engine, Note, Origin, Refusal, ServerEvent, Translation
from streamer.translate.python_engine import PythonEngine
from streamer.translate.sentences import sentence

_AT_ONCE = 200

Line = dict[str, Any]
"""What is printed of one record."""


class _Time(click.ParamType[int]):
    """A moment: ISO 8601, or Unix seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 - click's own signature
        if isinstance(value, int) or str(value).isdecimal():
            return int(value)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail("write it as 2026-11-24T12:00:00Z or as Unix seconds.", param, ctx)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


@click.command()
@click.argument("file", type=click.File("rb"))
@config_options
@click.option(
    "--mapping",
    metavar="NAME|FILE",
    help="How a record becomes server events, in place of records.mapping: one that `streamer mapping` lists, or the "
    "file of your own. One that is listed brings the schema it is made for, where records.schema names none.",
)
@click.option(
    "--now", type=_Time(), help="The time that ages are counted from, ISO 8601 or Unix seconds. Left out: now."
)
def translate(
    *, file: BinaryIO, config: Path | None, overrides: tuple[str, ...], mapping: str | None, now: int | None
) -> int:
    """Show what the events in FILE become: JSON lines, or an Avro container file; - is standard input.

    Prints a line of JSON for each record: its server events, with notes on fields that were left out or repaired; or
    why it is skipped; or what is wrong with it; or each of that by pixel, where pixels differ. Exit status 0 if nothing
    is wrong, else 1. An event that brings no id gets one of its file and line here.
    """
    flags = parse_overrides(overrides) | ({} if mapping is None else {"records.mapping": mapping})
    settings = load_settings(config, flags)
    configure_logs(settings.log, secrets_of(settings))
    failed = False
    try:
        for line in _lines(file, settings, int(time.time()) if now is None else now):
            failed |= _is_failed(line)
            click.echo(orjson.dumps(line))
    except BrokenPipeError:  # whoever reads has seen enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return int(failed)


def _lines(file: BinaryIO, settings: Settings, now: int) -> Iterator[Line]:
    plan = make_plan(settings, FilePixelBook(settings.pixels, settings.meta, os.environ))
    reader = reader_schema(settings)
    try:
        opened = open_records(file, reader)
    except SchemaError as error:
        raise UserError(f"{file.name}: {error}.") from None
    engine = PythonEngine(opened.writer, reader, plan)
    name = Path(file.name).name
    while several := list(islice(opened.records, _AT_ONCE)):
        yield from _translated(several, engine, name, now)


def _translated(records: Iterable[FileRecord | FileFault], engine: Engine, name: str, now: int) -> Iterator[Line]:
    good = [record for record in records if isinstance(record, FileRecord)]
    origins = [Origin(name, 0, record.line) for record in good]
    translations = iter(engine.translate([record.body for record in good], origins, now))
    for record in records:
        if isinstance(record, FileFault):
            yield {"line": record.line, "error": {"reason": record.reason, "message": record.message}}
        else:
            yield {"line": record.line, **_line(next(translations), record.unknown)}


def _line(translation: Translation, unknown: Iterable[str]) -> Line:
    events = [each for each in translation if isinstance(each, ServerEvent)]
    refused = [(each.pixel_id, _refused(each)) for each in translation if isinstance(each, Refusal)]
    if not events and all(said == refused[0][1] for _, said in refused):
        return refused[0][1]
    line: Line = {}
    if events:
        notes = dict.fromkeys(note for event in events for note in event.notes)
        line["events"] = [{"pixel_id": event.pixel_id, "event": orjson.Fragment(event.body)} for event in events]
        line["notes"] = [*map(Note._asdict, notes), *({"field": path, "reason": "unknown_field"} for path in unknown)]
    if refused:
        line["refused"] = [{"pixel_id": pixel_id, **said} for pixel_id, said in refused]
    return line


def _refused(refusal: Refusal) -> Line:
    """Say why nothing is sent: what is skipped with the path of the purpose or condition that holds it back."""
    if refusal.outcome is Outcome.SKIPPED:
        field = {} if refusal.field is None else {"field": refusal.field}
        return {"skipped": refusal.reason, **field}
    return {"error": {"reason": refusal.reason, "message": sentence(refusal.reason, refusal.field)}}


def _is_failed(line: Line) -> bool:
    return "error" in line or any("error" in each for each in line.get("refused", ()))
