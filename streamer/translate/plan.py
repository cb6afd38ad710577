"""The plan of a translation: frozen data that an engine compiles once. There is no code in it; it can be JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

RuleName = Literal[
    "text",
    "id",
    "url",
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
    "lead_id",
    "action_source",
    "messaging_channel",
    "customer_segmentation",
    "content_type",
    "delivery_category",
    "contents",
    "custom",
    "extinfo",
]
"""How a value becomes that of a CAPI key; :mod:`streamer.translate.rules` says what each does."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One CAPI key: from where, and how."""

    key: str
    """Such as ``event_name`` or ``user_data.em``; ``custom_data.*`` for custom properties. Several rules may give the
    hashes of one key."""
    rule: RuleName
    paths: tuple[str, ...]
    """Paths in the reader schema, such as ``user.email`` or ``cookies._fbp``. The first that has a value counts; for
    ``fbc`` and ``extinfo`` each has its place."""
    fields: tuple["Rule", ...] = ()
    """Of ``contents``: the keys of one of its objects, their paths beginning at the item's record."""


@dataclass(frozen=True, slots=True)
class ConsentRule:
    """Whose choices count. A purpose that an event says nothing about does not hold it back."""

    path: str
    """Of a map from purpose to choice."""
    purposes: tuple[str, ...]
    granted: tuple[str, ...] = ("granted", "true", "yes", "1")
    """Choices, in lowercase, that allow to send; any other forbids it."""


@dataclass(frozen=True, slots=True)
class TranslationMap:
    """How records of one schema become server events."""

    rules: tuple[Rule, ...]
    pixel_id: str
    """Path of the pixel that the event itself names."""
    container_id: str
    """Path of the container, whose pixels are taken when the event names none."""
    consent: ConsentRule


@dataclass(frozen=True, slots=True)
class PixelRules:
    """What is done differently for a pixel."""

    phone_region: str | None = None
    """ISO 3166-1 alpha-2 in lowercase: the region of phone numbers that come with neither country code nor country."""
    enabled: bool = True
    """False: nothing is sent to it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that an engine has to know beside the schemas."""

    mapping: TranslationMap
    containers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The pixels of each container."""
    pixels: Mapping[str, PixelRules] = field(default_factory=dict)
    """By pixel id, where they differ from :attr:`defaults`."""
    defaults: PixelRules = PixelRules()
    age_margin_seconds: int = 3600
    """An event this close to Meta's age limit counts as too old."""
