"""Passes over the parked topic: when one is wanted, and the records that make the answer outlive a restart. Pure.

A pass reads one partition from where the last one ended to its end as it stands at the pass's beginning. The wish for
passes is a record on the connections topic, under one key for the whole platform, so that its offset orders all wishes
without a clock; what a pass covers is the newest wish that was known when it began.
"""

from enum import StrEnum
from typing import Any, NamedTuple

import orjson

VERSION = 1

WISH_KEY = "parked"
"""Of the record that says: a pixel came back, go over what is parked."""

LATE_SECONDS = 10.0
"""So long after a pixel came back, another replica may still have parked something of it: one more pass looks."""


class Mark(NamedTuple):
    """Tells one wish from the others; two that are equal are the same."""

    offset: int = -1
    """Of the wish's record on the connections topic."""
    local: int = 0
    """Wishes of this process alone: such as could not be written."""


class Wish(NamedTuple):
    """The newest wish for passes."""

    mark: Mark = Mark()
    at: float = 0.0
    """When this process heard of it, Unix seconds."""


class Made(NamedTuple):
    """The last pass over one partition."""

    covers: Mark
    """The newest wish that was known when it began."""
    began: float
    """Unix seconds."""


class Rules(NamedTuple):
    """How often passes are made."""

    sweep_seconds: float
    """The longest that anything lies untouched."""
    pause_seconds: float
    """The shortest time between the end of a pass and the beginning of the next."""


class Why(StrEnum):
    """Why a pass is made."""

    RESUMED = "resumed"
    """A pixel came back after the last pass had begun."""
    LATE = "late"
    """A pixel came back shortly before the last pass began."""
    SWEEP = "sweep"
    """Long ago was the last one: what has outlived Meta's limit is to be told, and offsets are to be kept alive."""


def wanted(now: float, wish: Wish, last: Made | None, rests_until: float, rules: Rules) -> Why | None:
    """Return why a pass over a partition should begin now, if there is anything to read in it; None: not now.

    :param now: Unix seconds, as all times here.
    :param last: the partition's last pass; None: none is known.
    :param rests_until: no pass before this.
    """
    if now < rests_until:
        return None
    if last is None:
        return Why.SWEEP
    if last.covers != wish.mark:
        return Why.RESUMED
    if last.began < wish.at + LATE_SECONDS <= now:
        return Why.LATE
    return Why.SWEEP if now - last.began >= rules.sweep_seconds else None


def rest_until(began: float, ended: float, rules: Rules) -> float:
    """Return when the next pass may begin: one that took long rests as long, so that passes cost half of the time."""
    return ended + max(rules.pause_seconds, ended - began)


def made_key(partition: int) -> str:
    """Return the key of the record that tells a partition's last pass."""
    return f"{WISH_KEY}/{partition}"


def encode_made(made: Made, replica: str) -> bytes:
    """Write the record of a pass that is settled whole."""
    body = {"v": VERSION, "covers": made.covers.offset, "began": int(made.began * 1000), "replica": replica}
    return orjson.dumps(body)


def decode_made(key: str, value: bytes) -> tuple[int, Made] | None:
    """Return the partition and its last pass; None: that is no such record."""
    body = _body(value)
    prefix, _, partition = key.partition("/")
    covers, began = body.get("covers"), body.get("began")
    if prefix != WISH_KEY or not (partition.isascii() and partition.isdecimal()):
        return None
    if isinstance(covers, int) and isinstance(began, int):
        return int(partition), Made(Mark(covers), began / 1000)
    return None


def encode_wish(pixel_id: str, cause: str, replica: str, at: float) -> bytes:
    """Write the wish for passes; all in it but its place is for people.

    :param cause: a word for why.
    """
    return orjson.dumps({"v": VERSION, "pixel": pixel_id, "cause": cause, "replica": replica, "at": int(at * 1000)})


def decode_wish(value: bytes) -> float | None:
    """Return when a wish was written, Unix seconds; None: that is no wish."""
    at = _body(value).get("at")
    return at / 1000 if isinstance(at, int) else None


def _body(value: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(value)
    except ValueError:
        return {}
    return body if isinstance(body, dict) and body.get("v") == VERSION else {}
