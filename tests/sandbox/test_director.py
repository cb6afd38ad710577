from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.sandbox.director import Act, Director, Scene
from streamer.sandbox.faults import parse_script
from tests.sandbox.examples import PIXEL, TOKEN, event


def director(*rules: dict[str, Any], seed: int = 0) -> Director:
    return Director(parse_script(list(rules), "test"), seed, started=100.0)


def scene(*events: Any, pixel: str = PIXEL, token: str = TOKEN, size: int = 1000) -> Scene:
    return Scene(pixel, token, events or (event(),), size)


def rule_of(script: Director, shown: Scene, now: float = 100.0) -> int | None:
    return script.act(shown, now).rule


THEN = {"code": 2}


@pytest.mark.parametrize(
    ("match", "hit", "miss"),
    [
        ({"pixel": PIXEL}, scene(), scene(pixel="99")),
        ({"pixel": [PIXEL, "98"]}, scene(pixel="98"), scene(pixel="99")),
        ({"token": TOKEN}, scene(), scene(token="other")),
        ({"event_name": "Lead"}, scene(event(), event(event_name="Lead")), scene(event(), event())),
        ({"event_id": ["o-1", "o-2"]}, scene(event(event_id="o-2")), scene(event(event_id="o-3"))),
        ({"event_name": "Lead", "event_id": "o-1"}, scene(event(event_name="Lead", event_id="o-1")), scene()),
        ({"min_events": 2}, scene(event(), event()), scene()),
        ({"min_bytes": 1000}, scene(size=1000), scene(size=999)),
        ({"event_name": "Lead"}, scene(event(event_name="Lead")), scene("junk", 5, {"event_name": ["Lead"]})),
    ],
)
def test_a_rule_is_for_the_requests_it_names(match: dict[str, Any], hit: Scene, miss: Scene) -> None:
    script = director({"match": match, "then": THEN})
    assert rule_of(script, hit) == 1
    assert rule_of(script, miss) is None
    assert dict(script.applied) == {1: 1}


def test_names_and_ids_must_be_those_of_one_event() -> None:
    script = director({"match": {"event_name": "Lead", "event_id": "o-1"}, "then": THEN})
    assert rule_of(script, scene(event(event_name="Lead"), event(event_id="o-1"))) is None


@pytest.mark.parametrize(
    ("match", "hits"),
    [
        ({"from": 10}, [10, 11, 20, 21, 50]),
        ({"until": 10}, [0, 9]),
        ({"from": 10, "until": 20}, [10, 11]),
        ({"from": 1, "until": 10, "every": 20}, [9, 21]),
    ],
)
def test_a_window_counts_from_the_moment_the_script_was_set(match: dict[str, Any], hits: list[int]) -> None:
    script = director({"match": match, "then": THEN})
    elapsed = [0, 9, 10, 11, 20, 21, 50]
    assert [now for now in elapsed if rule_of(script, scene(), 100.0 + now) == 1] == [
        now for now in elapsed if now in hits
    ]


@pytest.mark.parametrize(
    ("match", "hits"),
    [({"nth": 2}, [2]), ({"nth": [1, 4]}, [1, 4]), ({"every_nth": 3}, [3, 6]), ({"nth": 3, "every_nth": 3}, [3])],
)
def test_the_nth_counts_only_requests_that_fit_the_rest(match: dict[str, Any], hits: list[int]) -> None:
    script = director({"match": {**match, "pixel": PIXEL}, "then": THEN})
    seen = []
    for number in range(1, 7):
        assert rule_of(script, scene(pixel="99")) is None
        if rule_of(script, scene()) == 1:
            seen.append(number)
    assert seen == hits


def test_a_rule_is_used_up_after_its_times() -> None:
    script = director({"then": THEN, "times": 2}, {"then": {"code": 4}})
    assert [rule_of(script, scene()) for _ in range(4)] == [1, 1, 2, 2]


def test_rules_that_only_delay_add_up_before_the_one_that_decides() -> None:
    script = director(
        {"then": {"latency": 1, "headers": {"A": "1"}}},
        {"then": {"latency": 2, "no_trace": True}},
        {"then": {"code": 4, "latency": 4, "headers": {"B": "2"}}},
        {"then": {"code": 5, "latency": 8}},
    )
    act = script.act(scene(), 100.0)
    assert (act.delay, act.headers, act.no_trace, act.rule) == (7, (("A", "1"), ("B", "2")), True, 3)


def test_no_script_changes_nothing() -> None:
    assert director().act(scene(), 100.0) == Act()


@given(st.integers(0, 2**32), st.floats(0.01, 1))
def test_a_share_draws_the_same_for_the_same_seed(seed: int, share: float) -> None:
    one, two = (director({"match": {"share": share}, "then": THEN}, seed=seed) for _ in range(2))
    assert [rule_of(one, scene()) for _ in range(50)] == [rule_of(two, scene()) for _ in range(50)]


def test_a_share_of_requests_is_about_that_share() -> None:
    script = director({"match": {"share": 0.2}, "then": THEN}, seed=7)
    hits = sum(rule_of(script, scene()) == 1 for _ in range(5000))
    assert 850 < hits < 1150


def test_poison_is_the_same_events_however_they_are_batched() -> None:
    script = director({"match": {"event_share": 0.05}, "then": THEN}, seed=7)
    events = [event(event_id=f"o-{number}") for number in range(2000)]
    poison = [one for one in events if rule_of(script, scene(one)) == 1]
    assert 60 < len(poison) < 140
    healthy = [one for one in events if one not in poison]
    assert rule_of(script, scene(*healthy)) is None
    assert script.act(scene(*healthy, poison[3]), 100.0).event == len(healthy)


def test_a_share_of_pixels_is_the_same_pixels_each_time() -> None:
    script = director({"match": {"pixel_share": 0.1}, "then": THEN}, seed=7)
    hit = [[number for number in range(1000) if rule_of(script, scene(pixel=str(number))) == 1] for _ in range(2)]
    assert hit[0] == hit[1]
    assert 60 < len(hit[0]) < 140


def test_a_latency_range_is_drawn_from_within() -> None:
    script = director({"then": {"latency": [0.5, 1.5]}}, seed=7)
    delays = [script.act(scene(), 100.0).delay for _ in range(200)]
    assert 0.5 <= min(delays) < 0.7
    assert 1.3 < max(delays) <= 1.5
