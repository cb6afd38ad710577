"""``streamer run``: the consumer."""

import asyncio
from pathlib import Path

import click
import uvloop

from streamer.cli.options import config_options, on_signals, parse_overrides
from streamer.config import load_settings, secrets_of
from streamer.logs import configure_logs
from streamer.service import Service
from streamer.settings import Settings


@click.command()
@config_options
def run(*, config: Path | None, overrides: tuple[str, ...]) -> None:
    """Read tag events from Kafka and send them to Meta, until SIGTERM or Ctrl-C.

    Then what is under way is finished, for stop.drain_seconds at most, and the offsets are committed; a second signal
    ends it at once. Exit status 0
    after such a stop; 2 if something keeps it from starting or going on that you can mend, and the message says what.
    """
    settings = load_settings(config, parse_overrides(overrides))
    configure_logs(settings.log, secrets_of(settings))
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    on_signals(stop)
    await Service(settings).run(stop)
