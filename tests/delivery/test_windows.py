"""Windows: what travels together."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from streamer.delivery.batch import Batch, Entry
from streamer.delivery.windows import Windows
from streamer.settings import WindowSettings
from streamer.translate.engine import ServerEvent
from tests.support.deliveries import FAR, entry

LIMIT = 1024


def sized(number: int, size: int, pixel_id: str) -> Entry:
    event = ServerEvent(pixel_id, b"x" * size, "Lead", str(number), 1, FAR)
    return Entry(event, entry(number).record)


def joined(batch: Batch) -> int:
    return len(b",".join(one.event.body for one in batch.entries))


@given(
    st.lists(
        st.tuples(st.integers(1, 1500), st.sampled_from("abc"), st.floats(0, 3)),
        max_size=60,
    ),
    st.integers(1, 8),
)
def test_every_event_leaves_once_in_order_and_no_request_is_larger_than_meta_or_memory_allows(
    arrivals: list[tuple[int, str, float]], max_events: int
) -> None:
    windows = Windows(WindowSettings(seconds=5, max_events=max_events, max_bytes=LIMIT))
    sealed: list[Batch] = []
    came: dict[str, list[str]] = defaultdict(list)
    now = 0.0
    for number, (size, pixel_id, pause) in enumerate(arrivals):
        now += pause
        for batch in windows.due(now):
            assert batch.opened_at + 5 <= now or len(batch.entries) >= max_events or joined(batch) >= LIMIT - 1
            sealed.append(batch)
        came[pixel_id].append(str(number))
        batch_or_none = windows.add(sized(number, size, pixel_id), now)
        sealed += [batch_or_none] if batch_or_none else []
        assert windows.waiting + sum(len(batch.entries) for batch in sealed) == number + 1
    sealed += windows.flush()
    left: dict[str, list[str]] = defaultdict(list)
    for batch in sealed:
        assert 1 <= len(batch.entries) <= max_events
        assert joined(batch) <= LIMIT or len(batch.entries) == 1
        assert {one.event.pixel_id for one in batch.entries} == {batch.pixel_id}
        left[batch.pixel_id] += [one.event.event_id for one in batch.entries]
    assert left == came
    assert windows.waiting == 0
    assert windows.oldest is None


def test_an_event_never_waits_longer_than_the_window_is_open() -> None:
    windows = Windows(WindowSettings(seconds=5))
    windows.add(entry(1, "a"), 100.0)
    windows.add(entry(2, "b"), 102.0)
    windows.add(entry(3, "a"), 104.9)
    assert windows.due(104.9) == []
    (first,) = windows.due(105.0)
    assert [one.event.event_id for one in first.entries] == ["1", "3"]
    assert windows.oldest == 102.0
    (second,) = windows.due(107.0)
    assert second.pixel_id == "b"


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.floats(0, 2)), min_size=1, max_size=60), st.floats(0.1, 6))
def test_no_event_is_older_than_the_window_once_windows_were_looked_at(
    arrivals: list[tuple[str, float]], seconds: float
) -> None:
    windows, now = Windows(WindowSettings(seconds=seconds)), 0.0
    came: dict[str, float] = {}
    for number, (pixel_id, pause) in enumerate(arrivals):
        now += pause
        for batch in windows.due(now):
            leaves = [came.pop(one.event.event_id) for one in batch.entries]
            assert now - min(leaves) >= seconds, "sent before its time"
        assert all(now - at < seconds for at in came.values())
        windows.add(entry(number, pixel_id), now)
        came[str(number)] = now
        assert windows.oldest == min(came.values())


def test_an_event_larger_than_a_request_travels_alone_and_takes_nobody_with_it() -> None:
    windows = Windows(WindowSettings(max_bytes=LIMIT))
    assert windows.add(sized(1, 10, "a"), 0) is None
    before = windows.add(sized(2, 3 * LIMIT, "a"), 0)
    assert before is not None
    assert [one.event.event_id for one in before.entries] == ["1"]
    alone = windows.add(sized(3, 10, "a"), 0)
    assert alone is not None
    assert [one.event.event_id for one in alone.entries] == ["2"]


def test_a_window_of_no_seconds_is_due_at_once() -> None:
    windows = Windows(WindowSettings(seconds=0))
    windows.add(entry(1), 7.0)
    assert len(windows.due(7.0)) == 1


def test_a_pixel_that_went_quiet_leaves_nothing_behind() -> None:
    windows = Windows(WindowSettings(seconds=1))
    for number in range(10_000):
        windows.add(entry(number, str(number)), 0.0)
    assert len(windows.due(1.0)) == 10_000
    assert windows._open == {}
