"""The edge to Meta: one method, so that tests need no network."""

import io
from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple, Protocol

import aiohttp

from streamer.delivery.requests import Request
from streamer.settings import DeliverySettings

ANSWER_LIMIT = 2**20
"""Bytes of an answer that are read; Meta's have a few hundred."""


class Response(NamedTuple):
    """What was answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class NoAnswerError(Exception):
    """No whole answer came: Meta may have taken the events or not. The text is a word for it, such as ``timeout``."""


class Transport(Protocol):
    """Sends requests."""

    async def post(self, request: Request) -> Response:
        """Send one request and return its answer, whatever its status.

        :raises NoAnswerError: when no whole answer came.
        """
        ...


_HEADER_LIMIT = 2**16
"""Bytes of one header: usage headers name up to 32 businesses, and aiohttp takes 8190 unless told."""


@dataclass(slots=True)
class _Post:
    """Whether a request travelled on a connection that was kept from an earlier one."""

    kept: bool = False


class AiohttpTransport:
    """Sends over the network."""

    def __init__(self, settings: DeliverySettings) -> None:
        """Open a session; must be called on the loop."""
        connector = aiohttp.TCPConnector(limit=settings.max_in_flight, ttl_dns_cache=60, keepalive_timeout=30)
        tracing = aiohttp.TraceConfig()
        tracing.on_connection_reuseconn.append(_note_kept)
        self._session = aiohttp.ClientSession(
            trace_configs=[tracing],
            max_field_size=_HEADER_LIMIT,
            max_line_size=_HEADER_LIMIT,
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=settings.timeout_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def post(self, request: Request) -> Response:
        """Send one request; once more at once if a kept-alive connection turns out to be closed."""
        first = _Post()
        try:
            try:
                return await self._post(request, first)
            except aiohttp.ClientConnectorError:
                raise
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                # The server had closed the connection that we kept: aiohttp does not try a POST again by itself.
                if not first.kept:
                    raise
                return await self._post(request, _Post())
        except TimeoutError:
            raise NoAnswerError("timeout") from None
        except aiohttp.ClientConnectorError:
            raise NoAnswerError("no_connection") from None
        except (aiohttp.ClientError, OSError) as error:
            raise NoAnswerError(type(error).__name__) from None

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def _post(self, request: Request, post: _Post) -> Response:
        # A file-like body: aiohttp warns of large ones given as bytes, since it writes them in one piece.
        body = io.BytesIO(request.body)
        async with self._session.post(
            request.url, data=body, headers=request.headers, allow_redirects=False, trace_request_ctx=post
        ) as answer:
            content = bytearray()
            async for chunk in answer.content.iter_any():
                content += chunk
                if len(content) > ANSWER_LIMIT:
                    raise NoAnswerError("answer_too_long")
            return Response(answer.status, dict(answer.headers), bytes(content))


async def _note_kept(
    _session: aiohttp.ClientSession,
    context: SimpleNamespace,
    _params: aiohttp.TraceConnectionReuseconnParams,
) -> None:
    context.trace_request_ctx.kept = True
