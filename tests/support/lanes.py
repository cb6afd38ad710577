"""Lanes for tests: with limits that do not adapt, and pixels whose token stands in their id."""

from math import inf

from streamer.delivery.attempt import Attempt
from streamer.delivery.concurrency import Limits
from streamer.delivery.lane import ALONE, Room
from streamer.delivery.lanes import Lanes, Rules
from streamer.delivery.scopes import Key, Scope, Scopes

TOKEN, APP = (Scope.TOKEN, "t"), (Scope.APP, "a")


class Fixed(Limits):
    """A limit that does not adapt."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self._most = most

    def of(self, pixel_id: str) -> int:
        return self._most


def keys_of(pixel_id: str) -> tuple[Key, ...]:
    """Return the scopes of a pixel: all have one app; what stands after a slash names the token, ``t`` if nothing."""
    return (Scope.PIXEL, pixel_id), (Scope.TOKEN, [*pixel_id.split("/"), "t"][1]), APP


def make(most: int, of_one: int, *, of_token: int = 10**6, of_app: int = 10**6) -> Lanes:
    """Return lanes with these limits on requests in flight."""
    return Lanes(Rules(Scopes({Scope.TOKEN: of_token, Scope.APP: of_app}), Fixed(of_one), keys_of, most))


def make_wide(room: Room = ALONE, most_bytes: float = inf) -> Lanes:
    """Return lanes with nine requests in flight at most, and these limits on their size."""
    return Lanes(Rules(Scopes({}), Fixed(9), keys_of, 9, most_bytes, room))


def hold(lanes: Lanes, pixel_id: str, until: float) -> None:
    """Hold a pixel."""
    lanes._rules.scopes.hold((Scope.PIXEL, pixel_id), until)


def taken(lanes: Lanes, now: float = 0.0) -> list[Attempt]:
    """Take all that may go now."""
    found = []
    while (attempt := lanes.take(now)) is not None:
        found.append(attempt)
    return found


def firsts(attempts: list[Attempt]) -> list[str]:
    """Return the id of the first event of each."""
    return [attempt.batch.entries[0].event.event_id for attempt in attempts]
