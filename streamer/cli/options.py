"""What several commands share: options, and how a signal stops them."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import click
import structlog

from streamer.errors import ConfigError

_log = structlog.get_logger(__name__)

Command = TypeVar("Command", bound=Callable[..., object])

FORCED = 130
"""Exit status after a second signal."""


def config_options(command: Command) -> Command:
    """Add ``-c FILE`` and ``--set section.key=value``: parameters ``config`` and ``overrides`` of the command."""
    with_set = click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="SECTION.KEY=VALUE",
        help="A setting that comes before those of the file and the environment; may be repeated. A secret is better "
        "named as a file, --set meta.access_token_file=FILE: others can see a command line.",
    )(command)
    return click.option(
        "-c",
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="The configuration, YAML: see docs/configuration.md. Left out: defaults and environment alone.",
    )(with_set)


def parse_overrides(given: Iterable[str]) -> dict[str, str]:
    """Return values by ``section.key``, as :func:`streamer.config.load_settings` takes them.

    :raises ConfigError: if one has no ``=``. Its text is not repeated, for it may hold a secret.
    """
    pairs = [each.partition("=") for each in given]
    if not all(equals for _, equals, _ in pairs):
        raise ConfigError("--set: write it as --set section.key=value, such as --set kafka.group_id=streamer.")
    return {name.strip(): value for name, _, value in pairs}


def on_signals(stop: asyncio.Event) -> None:
    """Stop politely at the first SIGTERM or SIGINT, and at once at the second.

    To be called on the loop.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _on_signal, stop)


def _on_signal(stop: asyncio.Event) -> None:
    if stop.is_set():
        _log.warning("stopped at once: what was under way is not committed, and will be read again")
        os._exit(FORCED)
    stop.set()
