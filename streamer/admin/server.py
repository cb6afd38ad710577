"""Serves health, metrics and the status page over HTTP."""

import errno
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import orjson
from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from streamer.admin.page import render_page
from streamer.admin.status import Status, as_json
from streamer.errors import UserError

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_STARTING = "it is starting"
_COMPRESSED_FROM = 16 * 1024
"""Bytes: with hundreds of pixels, a page or a scrape is much larger than it need be on its way."""


class Told(Protocol):
    """What is asked for probes and pages."""

    def not_ready_because(self) -> Sequence[str]:
        """Return what keeps the process from being ready, at little cost: probes ask every few seconds."""
        ...

    def status(self) -> Status:
        """Return all that the page shows."""
        ...


class AdminServer:
    """Listens on the administration port. It shows no personal data and no secret, and changes nothing."""

    def __init__(
        self,
        host: str,
        port: int,
        told: Callable[[], Told | None],
        live: Callable[[], bool],
        metrics: Callable[[], Awaitable[bytes]],
    ) -> None:
        """Prepare; nothing is served before :meth:`start`.

        :param port: 0 takes a free one.
        :param told: what the process tells of itself; None while it is starting.
        :param live: whether the process turns.
        :param metrics: the metrics in Prometheus' text format.
        """
        self._host = host
        self._port = port
        self._told = told
        self._live = live
        self._metrics = metrics
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=1.0)
        self.url = ""
        """Where it is, once started; without a slash at the end."""

    async def start(self) -> None:
        """Listen.

        :raises UserError: if the address cannot be had.
        """
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise UserError(_why(error, self._host, self._port)) from None
        port = self._runner.addresses[0][1]
        host = f"[{self._host}]" if ":" in self._host else self._host
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        """Stop listening; an answer under way has a second."""
        await self._runner.cleanup()

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[_careful])
        app.router.add_get("/", self._page)
        app.router.add_get("/status.json", self._json)
        app.router.add_get("/metrics", self._scrape)
        app.router.add_get("/healthz/live", self._is_live)
        app.router.add_get("/healthz/ready", self._is_ready)
        return app

    def _status(self) -> Status | None:
        told = self._told()
        return told.status() if told else None

    async def _is_live(self, _: web.Request) -> web.Response:
        live = self._live()
        return _json({"live": live}, 200 if live else 503)

    async def _is_ready(self, _: web.Request) -> web.Response:
        told = self._told()
        because = list(told.not_ready_because()) if told else [_STARTING]
        return _json({"ready": not because, "not_ready_because": because}, 503 if because else 200)

    async def _scrape(self, _: web.Request) -> web.Response:
        return web.Response(body=await self._metrics(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def _json(self, _: web.Request) -> web.Response:
        status = self._status()
        return _json(as_json(status)) if status else _json({"not_ready_because": [_STARTING]}, 503)

    async def _page(self, _: web.Request) -> web.Response:
        nonce = secrets.token_urlsafe(16)
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
            "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        return web.Response(
            text=render_page(self._status(), nonce, time.time()),
            content_type="text/html",
            headers={"Content-Security-Policy": policy},
        )


@web.middleware
async def _careful(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Let no browser guess, keep or hand on anything."""
    response = await handler(request)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    if (response.content_length or 0) >= _COMPRESSED_FROM:
        response.enable_compression()
    return response


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"admin.port: port {port} on {host} is in use. Stop what uses it, or set another; 0 takes a free one."
    if error.errno == errno.EACCES:
        return f"admin.port: port {port} may not be used without special rights. Set one above 1023."
    return f"admin.host: cannot listen on {host}, port {port} ({error.strerror}). Set an address of this machine."
