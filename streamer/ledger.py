"""The ledger: what was read, what came of it, and whether it balances. Pure.

The unit is a (record, pixel); a record that is refused as a whole is one unit of the pixel :data:`NO_PIXEL`. Pixels
that went quiet share the row :data:`OTHERS`, so that the ledger does not grow with time and its sums still balance.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter

from rich.table import Table

from streamer.outcomes import Outcome, Reason

NO_PIXEL = "-"
"""Stands for the pixel of a record that did not get as far as one."""
OTHERS = "others"
"""Stands for all pixels that went quiet: their counts are kept, in one row."""


@dataclass(slots=True)
class _Row:
    translated: int = 0
    forgotten: int = 0
    outcomes: Counter[tuple[Outcome, Reason | None]] = field(default_factory=Counter)

    @property
    def in_flight(self) -> int:
        return self.translated - self.forgotten - self.outcomes.total()

    def add(self, other: "_Row") -> None:
        self.translated += other.translated
        self.forgotten += other.forgotten
        self.outcomes.update(other.outcomes)


@dataclass(frozen=True, slots=True)
class PixelRow:
    """The counts of one pixel."""

    pixel_id: str
    translated: int
    forgotten: int
    delivered: int
    skipped: int
    dead_lettered: int
    parked: int
    reasons: dict[tuple[Outcome, Reason], int]
    """How often what was not delivered was not, and why."""

    @property
    def in_flight(self) -> int:
        """What has no outcome yet."""
        return self.translated - self.forgotten - self.delivered - self.skipped - self.dead_lettered - self.parked


@dataclass(frozen=True, slots=True)
class LedgerSnapshot:
    """All counts at one moment."""

    read: int
    already_settled: int
    pixels: tuple[PixelRow, ...]

    @property
    def translated(self) -> int:
        """(Record, pixel) pairs that were decided on."""
        return self._sum("translated")

    @property
    def forgotten(self) -> int:
        """Pairs whose assignment went to another member: it reads them anew."""
        return self._sum("forgotten")

    @property
    def delivered(self) -> int:
        """Pairs that Meta has."""
        return self._sum("delivered")

    @property
    def skipped(self) -> int:
        """Pairs that policy held back."""
        return self._sum("skipped")

    @property
    def dead_lettered(self) -> int:
        """Pairs that can never be sent."""
        return self._sum("dead_lettered")

    @property
    def parked(self) -> int:
        """Pairs that cannot be sent now."""
        return self._sum("parked")

    @property
    def in_flight(self) -> int:
        """Pairs without an outcome yet."""
        return self._sum("in_flight")

    @property
    def balanced(self) -> bool:
        """Nothing was settled that was not translated: no count of what is in flight is below zero."""
        return all(row.in_flight >= 0 for row in self.pixels)

    @property
    def settled_whole(self) -> bool:
        """The books of a run that has ended: they balance, and nothing is without an outcome."""
        return self.balanced and self.in_flight == 0

    @property
    def totals(self) -> dict[str, int]:
        """The sums by name, for a log line; what is in flight was not committed, and is read again."""
        names = ("read", "delivered", "skipped", "dead_lettered", "parked", "forgotten")
        return {**{name: getattr(self, name) for name in names}, "left_uncommitted": self.in_flight}

    def reasons_of(self, outcome: Outcome) -> list[tuple[Reason, int]]:
        """Return how many pairs had an outcome, by reason, in the order of the reasons' names."""
        return sorted((reason, count) for (of, reason), count in self.reasons.items() if of is outcome)

    @property
    def reasons(self) -> dict[tuple[Outcome, Reason], int]:
        """Counts by outcome and reason, over all pixels."""
        total: Counter[tuple[Outcome, Reason]] = Counter()
        for row in self.pixels:
            total.update(row.reasons)
        return dict(total)

    def _sum(self, name: str) -> int:
        return sum(map(attrgetter(name), self.pixels))


class Ledger:
    """Counts; called once a slice or settlement, not once an event."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self._read = 0
        self._already_settled = 0
        self._delivered = 0
        self._rows: dict[str, _Row] = {}

    def read(self, records: int) -> None:
        """Count records that were read and not settled before."""
        self._read += records

    def already_settled(self, records: int = 1) -> None:
        """Count records that were settled before a restart, and are not sent again."""
        self._already_settled += records

    def translated(self, pixel_id: str, events: int) -> None:
        """Count pairs that were decided on, be it to refuse them."""
        self._row(pixel_id).translated += events

    def settled(self, pixel_id: str, outcome: Outcome, reason: Reason | None, events: int) -> None:
        """Count outcomes that are final, and acknowledged."""
        self._row(pixel_id).outcomes[outcome, reason] += events
        if outcome is Outcome.DELIVERED:
            self._delivered += events

    def forgotten(self, pixel_id: str, events: int) -> None:
        """Count pairs whose assignment is gone."""
        self._row(pixel_id).forgotten += events

    def at_rest(self) -> dict[str, int]:
        """Return the pixels that have nothing in flight, each with how much was decided on so far."""
        own = ((pixel_id, row) for pixel_id, row in self._rows.items() if pixel_id not in (NO_PIXEL, OTHERS))
        return {pixel_id: row.translated for pixel_id, row in own if not row.in_flight}

    def fold(self, pixel_ids: Iterable[str]) -> None:
        """Add the rows of these pixels to that of all others; a pixel that comes back begins anew."""
        for pixel_id in pixel_ids:
            row = self._rows.pop(pixel_id, None)
            if row is not None:
                self._row(OTHERS).add(row)

    def snapshot(self) -> LedgerSnapshot:
        """Return all counts as they are now."""
        rows = tuple(_pixel_row(pixel_id, row) for pixel_id, row in self._rows.items())
        return LedgerSnapshot(self._read, self._already_settled, rows)

    @property
    def read_so_far(self) -> int:
        """Records read and not settled before, without the cost of a snapshot."""
        return self._read

    @property
    def delivered_so_far(self) -> int:
        """Events delivered, without the cost of a snapshot."""
        return self._delivered

    def _row(self, pixel_id: str) -> _Row:
        row = self._rows.get(pixel_id)
        if row is None:
            row = self._rows[pixel_id] = _Row()
        return row


def _pixel_row(pixel_id: str, row: _Row) -> PixelRow:
    by_outcome: Counter[Outcome] = Counter()
    for (outcome, _), count in row.outcomes.items():
        by_outcome[outcome] += count
    return PixelRow(
        pixel_id,
        translated=row.translated,
        forgotten=row.forgotten,
        delivered=by_outcome[Outcome.DELIVERED],
        skipped=by_outcome[Outcome.SKIPPED],
        dead_lettered=by_outcome[Outcome.DEAD_LETTERED],
        parked=by_outcome[Outcome.PARKED],
        reasons={(outcome, reason): n for (outcome, reason), n in row.outcomes.items() if reason is not None},
    )


def render_ledger(ledger: LedgerSnapshot) -> Table:
    """Return the ledger as a table for a terminal."""
    table = Table(title="Ledger", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, count in _lines(ledger):
        table.add_row(name, f"{count:,}")
    return table


def plain_ledger(ledger: LedgerSnapshot) -> str:
    """Return the ledger as one line."""
    return ", ".join(f"{name.strip()} {count}" for name, count in _lines(ledger) if not name.startswith(" "))


def _lines(ledger: LedgerSnapshot) -> list[tuple[str, int]]:
    lines = [("read", ledger.read)]
    if ledger.already_settled:
        lines.append(("settled before a restart", ledger.already_settled))
    lines.append(("translated", ledger.translated))
    if ledger.forgotten:
        lines.append(("left to the next owner", ledger.forgotten))
    for outcome in Outcome:
        lines.append((outcome.value.replace("_", "-"), getattr(ledger, outcome.value)))
        lines += [(f"  {reason.value.replace('_', ' ')}", n) for reason, n in ledger.reasons_of(outcome)]
    return [*lines, ("in flight", ledger.in_flight)]
