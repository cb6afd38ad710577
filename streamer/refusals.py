"""When nearly everything is dead-lettered, that is a bad deploy and not bad data: stop, and say so."""

from collections import Counter

from streamer.errors import UserError
from streamer.outcomes import Reason

_CAUSES = {
    Reason.TOO_OLD: "a wrong event time in the mapping, or a start far in the past. If they may be dead-lettered, set "
    "delivery.refused_share_limit to 1",
}
_COMMON_CAUSE = "a wrong schema, mapping or setting. `streamer check` looks at schemas"


class RefusalGuard:
    """Watches which share of the newest (record, pixel) pairs is dead-lettered.

    There are two shares: of what was translated, and of what delivery came to an end with. One alone would compare what
    Meta refuses now with what happens to be read now, and reading stands still while memory is full.
    """

    def __init__(self, limit: float, minimum: int, hold_seconds: float = 10) -> None:
        """Trip when more than ``limit`` (0 to 1) of at least ``minimum`` pairs are refused.

        :param hold_seconds: how long dead letters are held back while it is too early to tell.
        """
        self.hold_seconds = hold_seconds
        self._limit = limit
        self._minimum = minimum
        self._translated = _Share(4 * minimum)
        self._judged = _Share(4 * minimum)

    def translated(self, pairs: int) -> None:
        """Count pairs that were translated, be it to be refused."""
        self._translated.saw(pairs)

    def judged(self, pairs: int) -> None:
        """Count server events that were delivered, or that are about to be dead-lettered."""
        self._judged.saw(pairs)

    def refused(self, pairs: int, reason: Reason, *, judged: bool) -> bool:
        """Count pairs that are about to be dead-lettered.

        :param judged: they had become server events.
        :return: False while it is too early to tell: too many are refused, of too few to judge by.
        :raises UserError: if too many are refused; they are not to be dead-lettered then, and not committed.
        """
        share = self._judged if judged else self._translated
        share.refused[reason] += pairs
        if share.is_within(self._limit):
            return True
        if share.seen < self._minimum:
            return False
        raise UserError(self._sentence(share))

    @property
    def fine(self) -> bool:
        """What is refused is within the limit."""
        return self._translated.is_within(self._limit) and self._judged.is_within(self._limit)

    def _sentence(self, share: "_Share") -> str:
        (reason, _), *_ = share.refused.most_common(1)
        return (
            f"{share.refused.total() / share.seen:.0%} of the newest events would be dead-lettered, most of them as "
            f"`{reason}`; delivery.refused_share_limit allows {self._limit:.0%}. That does not look like bad data but "
            f"like {_CAUSES.get(reason, _COMMON_CAUSE)}. They were left where they are: mend the cause, then start "
            "again."
        )


class _Share:
    """How many there were, and how many were refused, by reason. Old ones fade: a good past hides no bad present."""

    def __init__(self, most: int) -> None:
        self.seen = 0.0
        self.refused: Counter[Reason] = Counter()
        self._most = most

    def saw(self, pairs: int) -> None:
        if self.seen > self._most:
            self.seen /= 2
            self.refused = Counter({reason: number // 2 for reason, number in self.refused.items()})
        self.seen += pairs

    def is_within(self, limit: float) -> bool:
        return self.refused.total() <= limit * self.seen
