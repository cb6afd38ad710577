import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import aiohttp
import pytest

from streamer.admin.server import AdminServer, Told
from streamer.admin.status import Status
from streamer.errors import UserError
from tests.support.statuses import pixel, status


@dataclass
class Showing:
    """A process that tells what a test lets it show."""

    shown: Status

    def status(self) -> Status:
        return self.shown

    def not_ready_because(self) -> Sequence[str]:
        return self.shown.not_ready_because


@dataclass
class Process:
    """What the server asks."""

    shown: Status | None = field(default_factory=status)
    alive: bool = True

    def server(self, port: int = 0, host: str = "127.0.0.1") -> AdminServer:
        return AdminServer(host, port, self.told, lambda: self.alive, self.metrics)

    async def metrics(self) -> bytes:
        return b"streamer_ready 1.0\n"

    def told(self) -> Told | None:
        return Showing(self.shown) if self.shown else None


@pytest.fixture
def process() -> Process:
    return Process()


@pytest.fixture
async def http(process: Process) -> AsyncIterator[aiohttp.ClientSession]:
    server = process.server()
    await server.start()
    async with aiohttp.ClientSession(server.url) as session:
        yield session
    await server.stop()


async def test_a_process_that_does_not_turn_is_restarted_and_one_that_turns_is_not(
    process: Process, http: aiohttp.ClientSession
) -> None:
    for alive, code in ((True, 200), (False, 503)):
        process.alive = alive
        async with http.get("/healthz/live") as answer:
            assert (answer.status, await answer.json()) == (code, {"live": alive})


async def test_being_not_ready_never_makes_the_process_look_dead(process: Process, http: aiohttp.ClientSession) -> None:
    process.shown = status(not_ready_because=["the registry does not answer"])
    async with http.get("/healthz/live") as live, http.get("/healthz/ready") as ready:
        assert (live.status, ready.status) == (200, 503)
        assert await ready.json() == {"ready": False, "not_ready_because": ["the registry does not answer"]}


async def test_a_process_is_not_ready_while_it_is_starting_and_then_it_is(
    process: Process, http: aiohttp.ClientSession
) -> None:
    process.shown = None
    async with http.get("/healthz/ready") as ready, http.get("/status.json") as told, http.get("/") as page:
        assert (ready.status, told.status, page.status) == (503, 503, 200)
    process.shown = status()
    async with http.get("/healthz/ready") as ready:
        assert (ready.status, await ready.json()) == (200, {"ready": True, "not_ready_because": []})


async def test_prometheus_gets_its_own_format(http: aiohttp.ClientSession) -> None:
    async with http.get("/metrics") as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert await answer.text() == "streamer_ready 1.0\n"


async def test_the_page_runs_no_script_but_its_own_and_no_two_pages_share_a_nonce(
    http: aiohttp.ClientSession,
) -> None:
    nonces = set()
    for _ in range(2):
        async with http.get("/") as answer:
            policy = answer.headers["Content-Security-Policy"]
            text = await answer.text()
        nonce = policy.split("script-src 'nonce-")[1].split("'")[0]
        nonces.add(nonce)
        assert f'<script nonce="{nonce}">' in text
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
    assert len(nonces) == 2


@pytest.mark.parametrize("path", ["/", "/status.json", "/metrics", "/healthz/live", "/healthz/ready"])
async def test_nothing_that_is_served_is_kept_by_a_browser_or_a_proxy(http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(path) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_nothing_can_be_changed_over_the_administration_port(http: aiohttp.ClientSession) -> None:
    for path in ("/", "/status.json", "/metrics"):
        async with http.post(path) as answer:
            assert answer.status == 405


async def test_the_json_holds_the_pixels(http: aiohttp.ClientSession) -> None:
    async with http.get("/status.json") as answer:
        assert [one["pixel_id"] for one in (await answer.json())["pixels"]] == ["1002", "1001"]


async def test_the_page_of_hundreds_of_pixels_travels_compressed(process: Process, http: aiohttp.ClientSession) -> None:
    async with http.get("/") as small:
        assert "Content-Encoding" not in small.headers
    process.shown = status(pixels=[pixel(str(number)) for number in range(1000)])
    async with http.get("/") as large, http.get("/status.json", headers={"Accept-Encoding": "identity"}) as plain:
        assert large.headers["Content-Encoding"] in {"gzip", "deflate"}
        assert "</html>" in await large.text()
        assert "Content-Encoding" not in plain.headers
        assert len((await plain.json())["pixels"]) == 1000


async def test_a_port_in_use_is_told_by_the_setting_that_names_it(process: Process) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=rf"admin\.port: port {port} on 127\.0\.0\.1 is in use\."):
            await process.server(port).start()


async def test_an_address_of_another_machine_is_told_by_the_setting_that_names_it(process: Process) -> None:
    with pytest.raises(UserError, match=r"admin\.host: cannot listen on 203\.0\.113\.1, port 0"):
        await process.server(host="203.0.113.1").start()


async def test_a_stop_does_not_wait_for_a_browser_that_keeps_its_connection(process: Process) -> None:
    server = process.server()
    await server.start()
    async with aiohttp.ClientSession(server.url) as session, session.get("/healthz/live"):
        async with asyncio.timeout(5):
            await server.stop()
