"""A batch on its way to be sent, and how a refused one is searched for the event at fault. Pure.

A request that Meta refuses for one bad event is refused whole. The search assumes a single culprit, since that is what
there nearly always is: one half is tried at a time, and what probably does not hold the culprit is laid aside and
sent in the end in one piece. That takes about log₂ N posts. If what was laid aside is refused too, there are several
culprits, and both halves of everything are tried.

What was concluded only steers the search. An event is found guilty by one thing alone: Meta refused it when it was
sent by itself. (The fault of a request may pass, or lie in its size, or have expired meanwhile.)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from streamer.delivery.answers import Verdict
from streamer.delivery.batch import Batch, Entry

_MOST_NAMED = 8
"""Meta may name the wrong one: after so many, the search goes on by halves."""


@dataclass(frozen=True, slots=True)
class Hunt:
    """What is believed while a culprit is searched: it is in the batch being tried or in ``sibling``."""

    sibling: Sequence[Entry]
    aside: Sequence[Entry]
    """Not tried, and probably good."""


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """A batch to be sent, for the first time or again."""

    batch: Batch
    tries: int = 0
    """Tries that failed before."""
    not_before: float = 0.0
    """When it may be sent, on the clock of the lanes."""
    hunt: Hunt | None = None
    several: bool = False
    """There is more than one culprit, or none: try both halves."""
    named: int = 0
    """How often Meta's naming of a culprit was followed on the way here."""
    new: bool = False
    """Nothing of it was ever sent, so it may be joined with others."""
    probe: bool = False
    """It may go although its pixel is parked, to see whether the pixel works again."""

    @property
    def entries(self) -> Sequence[Entry]:
        """Everything whose fate hangs on this attempt."""
        if self.hunt is None:
            return self.batch.entries
        return [*self.batch.entries, *self.hunt.sibling, *self.hunt.aside]

    @property
    def size(self) -> int:
        """Bytes of JSON in the batch to be sent, commas included."""
        return sum(len(entry.event.body) + 1 for entry in self.batch.entries)

    @property
    def weight(self) -> int:
        """Bytes of JSON of everything whose fate hangs on this attempt."""
        return sum(len(entry.event.body) + 1 for entry in self.entries)

    def with_entries(self, entries: Sequence[Entry]) -> "Attempt":
        """Return it with other events in the batch."""
        return replace(self, batch=replace(self.batch, entries=entries))

    def later(self, not_before: float) -> "Attempt":
        """Return it as one that failed once more and must wait."""
        return replace(self, tries=self.tries + 1, not_before=not_before, new=False)

    def only(self, keeps: Callable[[Entry], bool]) -> "Attempt | None":
        """Return it with those entries alone; None if nothing is left."""
        batch, hunt = list(filter(keeps, self.batch.entries)), self.hunt
        if hunt is not None:
            hunt = Hunt(list(filter(keeps, hunt.sibling)), list(filter(keeps, hunt.aside)))
        left = replace(self.with_entries(batch), hunt=hunt)
        return left if batch else next(iter(without_batch(left)), None)


class Found(NamedTuple):
    """What to do next, and who was found."""

    next: list[Attempt]
    culprit: Entry | None = None
    refusal: Verdict | None = None


def after_refusal(attempt: Attempt, refusal: Verdict) -> Found:
    """Go on after Meta refused the attempt's batch for a bad event in it."""
    entries, hunt, blamed = attempt.batch.entries, attempt.hunt, refusal.blamed
    aside = [*hunt.aside, *hunt.sibling] if hunt else []
    if len(entries) == 1:
        return Found(_rest(attempt, aside), entries[0], refusal)
    if blamed is not None and blamed < len(entries) and not aside and attempt.named < _MOST_NAMED:
        others = replace(_fresh(attempt, [*entries[:blamed], *entries[blamed + 1 :]]), named=attempt.named + 1)
        return Found([_fresh(attempt, entries[blamed : blamed + 1]), others])
    left, right = _halves(entries)
    if attempt.several or refusal.code is None:  # without a code it is the request's size or count, no event's fault
        halves = [replace(_fresh(attempt, half), several=True) for half in (left, right)]
        return Found([*halves, *_rest(attempt, aside)])
    return Found([replace(_fresh(attempt, left), hunt=Hunt(right, aside))])


def after_delivery(attempt: Attempt) -> Found:
    """Go on after Meta took the attempt's batch: if a culprit is searched, it should be in the sibling."""
    hunt = attempt.hunt
    if hunt is None:
        return Found([])
    if not hunt.sibling:
        return Found(_rest(attempt, hunt.aside))
    left, right = _halves(hunt.sibling)
    return Found([replace(_fresh(attempt, left), hunt=replace(hunt, sibling=right))])


def in_halves(attempt: Attempt, not_before: float) -> list[Attempt]:
    """Go on with both halves of everything, after a batch failed again and again in a way that one event may cause.

    Nobody is condemned by that: what is at fault goes on failing, but no longer with others beside it.
    """
    halves = _halves(attempt.entries)
    return [replace(_fresh(attempt, half), tries=attempt.tries, not_before=not_before) for half in halves if half]


def without_batch(attempt: Attempt) -> list[Attempt]:
    """Go on after nothing was left of the batch to be tried, so that nothing is known of the others any more."""
    hunt = attempt.hunt
    left = [*hunt.sibling, *hunt.aside] if hunt else []
    return [_fresh(attempt, left)] if left else []


def _rest(attempt: Attempt, aside: Sequence[Entry]) -> list[Attempt]:
    return [replace(_fresh(attempt, aside), several=True)] if aside else []


def _fresh(attempt: Attempt, entries: Sequence[Entry]) -> Attempt:
    return Attempt(replace(attempt.batch, entries=entries), named=attempt.named, probe=attempt.probe)


def _halves(entries: Sequence[Entry]) -> tuple[Sequence[Entry], Sequence[Entry]]:
    middle = (len(entries) + 1) // 2
    return entries[:middle], entries[middle:]
