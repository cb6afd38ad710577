"""How many of a pixel's newest events Meta refuses: when it is most of them, they are kept and not given up. Pure."""


class _Row:
    __slots__ = ("judged", "refused")

    def __init__(self) -> None:
        self.judged = 0.0
        self.refused = 0.0


class RefusedShares:
    """Counts by pixel. A pixel of which nothing was refused lately has no row."""

    def __init__(self, limit: float, minimum: int) -> None:
        """Find too much when more than ``limit`` (0 to 1) of at least ``minimum`` events are refused."""
        self._limit = limit
        self._minimum = minimum
        self._rows: dict[str, _Row] = {}

    def delivered(self, pixel_id: str, events: int) -> None:
        """Count events that Meta took. Old ones fade, so that a long good past does not hide a bad present."""
        row = self._rows.get(pixel_id)
        if row is not None:
            self._count(pixel_id, row, events)

    def refused(self, pixel_id: str) -> bool:
        """Count an event that Meta refused by itself; return True if too many are."""
        row = self._rows.get(pixel_id)
        if row is None:
            row = self._rows[pixel_id] = _Row()
        row.refused += 1
        too_many = row.judged + 1 >= self._minimum and row.refused > self._limit * (row.judged + 1)
        self._count(pixel_id, row, 1)
        return too_many

    def forget(self, pixel_id: str) -> None:
        """Begin anew with a pixel."""
        self._rows.pop(pixel_id, None)

    def __len__(self) -> int:
        return len(self._rows)

    def _count(self, pixel_id: str, row: _Row, events: int) -> None:
        row.judged += events
        while row.judged > 4 * self._minimum:
            row.judged /= 2
            row.refused /= 2
        if row.refused < 0.5:  # noqa: PLR2004 - nothing is left of the last one
            del self._rows[pixel_id]
