"""``streamer demo``: the whole product on one machine, with nothing else installed."""

import asyncio
import signal
import sys

import click
import uvloop

from streamer.demo.demo import Demo
from streamer.logs import configure_logs
from streamer.settings import LogSettings


@click.command()
@click.option("--seconds", type=click.FloatRange(min=1), help="End by itself after so long. None given: at Ctrl-C.")
@click.option("--rate", type=click.FloatRange(min=1, max=5000), default=300, show_default=True, help="Events a second.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Of the status page.")
def demo(*, seconds: float | None, rate: float, port: int) -> int:
    """Run embedded Kafka, the sandbox in Meta's place, invented tag events, and the consumer between them.

    Ends with the ledger, and with exit status 0 only if it balances.
    """
    configure_logs(LogSettings(level="warning"))
    return uvloop.run(_play(Demo(rate, port), seconds))


async def _play(demo: Demo, seconds: float | None) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    balanced = await demo.play(stop, seconds, on_terminal=sys.stdout.isatty())
    return 0 if balanced else 1
