"""``streamer mapping``: the mappings that ship, the plan that one is compiled to, and a draft for a schema."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import click
import orjson

from streamer.assembly import make_plan
from streamer.cli.options import config_options, parse_overrides
from streamer.config import load_settings, secrets_of
from streamer.errors import UserError
from streamer.logs import configure_logs
from streamer.pixels.book import FilePixelBook
from streamer.records.schema import SchemaError, load_schema
from streamer.translate.drafting.draft import MappingDraft, draft_mapping
from streamer.translate.mapping import preset_names, preset_text
from streamer.translate.plan_json import plan_to_json


class _Preset(NamedTuple):
    """A mapping that ships."""

    name: str
    sentence: str


@click.command()
@click.argument("name", required=False)
@click.option("--plan", is_flag=True, help="Print what NAME, or the configuration's own mapping, is compiled to: JSON.")
@click.option(
    "--draft",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="SCHEMA",
    help="Draft a mapping for an Avro schema, an .avsc file, by the names of its fields.",
)
@config_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def mapping(  # noqa: PLR0913 - one parameter an option
    *, name: str | None, plan: bool, draft: Path | None, config: Path | None, overrides: tuple[str, ...], as_json: bool
) -> int:
    """List the mappings that ship; with NAME, print that one, as a start for your own.

    With --plan, NAME may also be the file of a mapping, for the schema that records.schema names. What is printed is
    what `streamer run` would use, without a token and without anybody's data. See docs/mapping.md and docs/plan.md.
    """
    if draft is not None and (plan or name is not None):
        raise click.UsageError("--draft goes with neither NAME nor --plan.")
    if not plan and (config is not None or overrides):
        raise click.UsageError("-c and --set go with --plan.")
    try:
        if draft is not None:
            _print_draft(_drafted(draft), draft, as_json=as_json)
        elif plan:
            click.echo(_plan(name, config, overrides))
        elif name is not None:
            _print_preset(name, as_json=as_json)
        else:
            _print_list(as_json=as_json)
    except BrokenPipeError:  # whoever reads has seen enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


def _print_list(*, as_json: bool) -> None:
    presets = [_Preset(name, _sentence(preset_text(name))) for name in preset_names()]
    if as_json:
        click.echo(orjson.dumps([preset._asdict() for preset in presets]))
        return
    width = max(len(preset.name) for preset in presets)
    for preset in presets:
        click.echo(f"{preset.name:{width}}  {preset.sentence}")


def _sentence(text: str) -> str:
    """Return what a preset says of itself first: the first sentence of its first line, a comment."""
    return text.partition("\n")[0].lstrip("# ").partition(". ")[0].rstrip(". ") + "."


def _print_preset(name: str, *, as_json: bool) -> None:
    text = preset_text(name)
    click.echo(orjson.dumps({"name": name, "text": text}) if as_json else text, nl=as_json)


def _plan(name: str | None, config: Path | None, overrides: tuple[str, ...]) -> bytes:
    flags = parse_overrides(overrides) | ({} if name is None else {"records.mapping": name})
    settings = load_settings(config, flags)
    configure_logs(settings.log, secrets_of(settings))
    plan = make_plan(settings, FilePixelBook(settings.pixels, settings.meta, os.environ))
    return orjson.dumps(plan_to_json(plan), option=orjson.OPT_INDENT_2)


def _drafted(path: Path) -> MappingDraft:
    try:
        schema = load_schema(path)
    except SchemaError as error:
        raise UserError(f"{error}.{'' if path.is_file() else ' Check the path.'}") from None
    return draft_mapping(schema, str(path))


def _print_draft(draft: MappingDraft, path: Path, *, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(_shown(draft)))
        return
    click.echo(draft.text, nl=False)
    for key in draft.missing:
        click.echo(f"{path}: nothing was found for {key}. Fill it in where the draft says FILL IN.", err=True)
    if draft.checks:
        click.echo(f"{path}: see what stands behind check: in the draft ({draft.checks} times).", err=True)


def _shown(draft: MappingDraft) -> dict[str, Any]:
    return {"text": draft.text, "missing": draft.missing, "checks": draft.checks}
