"""Turns: fair shares of bytes, lines before scopes, and what is joined or taken out."""

from collections import Counter
from collections.abc import Iterable

import pytest

from streamer.delivery.attempt import Attempt
from streamer.delivery.batch import Entry
from streamer.delivery.lane import Room
from streamer.delivery.lanes import TURN_BYTES
from streamer.delivery.scopes import Closed, Key, Scopes
from tests.support.deliveries import batch
from tests.support.lanes import TOKEN, firsts, hold, make, make_wide, taken


@pytest.mark.parametrize("events", [1000, 5000])
@pytest.mark.parametrize("limits", [(1, 1, 9, 9), (100, 9, 1, 9), (100, 9, 9, 1)], ids=["all", "token", "app"])
def test_a_pixel_with_large_requests_gets_no_more_bytes_than_those_with_small_ones(
    limits: tuple[int, int, int, int], events: int
) -> None:
    """Every one of them has far more to send than there is time for, over all, with their token or in their app."""
    lanes, large = make(*limits[:2], of_token=limits[2], of_app=limits[3]), batch(events, "large")
    for number in range(150):
        lanes.submit(large, 0.0)
        for pixel_id in ("a", "b", "c"):
            lanes.submit(batch(1, pixel_id, first=number), 0.0)
    spent: Counter[str] = Counter()
    for _ in range(400):
        (attempt,) = taken(lanes)
        spent[attempt.batch.pixel_id] += max(attempt.size, TURN_BYTES)
        lanes.landed(attempt)
    assert spent["large"] > 0
    assert max(spent.values()) - min(spent.values()) <= Attempt(large).size + TURN_BYTES


def test_a_large_request_goes_at_once_when_nobody_else_wants_a_turn() -> None:
    lanes = make(9, 9)
    lanes.submit(batch(2000, first=1), 0.0)
    assert Attempt(batch(2000)).size > 2 * TURN_BYTES
    assert len(taken(lanes)) == 1


def test_pixels_whose_token_has_all_it_may_wait_in_line_and_each_landing_lets_in_one() -> None:
    lanes = make(100, 9, of_token=2)
    for number in range(10):
        lanes.submit(batch(1, f"{number}", first=number), 0.0)
    lanes.submit(batch(1, "other/u", first=99), 0.0)
    first = taken(lanes)
    assert sorted(firsts(first)) == ["0", "1", "99"]
    assert lanes.next_wake() is None, "what lands wakes them, and no clock"
    order = []
    flying = [attempt for attempt in first if attempt.batch.pixel_id != "other/u"]
    while flying:
        lanes.landed(flying.pop(0))
        came = taken(lanes)
        assert len(came) <= 1
        order += firsts(came)
        flying += came
    assert order == [str(number) for number in range(2, 10)]


class Counting(Scopes):
    """Counts how often anybody asks."""

    asked = 0

    def closed(self, keys: Iterable[Key], now: float) -> Closed | None:
        self.asked += 1
        return super().closed(keys, now)


def test_ten_thousand_pixels_in_line_for_a_token_cost_a_few_looks_a_landing_and_no_alarm() -> None:
    lanes = make(100, 9, of_token=1)
    for number in range(10_000):
        lanes.submit(batch(1, str(number), first=number), 0.0)
    (attempt,) = taken(lanes)
    scopes = lanes._rules.scopes
    scopes.__class__ = Counting
    assert isinstance(scopes, Counting)
    for _ in range(1000):
        lanes.landed(attempt)
        (attempt,) = taken(lanes)
    assert scopes.asked <= 4 * 1000
    assert lanes._alarms == []


def test_a_held_tokens_pixels_wait_for_one_alarm_and_come_back_one_then_two_then_four() -> None:
    lanes = make(1000, 9, of_token=1000)
    for number in range(50):
        lanes.submit(batch(1, str(number), first=number), 0.0)
    lanes._rules.scopes.hold(TOKEN, 60.0)
    assert taken(lanes) == []
    assert len(lanes._alarms) == 1
    now, waves = 60.0, []
    while lanes.waiting_events:
        wave = taken(lanes, now)
        waves.append(len(wave))
        for attempt in wave:
            lanes._rules.scopes.not_throttled((TOKEN,), now)
            lanes.landed(attempt)
        now += 1
    assert waves == [1, 2, 4, 8, 16, 19]


def test_pixels_that_share_a_full_token_do_not_keep_another_from_its_turn() -> None:
    lanes = make(2, 1, of_token=2)
    for number in range(20):
        lanes.submit(batch(1, f"{number}", first=number), 0.0)
    flying = taken(lanes)
    lanes.submit(batch(1, "other/u", first=99), 0.0)
    came: list[str] = []
    while "99" not in came:
        lanes.landed(flying.pop(0))
        flying += (new := taken(lanes))
        came += firsts(new)
    assert len(came) <= 20


def test_a_paced_token_sends_one_request_in_each_space_whichever_pixel_it_is_for() -> None:
    lanes = make(100, 9)
    for number in range(5):
        lanes.submit(batch(1, str(number), first=number), 0.0)
    lanes._rules.scopes.pace(TOKEN, 2.0, 0.0)
    times, now = [], 0.0
    while lanes.waiting_events:
        for attempt in taken(lanes, now):
            times.append(now)
            lanes.landed(attempt)
        now = lanes.next_wake() or now
    assert times == [2.0, 4.0, 6.0, 8.0, 10.0]


def test_what_waits_and_was_never_sent_goes_in_one_request_as_large_as_may_be() -> None:
    lanes = make_wide(Room(100, 10**6))
    for number in range(250):
        lanes.submit(batch(1, first=number), float(number))
    found = taken(lanes)
    assert [len(attempt.batch.entries) for attempt in found] == [100, 100, 50]
    assert [one.event.event_id for attempt in found for one in attempt.entries] == [str(n) for n in range(250)]
    assert lanes.bytes_in_flight == sum(attempt.size for attempt in found)
    for attempt in found:
        lanes.landed(attempt)
    assert lanes._lanes == {}


def test_what_was_sent_before_keeps_its_bytes_and_is_joined_with_nothing() -> None:
    lanes = make_wide(Room(100, 10**6))
    lanes.submit(batch(2, first=0), 0.0)
    (tried,) = taken(lanes)
    lanes.put_back([tried.later(0.0)], 0.0)
    lanes.landed(tried)
    for number in (10, 20):
        lanes.submit(batch(1, first=number), 0.0)
    assert [[one.event.event_id for one in attempt.entries] for attempt in taken(lanes)] == [["0", "1"], ["10", "20"]]


@pytest.mark.parametrize("room", [Room(100, 3.5), Room(3, 1000.0)])
def test_joining_ends_where_the_bytes_or_the_events_of_a_request_do(room: Room) -> None:
    one = Attempt(batch(1)).size
    lanes = make_wide(Room(room.events, room.size * one))
    for number in range(9):
        lanes.submit(batch(1, first=number), 0.0)
    assert [len(attempt.entries) for attempt in taken(lanes)] == [3, 3, 3]


def test_a_joined_request_never_takes_more_bytes_than_are_left_for_all_in_flight() -> None:
    one = Attempt(batch(1)).size
    lanes = make_wide(Room(1000, 10**6), most_bytes=5 * one)
    for pixel_id in ("a", "b"):
        for number in range(4):
            lanes.submit(batch(1, pixel_id, first=number), 0.0)
    assert [len(attempt.entries) for attempt in taken(lanes)] == [4, 1]
    assert lanes.bytes_in_flight == 5 * one


def test_all_that_a_pixel_has_waiting_is_taken_out_whether_held_waiting_or_in_line() -> None:
    lanes = make(9, 2, of_token=2)
    for number in range(4):
        lanes.submit(batch(1, first=number), 0.0)
    lanes.put_back([Attempt(batch(1, first=9), not_before=50.0)], 0.0)
    flying = taken(lanes)
    hold(lanes, "1", 3600.0)
    lanes.submit(batch(1, "2", first=20), 0.0)
    assert taken(lanes) == []
    assert len(lanes._lines) == 1
    assert set(firsts([*lanes.flush("1"), *lanes.flush("2")])) == {"2", "3", "9", "20"}
    assert lanes.flush("never seen") == []
    assert lanes._lines == {}
    for attempt in flying:
        lanes.landed(attempt)
    assert lanes._lanes == {}
    assert taken(lanes, 3600.0) == []


def test_what_is_left_out_of_what_waits_is_gone_and_the_order_stays() -> None:
    lanes = make(9, 9)
    for number in range(3):
        lanes.submit(batch(3, first=10 * number), 0.0)
    lanes.put_back([Attempt(batch(2, first=50), not_before=9.0), Attempt(batch(2, first=60))], 0.0)
    lanes.submit(batch(1, "2", first=10), 0.0)

    def keeps(one: Entry) -> bool:
        return not 10 <= int(one.event.event_id) < 20 and one.event.event_id != "50"

    lanes.sift(lambda attempt: attempt.only(keeps))
    assert list(lanes._lanes) == ["1"]
    assert firsts(taken(lanes, 9.0)) == ["51", "60", "0", "20"]
