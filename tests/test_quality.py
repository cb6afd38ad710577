"""The quality of the data as it passes: what is counted, that it is bounded, and that it is told of the right time."""

import asyncio
import pickle
import random
import sys
import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer import quality as module
from streamer.quality import AGE_LIMITS, PixelQuality, Quality, together
from streamer.translate.engine import MATCH_KEYS, Note, ServerEvent
from streamer.translate.notes import NoteReason
from tests.support.deliveries import Service, error
from tests.support.pipelines import Stage, play
from tests.support.tag_events import PIXELS, encode, tag_event

NOW = 1_800_000_000
BAD_PHONE = Note("user_data.ph", NoteReason.MALFORMED)


def _mask(keys: Iterable[str]) -> int:
    return sum(1 << MATCH_KEYS.index(key) for key in keys)


def _event(pixel_id: str, *keys: str, matched: int | None = None) -> ServerEvent:
    bits = _mask(keys) if matched is None else matched
    return ServerEvent(pixel_id, b"{}", "Purchase", "e-1", NOW, NOW + 1, matched=bits)


def test_the_coverage_of_each_key_is_the_share_of_the_pixels_events_that_have_it() -> None:
    quality = Quality()
    quality.saw([_event("1001", "em", "fbp", "event_id"), _event("1001", "fbp"), _event("1002", "ph")])
    quality.saw([_event("1001", "fbp", "event_id"), _event("1001")])
    first, second = quality.totals()["1001"], quality.totals()["1002"]
    assert (first.events, dict(first.keys)) == (4, {"em": 1, "fbp": 3, "event_id": 2})
    assert [first.coverage(key) for key in ("em", "fbp", "event_id", "ph")] == [0.25, 0.75, 0.5, 0]
    assert (second.events, dict(second.keys)) == (1, {"ph": 1})


@given(st.lists(st.tuples(st.sampled_from(["1001", "1002"]), st.sets(st.sampled_from(MATCH_KEYS))), max_size=60))
def test_no_key_is_counted_for_another_whatever_comes_together(events: list[tuple[str, set[str]]]) -> None:
    quality = Quality()
    quality.saw([_event(pixel_id, *keys) for pixel_id, keys in events])
    for pixel_id, told in quality.totals().items():
        mine = [keys for of, keys in events if of == pixel_id]
        assert told.events == len(mine)
        assert told.keys == {key: n for key in MATCH_KEYS if (n := sum(key in keys for keys in mine))}
        assert (told.faulty, told.delivered, told.age_seconds) == (0, 0, 0)


def test_a_bit_that_no_key_has_yet_is_no_other_keys_coverage() -> None:
    quality = Quality()
    quality.saw([_event("1001", matched=1 << len(MATCH_KEYS) | 1 << 60)])
    assert quality.totals()["1001"] == PixelQuality(events=1)


def test_an_event_with_two_bad_fields_is_one_faulty_event() -> None:
    quality = Quality()
    quality.saw([_event("1001")] * 4)
    quality.noted("1001", [BAD_PHONE, Note("user_data.em", NoteReason.EMPTY)])
    quality.noted("1001", [BAD_PHONE])
    told = quality.totals()["1001"]
    assert (told.faulty, told.faulty_share) == (2, 0.5)
    assert told.fields == {BAD_PHONE: 2, Note("user_data.em", NoteReason.EMPTY): 1}


@pytest.mark.parametrize("reason", [NoteReason.ABSENT, NoteReason.NO_COUNTRY_CODE, NoteReason.POLICY])
def test_a_field_that_is_missing_doubtful_or_not_wanted_makes_no_event_faulty(reason: NoteReason) -> None:
    quality = Quality()
    quality.noted("1001", [Note("user_data.ph", reason)])
    told = quality.totals()["1001"]
    assert (told.faulty, told.fields) == (0, {Note("user_data.ph", reason): 1})


AGES = {0: 0, 300: 0, 301: 1, 3600: 1, 3601: 2, 7200: 2, 7201: 3, 86_400: 3, 86_401: 4, 6 * 86_400: 4, -5: 0}


@pytest.mark.parametrize(("age", "place"), AGES.items())
def test_an_event_falls_into_the_class_of_its_age(age: int, place: int) -> None:
    quality = Quality()
    quality.sent("1001", [NOW - age], NOW)
    told = quality.totals()["1001"]
    assert told.ages == tuple(int(at == place) for at in range(len(AGE_LIMITS) + 1))
    assert told.age_seconds == max(0, age), "an event of the future would turn a counter back"


@given(st.lists(st.lists(st.integers(-100, 10**6), max_size=30), max_size=4))
def test_freshness_is_the_same_however_events_share_requests(requests: list[list[int]]) -> None:
    apart, at_once = Quality(), Quality()
    for ages in requests:
        apart.sent("1001", (NOW - age for age in ages), NOW)
    every = [age for ages in requests for age in ages]
    at_once.sent("1001", [NOW - age for age in every], NOW)
    told = at_once.totals()["1001"]
    assert apart.totals().get("1001", PixelQuality()) == told
    assert (told.delivered, told.age_seconds) == (len(every), sum(max(0, age) for age in every))
    for limit in AGE_LIMITS:
        share = sum(age <= limit for age in every) / len(every) if every else None
        assert told.within(limit) == share


def test_of_nothing_there_is_no_share() -> None:
    nothing = PixelQuality()
    assert (nothing.coverage("em"), nothing.faulty_share, nothing.within(3600), nothing.mean_age) == (None,) * 4


def test_the_mean_age_is_that_of_what_was_delivered() -> None:
    quality = Quality()
    quality.saw([_event("1001")] * 10)
    quality.sent("1001", [NOW - 10, NOW - 20], NOW)
    assert quality.totals()["1001"].mean_age == 15


def test_recent_figures_leave_out_what_is_older_than_the_mark_before_the_last() -> None:
    quality = Quality()
    quality.saw([_event("1001", "em")] * 5)
    quality.noted("1001", [BAD_PHONE])
    quality.sent("1001", [NOW], NOW)
    assert (quality.since, quality.recent()) == (None, quality.totals())
    quality.turn(10)
    quality.saw([_event("1001", "ph"), _event("1002")])
    quality.noted("1001", [Note("user_data.em", NoteReason.EMPTY)])
    assert (quality.since, quality.recent()) == (None, quality.totals())
    quality.turn(20)
    assert quality.since == 10
    assert quality.recent() == {
        "1001": PixelQuality(1, {"ph": 1}, 1, {Note("user_data.em", NoteReason.EMPTY): 1}),
        "1002": PixelQuality(1),
    }
    quality.turn(30)
    assert (quality.since, quality.recent()) == (20, {"1001": PixelQuality(), "1002": PixelQuality()})


def test_figures_of_several_pixels_add_up() -> None:
    quality = Quality()
    quality.saw([_event("1001", "em"), _event("1002", "em", "ph")])
    quality.noted("1001", [BAD_PHONE])
    quality.noted("1002", [BAD_PHONE])
    quality.sent("1001", [NOW - 1], NOW)
    quality.sent("1002", [NOW - 5000], NOW)
    assert together(quality.totals().values()) == PixelQuality(
        2, {"em": 2, "ph": 1}, 2, {BAD_PHONE: 2}, (1, 0, 1, 0, 0), 5001
    )
    assert together([]) == PixelQuality()


def test_a_pixel_that_is_gone_is_forgotten_with_what_was_just_seen_of_it() -> None:
    quality = Quality()
    quality.saw([_event("1001", "em")])
    quality.turn(1)
    quality.saw([_event("1001", "em"), _event("1002")])
    quality.forget("1001")
    assert set(quality.totals()) == {"1002"}
    quality.saw([_event("1001")])
    quality.turn(2)
    assert quality.recent()["1001"] == PixelQuality(1), "it begins at nothing, and not below"


# ---- bounded, whatever events hold


def test_a_million_events_no_two_with_the_same_keys_leave_nothing_behind_but_counts() -> None:
    quality, million, sizes = Quality(), 1_000_000, []
    for begin in range(0, million, 1000):
        quality.saw([_event("1001", matched=mask) for mask in range(begin, begin + 1000)])
        if begin % 100_000 == 99_000:
            sizes.append(len(pickle.dumps(quality)))
    assert max(sizes) < 2**20
    assert module._of_mask.cache_info().currsize <= 4096
    told = quality.totals()["1001"]
    assert (told.events, told.keys["em"]) == (million, million // 2)
    assert len(pickle.dumps(quality)) < 1000


def test_pixel_ids_that_events_make_up_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PIXELS_KEPT", 100)
    quality = Quality()
    for number in range(10_000):
        quality.saw([_event(str(number), "em")])
        quality.sent(str(number), [NOW], NOW)
        if number % 1000 == 0:
            quality.turn(number)
    told = quality.totals()
    assert len(told) == 100
    assert "9999" in told
    assert set(quality.recent()) == set(told)


def test_fields_that_nobody_foresaw_do_not_become_endless_series(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIELDS_KEPT", 10)
    quality = Quality()
    for number in range(1000):
        quality.noted("1001", [Note(f"custom_data.{number}", "malformed")])
    fields = quality.totals()["1001"].fields
    assert len(fields) == 11
    assert sum(fields.values()) == 1000
    assert fields[Note("*", "*")] == 990


def test_counts_do_not_run_into_each_other_when_they_are_large() -> None:
    quality, row = Quality(), module._Row()
    for key in MATCH_KEYS:
        row.counts += (2**62) << (MATCH_KEYS.index(key) * 64)
    quality._rows["1001"] = row
    quality.saw([_event("1001", *MATCH_KEYS)])
    assert set(quality.totals()["1001"].keys.values()) == {2**62 + 1}
    assert quality.totals()["1001"].events == 1


def test_a_pixels_counts_take_a_few_hundred_bytes() -> None:
    quality = Quality()
    rng = random.Random(1)
    for _ in range(100):
        quality.saw([_event("1001", matched=rng.getrandbits(24)) for _ in range(1000)])
        quality.sent("1001", [NOW - rng.randrange(10**6) for _ in range(100)], NOW)
    quality.totals()
    row = quality._rows["1001"]
    assert sys.getsizeof(row.counts) + sys.getsizeof(row) < 500


# ---- as records pass


def test_what_passes_the_pipeline_is_counted_once_made_and_once_delivered() -> None:
    now = int(time.time())
    values = [encode(tag_event(number, event_time=(now - 600) * 1000)) for number in range(6)]
    values.append(encode(tag_event(6, event_id=None, event_time=(now - 600) * 1000)))

    async def story(stage: Stage) -> None:
        stage.feed(stage.assign(), values)
        await asyncio.sleep(1)
        assert together(stage.metrics.quality.totals().values()).delivered == 0
        await asyncio.sleep(6)

    stage = play(story)
    told = together(stage.metrics.quality.totals().values())
    assert set(stage.metrics.quality.totals()) <= set(PIXELS)
    assert (told.events, told.delivered, told.coverage("event_id")) == (7, 7, 6 / 7)
    assert told.coverage("em") == 1
    assert told.ages == (0, 7, 0, 0, 0)
    assert told.mean_age == pytest.approx(600, abs=30)


def test_what_meta_refuses_or_a_dead_token_parks_is_never_called_fresh() -> None:
    async def story(stage: Stage) -> None:
        stage.feed(stage.assign(), [encode(tag_event(1))])
        await asyncio.sleep(7)

    stage = play(story, Service(lambda *_: error(190, 463)))
    told = together(stage.metrics.quality.totals().values())
    assert (told.events, told.delivered) == (1, 0)
