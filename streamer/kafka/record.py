"""A record as it travels through the house: the message as Kafka gave it, and the place its outcome is owed to."""

from typing import NamedTuple

from confluent_kafka import Message

from streamer.kafka.progress import Progress


class Record(NamedTuple):
    """One record of one assignment."""

    message: Message
    """Kept unchanged until the outcome is final: a dead letter is a copy of it, byte for byte."""
    progress: Progress
    """Offset progress of the assignment it was read under."""
    slot: int
    """Its place in that progress."""
    offset: int
    """Where it stands in its partition."""
