"""The job: a surveyed range through the pipeline of ``run``, until every record of it has its outcome."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from streamer.errors import OffsetGoneError, UserError
from streamer.kafka.consumer import Reading
from streamer.kafka.ends import Ends
from streamer.kafka.pace import Pace
from streamer.ledger import LedgerSnapshot
from streamer.metrics import Metrics
from streamer.preflight import check_kafka
from streamer.reader import Intake
from streamer.replay.parts import Part, Survey
from streamer.replay.rehearsal import NoMeta, NoTopics, patient_guard
from streamer.replay.span import Span, group_of
from streamer.replay.survey import Asked, Surveyor, fix
from streamer.replay.watch import Standing, Watch
from streamer.sending import REAL, Edges, Sending
from streamer.settings import Settings

_log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.2
"""How often it is looked whether all is done."""
_NEVER = 1e9
"""Seconds: a dry run probes no pixel that is parked, for it would be answered that it works."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a user has asked for."""

    span: Span
    name: str | None = None
    rate: float | None = None
    """Records a second; None: as fast as can be."""
    workers: int = 1
    worker: int = 0
    dry_run: bool = False
    accept_gone: bool = False
    serve: bool = False


class Show(Protocol):
    """Shows how far a replay is."""

    def update(self, standing: Standing) -> None:
        """Take how it stands now; called some times a second."""

    def close(self) -> None:
        """Show nothing more."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a replay has ended."""

    survey: Survey
    ledger: LedgerSnapshot
    done: int
    """Offsets whose records have their outcome, committed, of those that were left at start."""
    seconds: float
    dry_run: bool

    @property
    def finished(self) -> bool:
        """Every record of the range has an outcome."""
        return self.done >= self.survey.left and self.ledger.settled_whole


class Replay:
    """A replay that is to be surveyed, and then run."""

    def __init__(self, settings: Settings, order: Order) -> None:
        """Make the parts that need no connection.

        :raises UserError: if the configuration, or the replay's name, cannot be used.
        """
        self.order = order
        self.settings = _settings_of(settings, order)
        edges = Edges(NoMeta, NoTopics) if order.dry_run else REAL
        self._sending = Sending(self.settings, edges)
        if order.dry_run:
            self._sending.guard = patient_guard()
        translator = self._sending.translator
        translator.replace_plan(replace(translator.plan, only=order.span.only))

    def survey(self) -> Survey:
        """Find out what there is to do; blocks for some seconds.

        :raises UserError: if it cannot be done as asked.
        """
        check_kafka(self.settings.kafka)
        if not self.order.dry_run:
            self._sending.check_tokens()
        order, kafka = self.order, self.settings.kafka
        asked = Asked(order.span, kafka.group_id, order.workers, order.worker, order.accept_gone)
        return Surveyor(kafka, asked).survey()

    async def run(self, survey: Survey, stop: asyncio.Event, show: Show) -> Result:
        """Fix the ends, send until all is done or ``stop`` is set, then drain and commit.

        :raises UserError: if something the user can mend keeps it from starting, or from going on.
        """
        began, sending = time.monotonic(), self._sending
        tally = _Tally(sending.metrics, survey.parts)
        try:
            async with AsyncExitStack() as closing:  # what is opened last is closed first
                closing.callback(show.close)
                if not self.order.dry_run:
                    await asyncio.to_thread(fix, self.settings.kafka, survey.parts)
                if self.order.serve:
                    await sending.serve(closing)
                sending.open(closing)
                await sending.run(stop.wait(), sending.resuming.catch_up())
                await self._read(survey, stop, show, tally, closing)
        except OffsetGoneError as error:
            raise _gone(error) from None
        ledger = sending.ledger.snapshot()
        _log.info("replay ended", **ledger.totals, offsets=tally.done, of=survey.left)
        return Result(survey, ledger, tally.done, time.monotonic() - began, self.order.dry_run)

    async def _read(
        self, survey: Survey, stop: asyncio.Event, show: Show, tally: "_Tally", closing: AsyncExitStack
    ) -> None:
        sending = self._sending
        sending.pipeline.parts.settling.old_tells = False
        todo = [part for part in survey.parts if part.left]
        if todo and not stop.is_set():
            sending.read(closing, Intake(self._reading(todo), tally, sending.shares.fetched))
            page = {"page": sending.url} if sending.url else {}
            _log.info("replay started", group=survey.group, partitions=len(todo), offsets=survey.left, **page)
            await sending.run(stop.wait(), _finished(tally, survey, show))

    def _reading(self, parts: Sequence[Part]) -> Reading:
        ends = Ends([part.start for part in parts], {part.key: part.extent.end for part in parts})
        # The group has no members, so that nothing is ever revoked: its partitions are named, by worker.
        outside = {"group_protocol": "classic", "group_instance_id": None}
        return Reading(
            self.settings.kafka.model_copy(update=outside),
            self.settings.stop.drain_seconds,
            ends=ends,
            pace=Pace(self.order.rate, time.monotonic) if self.order.rate else None,
            commits=not self.order.dry_run,
        )


async def _finished(tally: "_Tally", survey: Survey, show: Show) -> None:
    """Return when every record has its outcome, and the broker has confirmed that."""
    watch = Watch(survey.left)
    while tally.done < survey.left:
        show.update(watch.mark(time.monotonic(), tally.done))
        await asyncio.sleep(LOOK_SECONDS)
    show.update(watch.mark(time.monotonic(), tally.done))


class _Tally:
    """Keeps what is committed, and hands everything on to the metrics. Called on the Kafka thread, read on the loop."""

    def __init__(self, metrics: Metrics, parts: Sequence[Part]) -> None:
        self._metrics = metrics
        self._parts = {part.key: part for part in parts}
        self._done = {part.key: 0 for part in parts}
        self.commit_failed = metrics.commit_failed
        self.rebalanced = metrics.rebalanced
        self.jumped = metrics.jumped
        self.lag = metrics.lag
        self.gone = metrics.gone
        self.paused = metrics.paused

    @property
    def done(self) -> int:
        """Offsets whose records have their outcome, committed, of those that were left at start."""
        return sum(self._done.values())

    def committed(self, topic: str, partition: int, offset: int) -> None:
        part = self._parts[topic, partition]
        self._done[part.key] = min(max(0, offset - part.start.offset), part.left)
        self._metrics.committed(topic, partition, offset)


def _settings_of(settings: Settings, order: Order) -> Settings:
    """Return the settings of a replay, whose group is its own."""
    kafka = settings.kafka.model_copy(
        update={
            "group_id": group_of(settings.kafka.group_id, order.name, order.span),
            "on_out_of_range": "earliest" if order.accept_gone else "fail",
        }
    )
    settings = settings.model_copy(update={"kafka": kafka})
    if not order.dry_run:
        return settings
    delivery = settings.delivery.model_copy(update={"gzip": False, "probe_seconds": _NEVER})
    parking = settings.parking.model_copy(update={"probes": False})
    return settings.model_copy(update={"delivery": delivery, "parking": parking})


class UnfinishedError(UserError):
    """A part of the range has no outcome."""

    exit_status = 1


def _gone(error: OffsetGoneError) -> UnfinishedError:
    return UnfinishedError(
        f"{error.place}: the next offset of the range, {error.offset}, is gone from the topic. All before it is done. "
        "Give the same command with --accept-gone to go on with what is left."
    )
