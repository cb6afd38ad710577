"""A dry run: what it counts is what a run would have done, and nothing leaves the process."""

import orjson

from streamer.delivery.answers import Kind, read_answer
from streamer.delivery.requests import make_request
from streamer.outcomes import Reason
from streamer.pixels.pixel import Pixel
from streamer.replay.rehearsal import NoMeta, NoTopics, patient_guard
from streamer.settings import DeliverySettings, KafkaSettings, MetaSettings
from tests.support.paused import run_paused


def test_every_event_of_a_request_counts_as_delivered() -> None:
    request = make_request(MetaSettings(), Pixel("11", access_token="invented"), [b'{"a":1}'] * 37)
    answer = run_paused(NoMeta(DeliverySettings()).post(request))
    assert orjson.loads(answer.body)["events_received"] == 37
    assert read_answer(answer.status, answer.headers, answer.body, 37).kind is Kind.DELIVERED


def test_copies_and_receipts_are_acknowledged_and_go_nowhere() -> None:
    topics = NoTopics(KafkaSettings())
    run_paused(topics.write("streamer.receipts", b"value", "key", [("header", b"x")]))
    topics.close(1)


def test_a_dry_run_counts_to_the_end_though_all_of_it_would_be_dead_lettered() -> None:
    guard = patient_guard()
    for _ in range(100):
        guard.translated(200)
        assert guard.refused(200, Reason.BAD_AVRO, judged=False)
