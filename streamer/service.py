"""The consumer as a whole: it reads the live topics and the parked one, and sends until told to stop."""

import asyncio
from contextlib import AsyncExitStack

import structlog

from streamer.kafka.consumer import Reading
from streamer.ledger import Ledger
from streamer.preflight import check_kafka
from streamer.reader import Intake
from streamer.records.translator import Translator
from streamer.sending import Sending
from streamer.settings import Settings

_log = structlog.get_logger(__name__)


class Service:
    """A consumer: what ``run`` runs, and the demo too."""

    def __init__(self, settings: Settings) -> None:
        """Make the parts that need no connection.

        :raises UserError: if a file that the settings name cannot be read or holds nonsense.
        """
        self.settings = settings
        self._sending = Sending(settings)

    @property
    def ledger(self) -> Ledger:
        """What came of what was read."""
        return self._sending.ledger

    @property
    def translator(self) -> Translator:
        """By which records are translated."""
        return self._sending.translator

    @property
    def url(self) -> str:
        """Of the status page, once it runs."""
        return self._sending.url

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until ``stop`` is set, then drain, commit and leave the group.

        :raises UserError: if something the user can mend keeps it from starting, or from going on.
        """
        sending = self._sending
        await asyncio.to_thread(check_kafka, self.settings.kafka)
        sending.check_tokens()
        async with AsyncExitStack() as closing:  # what is opened last is closed first
            await sending.serve(closing)
            sending.open(closing)
            await sending.run(stop.wait(), sending.resuming.catch_up())
            sending.read(closing, self._live(), sending.resuming.intake(sending.shares.fetched_parked))
            _log.info(
                "started",
                engine=self.translator.engine_name,
                topics=self.settings.kafka.topics,
                group=self.settings.kafka.group_id,
                page=self.url,
            )
            await sending.run(stop.wait())
            _log.info("stopping: no more is read, what is under way is finished")
        _log.info("stopped", **self.ledger.snapshot().totals)

    def _live(self) -> Intake:
        reading = Reading(self.settings.kafka, self.settings.stop.drain_seconds)
        return Intake(reading, self._sending.metrics, self._sending.shares.fetched)
