"""What people write into the file that cannot be: file, line, key, and what to do are told, and never a value."""

from pathlib import Path

import pytest

from streamer.config import load_settings
from streamer.errors import ConfigError


def _faults(folder: Path, text: str) -> list[str]:
    path = folder / "streamer.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {}, {})
    return [fault.replace(f"{folder}/streamer.yaml", "streamer.yaml") for fault in caught.value.faults]


FAULTS = {
    "unknown key": (
        "kafka:\n  topic: [a]\n",
        "streamer.yaml:2: there is no key kafka.topic. Did you mean kafka.topics?",
    ),
    "unknown section": ("kafak: {}\n", "streamer.yaml:1: there is no section kafak. Did you mean kafka?"),
    "python's name": (
        "records:\n  schema_fil: x\n",
        "streamer.yaml:2: there is no key records.schema_fil. Did you mean records.schema?",
    ),
    "wrong choice": (
        "kafka:\n  group_protocol: consumr\n",
        "streamer.yaml:2: kafka.group_protocol is not one of consumer, classic. Did you mean consumer?",
    ),
    "no list": ("\nkafka:\n  topics: a\n", "streamer.yaml:3: kafka.topics must be a list, such as [a, b]."),
    "in a list": (
        "kafka:\n  topics:\n    - a\n    - 5\n",
        "streamer.yaml:4: kafka.topics.1 must be text: put it in quotes.",
    ),
    "no text at all": ("kafka:\n  group_id: [a]\n", "streamer.yaml:2: kafka.group_id must be text."),
    "nothing": ("kafka:\n  group_id:\n", "streamer.yaml:2: kafka.group_id is empty. Give it a value, or leave it out."),
    "no secret": ("meta:\n  access_token:\n", "streamer.yaml:2: meta.access_token is empty."),
    "secret that is a number": (
        "schema_registry:\n  password: 123456\n",
        "streamer.yaml:2: schema_registry.password must be text: put it in quotes.",
    ),
    "infinite": (
        "delivery:\n  timeout_seconds: .inf\n",
        "streamer.yaml:2: delivery.timeout_seconds must be a number.",
    ),
    "infinite all the same": (
        "delivery:\n  timeout_seconds: !!float .inf\n",
        "streamer.yaml:2: delivery.timeout_seconds must be a finite number.",
    ),
    "huge": (
        f"memory:\n  budget: {'9' * 400}GiB\n",
        "streamer.yaml:2: memory.budget is no size; write bytes or a unit, such as 256MiB.",
    ),
    "flag for a number": ("admin:\n  port: true\n", "streamer.yaml:2: admin.port must be a number."),
    "flag for a size": ("memory:\n  budget: true\n", "streamer.yaml:2: memory.budget must be a number."),
    "number for a flag": ("delivery:\n  gzip: 1\n", "streamer.yaml:2: delivery.gzip must be true or false."),
    "hexadecimal": ("admin:\n  port: 0x1F\n", "streamer.yaml:2: admin.port must be a whole number."),
    "sexagesimal": ("admin:\n  port: 12:30\n", "streamer.yaml:2: admin.port must be a whole number."),
    "agent without letters": (
        "meta:\n  partner_agent: '12345'\n",
        "streamer.yaml:2: meta.partner_agent must have at most 22 characters, at least 2 of them letters.",
    ),
    "agent too long": (
        f"meta:\n  partner_agent: {'a' * 23}\n",
        "streamer.yaml:2: meta.partner_agent must have at most 22 characters, at least 2 of them letters.",
    ),
    "no topics": ("kafka:\n  topics: []\n", "streamer.yaml:2: kafka.topics is empty."),
    "topic without a name": ("kafka:\n  topics:\n    - a\n    - ''\n", "streamer.yaml:4: kafka.topics.1 is empty."),
    "no topic's name": ("kafka:\n  topics: [a b]\n", "streamer.yaml:2: kafka.topics.0 is no topic's name: "),
    "expression for an own topic": (
        "kafka:\n  parked_topic: ^a\n",
        "streamer.yaml:2: kafka.parked_topic is no topic's name: ",
    ),
    "no expression": (
        "kafka:\n  topics:\n    - '^('\n",
        "streamer.yaml:3: kafka.topics.0 is no regular expression: missing ), unterminated subpattern.",
    ),
    "no address": (
        "meta:\n  base_url: graph.example.com\n",
        "streamer.yaml:2: meta.base_url must be an address such as https://example.com, without user",
    ),
    "no address among several": (
        "schema_registry:\n  url: https://a.example.com,b.example.com\n",
        "streamer.yaml:2: schema_registry.url must be an address such as",
    ),
    "password in an address": (
        "schema_registry:\n  url: https://user:geheim@example.com\n",
        "streamer.yaml:2: schema_registry.url must be an address such as",
    ),
    "a property of ours": (
        "kafka:\n  client:\n    linger.ms: 5\n    group.id: x\n",
        "streamer.yaml:4: kafka.client.group.id is not to be set there; the setting for it is kafka.group_id.",
    ),
    "a property without value": (
        "kafka:\n  client:\n    sasl.password:\n",
        "streamer.yaml:3: kafka.client.sasl.password is empty. Give it a value, or leave it out.",
    ),
    "a property that is a list": (
        "kafka:\n  client:\n    sasl.password: [a]\n",
        "streamer.yaml:3: kafka.client.sasl.password must be text.",
    ),
    "a property's file missing": (
        "kafka:\n  client:\n    sasl.password_file: gone\n",
        "streamer.yaml:3: kafka.client.sasl.password_file: the file ",
    ),
    "no text": ("meta:\n  app_id: 12345\n", "streamer.yaml:2: meta.app_id must be text: put it in quotes."),
    "no size": (
        "memory:\n  budget: lots\n",
        "streamer.yaml:2: memory.budget is no size; write bytes or a unit, such as 256MiB.",
    ),
    "too much": (
        "window:\n  max_events: 1001\n",
        "streamer.yaml:2: window.max_events should be less than or equal to 1000.",
    ),
    "wrong form": (
        "meta:\n  api_version: '26'\n",
        "streamer.yaml:2: meta.api_version must have the form ^v\\d+\\.\\d+$.",
    ),
    "no section": ("kafka: 5\n", "streamer.yaml:1: kafka must hold keys, indented below it."),
    "no sections": (
        "- kafka\n",
        "streamer.yaml: must hold sections, such as kafka: and meta:, and their keys below them.",
    ),
    "key twice": (
        "kafka:\n  group_id: a\n  group_id: b\n",
        "streamer.yaml:3: kafka.group_id stands there twice. Keep one.",
    ),
    "no YAML": ("kafka:\n  - a\n b: c\n", "streamer.yaml:3: is no YAML: "),
    "secret file missing": (
        "meta:\n  access_token_file: gone\n",
        "streamer.yaml:2: meta.access_token_file: the file {folder}/gone cannot be read (No such file or directory).",
    ),
    "secret twice": (
        "meta:\n  access_token: a\n  access_token_file: b\n",
        "streamer.yaml:3: meta.access_token is given twice, also by streamer.yaml:2. Keep one.",
    ),
    "file without a name": (
        "meta:\n  access_token_file: 5\n",
        "streamer.yaml:2: meta.access_token_file must be the name of a file.",
    ),
}


@pytest.mark.parametrize(("text", "expected"), FAULTS.values(), ids=FAULTS)
def test_a_fault_in_the_file_names_line_and_key_and_what_to_do(tmp_path: Path, text: str, expected: str) -> None:
    fault = _faults(tmp_path, text)[0]
    assert fault.startswith(expected.format(folder=tmp_path) if "{folder}" in expected else expected)


TOPICS = {
    "own topic as a source": (
        "kafka:\n  topics:\n    - a\n    - streamer.dead-letters\n",
        "streamer.yaml:4: kafka.topics.1 makes Streamer read its own topic (kafka.dead_letter_topic), in a circle.",
    ),
    "source as an own topic": (
        "kafka:\n  dead_letter_topic: tag-events\n",
        "streamer.yaml:2: kafka.dead_letter_topic makes Streamer read its own topic (kafka.dead_letter_topic)",
    ),
    "own topic matched": (
        "kafka:\n  topics: ['^streamer.r']\n",
        "streamer.yaml:2: kafka.topics.0 makes Streamer read its own topic (kafka.receipts_topic), in a circle.",
    ),
    "two own topics with one name": (
        "kafka:\n  dead_letter_topic: x\n  receipts_topic: x\n",
        "streamer.yaml:3: kafka.receipts_topic makes kafka.dead_letter_topic and kafka.receipts_topic one topic.",
    ),
    "an own topic with another's default": (
        "kafka:\n  dead_letter_topic: streamer.parked\n",
        "streamer.yaml:2: kafka.dead_letter_topic makes kafka.dead_letter_topic and kafka.parked_topic one topic.",
    ),
}


@pytest.mark.parametrize(("text", "expected"), TOPICS.values(), ids=TOPICS)
def test_topics_that_would_be_read_in_a_circle_are_told_before_any_broker_is_asked(
    tmp_path: Path, text: str, expected: str
) -> None:
    (fault,) = _faults(tmp_path, text)
    assert fault.startswith(expected)
