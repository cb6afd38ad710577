"""Whether anything moves yet of what is to be drained."""

from streamer.delivery.attempt import Attempt
from streamer.delivery.batch import Batch, Entry
from streamer.delivery.drain import Drain
from streamer.kafka.progress import Progress
from tests.support.deliveries import batch, entry
from tests.support.lanes import TOKEN, hold, make, taken

LEAVING = Progress("tag-events", 3, 1, 0)


def leaving(pixel_id: str, number: int = 0) -> Batch:
    return Batch(pixel_id, [entry(number, pixel_id, progress=LEAVING)], 0.0)


def belongs(one: Entry) -> bool:
    return one.record.progress is LEAVING


def test_what_is_in_flight_or_may_go_now_moves_until_it_has_landed() -> None:
    lanes = make(1, 1)
    for pixel_id in ("a", "b"):
        lanes.submit(leaving(pixel_id), 0.0)
    drain = Drain(lanes, belongs)
    for _ in range(2):
        assert drain.moves(0.0)
        (attempt,) = taken(lanes)
        assert drain.moves(0.0)
        lanes.landed(attempt)
    assert not drain.moves(0.0)


def test_what_is_held_or_waits_for_another_try_does_not_move_until_its_time_has_come() -> None:
    lanes = make(9, 9)
    lanes.submit(leaving("held"), 0.0)
    hold(lanes, "held", 60.0)
    lanes.submit(leaving("of a held token"), 0.0)
    lanes._rules.scopes.hold(TOKEN, 50.0)
    lanes.put_back([Attempt(leaving("later"), not_before=40.0)], 0.0)
    drain = Drain(lanes, belongs)
    assert [drain.moves(now) for now in (0.0, 39.0, 49.0, 50.0)] == [False, False, False, True]


def test_what_stands_in_line_for_a_full_token_moves() -> None:
    lanes = make(9, 9, of_token=1)
    lanes.submit(batch(1, "other"), 0.0)
    lanes.submit(leaving("1"), 0.0)
    (attempt,) = taken(lanes)
    drain = Drain(lanes, belongs)
    assert drain.moves(0.0)
    lanes.landed(attempt)
    lanes.flush("1")
    assert not drain.moves(0.0)


def test_what_does_not_belong_is_not_waited_for() -> None:
    lanes = make(9, 9)
    lanes.submit(batch(1, "1"), 0.0)
    lanes.submit(Batch("1", [entry(1), entry(2, progress=LEAVING)], 0.0), 0.0)
    lanes.submit(batch(5, "2"), 0.0)
    drain = Drain(lanes, belongs)
    assert drain.moves(0.0)
    for attempt in taken(lanes):
        if any(map(belongs, attempt.entries)):
            lanes.landed(attempt)
    assert not drain.moves(0.0)


def test_a_landing_among_ten_thousand_pixels_does_not_look_at_all_of_them_again() -> None:
    lanes = make(64, 1)
    for number in range(10_000):
        lanes.submit(leaving(str(number), number), 0.0)
    looks = 0

    def counting(one: Entry) -> bool:
        nonlocal looks
        looks += 1
        return belongs(one)

    drain = Drain(lanes, counting)
    flying, moves = taken(lanes), 0
    while drain.moves(0.0):
        moves += 1
        lanes.landed(flying.pop(0))
        flying += taken(lanes)
    assert moves == 10_000
    assert looks == 10_000, "each event was asked about once"
