"""Replicas that tell each other how the pixels stand: what one finds out the others do, and no one starts a storm."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import pytest

from streamer.connections import Connections
from streamer.kafka.announcer import Announcer
from streamer.kafka.follower import News
from streamer.kafka.gate import Known
from streamer.kafka.passes import WISH_KEY, Made, Mark
from streamer.kafka.writer import Headers
from streamer.outcomes import Reason
from streamer.pixels.connection import Connection, State
from streamer.pixels.told import decode_told, fingerprint
from tests.support.deliveries import Book
from tests.support.paused import run_paused

PIXEL, OTHER = "1000000000000001", "1000000000000002"


def _parked(reason: Reason = Reason.TOKEN_DEAD) -> Connection:
    return Connection(State.PARKED, 100.0, reason, 190)


WORKS = Connection(State.WORKS, 200.0)
THROTTLED = Connection(State.THROTTLED, 150.0)


class Topic:
    """The connections topic, which its readers hear half a second later."""

    def __init__(self) -> None:
        self.records: list[News] = []
        self.readers: list[Connections] = []

    async def write(self, topic: str, value: bytes | None, key: bytes | str | None, headers: Headers = ()) -> None:
        news = News(str(key), value, len(self.records))
        self.records.append(news)
        asyncio.get_running_loop().call_later(0.5, self._give, news)

    def states(self, pixel_id: str = PIXEL) -> list[State]:
        told = (decode_told(news.key, news.value or b"") for news in self.records if news.key == pixel_id)
        return [each.connection.state for each in told if each is not None]

    @property
    def wishes(self) -> int:
        return sum(news.key == WISH_KEY for news in self.records)

    def _give(self, news: News) -> None:
        for reader in self.readers:
            reader.heard([news])


class Parker:
    """The courier, as far as parking goes."""

    def __init__(self) -> None:
        self.pixels: dict[str, tuple[Reason, str]] = {}
        self.unparked: list[str] = []

    def park(self, pixel_id: str, reason: Reason, *, since: float, told_by: str) -> None:
        self.pixels[pixel_id] = (reason, told_by)

    def unpark(self, pixel_id: str) -> None:
        self.unparked.append(pixel_id)
        self.pixels.pop(pixel_id, None)

    def parked(self) -> Mapping[str, object]:
        return self.pixels

    def state(self, pixel_id: str) -> tuple[State, Reason | None]:
        reason, _ = self.pixels.get(pixel_id, (None, ""))
        return (State.WORKS if reason is None else State.PARKED), reason


class Replica:
    """One process's connections."""

    def __init__(self, topic: Topic, *, old: bool = False) -> None:
        """Follow the topic from its end on, or, if ``old``, from its beginning."""
        loop = asyncio.get_running_loop()
        self.book = Book()
        self.parker = Parker()
        self.known: list[Known] = []
        self.failures: list[BaseException] = []
        self.proving: list[str] = []
        announcer = Announcer(topic, "streamer.connections", self.failures.append)
        self.connections = Connections(self.book, announcer, lambda: 1000.0 + loop.time())
        self.connections.join(self.parker)
        self.connections.learnt = self.known.append
        self.connections.prove = self.proving.append
        if old:
            self.connections.heard(topic.records)
        self.connections.caught_up()
        topic.readers.append(self.connections)

    def finds_out(self, connection: Connection, pixel_id: str = PIXEL) -> None:
        """Do what the courier does when it has found something out."""
        if connection.state is State.PARKED:
            self.parker.pixels[pixel_id] = (connection.reason or Reason.BLOCKED, "itself")
        else:
            self.parker.pixels.pop(pixel_id, None)
        self.connections.changed(pixel_id, connection)


def _play(story: Callable[[Topic, Replica, Replica], Coroutine[Any, Any, None]]) -> Topic:
    async def play() -> Topic:
        topic = Topic()
        one, two = Replica(topic), Replica(topic)
        await story(topic, one, two)
        await asyncio.sleep(60)
        assert one.failures == two.failures == []
        return topic

    return run_paused(play())


def test_what_one_replica_finds_out_the_other_does_and_says_nothing_of_its_own() -> None:
    async def story(topic: Topic, one: Replica, two: Replica) -> None:
        one.finds_out(_parked())
        await asyncio.sleep(5)
        assert two.parker.pixels == {PIXEL: (Reason.TOKEN_DEAD, one.connections.replica)}
        one.finds_out(WORKS)
        await asyncio.sleep(5)
        assert two.parker.pixels == {}
        two.connections.changed(PIXEL, WORKS)  # its own first success after that

    topic = _play(story)
    assert topic.states() == [State.PARKED, State.WORKS]
    assert topic.wishes == 1


def test_a_replica_that_starts_keeps_parked_pixels_parked_without_a_request() -> None:
    async def story(topic: Topic, one: Replica, two: Replica) -> None:
        one.finds_out(_parked())
        one.finds_out(_parked(Reason.NO_PERMISSION), OTHER)
        await asyncio.sleep(5)
        one.finds_out(WORKS, OTHER)
        await asyncio.sleep(5)
        late = Replica(topic, old=True)
        assert late.parker.pixels == {PIXEL: (Reason.TOKEN_DEAD, one.connections.replica)}
        assert late.proving == []

    _play(story)


def test_a_replica_with_another_token_does_not_obey_and_one_that_starts_with_another_finds_out() -> None:
    async def story(topic: Topic, one: Replica, two: Replica) -> None:
        two.book.tokens[PIXEL] = "invented-new"
        one.finds_out(_parked())
        await asyncio.sleep(5)
        assert two.parker.pixels == {}
        two.parker.pixels[PIXEL] = (Reason.BLOCKED, "itself")
        one.finds_out(WORKS)
        await asyncio.sleep(5)
        assert PIXEL in two.parker.pixels, "the other's token works, and not ours"

        one.finds_out(_parked())
        await asyncio.sleep(5)
        late = Replica(topic)
        late.book.tokens[PIXEL] = "invented-new"
        late.connections.lost()
        late.connections.heard(topic.records)
        late.connections.caught_up()
        assert (late.parker.pixels, late.proving) == ({}, [PIXEL])

    _play(story)


def test_a_new_token_of_a_parked_pixel_is_proved_and_its_parked_events_are_wanted_only_then() -> None:
    async def story(topic: Topic, one: Replica, two: Replica) -> None:
        one.finds_out(_parked())
        await asyncio.sleep(5)
        for replica in (one, two):
            replica.book.tokens[PIXEL] = "invented-new"
            replica.connections.token_changed([PIXEL, OTHER])
            assert replica.parker.unparked == [PIXEL, OTHER]
            assert replica.proving == [PIXEL]
        await asyncio.sleep(5)
        assert topic.wishes == 0
        one.connections.works(PIXEL, "token")
        one.finds_out(WORKS)  # the courier's first success
        await asyncio.sleep(5)
        assert two.connections.states[PIXEL].token == fingerprint("invented-new")

    topic = _play(story)
    assert topic.states() == [State.PARKED, State.WORKS]
    assert topic.wishes == 1


def test_a_new_token_that_is_dead_too_parks_the_pixel_again_everywhere() -> None:
    async def story(topic: Topic, one: Replica, two: Replica) -> None:
        one.finds_out(_parked())
        await asyncio.sleep(5)
        for replica in (one, two):
            replica.book.tokens[PIXEL] = "invented-new"
            replica.connections.token_changed([PIXEL])
        one.connections.refused(PIXEL, _parked(Reason.NO_PERMISSION))
        await asyncio.sleep(5)
        assert two.parker.pixels == {PIXEL: (Reason.NO_PERMISSION, one.connections.replica)}

    assert _play(story).wishes == 0


def test_what_was_parked_when_the_pixel_had_come_back_already_is_wanted_again() -> None:
    async def story(topic: Topic, one: Replica, two: Replica) -> None:
        one.finds_out(_parked())
        one.connections.copied(PIXEL)
        assert one.connections.last_copied(PIXEL) == 1000.0
        await asyncio.sleep(5)
        assert topic.wishes == 0
        one.finds_out(WORKS)
        one.connections.forget_copied()
        assert one.connections.last_copied(PIXEL) is None
        await asyncio.sleep(5)
        one.connections.copied(PIXEL)

    assert _play(story).wishes == 2


def test_a_throttle_is_told_and_nothing_is_tried_again_when_it_ends() -> None:
    async def story(topic: Topic, one: Replica, two: Replica) -> None:
        one.finds_out(THROTTLED)
        await asyncio.sleep(5)
        assert two.connections.states[PIXEL].connection.state is State.THROTTLED
        assert two.parker.pixels == {}
        one.finds_out(WORKS)

    topic = _play(story)
    assert topic.states() == [State.THROTTLED, State.WORKS]
    assert topic.wishes == 0


def test_one_replicas_full_memory_parks_no_pixel_of_another() -> None:
    async def story(topic: Topic, one: Replica, two: Replica) -> None:
        one.finds_out(_parked(Reason.BACKLOG))
        await asyncio.sleep(5)
        assert two.parker.pixels == {}
        assert two.connections.states[PIXEL].connection.reason is Reason.BACKLOG

    _play(story)


def test_of_two_that_say_different_things_at_the_same_time_the_later_record_counts_for_both() -> None:
    async def story(topic: Topic, one: Replica, two: Replica) -> None:
        one.finds_out(_parked())
        await asyncio.sleep(5)
        two.finds_out(WORKS)
        one.connections.refused(PIXEL, _parked(Reason.BLOCKED))
        await asyncio.sleep(10)
        assert topic.states()[-1] is State.PARKED
        for replica in (one, two):
            assert PIXEL in replica.parker.pixels
            assert replica.connections.states[PIXEL].connection.reason is Reason.BLOCKED

    _play(story)


def test_a_state_that_changes_again_and_again_is_told_now_and_then_and_its_end_is_known_to_all() -> None:
    async def story(topic: Topic, one: Replica, two: Replica) -> None:
        for _ in range(50):
            one.finds_out(_parked())
            await asyncio.sleep(0.1)
            one.finds_out(WORKS)
            await asyncio.sleep(0.1)
        await asyncio.sleep(5)
        assert PIXEL not in two.parker.pixels
        assert PIXEL not in one.parker.pixels

    topic = _play(story)
    assert len(topic.states()) <= 8
    assert 1 <= topic.wishes <= 8


def test_every_replica_learns_of_a_wish_and_of_passes_that_were_made() -> None:
    async def story(topic: Topic, one: Replica, two: Replica) -> None:
        one.connections.wish(PIXEL, "works")
        await asyncio.sleep(5)
        wish = two.known[-1].wish
        assert wish == one.known[-1].wish
        assert (wish.mark, wish.at) == (Mark(0, 0), 1000.5)
        made = Made(wish.mark, 1003.0)
        two.connections.made(7, made)
        await asyncio.sleep(5)
        assert one.known[-1].made == {7: made} == two.known[-1].made
        late = Replica(topic, old=True)
        assert late.connections.known.made == {7: made}
        assert late.connections.known.wish == (Mark(0, 0), 1000.0)

    _play(story)


def test_without_the_topic_a_replica_makes_its_own_passes() -> None:
    async def story(topic: Topic, one: Replica, two: Replica) -> None:
        one.connections.lost()
        one.finds_out(_parked())
        one.finds_out(WORKS)
        assert one.known[-1].wish.mark == Mark(-1, 1)

    _play(story)


@pytest.mark.parametrize(
    ("key", "value"),
    [("", b"x"), ("parked", b"x"), ("parked/0", b"x"), (PIXEL, b"{}"), ("test/1", b"x"), ("of a later version", b"{}")],
)
def test_a_record_that_nobody_understands_is_counted_and_harms_nothing(key: str, value: bytes) -> None:
    async def story(topic: Topic, one: Replica, two: Replica) -> None:
        one.finds_out(_parked())
        await asyncio.sleep(5)
        await topic.write("", value, key)
        await asyncio.sleep(5)
        assert two.connections.not_understood == 1
        assert PIXEL in two.parker.pixels
        await topic.write("", None, PIXEL)
        await asyncio.sleep(5)
        assert two.connections.states == {}
        assert two.connections.not_understood == 1

    _play(story)
