"""Settings that are each fine, and do not go together."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from streamer.kafka.config import refused_keys
from streamer.settings import KafkaSettings, Settings
from streamer.yamlfile import Place

OWN_TOPICS = ("dead_letter_topic", "parked_topic", "receipts_topic", "connections_topic")
"""The settings that name the product's own topics."""


class Contradiction(NamedTuple):
    """What does not go together."""

    places: tuple[Place, ...]
    """The settings it is about; the first of them that was given is the one to name."""
    sentence: str
    """Goes on after the name of that setting, and holds no value."""


def contradictions(settings: Settings) -> Iterator[Contradiction]:
    """Find them all."""
    yield from _twins(settings.kafka)
    yield from _circles(settings.kafka)
    for key, instead in refused_keys(settings.kafka).items():
        yield Contradiction((("kafka", "client", key),), f"is not to be set there; the setting for it is {instead}.")


def _twins(kafka: KafkaSettings) -> Iterator[Contradiction]:
    """Find own topics that have one name: a reader of one would take the other's records for its own."""
    seen: dict[str, str] = {}
    for key in OWN_TOPICS:
        other = seen.setdefault(getattr(kafka, key), key)
        if other != key:
            yield Contradiction(
                (("kafka", key), ("kafka", other)),
                f"makes kafka.{other} and kafka.{key} one topic. Give each its own.",
            )


def _circles(kafka: KafkaSettings) -> Iterator[Contradiction]:
    """Find sources that are own topics: what is written there would be read again, for ever."""
    for at, source in enumerate(kafka.topics):
        for key in OWN_TOPICS:
            own = getattr(kafka, key)
            if source == own or (source.startswith("^") and re.match(source, own)):
                yield Contradiction(
                    (("kafka", "topics", at), ("kafka", key)),
                    f"makes Streamer read its own topic (kafka.{key}), in a circle. Choose another name or expression.",
                )
