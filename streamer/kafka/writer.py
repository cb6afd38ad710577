"""The producer of the product's own topics: a record is written when the brokers have acknowledged it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streamer.errors import UserError

_log = structlog.get_logger(__name__)

POLL_SECONDS = 0.005
"""How often delivery reports are fetched while any is awaited."""
AGAIN_SECONDS = 1.0
"""Wait before a record is produced anew that could not be delivered."""

Headers = Sequence[tuple[str, bytes | None]]

_FINAL = {
    KafkaError.MSG_SIZE_TOO_LARGE: "is larger than the topic takes: raise the topic's max.message.bytes",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "may not be written by this user: allow it to",
    KafkaError.UNKNOWN_TOPIC_OR_PART: "has no topic to go to: create it, or run `streamer check --create-topics`",
    KafkaError._UNKNOWN_TOPIC: "has no topic to go to: create it, or run `streamer check --create-topics`",  # noqa: SLF001
}


class RecordWriter(Protocol):
    """Writes records; one method, so that tests need no Kafka."""

    async def write(self, topic: str, value: bytes | None, key: bytes | str | None, headers: Headers = ()) -> None:
        """Write one record and return when it is acknowledged."""


class Writer:
    """Writes to Kafka from the loop. Every method runs on the loop."""

    def __init__(self, producer: Producer) -> None:
        """Write through ``producer``, which nobody else uses."""
        self._producer = producer
        self._awaited = 0
        self._timer: asyncio.TimerHandle | None = None

    async def write(self, topic: str, value: bytes | None, key: bytes | str | None, headers: Headers = ()) -> None:
        """Write one record and return when the brokers have it. Tries again for as long as that can help.

        :raises UserError: if no further try can help, such as for a topic that is not there.
        """
        while True:
            error = await self._try(topic, value, key, headers)
            if error is None:
                return
            if error.code() in _FINAL:
                raise UserError(f"A record for topic {topic} {_FINAL[error.code()]} ({error.name()}).")
            if error.fatal():
                raise UserError(f"Kafka does not take records from this producer any more ({error.name()}).")
            _log.warning("not written, will be tried again", topic=topic, reason=error.name())
            await asyncio.sleep(AGAIN_SECONDS)

    def close(self, seconds: float) -> None:
        """Wait for what is under way, at most ``seconds``."""
        self._producer.flush(seconds)

    async def _try(
        self, topic: str, value: bytes | None, key: bytes | str | None, headers: Headers
    ) -> KafkaError | None:
        done: asyncio.Future[KafkaError | None] = asyncio.get_running_loop().create_future()

        def report(error: KafkaError | None, _: Message) -> None:
            if not done.done():
                done.set_result(error)

        error = await self._produce(topic, value, key, headers, report)
        if error is not None:
            return error
        self._awaited += 1
        self._keep_polling()
        try:
            return await done
        finally:
            self._awaited -= 1

    async def _produce(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | str | None,
        headers: Headers,
        report: Callable[[KafkaError | None, Message], None],
    ) -> KafkaError | None:
        while True:
            try:
                self._producer.produce(topic, value, key, headers=list(headers), on_delivery=report)
            except BufferError:  # the producer's queue is full: let it empty
                self._producer.poll(0)
                await asyncio.sleep(POLL_SECONDS)
            except KafkaException as error:
                reason: KafkaError = error.args[0]
                return reason
            else:
                return None

    def _keep_polling(self) -> None:
        """Delivery reports come on this thread, while any is awaited: no thread of its own, no idle work."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(POLL_SECONDS, self._poll)

    def _poll(self) -> None:
        self._timer = None
        self._producer.poll(0)
        if self._awaited:
            self._keep_polling()
