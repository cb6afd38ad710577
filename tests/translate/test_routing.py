"""Which pixels an event goes to, and when a user's choice holds it back."""

from typing import Any

import pytest

from streamer.outcomes import Outcome, Reason
from streamer.translate.engine import Refusal, ServerEvent
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import Plan
from tests.translate.events import refusal, sent, tag_event, translate

PLAN = Plan(TAG_EVENT, {"GTM-1": ("11", "12"), "GTM-EMPTY": ()})


def _pixels(event: dict[str, Any]) -> list[str]:
    return [result.pixel_id for result in translate(event, PLAN) if isinstance(result, ServerEvent)]


def test_the_events_own_pixel_comes_before_its_containers() -> None:
    assert _pixels(tag_event(pixel_id="99", container_id="GTM-1")) == ["99"]


@pytest.mark.parametrize("own", [None, ""])
def test_an_event_without_a_pixel_goes_to_each_of_its_container(own: str | None) -> None:
    assert _pixels(tag_event(pixel_id=own, container_id="GTM-1")) == ["11", "12"]


@pytest.mark.parametrize("container", [None, "", "GTM-NOBODY", "GTM-EMPTY"])
def test_an_event_for_no_pixel_is_skipped(container: str | None) -> None:
    assert refusal(tag_event(pixel_id=None, container_id=container), PLAN) == ("skipped", "no_pixel", None)


def test_an_event_that_cannot_be_sent_is_refused_for_each_of_its_pixels() -> None:
    event = tag_event(pixel_id=None, container_id="GTM-1", page_url=None)
    assert translate(event, PLAN) == tuple(
        Refusal(Outcome.DEAD_LETTERED, Reason.MISSING_FIELD, "event_source_url", pixel) for pixel in ("11", "12")
    )


@pytest.mark.parametrize(
    "consent",
    [
        {"ad_storage": "denied"},
        {"ad_storage": "granted", "ad_user_data": "denied"},
        {"marketing": "FALSE"},
        {"ad_storage": ""},
        {"advertising": "unclear"},
    ],
)
def test_an_event_whose_user_did_not_agree_is_not_sent(consent: dict[str, str]) -> None:
    outcome, reason, field = refusal(tag_event(consent=consent))
    assert (outcome, reason) == ("skipped", "no_consent")
    assert field in {f"consent.{purpose}" for purpose in consent}


@pytest.mark.parametrize(
    "consent",
    [
        {},
        {"ad_storage": "granted"},
        {"ad_storage": " Granted "},
        {"ad_user_data": "true"},
        {"analytics_storage": "denied"},
    ],
)
def test_an_event_whose_user_agreed_or_said_nothing_is_sent(consent: dict[str, str]) -> None:
    assert sent(tag_event(consent=consent))


def test_no_consent_is_said_for_each_pixel() -> None:
    event = tag_event(pixel_id=None, container_id="GTM-1", consent={"ad_storage": "denied"})
    assert [result.pixel_id for result in translate(event, PLAN)] == ["11", "12"]
