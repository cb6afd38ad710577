"""What a replay shows: a bar on a terminal, lines in the log elsewhere, and a summary at the end."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn

from streamer.ledger import LedgerSnapshot
from streamer.outcomes import Outcome
from streamer.replay.replay import Result
from streamer.replay.watch import Standing, spell

_log = structlog.get_logger(__name__)

LINE_SECONDS = 10.0


class LogShow:
    """A line now and then."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Wait for the first line as long as for the next.

        :param clock: seconds, which do not run backwards.
        """
        self._clock = clock
        self._next = clock() + LINE_SECONDS

    def update(self, standing: Standing) -> None:
        """Log how it stands, if the last line was long ago."""
        if self._clock() < self._next:
            return
        self._next = self._clock() + LINE_SECONDS
        _log.info(
            "replaying",
            done=standing.done,
            of=standing.total,
            percent=round(standing.share * 100, 1),
            a_second=round(standing.a_second),
            time_left=spell(standing.left_seconds),
        )

    def close(self) -> None:
        """Do nothing."""


class BarShow:
    """A bar on standard error; what is logged meanwhile stands above it."""

    def __init__(self, total: int) -> None:
        """Draw the bar."""
        self._progress = Progress(
            TextColumn("replay"),
            BarColumn(),
            TaskProgressColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:,.0f} a second, {task.fields[left]} left"),
            console=Console(stderr=True),
        )
        self._task = self._progress.add_task("replay", total=total, rate=0.0, left="unknown")
        self._before = sys.stderr
        self._progress.start()
        self._log_to(sys.stderr)  # which is the bar's own while it is drawn

    def update(self, standing: Standing) -> None:
        """Move the bar."""
        left = spell(standing.left_seconds)
        self._progress.update(self._task, completed=standing.done, rate=standing.a_second, left=left)

    def close(self) -> None:
        """Leave the bar as it stands."""
        self._progress.stop()
        self._log_to(self._before)

    def _log_to(self, stream: Any) -> None:  # noqa: ANN401 - whatever stands in for standard error
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.setStream(stream)


def summary(result: Result) -> Iterator[str]:
    """Yield lines for people: how it ended, what came of it, and what to do if it is not finished."""
    survey, ledger = result.survey, result.ledger
    what = "Dry run, nothing was sent" if result.dry_run else ("Finished" if result.finished else "Stopped")
    yield f"{what}: {result.done:,} of {survey.left:,} offsets in {spell(result.seconds)} (group {survey.group})"
    yield f"  read          {ledger.read:>12,}"
    if ledger.already_settled:
        yield f"  done before   {ledger.already_settled:>12,}"
    for outcome in Outcome:
        yield f"  {outcome.value.replace('_', '-'):13} {getattr(ledger, outcome.value):>12,}{_reasons(ledger, outcome)}"
    if not result.finished and not result.dry_run:
        yield f"Not finished: {survey.left - result.done:,} offsets are left. Give the same command to go on."


def as_json(result: Result) -> dict[str, Any]:
    """Return the same as data."""
    survey, ledger = result.survey, result.ledger
    return {
        "finished": result.finished,
        "dry_run": result.dry_run,
        "group": survey.group,
        "offsets": survey.offsets,
        "left_at_start": survey.left,
        "done": result.done,
        "seconds": round(result.seconds, 3),
        "read": ledger.read,
        "done_before": ledger.already_settled,
        "outcomes": {outcome.value: getattr(ledger, outcome.value) for outcome in Outcome},
        "reasons": {
            outcome.value: {reason.value: count for reason, count in ledger.reasons_of(outcome)}
            for outcome in Outcome
            if outcome is not Outcome.DELIVERED
        },
        "older_than": {
            "48_hours": survey.ages.folding,
            "7_days": survey.ages.limit,
            "62_days": survey.ages.limit_in_store,
        },
        "partitions": [
            {
                "topic": part.start.topic,
                "partition": part.start.partition,
                "from": part.extent.first,
                "to": part.extent.end,
                "began_at": part.start.offset,
            }
            for part in survey.parts
        ],
    }


def _reasons(ledger: LedgerSnapshot, outcome: Outcome) -> str:
    found = ledger.reasons_of(outcome)
    return "  " + ", ".join(f"{reason} {count:,}" for reason, count in found) if found else ""
