"""When nearly everything is dead-lettered, that is a bad deploy and not bad data: stop, and say so."""

from streamer.errors import UserError


class RefusalGuard:
    """Watches the share of records that are dead-lettered, over the newest ones."""

    def __init__(self, limit: float, minimum: int, hold_seconds: float = 10) -> None:
        """Trip when more than ``limit`` (0 to 1) of at least ``minimum`` records are refused.

        :param hold_seconds: how long dead letters are held back while it is too early to tell.
        """
        self.hold_seconds = hold_seconds
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

    def refused(self, records: int) -> bool:
        """Count records that are about to be dead-lettered.

        :return: False while it is too early to tell: too many are refused, of too few to judge by.
        :raises UserError: if too many are refused; they are not to be dead-lettered then, and not committed.
        """
        self._refused += records
        if self.fine:
            return True
        if self._seen < self._minimum:
            return False
        raise UserError(
            f"{self._refused / self._seen:.0%} of the newest records would be dead-lettered, more than "
            f"delivery.refused_share_limit ({self._limit:.0%}) allows. That looks like a wrong schema, mapping or "
            "setting and not like bad data, so these were left where they are. `streamer check` looks at schemas; "
            "mend the cause, and start again."
        )

    @property
    def fine(self) -> bool:
        """The share of refused records is within the limit."""
        return self._refused <= self._limit * self._seen
