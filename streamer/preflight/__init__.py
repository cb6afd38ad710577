"""What must be there before anything is read. ``run`` asks for the least of it, ``check`` for all."""

from streamer.errors import UserError
from streamer.preflight.cluster import ask_cluster
from streamer.preflight.finding import Level
from streamer.preflight.topics import check_sources, own_topics
from streamer.settings import KafkaSettings


def check_kafka(settings: KafkaSettings) -> None:
    """Make sure that the consumer can work; blocks for some seconds at most.

    :raises UserError: with a line for each setting that does not hold, and what to do.
    """
    topics = ask_cluster(settings).topics
    faults = [found.sentence for found in check_sources(settings, topics) if found.level is Level.FAULT]
    missing = [own.name for own in own_topics(settings) if own.name not in topics and not own.compacted]
    if missing:
        faults.append(
            f"Streamer's own topics are missing: {', '.join(missing)}. "
            "Create them with `streamer check -c FILE --create-topics`, or by your own means."
        )
    if faults:
        raise UserError("\n".join(faults))
