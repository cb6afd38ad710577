"""A batch on its way to be sent, and how a refused one is searched for the event at fault. Pure.

A request that Meta refuses for one bad event is refused whole. The search assumes a single culprit, since that is what
there nearly always is: one half is tried at a time, and what turns out not to hold the culprit for sure is laid
aside and sent in the end in one piece. That takes about log₂ N posts. If what was laid aside is refused too, there
are several culprits, and both halves of everything are tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from streamer.delivery.answers import Verdict
from streamer.delivery.batch import Batch, Entry


@dataclass(frozen=True, slots=True)
class Hunt:
    """What is known while a culprit is searched: of the batch being tried and ``sibling``, one at least is bad."""

    sibling: Sequence[Entry]
    aside: Sequence[Entry]
    """Not tried, and probably good."""
    refusal: Verdict
    """What Meta said of the batch and the sibling together."""


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
    """There is more than one culprit: try both halves."""

    @property
    def entries(self) -> Sequence[Entry]:
        """Everything whose fate hangs on this attempt."""
        if self.hunt is None:
            return self.batch.entries
        return [*self.batch.entries, *self.hunt.sibling, *self.hunt.aside]

    def with_entries(self, entries: Sequence[Entry]) -> "Attempt":
        """Return it with other events in the batch."""
        return replace(self, batch=replace(self.batch, entries=entries))

    def later(self, not_before: float) -> "Attempt":
        """Return it as one that failed once more and must wait."""
        return replace(self, tries=self.tries + 1, not_before=not_before)


class Found(NamedTuple):
    """What to do next, and who was found."""

    next: list[Attempt]
    culprit: Entry | None = None
    refusal: Verdict | None = None


def after_refusal(attempt: Attempt, refusal: Verdict) -> Found:
    """Go on after Meta refused the attempt's batch for a bad event in it."""
    entries, hunt = attempt.batch.entries, attempt.hunt
    aside = [*hunt.aside, *hunt.sibling] if hunt else []
    if len(entries) == 1:
        return Found(_rest(attempt, aside), entries[0], refusal)
    if refusal.blamed is not None and refusal.blamed < len(entries) and not aside:
        named = refusal.blamed
        others = [*entries[:named], *entries[named + 1 :]]
        return Found([_fresh(attempt, entries[named : named + 1]), _fresh(attempt, others)])
    left, right = _halves(entries)
    if attempt.several:
        return Found([replace(_fresh(attempt, half), several=True) for half in (left, right)])
    return Found([replace(_fresh(attempt, left), hunt=Hunt(right, aside, refusal))])


def after_delivery(attempt: Attempt) -> Found:
    """Go on after Meta took the attempt's batch: if a culprit is searched, it is in the sibling."""
    hunt = attempt.hunt
    if hunt is None:
        return Found([])
    if len(hunt.sibling) == 1:
        return Found(_rest(attempt, hunt.aside), hunt.sibling[0], hunt.refusal)
    left, right = _halves(hunt.sibling)
    return Found([replace(_fresh(attempt, left), hunt=replace(hunt, sibling=right))])


def without_batch(attempt: Attempt) -> list[Attempt]:
    """Go on after nothing was left of the batch to be tried, so that nothing is known of the others any more."""
    hunt = attempt.hunt
    return [_fresh(attempt, [*hunt.sibling, *hunt.aside])] if hunt else []


def _rest(attempt: Attempt, aside: Sequence[Entry]) -> list[Attempt]:
    return [replace(_fresh(attempt, aside), several=True)] if aside else []


def _fresh(attempt: Attempt, entries: Sequence[Entry]) -> Attempt:
    return Attempt(replace(attempt.batch, entries=entries))


def _halves(entries: Sequence[Entry]) -> tuple[Sequence[Entry], Sequence[Entry]]:
    middle = (len(entries) + 1) // 2
    return entries[:middle], entries[middle:]
