"""Which pixels an event goes to, and whether its user's choices allow it."""

from collections.abc import Callable

from streamer.outcomes import Outcome, Reason
from streamer.records.decode import Decoded
from streamer.translate.engine import Refusal
from streamer.translate.paths import finder
from streamer.translate.plan import ConsentRule, Plan

Route = Callable[[Decoded], tuple[str, ...] | Refusal]
"""A record in; its pixels out, at least one, or why there is none."""

_NO_PIXEL = Refusal(Outcome.SKIPPED, Reason.NO_PIXEL)
_LONGEST_PIXEL_ID = 20


def router(plan: Plan) -> Route:
    """Bind the routes: the event's own pixel, or else the pixels of its container."""
    find_pixel, find_container = finder(plan.mapping.pixel_id), finder(plan.mapping.container_id)
    bad_pixel = Refusal(Outcome.DEAD_LETTERED, Reason.BAD_PIXEL_ID, plan.mapping.pixel_id)
    containers = {name: tuple(dict.fromkeys(pixels)) for name, pixels in plan.containers.items() if pixels}

    def route(record: Decoded) -> tuple[str, ...] | Refusal:
        pixel_id = find_pixel(record)
        if pixel_id is not None and pixel_id != "":
            return (str(pixel_id),) if is_pixel_id(str(pixel_id)) else bad_pixel
        container = find_container(record)
        return containers.get(container, _NO_PIXEL) if isinstance(container, str) else _NO_PIXEL

    return route


def is_pixel_id(text: str) -> bool:
    """Whether it has the form of a pixel's (a dataset's) id: digits."""
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_PIXEL_ID


def consent_checker(rule: ConsentRule) -> Callable[[Decoded], Refusal | None]:
    """Bind the rule of consent: a purpose that counts, and was not granted, holds the event back."""
    find = finder(rule.path)
    granted = frozenset(rule.granted)
    refusals = {
        purpose: Refusal(Outcome.SKIPPED, Reason.NO_CONSENT, f"{rule.path}.{purpose}") for purpose in rule.purposes
    }

    def check(record: Decoded) -> Refusal | None:
        choices = find(record)
        if not choices or not isinstance(choices, dict):
            return None
        for purpose, refusal in refusals.items():
            choice = choices.get(purpose)
            if choice is not None and str(choice).strip().lower() not in granted:
                return refusal
        return None

    return check
