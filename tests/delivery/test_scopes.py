"""Tokens and apps that many pixels share: how many of their requests go out, and when."""

from math import inf

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from streamer.delivery.scopes import PACED_FOR, Key, Scope, Scopes, scopes_of
from streamer.pixels.pixel import Pixel

PIXEL, TOKEN, APP = (Scope.PIXEL, "1"), (Scope.TOKEN, "t"), (Scope.APP, "a")
KEYS = (PIXEL, TOKEN, APP)


def make(token: int = 3, app: int = 5) -> Scopes:
    return Scopes({Scope.TOKEN: token, Scope.APP: app})


def started(scopes: Scopes, now: float, keys: tuple[Key, ...] = KEYS) -> int:
    """Start all that may start now."""
    count = 0
    while scopes.closed(keys, now) is None:
        scopes.enter(keys, now)
        count += 1
    return count


def test_pixels_share_their_tokens_limit_and_the_platforms_app_and_others_are_their_own() -> None:
    platform = [Pixel(name, access_token="ours", app_secret="secret") for name in "ab"]
    client = Pixel("c", access_token="theirs")
    (_, *first), (_, *second), (_, token, app) = map(scopes_of, (*platform, client))
    assert first == second
    assert {token[0], app[0]} == {Scope.TOKEN, Scope.APP}
    assert not {token, app} & set(first)
    assert len({scopes_of(pixel)[0] for pixel in (*platform, client)}) == 3


def test_no_more_requests_are_in_flight_than_a_token_may_have_and_one_that_lands_makes_room() -> None:
    scopes = make(token=3)
    assert started(scopes, 0.0) == 3
    assert scopes.closed(KEYS, 0.0) == (TOKEN, inf)
    assert scopes.closed((PIXEL, (Scope.TOKEN, "another"), APP), 0.0) is None
    scopes.leave(KEYS)
    assert started(scopes, 0.0) == 1


def test_after_a_hold_a_scope_comes_back_by_one_and_each_that_is_not_throttled_lets_in_one_more() -> None:
    scopes = make(token=8, app=8)
    assert started(scopes, 0.0) == 8
    scopes.hold(TOKEN, 60.0)
    for _ in range(8):
        scopes.not_throttled(KEYS, 0.0)  # these began before the hold and say nothing
        scopes.leave(KEYS)
    assert scopes.closed(KEYS, 59.0) == (TOKEN, 60.0)
    waves = []
    for now in (60.0, 61.0, 62.0, 63.0, 64.0):
        waves.append(started(scopes, now))
        for _ in range(waves[-1]):
            scopes.not_throttled(KEYS, now)
            scopes.leave(KEYS)
    assert waves == [1, 2, 4, 8, 8]


def test_a_hold_is_never_cut_short_by_a_shorter_one() -> None:
    scopes = make()
    scopes.hold(PIXEL, 90.0)
    scopes.hold(PIXEL, 10.0)
    assert scopes.held_until(KEYS, 20.0) == 90.0
    assert scopes.held_until(KEYS, 90.0) is None


def test_throttles_count_in_a_row_once_for_those_in_flight_together_and_end_with_one_that_passes() -> None:
    scopes = make()
    assert scopes.throttled(APP, 0.0) == 1
    scopes.hold(APP, 60.0)
    assert scopes.throttled(APP, 0.0) == 1, "it was in flight with the first"
    assert scopes.throttled(APP, 60.0) == 2
    scopes.hold(APP, 180.0)
    scopes.not_throttled((APP,), 60.0)
    assert scopes.throttled(APP, 180.0) == 3, "an answer from before the hold says nothing"
    scopes.hold(APP, 420.0)
    scopes.not_throttled((APP,), 420.0)
    assert scopes.throttled(APP, 421.0) == 1


def test_a_paced_scope_starts_one_request_in_each_space_until_its_usage_falls_or_is_not_told_again() -> None:
    scopes = make(token=100, app=100)
    scopes.pace(TOKEN, 2.0, 10.0)
    assert scopes.slowed(KEYS, 10.0)
    starts = [tick / 10 for tick in range(100, 200) if started(scopes, tick / 10)]
    assert starts == [12.0, 14.0, 16.0, 18.0]
    assert scopes.closed(KEYS, 19.0) == (TOKEN, 20.0)
    scopes.pace(TOKEN, 0.0, 19.0)
    assert scopes.closed(KEYS, 19.0) is None
    scopes.pace(TOKEN, 1000.0, 19.0)
    assert scopes.closed(KEYS, 300.0) == (TOKEN, 1019.0)
    assert scopes.closed(KEYS, 19.0 + PACED_FOR) is None
    assert not scopes.slowed(KEYS, 19.0 + PACED_FOR)


def test_a_smaller_space_counts_from_now_on() -> None:
    scopes = make()
    scopes.pace(APP, 10.0, 0.0)
    scopes.enter(KEYS, 0.0)
    scopes.pace(APP, 0.5, 1.0)
    assert scopes.closed(KEYS, 1.0) == (APP, 1.5)


def test_what_meta_slows_down_is_counted_by_kind_until_it_is_over_and_a_hold_before_a_space() -> None:
    scopes = make()
    scopes.hold(PIXEL, 60.0)
    scopes.pace(TOKEN, 1.0, 0.0)
    scopes.hold(APP, 90.0)
    scopes.pace(APP, 1.0, 0.0)

    def slowed(now: float) -> dict[tuple[str, str], int]:
        return {key: count for key, count in scopes.count_slowed(now).items() if count}

    assert slowed(59.0) == {("pixel", "held"): 1, ("token", "paced"): 1, ("app", "held"): 1}
    assert slowed(90.0) == {("token", "paced"): 1, ("app", "paced"): 1}
    assert slowed(PACED_FOR) == {}
    assert len(scopes.count_slowed(PACED_FOR)) == 6, "a series that is there at 0 is one that an alert can end by"


@pytest.mark.parametrize("what", ["enter", "hold", "pace"])
def test_a_scope_of_which_nothing_is_to_be_known_leaves_no_trace(what: str) -> None:
    scopes = make()
    for number in range(100):
        keys = ((Scope.PIXEL, str(number)), (Scope.TOKEN, str(number)), (Scope.APP, str(number)))
        scopes.enter(keys, 0.0)
        if what == "hold":
            scopes.hold(keys[number % 3], 60.0)
        elif what == "pace":
            scopes.pace(keys[number % 3], 1.0, 0.0)
        scopes.not_throttled(keys, 0.0)
        scopes.leave(keys)
    scopes.sweep(59.0)
    assert len(scopes) == (0 if what == "enter" else 100)
    scopes.sweep(PACED_FOR)
    assert len(scopes) == 0


class Many(RuleBasedStateMachine):
    """Scopes under random starts, landings, holds and spaces, beside the plainest account of them."""

    def __init__(self) -> None:
        super().__init__()
        self.scopes = make(token=2, app=3)
        self.now = 0.0
        self.flying: list[tuple[Key, ...]] = []
        self.held: dict[Key, float] = {}

    keys = st.tuples(
        st.sampled_from("12").map(lambda name: (Scope.PIXEL, name)),
        st.sampled_from("tu").map(lambda name: (Scope.TOKEN, name)),
        st.just(APP),
    )

    @rule(keys=keys)
    def start(self, keys: tuple[Key, ...]) -> None:
        closed = self.scopes.closed(keys, self.now)
        if closed is None:
            self.scopes.enter(keys, self.now)
            self.flying.append(keys)
            assert all(self.held.get(key, 0) <= self.now for key in keys)
        else:
            assert closed.opens_at > self.now

    @precondition(lambda self: self.flying)
    @rule(passed=st.booleans(), data=st.data())
    def land(self, passed: bool, data: st.DataObject) -> None:  # noqa: FBT001 - drawn by name
        keys = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        if passed:
            self.scopes.not_throttled(keys, self.now)
        self.scopes.leave(keys)

    @rule(keys=keys, at=st.integers(0, 2), seconds=st.floats(0, 50))
    def hold(self, keys: tuple[Key, ...], at: int, seconds: float) -> None:
        self.scopes.hold(keys[at], self.now + seconds)
        self.held[keys[at]] = max(self.held.get(keys[at], 0), self.now + seconds)

    @rule(keys=keys, at=st.integers(0, 2), space=st.sampled_from([0.0, 0.1, 5.0]))
    def pace(self, keys: tuple[Key, ...], at: int, space: float) -> None:
        self.scopes.pace(keys[at], space, self.now)

    @rule(seconds=st.floats(0, 100))
    def sleep(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def sweep(self) -> None:
        self.scopes.sweep(self.now)

    @invariant()
    def no_scope_has_more_in_flight_than_it_may(self) -> None:
        flying = [key for keys in self.flying for key in keys]
        assert all(flying.count((Scope.TOKEN, name)) <= 2 for name in "tu")
        assert flying.count(APP) <= 3

    @invariant()
    def a_scope_that_waits_for_nothing_in_flight_opens_by_itself(self) -> None:
        closed = self.scopes.closed(KEYS, self.now)
        if closed is not None and not any(closed.key in keys for keys in self.flying):
            assert closed.opens_at < inf


TestMany = Many.TestCase
