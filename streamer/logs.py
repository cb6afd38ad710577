"""Logs: JSON lines on standard error, or a pretty form on a terminal, with secrets hidden as a last defence."""

import logging
import re
import sys
from collections.abc import Callable, Iterable, Mapping
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
_SHORTEST_SECRET = 6


def configure_logs(settings: LogSettings, secrets: Iterable[str] = ()) -> None:
    """Send the logs of the product and of its libraries to standard error in one form.

    :param secrets: texts that must never be seen; a last defence, for the code logs none.
    """
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
                redactor(secrets),
                _pretty() if pretty else structlog.processors.JSONRenderer(serializer=_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)


def redactor(secrets: Iterable[str]) -> Processor:
    """Make a processor that masks the given secrets, keys that name one, and whatever looks like an e-mail address."""
    texts = sorted({secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}, key=len, reverse=True)
    known = re.compile("|".join(map(re.escape, texts))) if texts else None

    def clean(text: str) -> str:
        if known is not None:
            text = known.sub(MASK, text)
        return _EMAIL.sub(MASK, text) if "@" in text else text

    def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {clean(key): _clean_value(key, value, clean) for key, value in event.items()}

    return redact


def _clean_value(key: str, value: Any, clean: Callable[[str], str]) -> Any:  # noqa: ANN401 - logs take anything
    if _HIDDEN_KEYS.search(key):
        return MASK
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(inner)): _clean_value(str(inner), each, clean) for inner, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean_value("", each, clean) for each in value]
    return clean(repr(value))


def _json(event: EventDict, **_: object) -> str:
    return orjson.dumps(event, default=repr).decode()


def _pretty() -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )
