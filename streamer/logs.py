"""Logs: JSON lines on standard error, or a pretty form on a terminal, with secrets hidden as a last defence."""

import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from streamer.settings import LogSettings

MASK = "***"

_HIDDEN_KEYS = re.compile(
    r"(?:^|[_.-])(?:access_token|token|app_secret|secret|appsecret_proof|password|passwd|authorization|api_key)$",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_NAMED = re.compile(
    r"""((?:access_token|input_token|exchange_token|appsecret_proof|app_secret|client_secret)
    (?:=|%3D|\\?["']\s*:\s*\\?["']))[^\s&"'\\]+""",
    re.IGNORECASE | re.VERBOSE,
)
"""A secret in a URL, a form, or JSON, by the name that Meta has for it."""
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/|=-]{6,}")
_SHORTEST_SECRET = 6
_CHATTY = ("httpx", "httpcore")  # the schema registry's client: a line for each request


def configure_logs(settings: LogSettings, secrets: Iterable[str] = ()) -> None:
    """Send the logs of the product and of its libraries to standard error in one form.

    :param secrets: for :func:`hide`.
    """
    hide(secrets)
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    pretty = settings.format == "pretty" or (settings.format == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Only code's own lines: a frame's locals would show people's data.
        structlog.processors.ExceptionRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _redactor,
                _pretty() if pretty else structlog.processors.JSONRenderer(serializer=_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(capture=True)


def hide(secrets: Iterable[str]) -> None:
    """Mask these texts in every log line from now on, and for ever: a token that was replaced may still be logged.

    A last defence, for the code logs none. May be called before :func:`configure_logs` and after it.
    """
    _redactor.hide(secrets)


class Redactor:
    """A processor that masks known secrets, what keys and forms say is one, and what looks like an e-mail address."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Know the given secrets from the start."""
        self._secrets: frozenset[str] = frozenset()
        self._lengths: Mapping[str, list[int]] = {}
        self.hide(secrets)

    def hide(self, secrets: Iterable[str]) -> None:
        """Know more secrets. There may be thousands, so a line takes no longer for them."""
        new = frozenset(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET) - self._secrets
        if not new:
            return
        lengths: dict[str, set[int]] = {}
        for secret in self._secrets | new:
            lengths.setdefault(secret[:_SHORTEST_SECRET], set()).add(len(secret))
        self._secrets |= new
        self._lengths = {start: sorted(each, reverse=True) for start, each in lengths.items()}

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Return the event as it may be seen."""
        return {self._text(key): self._value(key, value) for key, value in event.items()}

    def _value(self, key: str, value: Any) -> Any:  # noqa: ANN401 - logs take anything
        if _HIDDEN_KEYS.search(key):
            return MASK
        if value is None or isinstance(value, int | float):
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {self._text(str(inner)): self._value(str(inner), each) for inner, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value("", each) for each in value]
        return self._text(repr(value))

    def _text(self, text: str) -> str:
        if self._lengths:
            text = self._without_known(text)
        text = _BEARER.sub(rf"\1 {MASK}", _NAMED.sub(rf"\1{MASK}", text))
        return _EMAIL.sub(MASK, text) if "@" in text else text

    def _without_known(self, text: str) -> str:
        lengths, secrets = self._lengths, self._secrets
        parts: list[str] = []
        start = at = 0
        while at + _SHORTEST_SECRET <= len(text):
            possible = lengths.get(text[at : at + _SHORTEST_SECRET], ())
            length = next((each for each in possible if text[at : at + each] in secrets), 0)
            if length:
                parts += (text[start:at], MASK)
                start = at + length
            at += length or 1
        return "".join((*parts, text[start:]))


_redactor = Redactor()


def _json(event: EventDict, **_: object) -> str:
    return orjson.dumps(event, default=repr).decode()


def _pretty() -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )
