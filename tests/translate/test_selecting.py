"""A choice of events: what is not chosen is skipped before anything else is said of it."""

from dataclasses import replace
from typing import Any

import pytest

from streamer.outcomes import Outcome
from streamer.translate.engine import Refusal, ServerEvent
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import EventPolicy, Only, PixelRules, Plan
from tests.translate.events import NOW, ORIGIN, make_engine, tag_event, translate

ONE, TWO, THREE = "1001", "1002", "1003"
PLAN = Plan(TAG_EVENT, {"GTM-1": (ONE, TWO, THREE)})
SHOP = {"pixel_id": None, "container_id": "GTM-1"}


def _translate(only: Only, plan: Plan | None = None, **changes: Any) -> list[tuple[str | None, str]]:
    """Return the pixel, and ``sent`` or the reason, of all that comes of an event."""
    event = tag_event(**{"pixel_id": ONE, "event_name": "Contact", **changes})
    answer = translate(event, replace(plan or PLAN, only=only))
    return [(one.pixel_id, "sent" if isinstance(one, ServerEvent) else one.reason.value) for one in answer]


def test_without_a_choice_everything_is_chosen() -> None:
    assert _translate(Only()) == [(ONE, "sent")]


def test_a_record_for_several_pixels_goes_to_those_that_are_chosen() -> None:
    assert sorted(_translate(Only(pixels=(ONE, THREE)), None, **SHOP)) == [
        (ONE, "sent"),
        (TWO, "not_chosen"),
        (THREE, "sent"),
    ]


def test_a_record_of_another_pixel_is_skipped_for_that_pixel() -> None:
    assert _translate(Only(pixels=(TWO,))) == [(ONE, "not_chosen")]


@pytest.mark.parametrize(("container", "result"), [("GTM-1", "sent"), ("GTM-2", "not_chosen"), (None, "not_chosen")])
def test_containers_are_chosen_though_the_event_names_its_pixel_itself(container: str | None, result: str) -> None:
    ((_, found),) = _translate(Only(containers=("GTM-1", "GTM-9")), container_id=container)
    assert found == result


@pytest.mark.parametrize(("name", "result"), [("Contact", "sent"), ("Lead", "not_chosen"), ("contact", "not_chosen")])
def test_events_are_chosen_by_the_name_that_the_record_has(name: str, result: str) -> None:
    ((_, found),) = _translate(Only(events=("Contact",)), event_name=name)
    assert found == result


def test_a_name_is_chosen_as_it_was_before_a_pixel_renames_it() -> None:
    plan = replace(PLAN, defaults=PixelRules(events=EventPolicy(rename=(("order", "Contact"),))))
    assert _translate(Only(events=("order",)), plan, event_name="order") == [(ONE, "sent")]
    assert _translate(Only(events=("Contact",)), plan, event_name="order") == [(None, "not_chosen")]


def test_all_that_is_named_must_hold() -> None:
    only = Only((ONE,), ("GTM-1",), ("Contact",))
    assert _translate(only, container_id="GTM-1") == [(ONE, "sent")]
    assert _translate(only, container_id="GTM-1", event_name="Lead") == [(None, "not_chosen")]
    assert _translate(only, container_id="GTM-2") == [(None, "not_chosen")]


def test_an_event_that_is_not_chosen_is_not_dead_lettered_for_its_faults() -> None:
    assert _translate(Only(), event_time=10**12, event_name="Lead") == [(ONE, "too_old")]
    assert _translate(Only(events=("Contact",)), event_time=10**12, event_name="Lead") == [(None, "not_chosen")]
    assert _translate(Only(pixels=(TWO,)), event_time=10**12, event_name="Lead") == [(ONE, "not_chosen")]


def test_bytes_that_nobody_can_read_are_dead_lettered_since_it_cannot_be_told_what_they_are() -> None:
    engine = make_engine(replace(PLAN, only=Only(events=("Contact",))))
    ((refusal,),) = engine.translate([b"\xff"], [ORIGIN], NOW)
    assert isinstance(refusal, Refusal)
    assert refusal.outcome is Outcome.DEAD_LETTERED


def test_a_choice_by_container_of_records_that_have_none_chooses_nothing() -> None:
    plan = replace(PLAN, mapping=replace(TAG_EVENT, container_id=()))
    assert _translate(Only(containers=("GTM-1",)), plan, container_id="GTM-1") == [(None, "not_chosen")]
