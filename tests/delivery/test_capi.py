"""The edge to Meta, against a real server on this machine."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import orjson
import pytest
from aiohttp import web

from streamer.delivery.answers import Kind, read_answer
from streamer.delivery.capi import ANSWER_LIMIT, AiohttpTransport, NoAnswerError, Response
from streamer.delivery.requests import Request, make_request
from streamer.pixels.pixel import Pixel
from streamer.sandbox.sandbox import Sandbox
from streamer.sandbox.server import SandboxServer
from streamer.settings import DeliverySettings, MetaSettings
from tests.sandbox.examples import NOW, PIXEL, event

OK = b'{"events_received":1}'
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def request_to(port: int, body_size: int = 2) -> Request:
    meta = MetaSettings(base_url=f"http://127.0.0.1:{port}")
    return make_request(meta, Pixel("1", access_token="invented"), [b"x" * body_size])


@asynccontextmanager
async def transport(timeout_seconds: float = 5) -> AsyncIterator[AiohttpTransport]:
    opened = AiohttpTransport(DeliverySettings(timeout_seconds=timeout_seconds))
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def listening(serve: Raw) -> AsyncIterator[int]:
    """Serve bytes as they come, for what no HTTP server would do."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    return head + await reader.readexactly(length)


def answer(body: bytes = OK, status: str = "200 OK", more: bytes = b"", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n".encode() + more + b"\r\n" + body


async def posted(serve: Raw, timeout_seconds: float = 5) -> Response:
    async with listening(serve) as port, transport(timeout_seconds) as opened:
        return await opened.post(request_to(port))


async def test_a_request_arrives_as_it_was_made_and_its_answer_comes_back_whole() -> None:
    seen: list[tuple[str, str | None, bytes]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.path_qs, request.headers.get("Authorization"), await request.read()))
        return web.Response(body=OK, headers={"X-App-Usage": '{"call_count":1}'})

    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v26.0/1/events", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with transport() as opened:
        response = await opened.post(request_to(runner.addresses[0][1], body_size=2**22))
    await runner.cleanup()
    ((path, authorization, body),) = seen
    assert (path, authorization) == ("/v26.0/1/events", "Bearer invented")
    assert len(body) > 2**22
    assert (response.status, response.body, response.headers["X-App-Usage"]) == (200, OK, '{"call_count":1}')


async def test_a_kept_connection_that_the_server_had_closed_costs_nothing_but_a_second_try_at_once() -> None:
    requests: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = len(requests)
        await read_request(reader)
        requests.append(connection)
        writer.write(answer())
        await read_request(reader)  # the second one on this connection gets no answer
        requests.append(connection)

    async with listening(serve) as port, transport() as opened:
        first = await opened.post(request_to(port))
        second = await opened.post(request_to(port))
    assert (first.status, second.status) == (200, 200)
    assert requests == [0, 0, 2]


Ending = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def closes(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def resets(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    no_linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
    writer.transport.abort()


async def closes_under_way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(1)
    writer.close()


async def resets_under_way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(1)
    await resets(reader, writer)


async def hangs(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    await asyncio.Event().wait()


async def answers_in_part(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(answer(OK, length=len(OK) + 50))
    await writer.drain()
    writer.close()


class Kept:
    """A server that answers a request on each of its first connections and keeps them; then each ends in some way."""

    def __init__(self, *endings: Ending, kept: int = 1) -> None:
        self._endings = endings
        self._kept = kept
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = self.connections
        self.connections += 1
        if number < self._kept:
            await read_request(reader)
            writer.write(answer())
            await writer.drain()
        await self._endings[number](reader, writer)


async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(answer())
    await writer.drain()


@pytest.mark.parametrize("size", [2, 2**22], ids=["small", "4MB"])
@pytest.mark.parametrize("ending", [closes, resets, closes_under_way, resets_under_way])
async def test_however_a_kept_connection_ends_the_request_goes_out_again_at_once(ending: Ending, size: int) -> None:
    server = Kept(ending, answers)
    async with listening(server.serve) as port, transport() as opened:
        await opened.post(request_to(port))
        assert (await opened.post(request_to(port, size))).status == 200
    assert server.connections == 2


async def test_a_request_goes_out_again_once_and_not_a_third_time() -> None:
    server = Kept(closes_under_way, closes_under_way, answers, kept=2)
    async with listening(server.serve) as port, transport() as opened:
        await asyncio.gather(opened.post(request_to(port)), opened.post(request_to(port)))
        with pytest.raises(NoAnswerError):
            await opened.post(request_to(port))
    assert server.connections == 2


@pytest.mark.parametrize("ending", [hangs, answers_in_part])
async def test_after_a_time_out_or_half_an_answer_nothing_goes_out_again_at_once(ending: Ending) -> None:
    server = Kept(ending, answers)
    async with listening(server.serve) as port, transport(0.2) as opened:
        await opened.post(request_to(port))
        with pytest.raises(NoAnswerError):
            await opened.post(request_to(port))
    assert server.connections == 1


@pytest.mark.parametrize("encoding", [b"gzip", b"deflate", b"br"])
async def test_an_answer_that_cannot_be_unpacked_is_no_answer(encoding: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer(b"not packed", more=b"Content-Encoding: " + encoding + b"\r\n"))

    with pytest.raises(NoAnswerError):
        await posted(serve)


@pytest.mark.parametrize("compress", [False, True])
async def test_the_sandbox_takes_a_full_request_compressed_or_not(
    compress: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    sandbox = Sandbox(lambda: float(NOW))
    server = SandboxServer(sandbox)
    await server.start()
    events = [orjson.dumps(event(event_id=str(number))) for number in range(1000)]
    request = make_request(
        MetaSettings(base_url=server.url), Pixel(PIXEL, access_token="invented"), events, compress=compress
    )
    async with transport() as opened:
        response = await opened.post(request)
    await server.stop()
    verdict = read_answer(response.status, response.headers, response.body, len(events))
    assert verdict.kind is Kind.DELIVERED
    assert len(sandbox.ids(PIXEL)) == 1000


async def test_a_server_that_closes_a_fresh_connection_is_not_asked_twice_at_once() -> None:
    requests: list[int] = []

    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        requests.append(len(await read_request(reader)))

    with pytest.raises(NoAnswerError):
        await posted(serve)
    assert len(requests) == 1


async def test_a_server_that_hangs_is_given_up_after_the_time_out() -> None:
    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await asyncio.Event().wait()

    with pytest.raises(NoAnswerError, match="timeout"):
        await posted(serve, timeout_seconds=0.1)


async def test_a_body_that_never_ends_its_trickle_is_given_up_too() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer(b"{", length=100))
        await asyncio.Event().wait()

    with pytest.raises(NoAnswerError, match="timeout"):
        await posted(serve, timeout_seconds=0.1)


async def test_an_answer_that_is_cut_off_is_no_answer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer(OK, length=len(OK) + 50))

    with pytest.raises(NoAnswerError):
        await posted(serve)


async def test_an_answer_without_end_does_not_fill_the_memory() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer(b"", length=2**40))
        while True:
            writer.write(b"x" * 2**16)
            await writer.drain()

    with pytest.raises(NoAnswerError, match="too_long"):
        await posted(serve)
    assert ANSWER_LIMIT <= 2**20


async def test_something_that_does_not_speak_http_is_no_answer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")

    with pytest.raises(NoAnswerError):
        await posted(serve)


async def test_nobody_listens() -> None:
    async def serve(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        return

    async with listening(serve) as port:
        pass
    async with transport() as opened:
        with pytest.raises(NoAnswerError, match="no_connection"):
            await opened.post(request_to(port))


async def test_a_redirect_is_not_followed_since_the_token_would_go_elsewhere() -> None:
    async def elsewhere(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        pytest.fail("the redirect was followed")

    async with listening(elsewhere) as other:

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(answer(b"", "307 Temporary Redirect", f"Location: http://127.0.0.1:{other}/\r\n".encode()))

        assert (await posted(serve)).status == 307


async def test_usage_headers_of_many_businesses_are_read() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer(OK, more=b"X-Business-Use-Case-Usage: " + b"x" * 20_000 + b"\r\n"))

    assert len((await posted(serve)).headers["X-Business-Use-Case-Usage"]) == 20_000


async def test_what_goes_wrong_names_no_address_and_no_token() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 banana\r\n\r\n")

    with pytest.raises(NoAnswerError) as caught:
        await posted(serve)
    assert "invented" not in repr(caught.value)
    assert "127.0.0.1" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
