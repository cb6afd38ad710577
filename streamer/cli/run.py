"""``streamer run``: the consumer."""

import asyncio
import os
import signal
from pathlib import Path

import click
import structlog
import uvloop

from streamer.cli.options import config_options, parse_overrides
from streamer.config import load_settings, secrets_of
from streamer.logs import configure_logs
from streamer.service import Service
from streamer.settings import Settings

_log = structlog.get_logger(__name__)

FORCED = 130
"""Exit status after a second signal."""


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
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _on_signal, stop)
    await Service(settings).run(stop)


def _on_signal(stop: asyncio.Event) -> None:
    """Stop politely at the first signal, and at once at the second: what is not committed then is read again."""
    if stop.is_set():
        _log.warning("stopped at once: what was under way is not committed, and will be read again")
        os._exit(FORCED)
    stop.set()
