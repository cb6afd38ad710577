"""A sandbox on a free port of the loopback, and a client that speaks to it."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from streamer.sandbox.sandbox import Sandbox
from streamer.sandbox.server import SandboxServer
from tests.sandbox.examples import BEARER, NOW, PIXEL, event


class Peer:
    """A running sandbox and a client of it."""

    def __init__(self, server: SandboxServer, client: aiohttp.ClientSession) -> None:
        self.server = server
        self.sandbox = server.sandbox
        self.client = client
        self.address = f"{server.url}/v26.0/{PIXEL}/events"

    def post(self, **options: Any) -> Any:
        """Post to the events edge, one good event unless the options say otherwise."""
        if not {"data", "json"} & options.keys():
            options["json"] = {"data": [event()]}
        options.setdefault("headers", BEARER)
        return self.client.post(self.address, allow_redirects=False, **options)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    server = SandboxServer(Sandbox(lambda: float(NOW)))
    await server.start()
    async with aiohttp.ClientSession() as client:
        yield Peer(server, client)
    await server.stop()
