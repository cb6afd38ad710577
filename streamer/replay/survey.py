"""Asks Kafka what a replay is about: which partitions, from which offset to which, how old, and what is done of it.

The ends are fixed here, once: the first start commits each partition's extent in the metadata of its first commit, and
every later start goes by that.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streamer.errors import UserError
from streamer.kafka.assigning import OffsetSource, Start
from streamer.kafka.commits import Key
from streamer.kafka.config import client_config
from streamer.kafka.ends import Extent, behind_note, read_note, write_note
from streamer.kafka.progress import Position
from streamer.kafka.ranges import decode_completed
from streamer.preflight.cluster import ask_cluster
from streamer.preflight.finding import Level
from streamer.preflight.topics import check_sources, own_topics, source_names
from streamer.replay.parts import Ages, Part, Survey, share
from streamer.replay.span import Bound, Span, iso
from streamer.settings import KafkaSettings
from streamer.translate.checks import MAX_AGE, MAX_AGE_IN_STORE

HOUR = 3600
FOLDING_SECONDS = 48 * HOUR
"""Meta, deduplication: events with the same name and id are folded within 48 hours of the first."""

Edges = tuple[int, int]


class Asked(NamedTuple):
    """What is to be surveyed."""

    span: Span
    group: str
    workers: int
    worker: int
    accept_gone: bool
    """Go on behind records that are gone from the topic."""


class Surveyor:
    """Asks the brokers, and waits for their answers; the group is never joined."""

    def __init__(self, settings: KafkaSettings, asked: Asked, clock: Callable[[], float] = time.time) -> None:
        """Ask with these settings.

        :param settings: with the group of the replay.
        :param clock: Unix seconds.
        """
        self._settings = settings
        self._asked = asked
        self._clock = clock
        self._notices: list[str] = []

    def survey(self) -> Survey:
        """Find out what is to be done; blocks for some seconds.

        :raises UserError: if it cannot be done as asked.
        """
        with _outsider(self._settings) as consumer:
            return self._survey(consumer)

    def _survey(self, consumer: Consumer) -> Survey:
        keys, watched = self._keys()
        source = OffsetSource(consumer, self._settings)
        held = {(one.topic, one.partition): one for one in source.committed([TopicPartition(*key) for key in watched])}
        self._refuse_others([one for one in held.values() if one.offset >= 0])
        own = share(keys, self._asked.workers, self._asked.worker)
        edges = {key: source.edges(TopicPartition(*key)) for key in own}
        fresh = [key for key in own if held[key].offset < 0]
        extents = self._extents(source, fresh, edges)
        parts = [_fresh(key, extents[key]) if key in extents else _resumed(held[key]) for key in own]
        parts = self._without_gone(parts, edges)
        return Survey(self._asked.group, parts, self._ages(source, parts), self._notices)

    # ---- which partitions

    def _keys(self) -> tuple[list[Key], list[Key]]:
        """Return the partitions of the range, and all of which it is looked whether the group has another range."""
        span, settings = self._asked.span, self._settings
        topics = ask_cluster(settings).topics
        chosen = settings.model_copy(update={"topics": list(span.topics)})
        faults = [found.sentence for found in check_sources(chosen, topics) if found.level is not Level.OK]
        names = source_names(chosen, topics)
        own = [name for name in names if name in {each.name for each in own_topics(settings)}]
        faults += [f"--topic: {name} is Streamer's own, and holds no tag events to be replayed." for name in own]
        if span.partitions is not None and len(names) > 1:
            faults.append(
                f"--from-offset, --to-offset: partitions of which topic? Give --topic, one of {_list(names)}."
            )
        if faults:
            raise UserError("\n".join(faults))
        keys = [(name, partition) for name in names for partition in range(topics[name])]
        if span.partitions is not None:
            self._refuse_missing(span.partitions, names[0], topics[names[0]])
            keys = [key for key in keys if key[1] in span.partitions]
        watched = {*names, *source_names(settings, topics)}
        return keys, [(name, partition) for name in sorted(watched) for partition in range(topics[name])]

    def _refuse_missing(self, wanted: frozenset[int], topic: str, count: int) -> None:
        missing = [partition for partition in sorted(wanted) if partition >= count]
        if missing:
            raise UserError(
                f"--from-offset, --to-offset: topic {topic} has no partition {_list(missing)}; it has {count}, from 0."
            )

    def _refuse_others(self, held: Sequence[TopicPartition]) -> None:
        """See that the group is this range's alone: another would pass over records, or have other ends."""
        digest, group = self._asked.span.digest, self._asked.group
        for one in held:
            note = read_note(one.metadata)
            if note is not None and note.span == digest:
                continue
            what = "of something else" if note is None else "of another range or other filters"
            raise UserError(
                f"--name: group {group} holds the offsets {what} (topic {one.topic}, partition {one.partition}, "
                f"offset {one.offset}). Give the same range and filters to go on with that replay, or another --name "
                "to begin a new one."
            )

    # ---- from where to where

    def _extents(self, source: OffsetSource, keys: list[Key], edges: Mapping[Key, Edges]) -> dict[Key, Extent]:
        start, end = self._asked.span.start, self._asked.span.end
        firsts, ends = _at(source, keys, start), _at(source, keys, end)
        self._look_beyond("--from-offset", start, {key: edges[key] for key in keys})
        self._look_beyond("--to-offset", end, {key: edges[key] for key in keys})
        found, at_the_edge = {}, []
        for key in keys:
            low, high = edges[key]
            first, behind = _offset(start, key, firsts, low, high), _offset(end, key, ends, high, high)
            found[key] = Extent(min(first, behind), behind, self._asked.span.digest)
            if start.at_ms is not None and low == first > 0:
                at_the_edge.append(key)
        if at_the_edge:
            self._notices.append(
                f"In {len(at_the_edge)} partitions the oldest record that is left is not older than --from (the first: "
                f"{_place(at_the_edge[0])}). What was there before is gone, and may have belonged to the range."
            )
        return found

    def _look_beyond(self, option: str, bound: Bound, edges: Mapping[Key, Edges]) -> None:
        """Refuse an offset that a partition was given and has not got; one for all may well be beyond some ends."""
        beyond = [key for key, (_, high) in edges.items() if (bound.of(key[1]) or 0) > high]
        named = [key for key in beyond if key[1] in bound.by_partition]
        if named:
            sentences = [f"{option}: {_beyond(bound, key, edges[key])}." for key in named]
            raise UserError("\n".join([*sentences, "Without the option, a replay ends where the topic ends now."]))
        if beyond:
            self._notices.append(
                f"{option}: {_beyond(bound, beyond[0], edges[beyond[0]])}; the range ends there, as it does in "
                f"{len(beyond) - 1} other partitions."
            )

    def _without_gone(self, parts: Sequence[Part], edges: Mapping[Key, Edges]) -> list[Part]:
        """Deal with records that retention or somebody has taken from the range, or with topics that were made anew."""
        gone = [part for part in parts if part.left and part.start.offset < edges[part.key][0]]
        shrunk = [part for part in parts if part.left and part.extent.end > edges[part.key][1]]
        if shrunk:
            raise UserError(
                "\n".join(
                    f"{_place(part.key)}: the range ends at offset {part.extent.end}, and the topic at "
                    f"{edges[part.key][1]}: it was made anew, or lost records. Begin a new replay with another --name."
                    for part in shrunk
                )
            )
        sentences = [_about_gone(part, edges[part.key][0]) for part in gone]
        if sentences and not self._asked.accept_gone:
            hint = "Give --accept-gone to go on with what is left, or a later --from-offset."
            raise UserError("\n".join([*sentences, hint]))
        self._notices += sentences
        return [_moved(part, edges[part.key][0]) if part in gone else part for part in parts]

    # ---- how old

    def _ages(self, source: OffsetSource, parts: Sequence[Part]) -> Ages:
        todo = [part for part in parts if part.left]
        partitions = [TopicPartition(*part.key) for part in todo]

        def older(seconds: float) -> int:
            since = source.since(partitions, int((self._clock() - seconds) * 1000))
            return sum(_older(part, since[part.key]) for part in todo)

        return Ages(older(FOLDING_SECONDS), older(MAX_AGE), older(MAX_AGE_IN_STORE))


def warnings(survey: Survey, now: float) -> list[str]:
    """Return what a user should know before a replay starts, a sentence or two each.

    :param now: Unix seconds.
    """
    ages, left = survey.ages, survey.left
    found = list(survey.notices)
    if not left:
        done = f"All of it is done in group {survey.group}; to do it again, give another --name."
        found.append(done if survey.offsets else "There is nothing in the range.")
    if ages.limit_in_store:
        found.append(
            f"About {ages.limit_in_store:,} of {left:,} records are older than 62 days: Meta takes none of them."
        )
    if ages.limit:
        found.append(
            f"About {ages.limit:,} of {left:,} records are older than 7 days: Meta takes those of physical stores "
            "alone, up to 62 days; the others are dead-lettered as too_old. To leave them out, begin with "
            f"--from {iso((now - MAX_AGE + 2 * HOUR) * 1000)}."
        )
    if ages.folding:
        found.append(
            f"About {ages.folding:,} of {left:,} records are older than 48 hours: Meta folds an event with one of the "
            "same id for 48 hours after the first alone. What was delivered longer ago than that is counted twice; "
            "replay only what did not arrive then."
        )
    return found


@contextmanager
def _outsider(settings: KafkaSettings) -> Iterator[Consumer]:
    """Give a consumer that knows the group and never joins it."""
    ours = {"group.id": settings.group_id, "enable.auto.commit": False, "log_level": 0}
    consumer = Consumer({**client_config(settings), **ours})
    try:
        yield consumer
    finally:
        consumer.close()


def _at(source: OffsetSource, keys: list[Key], bound: Bound) -> Mapping[Key, int | None]:
    if bound.at_ms is None:
        return {}
    return source.since([TopicPartition(*key) for key in keys], bound.at_ms)


def _offset(bound: Bound, key: Key, times: Mapping[Key, int | None], default: int, high: int) -> int:
    """Return the offset of a bound in a partition."""
    if bound.at_ms is not None:
        found = times[key]
        return high if found is None else min(found, high)
    said = bound.of(key[1])
    return default if said is None else min(said, high)


def _fresh(key: Key, extent: Extent) -> Part:
    return Part(extent, Start(*key, extent.first, [], None, write_note(extent)))


def _resumed(held: TopicPartition) -> Part:
    extent = read_note(held.metadata)
    if extent is None:
        raise ValueError("a commit without a note is refused before")
    done = decode_completed(held.offset, behind_note(held.metadata))
    committed = Position(held.offset, held.metadata or "")
    return Part(extent, Start(held.topic, held.partition, held.offset, done, committed, write_note(extent)))


def _moved(part: Part, low: int) -> Part:
    return part._replace(start=part.start._replace(offset=min(low, part.extent.end)))


def _about_gone(part: Part, low: int) -> str:
    last = min(low, part.extent.end) - 1
    return f"{_place(part.key)}: offsets {part.start.offset} to {last} of the range are gone from the topic."


def _older(part: Part, since: int | None) -> int:
    """Return how many offsets of what is left lie before an offset; None: all do."""
    until = part.extent.end if since is None else min(since, part.extent.end)
    return max(0, until - part.start.offset)


def fix(settings: KafkaSettings, parts: Sequence[Part]) -> None:
    """Commit the beginning of parts that have none yet, and with it their extents, which hold from now on.

    Blocks until the broker has confirmed it.

    :raises UserError: if it does not.
    """
    offsets = [TopicPartition(*part.key, part.extent.first, part.start.note) for part in parts if part.is_new]
    if not offsets:
        return
    try:
        with _outsider(settings) as consumer:
            answers = consumer.commit(offsets=offsets, asynchronous=False) or []
        refused = [one.error for one in answers if one.error is not None]
    except KafkaException as error:
        refused = [error.args[0]]
    if refused:
        raise UserError(
            f"Kafka does not take the offsets of group {settings.group_id} ({refused[0].name()}). Check that no member "
            "of it runs, and that this user may read the group and the topics."
        )


def _beyond(bound: Bound, key: Key, edges: Edges) -> str:
    return f"{bound.of(key[1])} is beyond the end of {_place(key)}, which is {edges[1]}"


def _place(key: Key) -> str:
    return f"topic {key[0]}, partition {key[1]}"


def _list(things: Sequence[object]) -> str:
    return ", ".join(map(str, things))
