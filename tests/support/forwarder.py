"""A server between two others: hands requests on, remembers all of them, and can be away for a while."""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from tests.support.ports import free_ports

_PER_HOP = {"connection", "content-length", "date", "host", "server", "transfer-encoding"}


class Request(NamedTuple):
    """One request as it came."""

    path: str
    """With its query."""
    headers: dict[str, str]
    body: bytes


class Forwarder:
    """Listens on a port of its own, once :meth:`listening`, and hands every request on to ``target``."""

    def __init__(self, target: str) -> None:
        (self._port,) = free_ports(1)
        self._target = target
        self.url = f"http://127.0.0.1:{self._port}"
        self.requests: list[Request] = []

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen meanwhile; before and after nothing does."""
        server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _forward(self, request: Request, method: str) -> tuple[int, dict[str, str], bytes]:
        self.requests.append(request)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _PER_HOP}
        onward = urllib.request.Request(  # noqa: S310 - an address of our own
            self._target + request.path, request.body or None, headers, method=method
        )
        try:
            with urllib.request.urlopen(onward, timeout=10) as answer:  # noqa: S310 - the same
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        forward = self._forward

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"  # a connection ends with its answer

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, answer = forward(Request(self.path, dict(self.headers), body), self.command)
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in _PER_HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = _any  # noqa: N815 - the server's own names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the server's own name
                pass

        return Handler
