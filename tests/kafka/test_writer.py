"""The producer of the product's own topics, on the embedded Kafka."""

import asyncio

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from streamer.demo.embedded_kafka import EmbeddedKafka
from streamer.errors import UserError
from streamer.kafka.config import producer_config
from streamer.kafka.writer import Writer
from streamer.settings import KafkaSettings


@pytest.fixture(scope="module")
def embedded() -> EmbeddedKafka:
    kafka = EmbeddedKafka()
    kafka.make_topics(["t"])
    return kafka


async def test_a_record_is_written_when_the_brokers_have_it(embedded: EmbeddedKafka) -> None:
    config = producer_config(KafkaSettings(bootstrap_servers=embedded.bootstrap_servers))
    # It outlives its broker by a moment, and must not fill the output of a later test with that.
    writer = Writer(Producer(config | {"log_level": 0}))
    await asyncio.gather(*(writer.write("t", b"v%d" % n, f"k{n}", [("h", b"1"), ("n", None)]) for n in range(200)))
    writer.close(5)
    consumer = Consumer({"bootstrap.servers": embedded.bootstrap_servers, "group.id": "g"})
    ends = [consumer.get_watermark_offsets(TopicPartition("t", partition), timeout=5)[1] for partition in range(4)]
    consumer.close()
    assert sum(ends) == 200


class _Refusing:
    """Stands for a producer whose broker gives these errors, one a record, and then takes it."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)
        self.reports: list[tuple[object, KafkaError | None]] = []
        self.full = 0

    def produce(self, *_: object, on_delivery: object, **__: object) -> None:
        if self.full:
            self.full -= 1
            raise BufferError
        self.reports.append((on_delivery, KafkaError(self.codes.pop(0)) if self.codes else None))

    def poll(self, _: float) -> None:
        while self.reports:
            report, error = self.reports.pop()
            report(error, None)  # type: ignore[operator]


async def test_a_broker_that_is_away_for_a_while_costs_time_and_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.kafka.writer.AGAIN_SECONDS", 0.001)
    producer = _Refusing(KafkaError._MSG_TIMED_OUT, KafkaError.NOT_LEADER_FOR_PARTITION)
    producer.full = 3
    await Writer(producer).write("t", b"v", None)  # type: ignore[arg-type]
    assert producer.codes == []


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (KafkaError.MSG_SIZE_TOO_LARGE, "raise the topic's max.message.bytes"),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, "--create-topics"),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, "may not be written by this user"),
    ],
)
async def test_what_no_further_try_can_mend_is_said_in_a_sentence(code: int, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        await Writer(_Refusing(code)).write("streamer.dead-letters", b"v", None)  # type: ignore[arg-type]
