"""The stand-in for Meta on a socket."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import orjson
from aiohttp import web

from streamer.sandbox.control import SANDBOX, add_control
from streamer.sandbox.errors import Fault, default_status, error_of
from streamer.sandbox.reading import read_call
from streamer.sandbox.sandbox import Manner, Reply, Sandbox

_log = logging.getLogger("streamer.sandbox")
_STOPPING = web.AppKey("stopping", asyncio.Event)
_MOST_BYTES = 512 * 2**20


def create_app(sandbox: Sandbox) -> web.Application:
    """Return an application that answers for Meta with what the sandbox says."""
    app = web.Application(client_max_size=_MOST_BYTES)
    app[SANDBOX] = sandbox
    app[_STOPPING] = asyncio.Event()
    app.on_shutdown.append(_release)
    add_control(app)
    app.router.add_post("/{version}/{pixel}/events", _events)
    app.router.add_route("*", "/{path:.*}", _elsewhere)
    return app


class SandboxServer:
    """A sandbox that listens, in the loop it is started in."""

    def __init__(self, sandbox: Sandbox, keepalive_seconds: float = 75) -> None:
        self.sandbox = sandbox
        self._keepalive_seconds = keepalive_seconds
        self._runner: web.AppRunner | None = None
        self._url: str | None = None

    @property
    def url(self) -> str:
        """The base address, such as ``http://127.0.0.1:54321``; what ``meta.base_url`` should say."""
        if self._url is None:
            raise RuntimeError("the sandbox has not been started")
        return self._url

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. May be called again after :meth:`stop`.

        :raises OSError: when the address cannot be had.
        """
        runner = web.AppRunner(
            create_app(self.sandbox),
            access_log=None,
            auto_decompress=False,
            handler_cancellation=True,
            keepalive_timeout=self._keepalive_seconds,
            shutdown_timeout=1,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        shown = f"[{host}]" if ":" in host else host
        self._url = f"http://{shown}:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening and close all connections; hanging requests are let go at once."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


async def _release(app: web.Application) -> None:
    app[_STOPPING].set()


async def _events(request: web.Request) -> web.StreamResponse:
    call = await read_call(request)
    reply = request.app[SANDBOX].receive(call)
    _log.debug("pixel %s: %d bytes, %s %s", call.pixel_id, call.size, reply.manner.value, reply.status)
    if reply.delay and await _stopped(request, reply.delay):
        return _close(request)
    return await _GIVE[reply.manner](request, reply)


async def _stopped(request: web.Request, seconds: float | None) -> bool:
    """Wait; return early, and true, when the server stops."""
    try:
        async with asyncio.timeout(seconds):
            await request.app[_STOPPING].wait()
    except TimeoutError:
        return False
    return True


def _close(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response()  # never sent: the connection is gone


async def _answer(_request: web.Request, reply: Reply) -> web.StreamResponse:
    return web.Response(
        status=reply.status, body=reply.body, headers=dict(reply.headers), content_type=reply.content_type
    )


async def _answer_then_close(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = await _answer(request, reply)
    await response.prepare(request)
    await response.write_eof()
    _close(request)
    return response


async def _half(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=dict(reply.headers))
    response.content_type = reply.content_type
    response.content_length = len(reply.body)
    await response.prepare(request)
    await response.write(reply.body[: len(reply.body) // 2])
    _close(request)
    return response


async def _silence(request: web.Request, _reply: Reply) -> web.StreamResponse:
    return _close(request)


async def _hang(request: web.Request, _reply: Reply) -> web.StreamResponse:
    await _stopped(request, None)
    return _close(request)


_GIVE: dict[Manner, Callable[[web.Request, Reply], Awaitable[web.StreamResponse]]] = {
    Manner.ANSWER: _answer,
    Manner.ANSWER_THEN_CLOSE: _answer_then_close,
    Manner.HALF: _half,
    Manner.CLOSE: _silence,
    Manner.HANG: _hang,
}


async def _elsewhere(_request: web.Request) -> web.Response:
    fault = Fault(2500, None, None, "the sandbox knows POST /<version>/<pixel>/events and /sandbox/… alone")
    body = orjson.dumps(error_of(fault, "Sandbox"))
    return web.Response(status=default_status(fault.code), body=body, content_type="application/json")
