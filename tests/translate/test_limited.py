"""For whose events Limited Data Use is asked."""

from dataclasses import replace
from typing import Any

import pytest

from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import Limited, PixelRules, Plan
from tests.translate.events import PIXEL, notes, sent, tag_event


def _plan(**rules: Any) -> Plan:
    return Plan(TAG_EVENT, pixels={PIXEL: PixelRules(**rules)})


LDU = "data_processing_options"
WEST = Limited(("us-ca", "us-co"))
WHOLE = Limited(("us",))
IP = "203.0.113.9"


@pytest.mark.parametrize(
    ("limited", "user", "address", "asked"),
    [
        (Limited(), {"country": "US", "state": "CA"}, IP, None),
        (WEST, {"country": "US", "state": "CA"}, IP, (1, 1000)),
        (WEST, {"country": "United States", "state": "colorado"}, None, (1, 1001)),
        (WEST, {"country": "US", "state": "TX"}, IP, None),
        (WEST, {"country": "US", "state": "NV"}, IP, None),
        (WEST, {"country": "US"}, IP, (1, 0)),
        (WEST, {"country": "US", "state": "Atlantis"}, None, (1, 0)),
        (replace(WEST, unknown="off"), {"country": "US"}, IP, None),
        (WEST, {"country": "DE", "state": "CA"}, IP, None),
        (WEST, {"country": "CA"}, IP, None),
        (WEST, {}, IP, (0, 0)),
        (WEST, {"state": "CA"}, IP, (0, 0)),
        (WEST, {}, None, None),
        (WEST, {}, "192.168.1.1", None),
        (replace(WEST, unknown="off"), {}, IP, None),
        (WHOLE, {"country": "US", "state": "RI"}, IP, (1, 1013)),
        (WHOLE, {"country": "US", "state": "NV"}, IP, (1, 0)),
        (WHOLE, {"country": "US"}, None, (1, 0)),
        (replace(WHOLE, unknown="off"), {"country": "US"}, IP, (1, 0)),
        (WHOLE, {"country": "FR"}, IP, None),
        (Limited(("us", "us-ca")), {"country": "US", "state": "NJ"}, IP, (1, 1010)),
    ],
)
def test_limited_data_use_is_asked_for_by_where_the_user_lives(
    limited: Limited, user: dict[str, Any], address: str | None, asked: tuple[int, int] | None
) -> None:
    event = tag_event(user={"email": "shopper@example.com"} | user, client_ip=address)
    got = sent(event, _plan(limited=limited))
    if asked is None:
        assert LDU not in got
    else:
        assert (got[LDU], got[f"{LDU}_country"], got[f"{LDU}_state"]) == (["LDU"], *asked)


def test_it_does_not_matter_whether_country_and_state_came_hashed() -> None:
    california = "6959097001d10501ac7d54c0bdb8db61420f658f2922cc26e46d536119a31126"
    united_states = "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"
    nowhere = "73" * 32
    user = {"email": "shopper@example.com", "country": united_states.upper(), "state": california}
    assert sent(tag_event(user=user), _plan(limited=WEST))[f"{LDU}_state"] == 1000
    got = sent(tag_event(user=user | {"country": nowhere}, client_ip=IP), _plan(limited=WEST))
    assert got[f"{LDU}_country"] == 0, "a hash that is of no country says nothing of where the user lives"


@pytest.mark.parametrize(
    ("privacy", "seen"),
    [
        ({"data_processing_options": []}, ([], None, None)),
        ({"data_processing_options": ["LDU"]}, (["LDU"], 0, 0)),
        (
            {
                "data_processing_options": ["LDU"],
                "data_processing_options_country": 1,
                "data_processing_options_state": 1002,
            },
            (["LDU"], 1, 1002),
        ),
        ({"data_processing_options_country": 1, "data_processing_options_state": 1002}, (["LDU"], 1, 1000)),
    ],
)
def test_what_the_event_itself_says_of_its_processing_counts(privacy: dict[str, Any], seen: tuple[Any, ...]) -> None:
    user = {"email": "shopper@example.com", "country": "US", "state": "CA"}
    got = sent(tag_event(user=user, client_ip=IP, privacy=privacy), _plan(limited=WEST))
    assert (got.get(LDU), got.get(f"{LDU}_country"), got.get(f"{LDU}_state")) == seen


def test_where_nobody_can_find_out_where_the_user_lives_that_is_noted() -> None:
    assert (LDU, "incomplete") in notes(tag_event(), _plan(limited=WEST))
    assert notes(tag_event(client_ip=IP), _plan(limited=WEST)) == []
