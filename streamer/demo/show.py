"""What the demo shows: a live table on a terminal, plain lines elsewhere, and the ledger at the end."""

import asyncio
import time
from collections.abc import Iterator
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from streamer.demo.load import CLIENTS, Load
from streamer.ledger import LedgerSnapshot, render_ledger
from streamer.sandbox.sandbox import Sandbox
from streamer.sandbox.store import Ledger as Arrivals
from streamer.service import Service

REFRESH_SECONDS = 0.5
LINE_SECONDS = 2.0

_console = Console(highlight=False)


class Show(Protocol):
    """Shows what flows."""

    async def run(self, service: Service, load: Load, sandbox: Sandbox) -> None:
        """Show until cancelled."""


class LiveShow:
    """A table that is drawn anew twice a second."""

    async def run(self, service: Service, load: Load, sandbox: Sandbox) -> None:
        """Show until cancelled."""
        began = time.monotonic()
        with Live(console=_console, auto_refresh=False, transient=True) as live:
            while True:
                live.update(_picture(service, load, sandbox, time.monotonic() - began), refresh=True)
                await asyncio.sleep(REFRESH_SECONDS)


class PlainShow:
    """A line every two seconds."""

    async def run(self, service: Service, load: Load, sandbox: Sandbox) -> None:
        """Show until cancelled."""
        while True:
            await asyncio.sleep(LINE_SECONDS)
            now = service.ledger.snapshot()
            _console.print(
                f"events in {load.produced}, read {now.read}, delivered {now.delivered}, skipped {now.skipped}, "
                f"dead-lettered {now.dead_lettered}, parked {now.parked}, in flight {now.in_flight}, "
                f"requests {sandbox.ledger().total.requests}",
                soft_wrap=True,
            )


def say_where(page: str, meta: str, kafka: str) -> None:
    """Say where to look."""
    _console.print("Streamer's demo: embedded Kafka ─▶ streamer run ─▶ the sandbox in Meta's place")
    _console.print(f"  status page   {page}/")
    _console.print(f"  metrics       {page}/metrics")
    _console.print(f"  what arrived  {meta}/sandbox/ledger")
    _console.print(f"  Kafka         {kafka}")
    _console.print("  Ctrl-C ends it\n")


def tell_ledger(ledger: LedgerSnapshot, produced: int, arrived: Arrivals) -> bool:
    """Print the ledger, and return whether it balances: here, and with what was produced and what arrived."""
    _console.print(render_ledger(ledger))
    faults = list(_faults(ledger, produced, arrived))
    for fault in faults:
        _console.print(Text(f"does not balance: {fault}", style="bold red"))
    if not faults:
        _console.print(
            f"balanced: {produced} events produced, {arrived.total.distinct} arrived, none lost, none doubled"
        )
    return not faults


def _faults(ledger: LedgerSnapshot, produced: int, arrived: Arrivals) -> Iterator[str]:
    if not ledger.balanced or ledger.in_flight:
        yield f"{ledger.in_flight} events have no outcome"
    if ledger.read + ledger.already_settled < produced:
        yield f"{produced} events were produced, {ledger.read} were read"
    if ledger.delivered != arrived.total.distinct:
        yield f"{ledger.delivered} events were delivered, {arrived.total.distinct} arrived"


def _picture(service: Service, load: Load, sandbox: Sandbox, seconds: float) -> Group:
    ledger, arrivals = service.ledger.snapshot(), sandbox.ledger()
    table = Table(title=f"{seconds:.0f} s · {load.produced} events in · {arrivals.total.requests} requests to Meta")
    for heading in ("client", "pixel", "delivered", "skipped", "dead-lettered", "parked", "in flight", "requests"):
        table.add_column(heading, justify="left" if heading in {"client", "pixel"} else "right")
    rows = {row.pixel_id: row for row in ledger.pixels}
    for pixel_id in sorted(rows):
        row = rows[pixel_id]
        counts = (row.delivered, row.skipped, row.dead_lettered, row.parked, row.in_flight)
        requests = arrivals.pixels[pixel_id].requests if pixel_id in arrivals.pixels else 0
        name = CLIENTS.get(pixel_id, "no pixel")
        table.add_row(name, pixel_id, *map(str, counts), str(requests))
    return Group(table, Text(f"status page {service.url}/"))
