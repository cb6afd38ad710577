"""A choice of records, made for one run: what is not chosen is skipped. Pure."""

from collections.abc import Callable
from typing import Final

from streamer.outcomes import Outcome, Reason
from streamer.records.decode import Decoded
from streamer.translate.engine import Refusal
from streamer.translate.plan import Only, Plan
from streamer.translate.policy import name_of
from streamer.translate.sources import as_text, first_of

Choose = Callable[[Decoded], Refusal | None]
"""A record in; why it is not chosen, or ``None``."""

NOT_CHOSEN: Final = Refusal(Outcome.SKIPPED, Reason.NOT_CHOSEN)


def chooser(plan: Plan) -> Choose | None:
    """Bind the choice by event name and container; None: each record is chosen.

    Names are those that the mapping gives, before a pixel's policy renames them.
    """
    checks = [each for each in (_by_event(plan), _by_container(plan)) if each]
    if not checks:
        return None
    return lambda record: None if all(check(record) for check in checks) else NOT_CHOSEN


def choose_pixels(only: Only, pixels: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Refusal, ...]]:
    """Return the pixels of a record that are chosen, and a refusal for each other one."""
    if not only.pixels:
        return pixels, ()
    others = tuple(NOT_CHOSEN._replace(pixel_id=pixel_id) for pixel_id in pixels if pixel_id not in only.pixels)
    return tuple(pixel_id for pixel_id in pixels if pixel_id in only.pixels), others


def _by_event(plan: Plan) -> Callable[[Decoded], bool] | None:
    name, wanted = name_of(plan.mapping), frozenset(plan.only.events)
    return (lambda record: name(record) in wanted) if wanted else None


def _by_container(plan: Plan) -> Callable[[Decoded], bool] | None:
    wanted = frozenset(plan.only.containers)
    if not wanted:
        return None
    find = first_of(plan.mapping.container_id) if plan.mapping.container_id else lambda _record: None

    def is_wanted(record: Decoded) -> bool:
        named = find(record)
        names = named if isinstance(named, list) else [named]
        return any((as_text(each) or "") in wanted for each in names)

    return is_wanted
