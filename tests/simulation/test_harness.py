"""A simulation that notices nothing proves nothing: each promise is broken here on purpose."""

import asyncio
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from streamer.assignments import Assignments
from streamer.delivery.backoff import Backoff
from streamer.delivery.batch import Settlement
from streamer.delivery.capi import Response
from streamer.delivery.courier import Courier, Office
from streamer.delivery.requests import Request
from streamer.delivery.windows import Windows
from streamer.kafka.crossing import Positions
from streamer.kafka.progress import Position, Progress
from streamer.ledger import Ledger
from streamer.memory import Budget
from streamer.outcomes import Outcome, Reason
from streamer.settings import DeliverySettings, MetaSettings, WindowSettings
from tests.simulation.answers import Said
from tests.simulation.census import census
from tests.simulation.figures import FIGURES
from tests.simulation.judge import play
from tests.simulation.meta import Wire
from tests.simulation.replica import Replica
from tests.simulation.scenario import Scenario, numbers
from tests.simulation.witness import BrokenPromiseError

_PAGE = Path(__file__).parents[2] / "docs" / "simulation.md"


def _scenario(**more: Any) -> Scenario:
    short: dict[str, Any] = {"title": "A minute.", "seconds": 60, "pixels": 2, "load": [{"every": 2}]}
    return Scenario.model_validate(short | more)


def _resent(monkeypatch: pytest.MonkeyPatch, change: tuple[bytes, bytes] = (b"", b"")) -> None:
    """Let each request be sent once more, a request later, with a change in its body."""
    before: list[Request] = []
    send = Wire.post

    async def post(wire: Wire, request: Request) -> Response:
        if before:
            again = before.pop()
            await send(wire, again._replace(body=again.body.replace(*change)))
        before.append(request)
        return await send(wire, request)

    monkeypatch.setattr(Wire, "post", post)


def test_a_fine_run_is_no_offence() -> None:
    play(_scenario())


def test_a_commit_before_the_outcome_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Progress, "position", lambda progress: Position(progress.end, ""))
    with pytest.raises(BrokenPromiseError, match="committed without an outcome"):
        play(_scenario())


def test_a_commit_of_something_that_meta_does_not_have_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def swallow(_wire: Wire, request: Request) -> Response:
        count = request.body.count(b'"event_name"')
        return Response(200, {}, b'{"events_received":%d,"fbtrace_id":"x"}' % count)

    monkeypatch.setattr(Wire, "post", swallow)
    with pytest.raises(BrokenPromiseError, match="committed as delivered"):
        play(_scenario())


def test_an_event_that_is_sent_after_its_outcome_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    _resent(monkeypatch)
    with pytest.raises(BrokenPromiseError, match="although it has an outcome"):
        play(_scenario())


def test_an_event_that_is_sent_again_with_other_bytes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    _resent(monkeypatch, (b"Purchase", b"Purchases"))
    with pytest.raises(BrokenPromiseError, match="with other bytes"):
        play(_scenario())


def test_an_event_that_is_settled_twice_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    settled = Replica._settled

    def twice(replica: Replica, settlement: Settlement) -> None:
        settled(replica, settlement)
        settled(replica, settlement)

    monkeypatch.setattr(Replica, "_settled", twice)
    with pytest.raises(BrokenPromiseError, match="settled twice"):
        play(_scenario())


def test_a_dead_letter_that_meta_never_refused_by_itself_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    load = [{"every": 2, "bad_every": 7}]
    play(_scenario(load=load))
    monkeypatch.setattr(Said, "refuses", False)  # Meta forgets what it has refused
    with pytest.raises(BrokenPromiseError, match="not refused by itself"):
        play(_scenario(load=load))


def test_what_is_left_at_the_end_is_noticed() -> None:
    rules = [{"answer": "unavailable"}]
    with pytest.raises(BrokenPromiseError, match="have no outcome"):
        play(_scenario(meta={"rules": rules}))
    play(_scenario(meta={"rules": rules}, ends="with_rest"))


def test_a_ledger_that_does_not_balance_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "translated", lambda *_: None)
    with pytest.raises(BrokenPromiseError, match="does not balance"):
        play(_scenario())


def test_a_ledger_that_counts_too_much_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    settled = Ledger.settled

    def twice(ledger: Ledger, pixel_id: str, outcome: Outcome, reason: Reason | None, events: int) -> None:
        ledger.translated(pixel_id, events)
        settled(ledger, pixel_id, outcome, reason, 2 * events)

    monkeypatch.setattr(Ledger, "settled", twice)
    with pytest.raises(BrokenPromiseError, match="says delivered 60 instead of 30"):
        play(_scenario(pixels=1))


def test_more_requests_in_flight_than_allowed_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = _scenario(pixels=5, meta={"latency": 1}, settings={"delivery": {"max_in_flight": 1}})
    play(scenario)

    def hasty(office: Office, meta: MetaSettings, delivery: DeliverySettings, backoff: Backoff) -> Courier:
        return Courier(office, meta, delivery.model_copy(update={"max_in_flight": 64}), backoff)

    monkeypatch.setattr("tests.simulation.replica.Courier", hasty)
    with pytest.raises(BrokenPromiseError, match="requests in flight of all, and may have 1"):
        play(scenario)


def test_a_request_with_too_many_events_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = _scenario(load=[{"every": 0.5}], settings={"window": {"seconds": 5, "max_events": 2}})
    play(scenario)
    monkeypatch.setattr("tests.simulation.replica.Windows", lambda _: Windows(WindowSettings()))
    with pytest.raises(BrokenPromiseError, match="events, which are too many"):
        play(scenario)


def test_a_drain_that_goes_on_after_its_deadline_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    drain = Assignments.drain

    async def slow(assignments: Assignments, progress: Sequence[Progress], deadline: float) -> Positions:
        positions = await drain(assignments, progress, deadline)
        await asyncio.sleep(30)
        return positions

    monkeypatch.setattr(Assignments, "drain", slow)
    with pytest.raises(BrokenPromiseError, match="after its deadline"):
        play(_scenario())


def test_memory_without_a_bound_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    load, rules = [{"at_once": 1200}], [{"until": 60, "answer": "unavailable"}]
    scenario = _scenario(load=load, meta={"rules": rules}, budget=20_000, rest=900)
    play(scenario)
    monkeypatch.setattr(Budget, "full", False)
    with pytest.raises(BrokenPromiseError, match="bytes, with a budget of 20000"):
        play(scenario)


def test_a_figure_outside_its_range_is_told_with_what_was_expected() -> None:
    expect = [{"measure": "requests", "pixels": "p1", "at_most": 3}]
    with pytest.raises(BrokenPromiseError, match=r"requests of p1 is \d+: at most 3 was expected"):
        play(_scenario(expect=expect))


def test_a_scenario_with_a_word_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError, match="sceonds"):
        _scenario(sceonds=3)
    with pytest.raises(ValidationError, match="measure"):
        _scenario(expect=[{"measure": "happiness", "exactly": 1}])


def test_pixels_are_named_by_ranges() -> None:
    assert numbers("p1, p3-p5", 9) == [1, 3, 4, 5]
    assert numbers("all", 3) == [1, 2, 3]


def test_the_page_explains_every_figure() -> None:
    page = _PAGE.read_text()
    assert [name for name in FIGURES if f"`{name}`" not in page] == []


class _Part:
    __slots__ = ("inner", "many")

    def __init__(self) -> None:
        self.many = deque([1, 2, 3])
        self.inner = {"a": [1, 2], "b": []}


def test_a_census_counts_what_hangs_on_an_object() -> None:
    assert census(_Part(), ("tests",)) == {"_Part.many": 3, "_Part.inner": 2, "_Part.inner[]": 2}
