"""The invented events: the demo and the benchmarks rest on them."""

from collections import Counter
from itertools import islice

import orjson
import pytest

from streamer.outcomes import Outcome
from streamer.records.sample import USERS, distinct_tag_events, encode_tag_event, first_version, sample_tag_events
from streamer.records.schema import load_schema
from streamer.translate.engine import Origin, Refusal, ServerEvent
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import Plan
from streamer.translate.python_engine import PythonEngine

NOW = 1_790_000_000
SCHEMA = load_schema()
ELEVEN = {"em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country", "external_id"}


def _outcomes(events: list[dict[str, object]]) -> list[ServerEvent | Refusal]:
    engine = PythonEngine(SCHEMA, SCHEMA, Plan(TAG_EVENT))
    bodies = [encode_tag_event(event, SCHEMA) for event in events]
    answers = engine.translate(bodies, [Origin("t", 0, offset) for offset in range(len(bodies))], NOW)
    return [result for answer in answers for result in answer]


def test_the_same_seed_gives_the_same_events() -> None:
    one, same, other = (list(islice(sample_tag_events(seed, ["11"], NOW * 1000), 50)) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_every_distinct_event_comes_through_whole_with_all_eleven_keys_and_a_user_of_its_own() -> None:
    events = _outcomes(distinct_tag_events(1, ["11"], NOW * 1000, 3000))
    hashes: Counter[str] = Counter()
    for event in events:
        assert isinstance(event, ServerEvent)
        assert event.notes == ()
        user = orjson.loads(event.body)["user_data"]
        assert user.keys() >= ELEVEN
        hashes.update(user["em"] + user["ph"] + user["external_id"])
    assert set(hashes.values()) == {1}


def test_the_shares_of_skipped_and_faulty_events_are_as_asked() -> None:
    events = list(islice(sample_tag_events(1, ["11"], NOW * 1000, skipped=0.2, faulty=0.3), 4000))
    outcomes = Counter(getattr(result, "outcome", Outcome.DELIVERED) for result in _outcomes(events))
    assert outcomes[Outcome.SKIPPED] / 4000 == pytest.approx(0.2, abs=0.03)
    assert outcomes[Outcome.DEAD_LETTERED] / 4000 == pytest.approx(0.3, abs=0.03)


def test_an_older_producer_can_write_them() -> None:
    older = first_version(SCHEMA)
    assert len(older.definition["fields"]) == 12
    for event in islice(sample_tag_events(1, ["11"], NOW * 1000, skipped=0.3, faulty=0.5), 200):
        assert encode_tag_event(event, older)


def test_there_are_more_users_than_any_cache_holds() -> None:
    assert USERS >= 20_000
