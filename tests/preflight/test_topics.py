"""Topics that are missing, of the wrong kind, or too small: told before they cost a record."""

from collections.abc import Mapping
from typing import Literal

import pytest

from streamer.preflight.finding import Level
from streamer.preflight.topics import HEADROOM, RETENTION_MS, check_own, check_sources, largest_record, source_names
from streamer.settings import KafkaSettings

OWN = {"streamer.dead-letters": 3, "streamer.parked": 3, "streamer.receipts": 3, "streamer.connections": 1}
GOOD: dict[str, dict[str, str]] = {
    "streamer.dead-letters": {"cleanup.policy": "delete", "retention.ms": "-1", "max.message.bytes": "2000000"},
    "streamer.parked": {"cleanup.policy": "delete", "retention.ms": str(RETENTION_MS), "max.message.bytes": "2000000"},
    "streamer.receipts": {"cleanup.policy": "delete", "retention.ms": "604800000"},
    "streamer.connections": {"cleanup.policy": "compact"},
    "tag-events": {"max.message.bytes": "1500000"},
}


@pytest.mark.parametrize(
    ("wanted", "level", "words"),
    [
        ("tag-events", Level.OK, "12 partitions"),
        ("^tag-.*", Level.OK, "2 topics, 18 partitions"),
        ("tag", Level.FAULT, "there is no topic tag"),
        ("^new-.*", Level.WARNING, "no topic matches ^new-.* yet"),
    ],
)
def test_what_is_to_be_read_is_looked_for(wanted: str, level: Level, words: str) -> None:
    topics = {"tag-events": 12, "tag-app": 6, **OWN}
    (found,) = check_sources(KafkaSettings(topics=[wanted]), topics)
    assert (found.name, found.level) == (f"topic {wanted}", level)
    assert words in found.sentence


@pytest.mark.parametrize(("protocol", "read"), [("consumer", []), ("classic", ["tag-events"])])
def test_an_expression_for_a_beginning_of_a_name_is_told_as_the_brokers_will_take_it(
    protocol: Literal["consumer", "classic"], read: list[str]
) -> None:
    settings = KafkaSettings(topics=["^tag-"], group_protocol=protocol)
    assert source_names(settings, ["tag-events", "other"]) == read
    (found,) = check_sources(settings, {"tag-events": 12})
    assert (found.level is Level.OK) is bool(read)
    assert ("It must match whole names." in found.sentence) is not bool(read)


def test_a_topic_that_two_expressions_match_is_read_once() -> None:
    settings = KafkaSettings(topics=["^tag-.*", "^.*events", "tag-events"])
    assert source_names(settings, ["other", "tag-events"]) == ["tag-events"]


def test_own_topics_as_they_should_be_are_fine() -> None:
    found = list(check_own(KafkaSettings(), {"tag-events": 1, **OWN}, GOOD))
    assert [finding.level for finding in found] == [Level.OK] * 4


@pytest.mark.parametrize("name", OWN)
def test_an_own_topic_that_is_missing_names_its_setting_and_the_command_that_creates_it(name: str) -> None:
    topics = {topic: count for topic, count in OWN.items() if topic != name}
    (fault,) = [each for each in check_own(KafkaSettings(), topics, GOOD) if each.level is not Level.OK]
    assert fault.level is Level.FAULT
    assert f"there is no topic {name}" in fault.sentence
    assert "--create-topics" in fault.sentence


@pytest.mark.parametrize(
    ("name", "config", "level", "words"),
    [
        ("streamer.connections", {"cleanup.policy": "delete"}, Level.FAULT, "must be compacted"),
        ("streamer.dead-letters", {"cleanup.policy": "compact"}, Level.FAULT, "must not be compacted"),
        ("streamer.parked", {"cleanup.policy": "compact,delete"}, Level.FAULT, "must not be compacted"),
        ("streamer.parked", {"max.message.bytes": "1499999"}, Level.FAULT, f"max.message.bytes={1500000 + HEADROOM}"),
        ("streamer.receipts", {"retention.ms": "86400000"}, Level.WARNING, "for only 1.0 days"),
        ("streamer.parked", {"retention.ms": "1000"}, Level.WARNING, "for only 0.0 days"),
    ],
)
def test_an_own_topic_of_the_wrong_kind_is_told_with_the_remedy(
    name: str, config: Mapping[str, str], level: Level, words: str
) -> None:
    configs = {**GOOD, name: {**GOOD[name], **config}}
    (found,) = [
        each for each in check_own(KafkaSettings(), {"tag-events": 1, **OWN}, configs) if each.level is not Level.OK
    ]
    assert (found.name, found.level) == (f"topic {name}", level)
    assert words in found.sentence


def test_a_topic_whose_configuration_may_not_be_read_is_a_warning() -> None:
    found = list(check_own(KafkaSettings(), OWN, {}))
    assert {each.level for each in found} == {Level.WARNING}


def test_without_a_known_limit_the_brokers_default_counts() -> None:
    assert largest_record(["a", "b"], {"a": {}}) == 1_048_588
