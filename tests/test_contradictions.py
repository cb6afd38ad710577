"""Settings that are each fine: what they say together."""

import pytest

from streamer.contradictions import OWN_TOPICS, contradictions
from streamer.preflight.topics import own_topics
from streamer.settings import KafkaSettings, Settings


def _places(**kafka: object) -> list[tuple[str | int, ...]]:
    settings = Settings(kafka=KafkaSettings.model_validate(kafka))
    return [found.places[0] for found in contradictions(settings)]


def test_the_defaults_go_together() -> None:
    assert _places() == []


def test_every_own_topic_is_compared() -> None:
    assert {f"kafka.{key}" for key in OWN_TOPICS} == {own.key for own in own_topics(KafkaSettings())}


@pytest.mark.parametrize("key", OWN_TOPICS)
def test_no_own_topic_can_be_a_source_by_name_or_by_expression(key: str) -> None:
    assert _places(topics=["x"], **{key: "x"}) == [("kafka", "topics", 0)]
    assert _places(topics=["a", "^x"], **{key: "x-y"}) == [("kafka", "topics", 1)]


def test_what_only_looks_like_an_own_topic_may_be_read() -> None:
    assert _places(topics=["streamer", "streamer.parked.eu", "streamerxparked", "^parked"]) == []


def test_own_topics_that_share_a_name_are_told_once_each() -> None:
    assert _places(**dict.fromkeys(OWN_TOPICS, "x")) == [("kafka", key) for key in OWN_TOPICS[1:]]


@pytest.mark.parametrize("key", ["bootstrap.servers", "group.id", "enable.auto.commit", "auto.offset.reset"])
def test_a_property_that_is_streamers_own_is_told(key: str) -> None:
    assert _places(client={key: "x", "sasl.username": "x"}) == [("kafka", "client", key)]
