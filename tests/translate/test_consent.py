"""Whether an event's user allows it to be sent, by the policy of its pixel."""

from dataclasses import replace
from typing import Any

import pytest

from streamer.translate.engine import ServerEvent
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import ConsentMap, ConsentPolicy, PixelRules, Plan, Source, Table
from streamer.translate.policy import make_policy
from tests.translate.events import PIXEL, refusal, tag_event, translate


def _plan(**rules: Any) -> Plan:
    return Plan(TAG_EVENT, pixels={PIXEL: PixelRules(**rules)})


def _outcome(event: dict[str, Any], plan: Plan) -> str:
    (result,) = translate(event, plan)
    return "sent" if isinstance(result, ServerEvent) else str(result.reason)


ADS = ConsentPolicy(require=(("ad_storage", ("granted",)), ("ad_user_data", ("granted", "yes"))))
STRICT = replace(ADS, missing="denied")
NOTHING = ConsentPolicy(require=(), missing="denied")


@pytest.mark.parametrize(
    ("policy", "consent", "outcome"),
    [
        (ADS, {}, "sent"),
        (ADS, {"ad_storage": "granted", "ad_user_data": "yes"}, "sent"),
        (ADS, {"ad_storage": " GRANTED "}, "sent"),
        (ADS, {"ad_storage": "yes"}, "no_consent"),
        (ADS, {"ad_storage": "granted", "ad_user_data": "denied"}, "no_consent"),
        (ADS, {"ad_storage": ""}, "no_consent"),
        (ADS, {"marketing": "denied"}, "sent"),
        (STRICT, {}, "no_consent"),
        (STRICT, {"ad_storage": "granted"}, "no_consent"),
        (STRICT, {"ad_storage": "granted", "ad_user_data": "granted"}, "sent"),
        (STRICT, {"marketing": "granted"}, "no_consent"),
        (NOTHING, {"ad_storage": "denied", "marketing": "denied"}, "sent"),
        (NOTHING, {}, "sent"),
    ],
)
def test_an_event_is_sent_only_with_the_choices_that_its_pixel_requires(
    policy: ConsentPolicy, consent: dict[str, str], outcome: str
) -> None:
    assert _outcome(tag_event(consent=consent), _plan(consent=policy)) == outcome


def test_the_purpose_that_was_not_allowed_is_named() -> None:
    plan = _plan(consent=STRICT)
    assert refusal(tag_event(consent={}), plan) == ("skipped", "no_consent", "consent.ad_storage")
    event = tag_event(consent={"ad_storage": "granted", "ad_user_data": "denied"})
    assert refusal(event, plan) == ("skipped", "no_consent", "consent.ad_user_data")


def test_pixels_of_one_container_follow_each_its_own_policy() -> None:
    plan = Plan(
        TAG_EVENT,
        containers={"GTM-1": ("11", "12", "13")},
        pixels={"12": PixelRules(consent=NOTHING), "13": PixelRules(consent=STRICT)},
    )
    event = tag_event(pixel_id=None, container_id="GTM-1", consent={"marketing": "denied"})
    got = {each.pixel_id: isinstance(each, ServerEvent) for each in translate(event, plan)}
    assert got == {"11": False, "12": True, "13": False}


GCS = Table((("G111", "granted"), ("G110", "denied")), otherwise="keep")


@pytest.mark.parametrize(
    ("otherwise", "record", "allowed"),
    [
        ("keep", {"gcs": "G111"}, True),
        ("keep", {"gcs": "G110"}, False),
        ("keep", {"gcs": "G1--"}, False),
        ("drop", {"gcs": "G1--"}, True),  # left out: as if it had not been said
        ("skip", {"gcs": "G1--"}, False),
        ("keep", {}, True),
        ("keep", {"consent": {"ad_storage": "denied"}}, False),
        ("keep", {"gcs": "G111", "consent": {"ad_storage": "denied"}}, True),  # its own place comes first
        ("keep", {"gcs": "G111", "consent": {"ad_user_data": "denied"}}, False),
        ("keep", {"gcs": {"strange": 1}}, False),
        ("keep", {"gcs": "G111", "consent": "denied"}, False),
        ("keep", {"gcs": ["G111", "G110"]}, False),
        ("keep", {"gcs": ["G111", "G111"]}, True),
        ("keep", {"gcs": []}, False),
    ],
)
def test_a_purpose_with_a_place_of_its_own_is_read_there_first(
    otherwise: Any, record: dict[str, Any], *, allowed: bool
) -> None:
    own = Source("gcs", table=replace(GCS, otherwise=otherwise))
    mapping = replace(TAG_EVENT, consent=ConsentMap("consent", (("ad_storage", (own,)),)))
    policy = make_policy(PixelRules(consent=ADS), Plan(mapping))
    assert policy.admit is not None
    refused = policy.admit(record)
    assert (refused is None) == allowed
    if refused is not None:
        assert refused.field in {"gcs", "consent.ad_user_data"}


@pytest.mark.parametrize(
    ("choice", "allowed"),
    [(True, True), (False, False), (1, True), (0, False), ("True", True), (None, True), (b"granted", False)],
)
def test_choices_that_are_flags_or_numbers_are_read_as_words(choice: Any, *, allowed: bool) -> None:
    policy = make_policy(PixelRules(), Plan(TAG_EVENT))
    assert policy.admit is not None
    assert (policy.admit({"consent": {"marketing": choice}}) is None) == allowed


@pytest.mark.parametrize("consent", ["denied", ["ad_storage"], 1])
def test_choices_in_a_form_that_cannot_be_read_hold_the_event_back(consent: Any) -> None:
    policy = make_policy(PixelRules(), Plan(TAG_EVENT))
    assert policy.admit is not None
    assert policy.admit({"consent": consent}) is not None


def test_where_a_mapping_has_no_place_for_choices_only_missing_counts() -> None:
    plan = Plan(replace(TAG_EVENT, consent=ConsentMap()))
    assert make_policy(PixelRules(consent=ADS), plan).admit is None
    strict = make_policy(PixelRules(consent=STRICT), plan).admit
    assert strict is not None
    refused = strict({})
    assert refused is not None
    assert refused.field == "ad_storage"
