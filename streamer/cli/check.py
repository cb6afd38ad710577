"""``streamer check``: everything the configuration names, looked at before anything is read."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

import click
import orjson

from streamer.assembly import make_translator, not_found, reader_schema
from streamer.cli.options import config_options, parse_overrides
from streamer.config import load_settings, secrets_of
from streamer.errors import ConfigError, UserError
from streamer.logs import configure_logs
from streamer.pixels.book import FilePixelBook
from streamer.preflight.cluster import Cluster, ask_cluster
from streamer.preflight.files import check_files
from streamer.preflight.finding import Finding, Level, fault, ok, warning
from streamer.preflight.meta import PROBE, check_default_token, check_reachable, check_tokens, probe
from streamer.preflight.records import check_registry
from streamer.preflight.topics import check_own, check_sources, create_own, own_topics, source_names
from streamer.settings import LogSettings, Settings

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.FAULT: "red"}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What to do beside looking."""

    create: bool
    probe: bool
    offline: bool


@click.command()
@config_options
@click.option("--create-topics", "create", is_flag=True, help="Create those of Streamer's own topics that are missing.")
@click.option("--probe", is_flag=True, help=PROBE)
@click.option("--offline", is_flag=True, help="Look at files alone: no broker, no registry and not Meta is asked.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in place of lines.")
def check(config: Path | None, overrides: tuple[str, ...], *, as_json: bool, **wanted: bool) -> int:
    """Look at everything that the configuration names: a line each, with ok, warning or fault.

    That is the configuration itself, pixels and their tokens, the mapping, brokers and topics, the schema registry's
    newest schemas, and whether Meta answers. Nothing is changed or sent but what --create-topics and --probe ask for.
    With --offline it is the configuration, pixels, mapping, and the files of certificates and keys.

    Exit status 0 if there is no fault, else 1.
    """
    plan = _Wanted(**wanted)
    if plan.offline and (plan.create or plan.probe):
        raise UserError("--offline asks nobody: leave it out, or leave out --create-topics and --probe.")
    try:
        settings = load_settings(config, parse_overrides(overrides))
    except ConfigError as error:
        return _report([fault("configuration", each) for each in error.faults], as_json=as_json)
    configure_logs(LogSettings(level="error", format=settings.log.format), secrets_of(settings))
    return asyncio.run(_check(settings, plan, as_json=as_json))


async def _check(settings: Settings, wanted: _Wanted, *, as_json: bool) -> int:
    findings = []
    async for finding in _findings(settings, wanted):
        findings.append(finding)
        if not as_json:
            _print(finding)
    return _report(findings, as_json=True) if as_json else _status(findings)


async def _findings(settings: Settings, wanted: _Wanted) -> AsyncIterator[Finding]:
    yield ok("configuration", "Every key is known, and has a value of its kind.")
    files = check_files(settings)
    for finding in files:
        yield finding
    book = None
    try:
        book = FilePixelBook(settings.pixels, settings.meta, os.environ)
    except UserError as error:
        yield fault("pixels", str(error))
    if book is not None:
        yield ok("pixels", _about(settings, book))
        mapping = await _engine(settings, book)
        if not set(mapping.sentence.splitlines()) <= {each.sentence for each in files}:  # not what was said already
            yield mapping
    if not wanted.offline:
        async for finding in _others(settings, book, wanted):
            yield finding


async def _others(settings: Settings, book: FilePixelBook | None, wanted: _Wanted) -> AsyncIterator[Finding]:
    """Ask brokers, registry and Meta."""
    cluster = None
    try:
        cluster = await asyncio.to_thread(ask_cluster, settings.kafka)
    except UserError as error:
        yield fault("brokers", str(error))
    if cluster is not None:
        for finding in await asyncio.to_thread(_kafka, settings, cluster, create=wanted.create):
            yield finding
    for finding in await _registry(settings, cluster):
        yield finding
    for finding in await _meta(settings, book, with_probe=wanted.probe):
        yield finding


def _about(settings: Settings, book: FilePixelBook) -> str:
    if settings.pixels.file is None:
        return "pixels.file is not set: events go to the pixel that they name, with meta.access_token."
    return f"{settings.pixels.file}: {len(book.pixels())} pixels, {len(book.containers())} containers."


async def _engine(settings: Settings, book: FilePixelBook) -> Finding:
    try:
        translator = make_translator(settings, book)
    except UserError as error:
        return fault("mapping", str(error))
    try:
        return _about_mapping(settings, translator.engine_name)
    finally:
        await translator.close()


def _about_mapping(settings: Settings, engine: str) -> Finding:
    compiles = f"It compiles; the {engine} engine runs it."
    absent = not_found(settings)
    if not absent:
        return ok("mapping", compiles)
    sentence = f"{compiles} The schema has no place for {', '.join(absent)}."
    if "consent" in absent:
        return warning("mapping", f"{sentence} If users are asked for their consent, write a mapping that finds it.")
    return ok("mapping", sentence)


def _kafka(settings: Settings, cluster: Cluster, *, create: bool) -> list[Finding]:
    kafka = settings.kafka
    findings = [ok("brokers", f"kafka.bootstrap_servers: {cluster.brokers} brokers, {len(cluster.topics)} topics.")]
    findings += check_sources(kafka, cluster.topics)
    if create:
        findings += create_own(kafka, cluster)
        cluster = ask_cluster(kafka)
    there = [own.name for own in own_topics(kafka) if own.name in cluster.topics]
    configs = cluster.configs([*source_names(kafka, cluster.topics), *there])
    return [*findings, *check_own(kafka, cluster.topics, configs)]


async def _registry(settings: Settings, cluster: Cluster | None) -> list[Finding]:
    if settings.records.format != "confluent":
        return []
    try:
        reader = reader_schema(settings)
    except UserError:
        return []  # the finding on the mapping has said so
    named = [topic for topic in settings.kafka.topics if not topic.startswith("^")]
    topics = source_names(settings.kafka, cluster.topics) if cluster else named
    return await check_registry(settings.schema_registry, topics, reader)


async def _meta(settings: Settings, book: FilePixelBook | None, *, with_probe: bool) -> list[Finding]:
    pixels = [pixel for pixel in book.pixels() if book.enabled(pixel.pixel_id)] if book else []
    findings = [check_default_token(settings.meta), await check_reachable(settings.meta, settings.delivery)]
    if pixels:
        findings.insert(0, check_tokens(pixels))
    if with_probe:
        findings += await probe(pixels, settings.meta, settings.delivery)
    return findings


def _report(findings: Iterable[Finding], *, as_json: bool) -> int:
    found = list(findings)
    status = _status(found)
    if as_json:
        click.echo(orjson.dumps({"ok": status == 0, "findings": [each._asdict() for each in found]}))
        return status
    for finding in found:
        _print(finding)
    return status


def _status(findings: Iterable[Finding]) -> int:
    return int(any(finding.level is Level.FAULT for finding in findings))


def _print(finding: Finding) -> None:
    level = click.style(f"{finding.level:7}", fg=_COLOURS[finding.level])
    first, *others = finding.sentence.splitlines()
    click.echo(f"{level}  {finding.name}: {first}")
    for line in others:
        click.echo(f"{'':9}{line}")
