"""What a pixel's policy does with an event: whether it is sent, under which name, and with what."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from streamer.outcomes import Outcome, Reason
from streamer.records.decode import Decoded
from streamer.translate.consent import consent_of
from streamer.translate.draft import Draft
from streamer.translate.engine import Refusal
from streamer.translate.limited import limiter
from streamer.translate.notes import NoteReason
from streamer.translate.plan import EventPolicy, PixelRules, Plan, PropertyPolicy, Source, TranslationMap
from streamer.translate.rules import text
from streamer.translate.sources import as_text, first_of, read_source
from streamer.translate.suppression import suppressor
from streamer.translate.surface import STANDARD_PROPERTIES, TEXT_PROPERTIES

Event = dict[str, Any]
"""A server event that is not yet JSON."""

Admit = Callable[[Decoded], Refusal | None]
"""A record in; why it is not sent out, or ``None``."""

Amend = Callable[[Event, Decoded, Draft], Refusal | None]
"""May change the event in place, and note in the draft what it took out; why it is not sent, or ``None``."""

ORIGINS: Final = ("browser", "server", "offline", "unknown")
"""Who may have reported an event; the last where the record does not say it, or says another word."""

NEEDED_PROPERTIES: Final = ("value", "currency", "lead_event_source")
"""Keys of ``custom_data`` that no policy may take out: Meta refuses a purchase, or an event of a CRM, without them."""

_STANDARD: Final = STANDARD_PROPERTIES | TEXT_PROPERTIES
_SEGMENT: Final = "customer_segmentation"
"""Meta's page has it in custom data too; it is sent at the event's own."""
_TRUSTED: Final = frozenset({"server", "offline"})
_FILTERED: Final = Refusal(Outcome.SKIPPED, Reason.EVENT_FILTERED, "event_name")

_Say = Callable[[Decoded], str | None]
"""A record in; one thing that it says of itself out."""


class Policy(NamedTuple):
    """The rules of some pixels, bound to a mapping."""

    rules: PixelRules
    admit: Admit | None
    """Looked at before the rules of the mapping are carried out; None: there is nothing to look at."""
    amend: Amend | None
    """Done after the rules of the mapping, before the checks; None: there is nothing to do."""


def make_policy(rules: PixelRules, plan: Plan) -> Policy:
    """Bind rules to the mapping of a plan.

    :raises KeyError: the list of suppressed people that they name is not in the plan.
    """
    origin = _origin(plan.mapping.origin)
    admits = [
        _events(rules.events, name_of(plan.mapping)),
        _origins(rules.events, name_of(plan.mapping), origin, plan.mapping.origin),
        consent_of(rules.consent, plan.mapping.consent),
    ]
    amends = [
        _suppression(rules, plan),
        _names(rules),
        _opt_out(rules),
        _limited(rules),
        _properties(rules.properties, origin),
    ]
    return Policy(rules, _admit([each for each in admits if each]), _amend([each for each in amends if each]))


def _admit(checks: Sequence[Admit]) -> Admit | None:
    if len(checks) <= 1:
        return checks[0] if checks else None

    def admit(record: Decoded) -> Refusal | None:
        for check in checks:
            if refusal := check(record):
                return refusal
        return None

    return admit


def _amend(steps: Sequence[Amend]) -> Amend | None:
    if len(steps) <= 1:
        return steps[0] if steps else None

    def amend(event: Event, record: Decoded, draft: Draft) -> Refusal | None:
        for step in steps:
            if refusal := step(event, record, draft):
                return refusal
        return None

    return amend


# ---- what a record says of itself


def name_of(mapping: TranslationMap) -> _Say:
    """Bind the name of an event as its mapping gives it: the first source that gives a text."""
    rule = next((rule for rule in mapping.rules if rule.key == "event_name"), None)
    reads = [read_source(source) for source in rule.sources] if rule is not None else []

    def name(record: Decoded) -> str | None:
        for read in reads:
            value = read(record)
            made = None if value is None else text(value)
            if isinstance(made, str):
                return made
        return None

    return name


def _origin(sources: tuple[Source, ...]) -> _Say:
    read = first_of(sources) if sources else lambda _record: None

    def origin(record: Decoded) -> str:
        word = (as_text(read(record)) or "").strip().lower()
        return word if word in ORIGINS else ORIGINS[-1]

    return origin


# ---- whether it is sent


def _events(policy: EventPolicy, name: _Say) -> Admit | None:
    allow = None if policy.allow is None else frozenset(policy.allow)
    deny = frozenset(policy.deny)
    if allow is None and not deny:
        return None

    def check(record: Decoded) -> Refusal | None:
        found = name(record)
        if found is None:  # that is a fault of its own, which the checks tell
            return None
        return _FILTERED if found in deny or (allow is not None and found not in allow) else None

    return check


def _origins(policy: EventPolicy, name: _Say, origin: _Say, sources: Sequence[Source]) -> Admit | None:
    of_event = {event: frozenset(allowed) for event, allowed in policy.origins_by_event}
    others = frozenset(ORIGINS if policy.origins is None else policy.origins)
    if not of_event and policy.origins is None:
        return None
    path = next((source.path for source in sources if source.path), "origin")
    refusal = Refusal(Outcome.SKIPPED, Reason.ORIGIN_FILTERED, path)

    def check(record: Decoded) -> Refusal | None:
        allowed = of_event.get(name(record) or "", others) if of_event else others
        return None if origin(record) in allowed else refusal

    return check


def _suppression(rules: PixelRules, plan: Plan) -> Amend | None:
    if rules.suppression is None:
        return None
    check = suppressor(plan.suppressed[rules.suppression], plain_ids=rules.external_id == "plain")
    return lambda event, _record, _draft: check(event)


# ---- what is sent


def _names(rules: PixelRules) -> Amend | None:
    names = dict(rules.events.rename)

    def rename(event: Event, _record: Decoded, _draft: Draft) -> None:
        name = names.get(event["event_name"])
        if name is not None:
            event["event_name"] = name

    return rename if names else None


def _opt_out(rules: PixelRules) -> Amend | None:
    def opt_out(event: Event, _record: Decoded, _draft: Draft) -> None:
        event["opt_out"] = True

    return opt_out if rules.opt_out else None


def _limited(rules: PixelRules) -> Amend | None:
    limit = limiter(rules.limited)
    return None if limit is None else lambda event, _record, draft: limit(event, draft)


def _properties(policy: PropertyPolicy, origin: _Say) -> Amend | None:
    allow = None if policy.allow is None else _STANDARD.union(policy.allow)
    deny, server_only = frozenset(policy.deny), frozenset(policy.server_only)
    if allow is None and not deny and not server_only:
        return None
    deny_of_browser = deny | server_only

    def take_out(event: Event, record: Decoded, draft: Draft) -> None:
        denied = deny_of_browser if server_only and origin(record) not in _TRUSTED else deny
        if _SEGMENT in denied and event.pop(_SEGMENT, None) is not None:
            draft.note(_SEGMENT, NoteReason.POLICY)
        custom = event.get("custom_data")
        if custom is None:
            return
        unwanted = [key for key in custom if key in denied or (allow is not None and key not in allow)]
        for key in unwanted:
            del custom[key]
        for field in dict.fromkeys(_field(key) for key in unwanted):
            draft.note(field, NoteReason.POLICY)
        if not custom:
            del event["custom_data"]

    return take_out


def _field(key: str) -> str:
    """Return how a note calls a key: by its name only where that is Meta's, for others may be anything."""
    return f"custom_data.{key}" if key in _STANDARD else "custom_data"
