"""The demo: the same consumer as ``run``, between an embedded Kafka and the sandbox."""

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import yaml

from streamer.demo.embedded_kafka import EmbeddedKafka
from streamer.demo.load import CLIENTS, Load
from streamer.demo.show import LiveShow, PlainShow, Show, say_where, tell_ledger
from streamer.preflight.topics import own_topics
from streamer.sandbox.sandbox import Options, Sandbox
from streamer.sandbox.server import SandboxServer
from streamer.service import Service
from streamer.settings import Settings

TOPIC = "tag-events"
CATCH_UP_SECONDS = 30.0
LOOK_SECONDS = 0.1
SANDBOX_MEMORY = 200_000
"""Event ids that the sandbox remembers at least, to tell doubles."""


class Demo:
    """Everything in one process, for as long as wanted."""

    def __init__(self, rate: float, port: int) -> None:
        """Produce ``rate`` events a second; serve the status page on ``port``."""
        self._rate = rate
        self._port = port

    async def play(self, stop: asyncio.Event, seconds: float | None, *, on_terminal: bool) -> bool:
        """Run until ``stop`` or for so many seconds, print the ledger, and return whether it balances."""
        kafka = EmbeddedKafka()
        sandbox = SandboxServer(Sandbox(options=Options(keep="ids", remember=SANDBOX_MEMORY)))
        await sandbox.start()
        try:
            with tempfile.TemporaryDirectory() as folder:
                settings = _settings(kafka, sandbox.url, self._port, _pixels_file(Path(folder)))
                kafka.make_topics([TOPIC, *(own.name for own in own_topics(settings.kafka))])
                return await self._play(stop, seconds, settings, sandbox, on_terminal=on_terminal)
        finally:
            await sandbox.stop()

    async def _play(
        self,
        stop: asyncio.Event,
        seconds: float | None,
        settings: Settings,
        sandbox: SandboxServer,
        *,
        on_terminal: bool,
    ) -> bool:
        service = Service(settings)
        load = Load(settings.kafka.bootstrap_servers, TOPIC, self._rate)
        show: Show = LiveShow() if on_terminal else PlainShow()
        leave = asyncio.Event()
        consumer = asyncio.create_task(service.run(leave))
        await _until(lambda: bool(service.url) or consumer.done())
        if not consumer.done():
            say_where(service.url, sandbox.url, settings.kafka.bootstrap_servers)
        showing = asyncio.create_task(show.run(service, load, sandbox.sandbox))
        try:
            await _produce(load, stop, consumer, seconds)
            await _until(lambda: service.ledger.read_so_far >= load.produced or consumer.done())
        finally:
            leave.set()
            with suppress(asyncio.CancelledError):
                await consumer
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)
        return tell_ledger(service.ledger.snapshot(), load.produced, sandbox.sandbox.ledger())


async def _produce(load: Load, stop: asyncio.Event, consumer: asyncio.Task[None], seconds: float | None) -> None:
    """Produce until told to stop, until the time is over, or until the consumer ends by itself."""
    works = [asyncio.create_task(load.run(seconds)), asyncio.create_task(_wait(stop)), consumer]
    await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
    for work in works[:2]:
        work.cancel()
    await asyncio.gather(*works[:2], return_exceptions=True)


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()


async def _until(true: Callable[[], bool]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(CATCH_UP_SECONDS):
            while not true():  # noqa: ASYNC110 - what is waited for has no event of its own
                await asyncio.sleep(LOOK_SECONDS)


def _pixels_file(folder: Path) -> Path:
    path = folder / "pixels.yaml"
    path.write_text(yaml.safe_dump({"pixels": {pixel_id: {"client": name} for pixel_id, name in CLIENTS.items()}}))
    return path


def _settings(kafka: EmbeddedKafka, url: str, port: int, pixels: Path) -> Settings:
    return Settings.model_validate(
        {
            "kafka": {"bootstrap_servers": kafka.bootstrap_servers, "topics": [TOPIC]},
            "records": {"format": "single-object"},
            "meta": {"base_url": url, "access_token": "an-invented-token"},
            "window": {"seconds": 1},
            "pixels": {"file": pixels},
            "admin": {"port": port},
            "log": {"level": "warning"},
        }
    )
