"""The pixels' connections as all replicas know them: what is found out here is told, what others tell is obeyed.

The loop's side of the connections topic. The topic's order decides: of two replicas that say different things, the
later record holds for both.
"""

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from streamer.kafka.announcer import Announcer
from streamer.kafka.follower import News
from streamer.kafka.gate import Known
from streamer.kafka.passes import (
    WISH_KEY,
    Made,
    Mark,
    Wish,
    decode_made,
    decode_wish,
    encode_made,
    encode_wish,
    made_key,
)
from streamer.outcomes import Reason
from streamer.pixels.connection import Connection, State
from streamer.pixels.pixel import PixelBook
from streamer.pixels.told import Told, decode_tested, decode_told, encode_told, fingerprint

_log = structlog.get_logger(__name__)

_REMEMBERED = 50_000
"""Pixels whose state is remembered."""
_OWN_MATTERS = frozenset({Reason.BACKLOG})
"""Reasons for which one replica parks a pixel and no other need: its own memory ran full."""


class Parker(Protocol):
    """What the courier does for us."""

    def park(self, pixel_id: str, reason: Reason, *, since: float, told_by: str) -> None:
        """Park a pixel without a request."""

    def unpark(self, pixel_id: str) -> None:
        """Let the next batch of a pixel go out."""

    def parked(self) -> Mapping[str, object]:
        """Return the parked pixels."""
        ...

    def state(self, pixel_id: str) -> tuple[State, Reason | None]:
        """Return how a pixel stands, and the reason if it is parked."""
        ...


class Connections:
    """Tells, hears and obeys. Every method runs on the loop."""

    def __init__(self, book: PixelBook, announcer: Announcer, clock: Callable[[], float] = time.time) -> None:
        """Know nothing yet; :meth:`join` completes it.

        :param clock: Unix seconds.
        """
        self.replica = uuid.uuid4().hex[:12]
        """Names this process to the others."""
        self.following = False
        """What others tell is heard; without that, wishes are this process's own."""
        self.not_understood = 0
        """Records of the topic that were passed over."""
        self.prove: Callable[[str], None] = self._wish_at_once
        """Called with a pixel that may work again: find out, and say :meth:`works` or :meth:`refused`."""
        self.learnt: Callable[[Known], None] = _nothing
        """Called with what is known of passes, when it has changed."""
        self._book = book
        self._announcer = announcer
        self._clock = clock
        self._parker: Parker
        self._live = False
        self._told: dict[str, Told] = {}
        self._mine: dict[str, bytes] = {}  # what was told here and has not come back yet
        self._copied: dict[str, float] = {}
        self._wish = Wish()
        self._made: dict[int, Made] = {}
        announcer.unwritten = self._unwritten

    def join(self, parker: Parker) -> None:
        """Take the courier, which was made to answer to this."""
        self._parker = parker

    # ---- what is found out here

    def changed(self, pixel_id: str, connection: Connection) -> None:
        """Tell the others what the courier found out of a pixel."""
        before = self._told.get(pixel_id)
        works = connection.state is State.WORKS
        if works and before is not None and self._is_about_ours(pixel_id, before) and _state(before) is State.WORKS:
            return  # it was told before
        self._tell(pixel_id, connection)
        if works and before is not None and _state(before) is State.PARKED:
            self.wish(pixel_id, "works")

    def works(self, pixel_id: str, cause: str) -> None:
        """Take up a parked pixel of which it is known now that it works: its events are sent again, parked ones too."""
        self._parker.unpark(pixel_id)
        self._tell(pixel_id, Connection(State.WORKS, self._clock()))
        self.wish(pixel_id, cause)

    def refused(self, pixel_id: str, connection: Connection) -> None:
        """Take note that a pixel does not work, by a request of which the courier knows nothing."""
        before, reason = self._told.get(pixel_id), connection.reason or Reason.BLOCKED
        known = before is not None and (_state(before), before.connection.reason) == (State.PARKED, reason)
        if known and self._is_parked(pixel_id) and before is not None and self._is_about_ours(pixel_id, before):
            return
        self._parker.park(pixel_id, reason, since=connection.since_unix, told_by=self.replica)
        self._tell(pixel_id, connection)

    def token_changed(self, pixel_ids: Iterable[str]) -> None:
        """Take up the new tokens of these pixels."""
        for pixel_id in pixel_ids:
            was_parked = self._is_parked(pixel_id)
            self._parker.unpark(pixel_id)
            if was_parked:
                self.prove(pixel_id)

    def copied(self, pixel_id: str) -> None:
        """Take note that something of a pixel was parked: if it is not parked any more, that came too late."""
        if self._is_parked(pixel_id):
            self._copied[pixel_id] = self._clock()
        else:
            self.wish(pixel_id, "late")

    def wish(self, pixel_id: str, cause: str) -> None:
        """Ask every replica for a pass over what is parked."""
        now = self._clock()
        self._announcer.say(WISH_KEY, encode_wish(pixel_id, cause, self.replica, now))
        if not self.following:
            self._wish_here()

    def made(self, partition: int, made: Made) -> None:
        """Take note of a pass over a partition of which everything is settled."""
        self._made[partition] = made
        self._announcer.say(made_key(partition), encode_made(made, self.replica))
        self.learnt(self.known)

    # ---- what is told

    def heard(self, news: Sequence[News]) -> None:
        """Take in records of the topic, in order."""
        for one in news:
            if not self._hear(one):
                self.not_understood += 1
        self.learnt(self.known)

    def caught_up(self) -> None:
        """Obey what was heard so far; from now on, at once."""
        self._live = True
        self.following = True
        for pixel_id, told in list(self._told.items()):
            if _state(told) is State.PARKED and not self._is_about_ours(pixel_id, told):
                self.prove(pixel_id)  # it got another token while nobody looked
            else:
                self._obey(pixel_id, told)

    def lost(self) -> None:
        """Take note that the topic is not followed any more; what follows next may be its beginning again."""
        self._live = self.following = False

    @property
    def known(self) -> Known:
        """What is known of passes."""
        return Known(self._wish, dict(self._made))

    @property
    def states(self) -> Mapping[str, Told]:
        """What is known of the pixels that had trouble at some time."""
        return self._told

    def last_copied(self, pixel_id: str) -> float | None:
        """Return when something of a parked pixel was last parked here, Unix seconds; None: never."""
        return self._copied.get(pixel_id)

    def forget_copied(self) -> None:
        """Forget when something was parked of pixels that are parked no more."""
        parked = self._parker.parked()
        self._copied = {pixel_id: at for pixel_id, at in self._copied.items() if pixel_id in parked}

    def _hear(self, news: News) -> bool:
        if news.value is None:
            self._told.pop(news.key, None)
            return True
        if news.key == WISH_KEY:
            return self._hear_wish(news.offset, news.value)
        if (made := decode_made(news.key, news.value)) is not None:
            self._made[made[0]] = made[1]
            return True
        if decode_tested(news.key, news.value) is not None:
            return True  # for people alone
        told = decode_told(news.key, news.value)
        if told is not None:
            self._hear_told(news.key, told, news.value)
        return told is not None

    def _hear_wish(self, offset: int, value: bytes) -> bool:
        written_at, now = decode_wish(value), self._clock()
        if written_at is None:
            return False
        self._wish = Wish(Mark(offset, self._wish.mark.local), now if self._live else min(written_at, now))
        return True

    def _hear_told(self, pixel_id: str, told: Told, value: bytes) -> None:
        if told.replica == self.replica:
            if self._mine.get(pixel_id) != value:
                return  # something newer of ours is on its way
            del self._mine[pixel_id]
            if self._told.get(pixel_id) == told:
                return
        self._remember(pixel_id, told)
        if self._live:
            self._obey(pixel_id, told)

    def _obey(self, pixel_id: str, told: Told) -> None:
        """Do as we are told, if it is about the token that we have."""
        if not self._is_about_ours(pixel_id, told):
            return
        state, reason, parked = _state(told), told.connection.reason, self._is_parked(pixel_id)
        if state is State.PARKED and not parked and reason is not None and reason not in _OWN_MATTERS:
            self._parker.park(pixel_id, reason, since=told.connection.since_unix, told_by=told.replica)
        elif state is State.WORKS and parked:
            self._parker.unpark(pixel_id)

    def _is_parked(self, pixel_id: str) -> bool:
        return self._parker.state(pixel_id)[0] is State.PARKED

    def _is_about_ours(self, pixel_id: str, told: Told) -> bool:
        return told.token == fingerprint(self._book.get(pixel_id).access_token)

    def _tell(self, pixel_id: str, connection: Connection) -> None:
        token = fingerprint(self._book.get(pixel_id).access_token)
        value = encode_told(Told(connection, token, self.replica, self._clock()))
        told = decode_told(pixel_id, value)
        if told is None:
            return  # no pixel's id, or a state that nobody could read
        self._remember(pixel_id, told)
        self._mine[pixel_id] = value
        self._announcer.say(pixel_id, value)

    def _remember(self, pixel_id: str, told: Told) -> None:
        self._told.pop(pixel_id, None)
        self._told[pixel_id] = told
        if len(self._told) > _REMEMBERED:
            fine = (each for each, known in self._told.items() if _state(known) is State.WORKS)
            del self._told[next(fine, next(iter(self._told)))]

    def _wish_at_once(self, pixel_id: str) -> None:
        self.wish(pixel_id, "token")

    def _wish_here(self) -> None:
        """Wish for a pass over our own partitions, for nobody else can hear of it."""
        self._wish = Wish(self._wish.mark._replace(local=self._wish.mark.local + 1), self._clock())
        self.learnt(self.known)

    def _unwritten(self, key: str) -> None:
        if key == WISH_KEY and self.following:
            self._wish_here()
        self._mine.pop(key, None)


def _state(told: Told) -> State:
    return told.connection.state


def _nothing(known: Known) -> None:
    pass
