"""Checks before sending: what Meta would refuse, and a whole request with it.

Each check names its source. A field that Meta can do without is left out; an event that cannot be sent is refused.
"""

from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from math import isfinite
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from streamer.outcomes import Reason
from streamer.translate.draft import Draft
from streamer.translate.engine import Note, Origin
from streamer.translate.identifiers import fbc
from streamer.translate.notes import Drop, NoteReason
from streamer.translate.plan import Followed

Event = dict[str, Any]
"""A server event that is not yet JSON. Checks may change it in place."""


class Fault(NamedTuple):
    """Why an event cannot be sent, and by which CAPI key."""

    reason: Reason
    field: str


DEFAULT_ACTION_SOURCE: Final = "website"
"""Where an event happened that says nothing of it."""

FUTURE_TOLERANCE_SECONDS: Final = 60
"""How far ahead a clock may be. Meta refuses events of the future (2804004) and does not say how far it goes."""

_DAY: Final = 86_400
MAX_AGE: Final = 7 * _DAY
MAX_AGE_IN_STORE: Final = 62 * _DAY
"""Seconds. Meta, server event parameters: how old an event may be, and one of a physical store."""

_TOO_LITTLE: Final = (
    frozenset({"ct", "country", "st", "zp", "ge", "client_user_agent"}),
    frozenset({"db", "client_user_agent"}),
    frozenset({"fn", "ge"}),
    frozenset({"ln", "ge"}),
)
"""Meta, customer information parameters: an event with no keys but those of one of these is refused (2804050)."""

_ITEM_LEFT_OUT: Final = Note("custom_data.contents", NoteReason.MALFORMED)
_CENTS: Final = 4
"""Digits behind the point that a sum of prices keeps: no currency has more than three."""

_WEAK_KEYS: Final = frozenset[str]().union(*_TOO_LITTLE)


def complete(event: Event, draft: Draft) -> Fault | None:
    """See that an event has what each event needs; its source and its id have defaults."""
    if "event_name" not in event:
        if Note("event_name", NoteReason.UNWANTED) in draft.notes:
            return Fault(Reason.EVENT_FILTERED, "event_name")
        return Fault(Reason.NO_EVENT_NAME, "event_name")
    if "event_time" not in event:
        return Fault(Reason.NO_EVENT_TIME, "event_time")
    if "event_id" not in event:
        event["event_id"] = derived_event_id(draft.origin)
    if "action_source" not in event:
        if draft.notes and any(note.field == "action_source" and note.reason != "empty" for note in draft.notes):
            return Fault(Reason.BAD_ACTION_SOURCE, "action_source")
        event["action_source"] = DEFAULT_ACTION_SOURCE
    return None


def click(event: Event, draft: Draft) -> None:
    """Make ``fbc`` of the cookie and of the click ids in the event's addresses (Meta, fbp and fbc parameters)."""
    user = event["user_data"]
    fbclid = user.pop("fbclid") if "fbclid" in user else None
    made = fbc(user.get("fbc"), event.get("event_source_url"), event.get("referrer_url"), draft.time_ms, fbclid)
    if made.__class__ is str:
        user["fbc"] = made
    elif isinstance(made, Drop):
        user.pop("fbc", None)
        draft.note("user_data.fbc", made.reason)


def follower(followed: Collection[Followed]) -> Callable[[Event, str, Draft], None]:
    """Bind what is taken from contents where the event itself does not say it: :attr:`TranslationMap.follow`.

    :return: takes an event, its name and its draft, and changes the event in place. Nothing is summed up of items some
        of which were left out.
    """
    ids, items, value, kind = (each in followed for each in ("content_ids", "num_items", "value", "content_type"))

    def follow(event: Event, event_name: str, draft: Draft) -> None:
        custom = event.get("custom_data")
        if custom is None:
            return
        contents = custom.get("contents")
        if kind and (contents is not None or "content_ids" in custom):
            custom.setdefault("content_type", "product")
        if contents is None:
            return
        if ids and "content_ids" not in custom:
            custom["content_ids"] = list(dict.fromkeys([content["id"] for content in contents]))
        if draft.notes and any(note == _ITEM_LEFT_OUT for note in draft.notes):
            return
        if items and event_name == "InitiateCheckout" and "num_items" not in custom:
            custom["num_items"] = sum([content["quantity"] for content in contents])
        if value and "value" not in custom and all("item_price" in content for content in contents):
            total = sum([content["item_price"] * content["quantity"] for content in contents])
            if isfinite(total):
                custom["value"] = round(total, _CENTS)

    return follow


def derived_event_id(origin: Origin) -> str:
    """Return the id of an event that brings none: ``st_`` and 32 hex digits, the same whenever the record is read."""
    place = f"{origin.topic}/{origin.partition}/{origin.offset}"
    return f"st_{sha256(place.encode()).hexdigest()[:32]}"


def expires_at(event: Event, margin: int) -> int:
    """Return the Unix second from which on Meta would refuse the event, less a margin.

    Meta, server event parameters: 7 days after it happened; offline events: 62 days for ``physical_store``.
    """
    age = MAX_AGE_IN_STORE if event["action_source"] == "physical_store" else MAX_AGE
    return event["event_time"] + age - margin  # type: ignore[no-any-return]


def age_fault(event: Event, expires: int, now: int) -> Fault | None:
    """Meta, server event parameters: events that are too old (2804003) or of the future (2804004) are refused."""
    if now >= expires:
        return Fault(Reason.TOO_OLD, "event_time")
    if event["event_time"] > now + FUTURE_TOLERANCE_SECONDS:
        return Fault(Reason.IN_FUTURE, "event_time")
    return None


def fault_of(event: Event, draft: Draft) -> Fault | None:
    """Return why an event cannot be sent. Fields that would have it refused, and can be spared, are left out before."""
    custom = event.get("custom_data")
    needs = _NEEDS.get(event["action_source"])
    return (
        _value_fault(event, custom or {}, draft)
        or (needs(event, draft) if needs is not None else None)
        or _processing_fault(event)
        or _user_fault(event["user_data"])
    )


def _value_fault(event: Event, custom: Event, draft: Draft) -> Fault | None:
    """Meta, standard events: a purchase needs ``currency`` and ``value``; any value needs a currency (2804010).

    A value without one is left out where it may be: guessing a currency would make it wrong money.
    """
    if event["event_name"] == "Purchase":
        missing = "currency" if "currency" not in custom else "value" if "value" not in custom else None
        return Fault(Reason.MISSING_FIELD, f"custom_data.{missing}") if missing else None
    if "value" in custom and "currency" not in custom:
        del custom["value"]
        draft.note("custom_data.value", NoteReason.INCOMPLETE)
        if not custom:
            del event["custom_data"]
    return None


def _user_fault(user: Event) -> Fault | None:
    if user.keys() <= _WEAK_KEYS and any(user.keys() <= weak for weak in _TOO_LITTLE):
        return Fault(Reason.TOO_LITTLE_USER_DATA, "user_data")
    return None


def _website_fault(event: Event, draft: Draft) -> Fault | None:
    """Meta, server event parameters: a website's event needs its URL; the user agent too, but is let pass without."""
    if "event_source_url" not in event:
        return Fault(Reason.MISSING_FIELD, "event_source_url")
    if "client_user_agent" not in event["user_data"]:
        draft.note("user_data.client_user_agent", NoteReason.ABSENT)
    return None


def _app_fault(event: Event, _draft: Draft) -> Fault | None:
    """Meta, app events: the tracking flag and ``extinfo`` are required (2804043)."""
    app = event.get("app_data", {})
    for key in ("advertiser_tracking_enabled", "extinfo"):
        if key not in app:
            return Fault(Reason.MISSING_FIELD, f"app_data.{key}")
    return None


_MESSAGING_EVENTS: Final = frozenset(
    {
        "Purchase",
        "LeadSubmitted",
        "InitiateCheckout",
        "AddToCart",
        "ViewContent",
        "OrderCreated",
        "OrderShipped",
        "OrderDelivered",
        "OrderCanceled",
        "OrderReturned",
        "CartAbandoned",
        "QualifiedLead",
        "RatingProvided",
        "ReviewProvided",
    }
)
"""Meta, Conversions API for business messaging: any other name is refused (2804066)."""

_CHANNEL_NEEDS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = MappingProxyType(
    {
        "messenger": (("page_id",), ("page_scoped_user_id",)),
        "whatsapp": (("whatsapp_business_account_id",), ("ctwa_clid",)),
        "instagram": (("ig_account_id", "instagram_business_account_id"), ("ig_sid",)),
    }
)
"""Of each group, one key must be there: Meta's page has two names for the account on Instagram."""


def _messaging_fault(event: Event, draft: Draft) -> Fault | None:
    """Meta, Conversions API for business messaging: what each channel needs (2804116, 2804087) or minds (2804072)."""
    channel = event.get("messaging_channel")
    if channel is None:
        return Fault(Reason.MISSING_FIELD, "messaging_channel")
    if event["event_name"] not in _MESSAGING_EVENTS:
        return Fault(Reason.BAD_EVENT_NAME, "event_name")
    user = event["user_data"]
    if channel == "whatsapp" and user.pop("page_id", None) is not None:
        draft.note("user_data.page_id", NoteReason.UNWANTED)
    for choices in _CHANNEL_NEEDS[channel]:
        if not any(key in user for key in choices):
            return Fault(Reason.MISSING_FIELD, f"user_data.{choices[0]}")
    return None


def _system_fault(event: Event, _draft: Draft) -> Fault | None:
    """Meta, Conversions API for CRM: its events name the system that the lead is in."""
    custom = event.get("custom_data", {})
    if custom.get("event_source") == "crm" and "lead_event_source" not in custom:
        return Fault(Reason.MISSING_FIELD, "custom_data.lead_event_source")
    return None


def _processing_fault(event: Event) -> Fault | None:
    """Meta, data processing options: with LDU, a country and a state, which Meta can find out by the client's address.

    0 and 0 ask it to. The choice itself is never left out: that would let Meta do what the user forbade.
    """
    country = event.pop("data_processing_options_country", None)
    state = event.pop("data_processing_options_state", None)
    if not event.get("data_processing_options"):
        return None
    if country is None and state is None and "client_ip_address" not in event["user_data"]:
        return Fault(Reason.MISSING_FIELD, "data_processing_options_state")
    event["data_processing_options_country"] = country if country is not None else int(bool(state))
    event["data_processing_options_state"] = state or 0
    return None


_NEEDS: Final[Mapping[str, Callable[[Event, Draft], Fault | None]]] = MappingProxyType(
    {
        "website": _website_fault,
        "app": _app_fault,
        "business_messaging": _messaging_fault,
        "system_generated": _system_fault,
    }
)
"""By ``action_source``; the others require nothing more."""
