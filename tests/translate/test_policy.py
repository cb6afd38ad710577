"""What a pixel's policy does with an event: whether it is sent, under which name, and with what."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.sandbox.rules import check_event
from streamer.translate.draft import Draft
from streamer.translate.engine import ServerEvent
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import (
    ConsentPolicy,
    EventPolicy,
    Limited,
    PixelRules,
    Plan,
    PropertyPolicy,
    Source,
    Table,
)
from streamer.translate.policy import NEEDED_PROPERTIES, ORIGINS, Policy, make_policy
from streamer.translate.surface import STANDARD_PROPERTIES
from tests.translate.events import NOW, ORIGIN, PIXEL, notes, refusal, sent, tag_event, translate

SHOP = {"currency": "EUR", "value": 9.5, "order_id": "o-1", "items": [{"id": "sku", "quantity": 2, "price": 4.75}]}


def _plan(**rules: Any) -> Plan:
    return Plan(TAG_EVENT, pixels={PIXEL: PixelRules(**rules)})


def _outcome(event: dict[str, Any], plan: Plan) -> str:
    (result,) = translate(event, plan)
    return "sent" if isinstance(result, ServerEvent) else str(result.reason)


def test_a_pixel_without_a_policy_looks_at_consent_alone_and_changes_nothing() -> None:
    policy = make_policy(PixelRules(), Plan(TAG_EVENT))
    assert policy.admit is not None
    assert policy.amend is None
    free = make_policy(PixelRules(consent=ConsentPolicy(require=())), Plan(TAG_EVENT))
    assert (free.admit, free.amend) == (None, None)


# ---- names


@pytest.mark.parametrize(
    ("events", "name", "outcome"),
    [
        (EventPolicy(allow=("Lead", "Search")), "Lead", "sent"),
        (EventPolicy(allow=("Lead",)), "PageView", "event_filtered"),
        (EventPolicy(allow=("Lead",)), "lead", "event_filtered"),
        (EventPolicy(deny=("PageView",)), "PageView", "event_filtered"),
        (EventPolicy(deny=("PageView",)), "Lead", "sent"),
        (EventPolicy(allow=("Lead",), deny=("Lead",)), "Lead", "event_filtered"),
        (EventPolicy(allow=("Lead",), rename=(("order", "Lead"),)), "order", "event_filtered"),
        (EventPolicy(deny=("Lead",), rename=(("order", "Lead"),)), "order", "sent"),
        (EventPolicy(deny=("PageView",)), "", "no_event_name"),
        (EventPolicy(allow=("PageView",)), " ", "no_event_name"),
    ],
)
def test_events_are_sent_by_the_name_that_the_mapping_gives(events: EventPolicy, name: str, outcome: str) -> None:
    assert _outcome(tag_event(event_name=name), _plan(events=events)) == outcome


def test_the_filter_sees_what_the_mapping_makes_of_a_name() -> None:
    table = Table((("order", "Purchase"), ("lead", "Lead")))
    rules = tuple(
        replace(rule, sources=(Source("event_id"), Source("event_name", table=table)))
        if rule.key == "event_name"
        else rule
        for rule in TAG_EVENT.rules
    )
    plan = Plan(replace(TAG_EVENT, rules=rules), defaults=PixelRules(events=EventPolicy(allow=("Lead", "e-1"))))
    assert refusal(tag_event(event_name="order", event_id=" "), plan) == ("skipped", "event_filtered", "event_name")
    assert sent(tag_event(event_name="lead", event_id=None), plan)["event_name"] == "Lead"
    assert sent(tag_event(event_name="order"), plan)["event_name"] == "e-1"


def test_a_renamed_event_is_checked_and_completed_by_its_new_name() -> None:
    plan = _plan(events=EventPolicy(rename=(("order", "Purchase"), ("begin", "InitiateCheckout"))))
    assert refusal(tag_event(event_name="order"), plan) == ("dead_lettered", "missing_field", "custom_data.currency")
    assert sent(tag_event(event_name="order", properties=SHOP), plan)["event_name"] == "Purchase"
    assert sent(tag_event(event_name="begin", properties=SHOP), plan)["custom_data"]["num_items"] == 2
    assert sent(tag_event(event_name="Search"), plan)["event_name"] == "Search"


# ---- origins

VIEWS_FROM_BROWSERS = EventPolicy(origins=("server",), origins_by_event=(("ViewContent", ("browser",)),))


@pytest.mark.parametrize(
    ("events", "origin", "outcome"),
    [
        (EventPolicy(origins=("server", "offline")), "server", "sent"),
        (EventPolicy(origins=("server", "offline")), " Offline ", "sent"),
        (EventPolicy(origins=("server", "offline")), "browser", "origin_filtered"),
        (EventPolicy(origins=("server", "offline")), None, "origin_filtered"),
        (EventPolicy(origins=("server", "offline")), "gateway", "origin_filtered"),
        (EventPolicy(origins=("server", "unknown")), None, "sent"),
        (EventPolicy(origins=("server", "unknown")), "gateway", "sent"),
        (VIEWS_FROM_BROWSERS, "browser", "sent"),
        (VIEWS_FROM_BROWSERS, "server", "origin_filtered"),
        (EventPolicy(origins_by_event=(("ViewContent", ("server",)),)), "browser", "origin_filtered"),
        (EventPolicy(origins_by_event=(("Lead", ("server",)),)), "browser", "sent"),
        (EventPolicy(origins_by_event=(("Lead", ("server",)),)), None, "sent"),
    ],
)
def test_events_are_sent_from_the_origins_that_their_pixel_takes(
    events: EventPolicy, origin: str | None, outcome: str
) -> None:
    assert _outcome(tag_event(origin=origin), _plan(events=events)) == outcome


def test_an_origin_that_is_not_taken_is_named_by_its_path() -> None:
    assert refusal(tag_event(origin="browser"), _plan(events=EventPolicy(origins=("server",)))) == (
        "skipped",
        "origin_filtered",
        "origin",
    )


def test_a_filtered_name_counts_before_the_origin_and_that_before_consent() -> None:
    events = EventPolicy(deny=("PageView",), origins=("server",))
    plan = _plan(events=events)
    denied = {"consent": {"ad_storage": "denied"}}
    assert _outcome(tag_event(event_name="PageView", origin="browser", **denied), plan) == "event_filtered"
    assert _outcome(tag_event(origin="browser", **denied), plan) == "origin_filtered"
    assert _outcome(tag_event(origin="server", **denied), plan) == "no_consent"


# ---- properties


def _custom(policy: PropertyPolicy, origin: str | None = None, name: str = "ViewContent") -> dict[str, Any]:
    properties = SHOP | {"custom": {"margin": 1.5, "tier": "gold"}, "more": {"predicted_ltv": 99.0}}
    event = sent(tag_event(event_name=name, origin=origin, properties=properties), _plan(properties=policy))
    custom: dict[str, Any] = event.get("custom_data", {})
    return custom


@pytest.mark.parametrize(
    ("policy", "origin", "gone"),
    [
        (PropertyPolicy(), None, set()),
        (PropertyPolicy(allow=("tier",)), None, {"margin"}),
        (PropertyPolicy(allow=()), None, {"margin", "tier"}),
        (PropertyPolicy(deny=("margin", "order_id")), None, {"margin", "order_id"}),
        (PropertyPolicy(allow=("margin",), deny=("margin",)), None, {"margin", "tier"}),
        (PropertyPolicy(deny=("content_ids",)), None, {"content_ids"}),
        (PropertyPolicy(server_only=("margin", "predicted_ltv")), "browser", {"margin", "predicted_ltv"}),
        (PropertyPolicy(server_only=("margin", "predicted_ltv")), "server", set()),
        (PropertyPolicy(server_only=("margin", "predicted_ltv")), "offline", set()),
        (PropertyPolicy(server_only=("margin", "predicted_ltv")), None, {"margin", "predicted_ltv"}),
        (PropertyPolicy(server_only=("margin",), deny=("tier",)), "server", {"tier"}),
    ],
)
def test_properties_are_sent_as_the_policy_says(policy: PropertyPolicy, origin: str | None, gone: set[str]) -> None:
    everything = _custom(PropertyPolicy())
    assert everything.keys() - _custom(policy, origin).keys() == gone


def test_a_property_that_is_taken_out_is_noted_by_its_name_only_where_that_is_metas() -> None:
    properties = SHOP | {"custom": {"jane@example.com": "x", "margin": 1.5}}
    plan = _plan(properties=PropertyPolicy(allow=(), deny=("order_id",)))
    noted = notes(tag_event(properties=properties), plan)
    assert noted.count(("custom_data", "policy")) == 1
    assert ("custom_data.order_id", "policy") in noted
    assert "jane" not in repr(noted)


def test_an_event_that_loses_all_its_properties_is_sent_without_any() -> None:
    event = tag_event(properties={"custom": {"margin": 1.5}})
    assert "custom_data" not in sent(event, _plan(properties=PropertyPolicy(allow=())))


# ---- opt-out


@pytest.mark.parametrize("own", [None, {"opt_out": False}, {"opt_out": True}])
def test_a_pixel_that_opts_out_does_so_for_all_its_events(own: dict[str, Any] | None) -> None:
    assert sent(tag_event(privacy=own), _plan(opt_out=True))["opt_out"] is True


# ---- all of it together

_NAMES = st.sampled_from(["Purchase", "Lead", "ViewContent", "order", "InitiateCheckout"])
_PROPERTIES = sorted((STANDARD_PROPERTIES | {"margin", "tier", "event_source"}) - {*NEEDED_PROPERTIES})
_KEYS = st.lists(st.sampled_from(_PROPERTIES), unique=True).map(tuple)
_ORIGINS = st.lists(st.sampled_from(ORIGINS), min_size=1, unique=True).map(tuple)
_REGIONS = st.lists(st.sampled_from(["us", "us-ca", "us-tx", "us-ri"]), unique=True).map(tuple)
_RULES = st.builds(
    PixelRules,
    external_id=st.sampled_from(["hashed", "hashed_lowercase", "plain"]),
    opt_out=st.booleans(),
    limited=st.builds(Limited, _REGIONS, st.sampled_from(["ask_meta", "off"])),
    properties=st.builds(PropertyPolicy, st.none() | _KEYS, _KEYS, _KEYS),
    events=st.builds(EventPolicy, origins=st.none() | _ORIGINS),
)
_RECORDS = st.fixed_dictionaries(
    {
        "event_name": _NAMES,
        "origin": st.none() | st.sampled_from(ORIGINS),
        "client_ip": st.none() | st.just("203.0.113.9"),
        "consent": st.dictionaries(st.sampled_from(["ad_storage", "marketing"]), st.sampled_from(["granted", "no"])),
        "user": st.fixed_dictionaries(
            {"email": st.just("shopper@example.com")},
            optional={
                "country": st.sampled_from(["US", "DE", "nowhere"]),
                "state": st.sampled_from(["CA", "NV", "Bayern"]),
            },
        ),
        "properties": st.none()
        | st.fixed_dictionaries(
            {"custom": st.dictionaries(st.sampled_from(["margin", "tier", "lead_event_source"]), st.just("x"))},
            optional={
                "currency": st.just("EUR"),
                "value": st.just(1.5),
                "items": st.just(SHOP["items"]),
                "more": st.just({"predicted_ltv": 9.0, "status": "new"}),
            },
        ),
    }
)


@given(_RECORDS, _RULES)
def test_no_policy_makes_an_event_that_meta_refuses_of_one_that_it_takes(
    record: dict[str, Any], rules: PixelRules
) -> None:
    record = tag_event(**{key: value for key, value in record.items() if value is not None})
    (before,) = translate(record, Plan(TAG_EVENT))
    if not isinstance(before, ServerEvent):
        return
    event = sent(record)
    assert check_event(event, NOW) is None
    policy = make_policy(rules, Plan(TAG_EVENT))
    draft = Draft(0, ORIGIN, (PIXEL,), (rules, None))
    if policy.amend is not None:
        policy.amend(event, record, draft)
    assert check_event(event, NOW) is None
    _holds(policy, event, record)


def _holds(policy: Policy, event: dict[str, Any], record: dict[str, Any]) -> None:
    """What was forbidden is not there, whatever else was done."""
    properties = policy.rules.properties
    custom = event.get("custom_data", {}).keys()
    assert not custom & set(properties.deny)
    if record.get("origin") not in {"server", "offline"}:
        assert not custom & set(properties.server_only)
    if properties.allow is not None:
        assert custom & {"margin", "tier"} <= set(properties.allow)
    assert event.get("opt_out", False) is policy.rules.opt_out
