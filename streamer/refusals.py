"""When nearly everything is dead-lettered, that is a bad deploy and not bad data: stop, and say so."""

from streamer.errors import UserError


class RefusalGuard:
    """Watches the share of records that are dead-lettered, over the newest ones."""

    def __init__(self, limit: float, minimum: int) -> None:
        """Trip when more than ``limit`` (0 to 1) of at least ``minimum`` records are refused."""
        self._limit = limit
        self._minimum = minimum
        self._seen = 0.0
        self._refused = 0.0

    def saw(self, records: int) -> None:
        """Count records that were read. Old ones fade, so that a long good past does not hide a bad present."""
        self._seen += records
        if self._seen > 4 * self._minimum:
            self._seen /= 2
            self._refused /= 2

    def refused(self, records: int) -> None:
        """Count records that are about to be dead-lettered.

        :raises UserError: if that makes too many; they are not dead-lettered then, and not committed.
        """
        self._refused += records
        if self._seen < self._minimum or self._refused <= self._limit * self._seen:
            return
        raise UserError(
            f"{self._refused / self._seen:.0%} of the newest records would be dead-lettered, more than "
            f"delivery.refused_share_limit ({self._limit:.0%}) allows. That looks like a wrong schema, mapping or "
            "setting and not like bad data: nothing was committed for them. Look at the reasons in the receipts or "
            "in streamer_outcomes_total, mend the cause, and start again."
        )
