"""The plan of a translation: frozen data that an engine compiles once. There is no code in it; it can be JSON.

docs/plan.md describes the JSON that :mod:`streamer.translate.plan_json` writes of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

RuleName = Literal[
    "text",
    "id",
    "url",
    "referrer",
    "opt_out",
    "number",
    "share",
    "whole",
    "flag",
    "bit",
    "seconds",
    "texts",
    "processing_options",
    "processing_country",
    "processing_state",
    "hash",
    "currency",
    "ip",
    "fbc",
    "fbp",
    "fbclid",
    "lead_id",
    "action_source",
    "messaging_channel",
    "customer_segmentation",
    "content_type",
    "delivery_category",
    "contents",
    "property",
    "properties",
    "extinfo",
]
"""How a value becomes that of a CAPI key; :mod:`streamer.translate.rules` says what each does."""

Unit = Literal["days", "seconds", "milliseconds", "microseconds", "nanoseconds", "iso8601"]
"""Since when a time is counted in what: since 1970 UTC, or a text of ISO 8601."""

Otherwise = Literal["keep", "drop", "skip"]
"""What becomes of a value that is not in its table: it stays as it is; the field is left out; the event is skipped."""

Constant = str | int | float | bool
"""A value that a mapping gives itself."""

Followed = Literal["content_ids", "num_items", "value", "content_type"]
"""What may follow from ``contents`` where the event itself does not say it."""


@dataclass(frozen=True, slots=True)
class Table:
    """Values by the values that stand for them in the record."""

    values: tuple[tuple[str, str], ...]
    """A value of the record, as text, and what it becomes. Upper and lower case count, but where no exact match is
    found a match without case is taken."""
    otherwise: Otherwise = "keep"


@dataclass(frozen=True, slots=True)
class Source:
    """One place that a value may come from: a path in the reader schema, or a constant."""

    path: str = ""
    """Such as ``user.email``, ``cookies._fbp`` or ``params[key=page_location].value``; see
    :mod:`streamer.translate.paths`. Empty: the value is :attr:`constant`."""
    constant: Constant | None = None
    table: Table | None = None
    unit: Unit | None = None
    """Of a time or a date; None where it is no such."""
    scale: int | None = None
    """Of a number: so many of its digits stand behind the point, as in cents (2) and Avro's decimals."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One CAPI key: from where, and how."""

    key: str
    """Such as ``event_name`` or ``user_data.em``; ``custom_data.*`` for all custom properties of a map or record."""
    rule: RuleName
    sources: tuple[Source, ...] = ()
    """The first that gives a value counts, in this order."""
    fields: tuple["Rule", ...] = ()
    """Of ``contents``: the keys of one of its objects, with paths that begin at the item. Of ``extinfo``: its parts by
    name, with paths that begin at the record."""
    every: bool = False
    """Of a key that holds a list: all sources give values, and not only the first that has one."""
    without: tuple[str, ...] = ()
    """Of ``properties``: names of the map or record that are no custom properties."""
    only: tuple[str, ...] = ()
    """Of ``properties``: the names that a record has in the reader schema; a writer may have more, which are nobody's
    custom properties. Empty for a map."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of a record for it to be sent at all. Values are compared as text, to the letter."""

    path: str
    test: Literal["in", "not_in", "present", "absent"]
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentMap:
    """Where a record says what its user allows."""

    choices: str | None = None
    """Path of a map (or record) from purpose to choice."""
    purposes: tuple[tuple[str, tuple[Source, ...]], ...] = ()
    """Purposes that have places of their own, which come before :attr:`choices`."""


@dataclass(frozen=True, slots=True)
class TranslationMap:
    """How records of one schema become server events."""

    rules: tuple[Rule, ...]
    pixel_id: tuple[Source, ...] = ()
    """The pixels that the event itself names: a text or a list of texts."""
    container_id: tuple[Source, ...] = ()
    """The container, whose pixels are taken when the event names none."""
    origin: tuple[Source, ...] = ()
    """Who reported the event: ``browser``, ``server`` or ``offline``."""
    consent: ConsentMap = ConsentMap()
    when: tuple[Condition, ...] = ()
    """All of them must hold; a record of which one does not is skipped as filtered."""
    follow: tuple[Followed, ...] = ("content_ids", "num_items")


@dataclass(frozen=True, slots=True)
class ConsentPolicy:
    """Which choices of its user an event must bring to be sent."""

    require: tuple[tuple[str, tuple[str, ...]], ...] = tuple(
        (purpose, ("granted", "true", "yes", "1"))
        for purpose in ("ad_storage", "ad_user_data", "advertising", "marketing")
    )
    """Purpose, and the choices that allow to send, in lowercase; any other choice forbids it. The default are Google's
    consent mode and the plain words for the same: storing for advertising, and sending personal data to it."""
    missing: Literal["granted", "denied"] = "granted"
    """What a purpose counts as that the event says nothing about."""


@dataclass(frozen=True, slots=True)
class Limited:
    """For whose events Limited Data Use is asked (Meta, data processing options), where they say nothing."""

    regions: tuple[str, ...] = ()
    """In lowercase: ``us`` for a whole country, ``us-ca`` for a state."""
    unknown: Literal["ask_meta", "off"] = "ask_meta"
    """Where the event does not say where its user lives: Meta finds out by the address (0, 0), or nothing is asked."""


@dataclass(frozen=True, slots=True)
class EventPolicy:
    """Which events are sent, and under which names."""

    allow: tuple[str, ...] | None = None
    """Event names as the mapping gives them; None: all."""
    deny: tuple[str, ...] = ()
    rename: tuple[tuple[str, str], ...] = ()
    origins: tuple[str, ...] | None = None
    """Of ``browser``, ``server``, ``offline`` and ``unknown``; None: all."""
    origins_by_event: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """By event name, in place of :attr:`origins`."""


@dataclass(frozen=True, slots=True)
class PropertyPolicy:
    """Which keys of ``custom_data`` are sent."""

    allow: tuple[str, ...] | None = None
    """Custom properties; None: all. Meta's own keys need not be in it."""
    deny: tuple[str, ...] = ()
    """Keys that are never sent, Meta's own among them."""
    server_only: tuple[str, ...] = ()
    """Keys that are taken only from events of the origins ``server`` and ``offline``: in a browser anybody could write
    them, and an event of unknown origin may come from one."""


@dataclass(frozen=True, slots=True)
class PixelRules:
    """What is done differently for a pixel. Pixels that have the same rules share one translation of a record."""

    phone_region: str | None = None
    """ISO 3166-1 alpha-2 in lowercase: the region of phone numbers that come with neither country code nor country."""
    enabled: bool = True
    """False: nothing is sent to it."""
    external_id: Literal["hashed", "hashed_lowercase", "plain"] = "hashed"
    """As the client's own pixel sends it: Meta matches the two copies by the very same text."""
    opt_out: bool = False
    """True: Meta may use all its events to attribute, and none to optimise delivery."""
    consent: ConsentPolicy = ConsentPolicy()
    limited: Limited = Limited()
    events: EventPolicy = EventPolicy()
    properties: PropertyPolicy = PropertyPolicy()
    suppression: str | None = None
    """Name of the list in :attr:`Plan.suppressed` whose people's events are skipped."""


@dataclass(frozen=True, slots=True)
class Only:
    """What is chosen of the records, for one run; where nothing is named, everything is."""

    pixels: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    """Event names as the mapping gives them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that an engine has to know beside the schemas."""

    mapping: TranslationMap
    containers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The pixels of each container."""
    pixels: Mapping[str, PixelRules] = field(default_factory=dict)
    """By pixel id, where they differ from :attr:`defaults`."""
    defaults: PixelRules = PixelRules()
    suppressed: Mapping[str, frozenset[bytes]] = field(default_factory=dict)
    """By name: SHA-256 (32 bytes) of the e-mail addresses, phones and external ids of people who asked to be
    forgotten."""
    age_margin_seconds: int = 3600
    """An event this close to Meta's age limit counts as too old."""
    only: Only = Only()
