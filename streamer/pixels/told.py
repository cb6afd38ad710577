"""What replicas tell each other of the pixels: records of the connections topic, a key a pixel. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from streamer.outcomes import Reason
from streamer.pixels.connection import Connection, State
from streamer.translate.routing import is_pixel_id

VERSION = 1
_FINGERPRINT = 12
_TEST_PREFIX = "test/"


@dataclass(frozen=True, slots=True)
class Told:
    """The state of a pixel's connection, as one replica told it."""

    connection: Connection
    token: str
    """:func:`fingerprint` of the token that it is about."""
    replica: str
    at: float
    """Unix seconds, by the teller's clock."""


@dataclass(frozen=True, slots=True)
class LastTest:
    """The last ``streamer pixels test`` of a pixel."""

    at: float
    """Unix seconds."""
    works: bool
    said: str
    """A sentence for people; no token and no word of Meta's in it."""


def fingerprint(token: str | None) -> str:
    """Return what tells one token from another and gives none away: 12 hex digits of its SHA-256; empty for none."""
    return hashlib.sha256(token.encode()).hexdigest()[:_FINGERPRINT] if token else ""


def encode_told(told: Told) -> bytes:
    """Write the record of a pixel."""
    connection = told.connection
    body: dict[str, Any] = {
        "v": VERSION,
        "state": connection.state.value,
        "reason": connection.reason and connection.reason.value,
        "since": _ms(connection.since_unix),
        "code": connection.code,
        "subcode": connection.subcode,
        "fbtrace_id": connection.fbtrace_id,
        "token": told.token,
        "replica": told.replica,
        "at": _ms(told.at),
    }
    return orjson.dumps({key: value for key, value in body.items() if value is not None})


def decode_told(key: str, value: bytes) -> Told | None:
    """Return what was told of a pixel; None: that is no such record, or one of a later version."""
    if not is_pixel_id(key):
        return None
    try:
        body = orjson.loads(value)
        reason, at = body.get("reason"), float(body["at"]) / 1000
        connection = Connection(
            State(body["state"]),
            float(body["since"]) / 1000,
            None if reason is None else Reason(reason),
            _number(body.get("code")),
            _number(body.get("subcode")),
            _text(body.get("fbtrace_id")),
        )
        told = Told(connection, _text(body["token"]) or "", _text(body["replica"]) or "", at)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return told if body.get("v") == VERSION and (connection.state is not State.PARKED or reason is not None) else None


def key_of_test(pixel_id: str) -> str:
    """Return the key of the record of a pixel's last test."""
    return f"{_TEST_PREFIX}{pixel_id}"


def encode_tested(tested: LastTest) -> bytes:
    """Write the record of a test."""
    return orjson.dumps({"v": VERSION, "at": _ms(tested.at), "works": tested.works, "said": tested.said})


def decode_tested(key: str, value: bytes) -> tuple[str, LastTest] | None:
    """Return a pixel and its last test; None: that is no such record."""
    pixel_id = key.removeprefix(_TEST_PREFIX)
    if not key.startswith(_TEST_PREFIX) or not is_pixel_id(pixel_id):
        return None
    try:
        body = orjson.loads(value)
        known = body["v"] == VERSION
        tested = LastTest(float(body["at"]) / 1000, bool(body["works"]), str(body["said"]))
    except (ValueError, KeyError, TypeError):
        return None
    return (pixel_id, tested) if known else None


class Board(NamedTuple):
    """All that a topic says of the pixels."""

    states: dict[str, Told]
    tests: dict[str, LastTest]


def read_board(records: Iterable[tuple[str, bytes | None]]) -> Board:
    """Return what records, key and value of each in the topic's order, say of the pixels."""
    board = Board({}, {})
    for key, value in records:
        if value is None:
            board.states.pop(key, None)
        elif (tested := decode_tested(key, value)) is not None:
            board.tests[tested[0]] = tested[1]
        elif (told := decode_told(key, value)) is not None:
            board.states[key] = told
    return board


def _ms(seconds: float) -> int:
    return int(seconds * 1000)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
