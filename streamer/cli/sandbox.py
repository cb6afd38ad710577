"""``streamer sandbox``: the stand-in for Meta alone."""

import asyncio
import logging
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import click
import uvloop

from streamer.sandbox.faults import FaultScriptError, Script, load_script
from streamer.sandbox.sandbox import Options, Sandbox
from streamer.sandbox.server import SandboxServer
from streamer.sandbox.tokens import Grant

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--faults", type=_FILE, help="A fault script, YAML or JSON: see docs/sandbox.md.")
@click.option("--token", "tokens", multiple=True, help="A token that works; may be repeated. None given: any works.")
@click.option("--pixel", "pixels", multiple=True, help="A pixel that exists; may be repeated. None given: any exists.")
@click.option("--app-secret-file", type=_FILE, help="Holds the app's secret: each request must then bring its proof.")
@click.option(
    "--keep",
    type=click.Choice(["none", "ids", "bodies"]),
    default="ids",
    show_default=True,
    help="How much of each event to keep: counts alone, its name and id, or all of it.",
)
@click.option("--remember", type=click.IntRange(1), help="Ids to remember at least; all unless given.")
@click.option("--seed", default=0, show_default=True, help="Seed of the draws in fault scripts.")
@click.option("--blame", is_flag=True, help="Name the event at fault in error_data.")
@click.option(
    "--checked-per-mille",
    type=click.IntRange(0, 1000),
    default=1000,
    show_default=True,
    help="Events of 1000 to check in full; fewer take less time under load.",
)
@click.option("--verbose", is_flag=True, help="Log a line for each request.")
def sandbox(  # noqa: PLR0913 - one parameter an option
    *,
    host: str,
    port: int,
    faults: Path | None,
    tokens: tuple[str, ...],
    pixels: tuple[str, ...],
    app_secret_file: Path | None,
    keep: Literal["none", "ids", "bodies"],
    remember: int | None,
    seed: int,
    blame: bool,
    checked_per_mille: int,
    verbose: bool,
) -> None:
    """Answer as Meta's Conversions API would: strictly, and with the faults you ask for."""
    secret = _read_secret(app_secret_file) if app_secret_file is not None else None
    options = Options(
        keep=keep,
        remember=remember,
        grants=tuple(Grant(token, app_secret=secret) for token in tokens),
        app_secret=secret,
        pixels=frozenset(pixels) or None,
        blame=blame,
        seed=seed,
        checked_per_mille=checked_per_mille,
    )
    logging.basicConfig(level=logging.DEBUG if verbose else logging.WARNING, format="%(name)s %(message)s")
    start = _Start(host, port, options, _read_script(faults))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(start))


@dataclass(frozen=True, slots=True)
class _Start:
    host: str
    port: int
    options: Options = field(repr=False)
    script: Script = ()


def _read_script(path: Path | None) -> Script:
    if path is None:
        return ()
    try:
        return load_script(path)
    except FaultScriptError as error:
        raise click.ClickException(str(error)) from None


def _read_secret(path: Path) -> str:
    try:
        secret = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise click.ClickException(f"--app-secret-file {path} cannot be read: {reason}.") from None
    if not secret:
        raise click.ClickException(f"--app-secret-file {path} is empty; it must hold the app's secret.")
    return secret


async def _serve(start: _Start) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    sandbox = Sandbox(options=start.options)
    sandbox.faults = start.script
    server = SandboxServer(sandbox)
    try:
        await server.start(start.host, start.port)
    except OSError as error:
        where = f"{start.host}, port {start.port}"
        reason = error.strerror or "the address is not of this machine"
        raise click.ClickException(f"Cannot listen on {where}: {reason}. Choose another --port or --host.") from None
    click.echo(
        f"The sandbox listens on {server.url}: set meta.base_url to that. What arrived: {server.url}/sandbox/ledger"
    )
    await stop.wait()
    await server.stop()
    total = sandbox.ledger().total
    click.echo(
        f"{total.requests} requests, {total.refused} of them refused; "
        f"{total.events} events taken, {total.distinct} of them distinct; {total.conflicts} doubles in conflict."
    )
