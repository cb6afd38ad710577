"""Fault scripts as data: which requests meet which fault. Read from YAML or JSON, checked whole before it counts."""

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import ErrorDetails


class FaultScriptError(Exception):
    """A fault script cannot be used; the message is a sentence that says where and why."""


class Ending(Enum):
    """How a request that a rule decides ends."""

    ERROR = "error"
    REDIRECT = "redirect"
    HTML200 = "html200"
    HANG = "hang"
    CLOSE = "close"
    CLOSE_AFTER_BODY = "close_after_body"
    CLOSE_AFTER_ANSWER = "close_after_answer"
    TRUNCATE = "truncate"
    RECEIVED = "received"


def _several(value: object) -> object:
    return value if isinstance(value, (list, tuple)) else [value]


def _span(value: object) -> object:
    return value if isinstance(value, (list, tuple)) else [value, value]


Texts = Annotated[frozenset[str], BeforeValidator(_several)]
"""One string or several."""
Counts = Annotated[frozenset[Annotated[int, Field(ge=1)]], BeforeValidator(_several)]
"""One number or several, counted from 1."""
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Span = Annotated[tuple[Seconds, Seconds], BeforeValidator(_span)]
"""So many seconds, or a lower and an upper bound."""
Share = Annotated[float, Field(gt=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)


class Match(_Part):
    """Which requests a rule is for; all that is said must hold. Nothing said: all requests."""

    pixel: Texts | None = None
    """These pixels."""
    pixel_share: Share | None = None
    """This share of all pixels: always the same ones for a seed."""
    token: Texts | None = Field(default=None, repr=False)
    """Requests with these access tokens."""
    event_name: Texts | None = None
    """Requests that hold an event of one of these names."""
    event_id: Texts | None = None
    """Requests that hold one of these events."""
    event_share: Share | None = None
    """Requests that hold an event of this share of all events: always the same ones for a seed (poison)."""
    min_events: int | None = Field(default=None, ge=1)
    """Requests with at least so many events."""
    min_bytes: int | None = Field(default=None, ge=1)
    """Requests with a body of at least so many bytes, uncompressed."""
    from_: Seconds = Field(default=0, alias="from")
    """Seconds since the script was set, or since the period began where ``every`` is given."""
    until: Seconds | None = None
    """The same, the end; not included."""
    every: float | None = Field(default=None, gt=0)
    """Length of a period in seconds: the window from ``from`` to ``until`` comes anew in each."""
    nth: Counts | None = None
    """The nth of the requests for which all of the above holds, counted from 1."""
    every_nth: int | None = Field(default=None, ge=1)
    """Each nth of them."""
    share: Share | None = None
    """This share of them, drawn with the seed."""

    @model_validator(mode="after")
    def _window_makes_sense(self) -> Self:
        if self.until is not None and self.until <= self.from_:
            raise ValueError("until must be later than from")
        if self.every is not None and self.until is None:
            raise ValueError("every needs until")
        return self


class Then(_Part):
    """What becomes of the request."""

    latency: Span | None = None
    """Seconds to wait before the answer: a number, or a list of two to draw between."""
    headers: Mapping[str, str | int | float | dict[str, Any] | list[Any]] = Field(default_factory=dict)
    """Headers to add to the answer; an object is written as JSON, as Meta's usage headers are."""
    no_trace: bool = False
    """Leave ``fbtrace_id`` out."""
    status: int | None = Field(default=None, ge=200, le=599)
    """HTTP status. Without ``code``: an HTML page, as from a proxy before Meta."""
    code: int | None = None
    """Graph's error code."""
    subcode: int | None = None
    """Graph's error subcode."""
    is_transient: bool | None = None
    """Graph's ``is_transient``; unless given, what is usual with the code."""
    message: str | None = None
    """Graph's ``message``."""
    blame: bool = False
    """Name the first event that matched in ``error_data.blame_field_specs``."""
    redirect: str | None = None
    """Answer with a redirect to this address; ``status`` 302 unless given."""
    html200: bool = False
    """Answer 200 with an HTML page that says the service is unavailable."""
    hang: bool = False
    """Never answer."""
    close: bool = False
    """Close the connection with no answer; the events are not taken."""
    close_after_body: bool = False
    """Close the connection with no answer; the events are taken."""
    close_after_answer: bool = False
    """Answer as usual, then close the connection without having said so."""
    truncate: bool = False
    """Send half of the usual answer, then close the connection."""
    received: int | None = Field(default=None, ge=0)
    """Take so many events only, and say so in ``events_received``."""
    accepts: bool | None = None
    """Whether the events are taken in spite of an error, a hang or a closed connection."""

    @property
    def ending(self) -> Ending | None:
        """How the request ends; ``None``: as it would without this rule."""
        if self.redirect is not None:
            return Ending.REDIRECT
        if self.code is not None or self.status is not None:
            return Ending.ERROR
        if self.received is not None:
            return Ending.RECEIVED
        return next((ending for ending in _FLAGS if getattr(self, ending.value)), None)

    @model_validator(mode="after")
    def _one_ending(self) -> Self:
        endings = [ending.value for ending in _FLAGS if getattr(self, ending.value)]
        endings += ["redirect"] * (self.redirect is not None) + ["received"] * (self.received is not None)
        endings += ["code"] * (self.code is not None)
        endings += ["status"] * (self.status is not None and self.code is None and self.redirect is None)
        if len(endings) > 1:
            raise ValueError(f"a request can end in one way only, not by {' and '.join(endings)}")
        if not endings and self.accepts is not None:
            raise ValueError("accepts goes with an error, a hang or a closed connection")
        alone = [key for key in ("subcode", "is_transient", "message") if getattr(self, key) is not None]
        if alone and self.code is None:
            raise ValueError(f"{alone[0]} needs code")
        if not endings and self.latency is None and not self.headers and not self.no_trace:
            raise ValueError("says nothing; name a code, a latency, headers or another fault")
        return self


_FLAGS = (
    Ending.HTML200,
    Ending.HANG,
    Ending.CLOSE,
    Ending.CLOSE_AFTER_BODY,
    Ending.CLOSE_AFTER_ANSWER,
    Ending.TRUNCATE,
)


class Rule(_Part):
    """One rule of a script."""

    match: Match = Match()
    """Which requests."""
    then: Then
    """What becomes of them."""
    times: int | None = Field(default=None, ge=1)
    """How often at most."""


Script = tuple[Rule, ...]
"""Rules, tried in order. One that only delays, adds headers or drops the trace lets the next be tried; the first that
decides how a request ends is the last."""

_SCRIPT: TypeAdapter[Script] = TypeAdapter(Script)


def parse_script(data: object, where: str) -> Script:
    """Read a script that came out of a YAML or JSON parser.

    :param where: the file, or whatever else to name in an error.
    :raises FaultScriptError: naming the rule, counted from 1, and the key.
    """
    if data is None:
        return ()
    if not isinstance(data, list):
        raise FaultScriptError(f"{where}: a fault script is a list of rules, each with match and then.")
    try:
        return _SCRIPT.validate_python(data)
    except ValidationError as error:
        raise FaultScriptError(f"{where}: {_sentence(error.errors(include_input=False)[0])}") from None


def parse_text(text: str | bytes, where: str) -> Script:
    """Read a script from YAML or JSON; raises as :func:`parse_script` does."""
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark is not None else ""
        raise FaultScriptError(f"{where}: is no YAML or JSON{line}.") from None
    return parse_script(data, where)


def load_script(path: Path) -> Script:
    """Read a script from a file; raises as :func:`parse_script` does."""
    try:
        return parse_text(path.read_bytes(), str(path))
    except OSError as error:
        raise FaultScriptError(f"{path}: cannot be read: {error.strerror}.") from None


def _sentence(error: ErrorDetails) -> str:
    rule, *rest = error["loc"]
    number = rule + 1 if isinstance(rule, int) else rule
    keys = [
        str(part) for part in rest if isinstance(part, int) or not str(part).startswith(("function-", "str", "int"))
    ]
    place = f"rule {number}" + (f", {'.'.join(keys)}" if keys else "")
    if error["type"] == "extra_forbidden":
        return f"{place}: there is no such key."
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{place}: {message[:1].lower()}{message[1:]}."
