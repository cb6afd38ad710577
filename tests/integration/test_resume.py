"""Pixels that are parked and come back: their events arrive after all, by any way the pixel can come back."""

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from streamer.translate.checks import derived_event_id
from streamer.translate.engine import Origin
from tests.support.evidence import Copy, copies, receipts, wait_until_committed
from tests.support.kafka_cluster import KafkaCluster, Outgoing, eventually
from tests.support.product import SandboxProcess, Start, StreamerProcess, get_json, prepare
from tests.support.tag_events import PIXELS, encode, tag_event
from tests.support.watching import metric

FIRST, SECOND, THIRD = PIXELS[:3]
DEAD = "invented-token-that-dies"
COUNT = 50


@pytest.fixture
def config(kafka: KafkaCluster, topic: str, tmp_path: Path) -> dict[str, Any]:
    """Give a configuration in which SECOND has a token of its own, and it is dead."""
    (tmp_path / "tokens").mkdir()
    config = prepare(kafka, topic, 2, own_partitions=2)
    config |= {"pixels": {"file": str(tmp_path / "pixels.yaml"), "reload_seconds": 0.2}}
    _token(config, DEAD)
    _pixels(config, f'pixels: {{"{SECOND}": {{client: bolt, token: {{file: tokens/second}}}}}}')
    return config


def _token(config: dict[str, Any], token: str, of: str = "second") -> None:
    """Replace a token."""
    _write(Path(config["pixels"]["file"]).parent / "tokens" / of, token)


def _pixels(config: dict[str, Any], text: str) -> None:
    """Replace the pixels file."""
    _write(Path(config["pixels"]["file"]), text)


def _write(path: Path, text: str) -> None:
    """Replace a file at once, as Kubernetes replaces a mounted secret: nobody sees half of it."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)


def _topic(config: dict[str, Any]) -> str:
    topic: str = config["kafka"]["topics"][0]
    return topic


def _produce(kafka: KafkaCluster, config: dict[str, Any], count: int = COUNT, first: int = 0, **changes: Any) -> None:
    events = (tag_event(number, (FIRST, SECOND)[number % 2], **changes) for number in range(first, first + count))
    kafka.produce(_topic(config), [Outgoing(encode(event)) for event in events])


def _started(kafka: KafkaCluster, config: dict[str, Any], start: Start) -> StreamerProcess:
    """Return a consumer that has looked at the parked topic, which it does once when it is all new."""
    streamer = start(config)
    topic = config["kafka"]["connections_topic"]
    eventually(lambda: {message.key() for message in kafka.read(topic)} >= {b"parked/0", b"parked/1"}, interval=0.3)
    return streamer


def _ids(count: int = COUNT, first: int = 0) -> list[tuple[str, str]]:
    """Return what SECOND has to get of what was produced."""
    return sorted(("Purchase", f"e-{number}") for number in range(first, first + count) if number % 2)


def _parked(kafka: KafkaCluster, config: dict[str, Any]) -> list[Copy]:
    return copies(kafka, config["kafka"]["parked_topic"])


def _posts(sandbox: SandboxProcess) -> Counter[str]:
    """Return how many requests came, by pixel."""
    return Counter(seen["pixel_id"] for seen in get_json(f"{sandbox.url}/sandbox/requests"))


def _passes(kafka: KafkaCluster, config: dict[str, Any]) -> bool:
    """Tell whether the group of the parked topic has committed its end."""
    topic = config["kafka"]["parked_topic"]
    ends = {partition: end for partition, end in kafka.end_offsets(topic).items() if end}
    held = kafka.committed(f"{config['kafka']['group_id']}.parked", topic)
    return ends == {partition: at.offset for partition, at in held.items() if at.offset}


@pytest.mark.parametrize("protocol", ["consumer", "classic"])
def test_a_new_token_brings_the_parked_events_within_seconds_to_their_pixel_alone_under_their_first_ids(
    kafka: KafkaCluster, config: dict[str, Any], sandbox: SandboxProcess, start: Start, protocol: str
) -> None:
    config["kafka"]["group_protocol"] = protocol
    _pixels(
        config,
        f"""
pixels:
  "{FIRST}": {{containers: [GTM-SHOP]}}
  "{SECOND}": {{containers: [GTM-SHOP], token: {{file: tokens/second}}}}
""",
    )
    sandbox.tokens(kill=[DEAD])
    shop = {"pixel_id": None, "container_id": "GTM-SHOP", "event_id": None}
    streamer = _started(kafka, config, start)
    kafka.produce(_topic(config), [Outgoing(encode(tag_event(number) | shop), partition=0) for number in range(COUNT)])
    wait_until_committed(kafka, config)
    assert sandbox.ids(SECOND) == []
    assert len(_parked(kafka, config)) == COUNT

    _token(config, "invented-new-token")
    began = time.monotonic()
    derived = sorted(("Purchase", derived_event_id(Origin(_topic(config), 0, offset))) for offset in range(COUNT))
    eventually(lambda: sandbox.ids(SECOND) == derived)
    assert time.monotonic() - began < 10
    eventually(lambda: _passes(kafka, config))
    assert sandbox.ids(FIRST) == derived
    assert sandbox.ledger()["total"]["doubles"] == 0
    assert len(_parked(kafka, config)) == COUNT
    status = streamer.status()
    assert {each["state"] for each in status["connections"]} == {"works"}
    assert (status["ledger"]["balanced"], status["ledger"]["in_flight"]) == (True, 0)
    assert streamer.end() == 0


def test_of_two_replicas_one_finds_the_dead_token_and_the_other_obeys_without_a_request(
    kafka: KafkaCluster, config: dict[str, Any], sandbox: SandboxProcess, start: Start
) -> None:
    sandbox.tokens(kill=[DEAD])
    replicas = [_started(kafka, config, start), start(config)]
    eventually(lambda: [metric(each, "streamer_partitions_owned") for each in replicas] == [1, 1])
    kafka.produce(_topic(config), [Outgoing(encode(tag_event(1, SECOND)), partition=0)])
    for replica in replicas:
        eventually(lambda: metric(replica, "streamer_pixel_parked", pixel=SECOND) == 1)  # noqa: B023 - within the turn
    kafka.produce(_topic(config), [Outgoing(encode(tag_event(3, SECOND)), partition=at % 2) for at in range(10)])
    wait_until_committed(kafka, config)
    assert _posts(sandbox)[SECOND] == 1
    assert len(_parked(kafka, config)) == 11
    (told,) = replicas[0].status()["connections"]
    assert (told["pixel_id"], told["client"], told["state"], told["reason"]) == (SECOND, "bolt", "parked", "token_dead")
    assert replicas[1].status()["connections"] == [told]

    _token(config, "invented-new-token")
    eventually(lambda: sandbox.ids(SECOND) == [("Purchase", "e-1"), ("Purchase", "e-3")])
    eventually(lambda: _passes(kafka, config))
    assert {each["state"] for replica in replicas for each in replica.status()["connections"]} == {"works"}
    assert [replica.end() for replica in replicas] == [0, 0]


def test_after_a_restart_a_parked_pixel_stays_parked_and_what_is_parked_is_not_gone_over(
    kafka: KafkaCluster, config: dict[str, Any], sandbox: SandboxProcess, start: Start
) -> None:
    sandbox.tokens(kill=[DEAD])
    streamer = _started(kafka, config, start)
    _produce(kafka, config)
    wait_until_committed(kafka, config)
    assert streamer.end() == 0
    before = _posts(sandbox)[SECOND]
    assert before > 0
    streamer.run()
    _produce(kafka, config, first=COUNT)
    wait_until_committed(kafka, config)
    assert _posts(sandbox)[SECOND] == before
    assert len(_parked(kafka, config)) == COUNT
    assert metric(streamer, "streamer_parked_passes_total") == 0
    assert streamer.end() == 0

    _token(config, "invented-new-token")  # while nobody runs
    streamer.run()
    eventually(lambda: sandbox.ids(SECOND) == _ids(2 * COUNT))


def test_a_pass_parks_again_only_what_still_cannot_be_sent_and_ends(
    kafka: KafkaCluster, config: dict[str, Any], sandbox: SandboxProcess, start: Start
) -> None:
    config["parking"] = {"pass_pause_seconds": 0.5}
    _token(config, "invented-token-that-stays-dead", "first")
    _pixels(
        config,
        f"""
pixels:
  "{FIRST}": {{token: {{file: tokens/first}}}}
  "{SECOND}": {{token: {{file: tokens/second}}}}
""",
    )
    sandbox.tokens(kill=[DEAD, "invented-token-that-stays-dead"])
    streamer = _started(kafka, config, start)
    _produce(kafka, config)
    wait_until_committed(kafka, config)
    _token(config, "invented-new-token")
    eventually(lambda: sandbox.ids(SECOND) == _ids())
    eventually(lambda: metric(streamer, "streamer_parked_passes_total", because="late") > 0)
    time.sleep(3)  # a pass that went round in circles would go on
    again = [copy for copy in _parked(kafka, config) if copy.said["pixel"] == FIRST]
    assert len(again) == COUNT / 2 * 3  # when it was parked first, and by the pass and the late one
    assert {(copy.said["origin.topic"], copy.said["reason"]) for copy in again} == {(_topic(config), "token_dead")}
    assert {copy.said["pixel"] for copy in _parked(kafka, config)[:COUNT]} == {FIRST, SECOND}
    assert sandbox.ledger()["total"]["doubles"] == 0
    assert streamer.end() == 0


def test_a_kill_in_the_middle_of_a_pass_loses_nothing(
    kafka: KafkaCluster, config: dict[str, Any], sandbox: SandboxProcess, start: Start
) -> None:
    config["window"] = {"seconds": 0.1, "max_events": 20}
    config["delivery"] = {"max_in_flight_per_pixel": 2}
    config["parking"] = {"pass_pause_seconds": 0.5}
    count = 4000
    sandbox.tokens(kill=[DEAD])
    streamer = _started(kafka, config, start)
    _produce(kafka, config, count)
    wait_until_committed(kafka, config)
    assert len(_parked(kafka, config)) == count / 2
    sandbox.script([{"then": {"latency": [0.1, 0.3]}}])
    _token(config, "invented-new-token")
    for share in (0.1, 0.4):
        eventually(lambda: len(sandbox.ids(SECOND)) > count / 2 * share, interval=0.02)  # noqa: B023 - within the turn
        assert len(sandbox.ids(SECOND)) < count / 2
        streamer.kill()
        streamer.run()
    sandbox.script([])
    eventually(lambda: sandbox.ids(SECOND) == _ids(count))
    eventually(lambda: _passes(kafka, config))
    assert sandbox.ledger()["total"]["conflicts"] == 0
    assert streamer.end() == 0


def test_a_stop_in_the_middle_of_a_pass_is_prompt_and_the_pass_goes_on_with_the_next_start(
    kafka: KafkaCluster, config: dict[str, Any], sandbox: SandboxProcess, start: Start
) -> None:
    config["window"] = {"seconds": 0.1, "max_events": 20}
    config["stop"] = {"drain_seconds": 2}
    sandbox.tokens(kill=[DEAD])
    streamer = _started(kafka, config, start)
    _produce(kafka, config, 2000)
    wait_until_committed(kafka, config)
    sandbox.script([{"match": {"pixel": SECOND}, "then": {"latency": 0.5}}])
    _token(config, "invented-new-token")
    eventually(lambda: len(sandbox.ids(SECOND)) > 100)
    began = time.monotonic()
    assert streamer.end() == 0
    assert time.monotonic() - began < 8
    taken = len(sandbox.ids(SECOND))
    assert taken < 1000
    sandbox.script([])
    streamer.run()
    eventually(lambda: sandbox.ids(SECOND) == _ids(2000))
    assert sandbox.ledger()["total"]["doubles"] <= 1000 - taken


def test_a_pixel_that_works_again_at_meta_is_found_out_though_nothing_of_it_comes(
    kafka: KafkaCluster, config: dict[str, Any], sandbox: SandboxProcess, start: Start
) -> None:
    config["delivery"] = {"probe_seconds": 1}
    sandbox.tokens(kill=[DEAD])
    streamer = _started(kafka, config, start)
    _produce(kafka, config)
    wait_until_committed(kafka, config)
    eventually(lambda: metric(streamer, "streamer_probes_total", result="refused") >= 2)
    assert len(_parked(kafka, config)) == COUNT / 2
    sandbox.tokens(revive=[DEAD])
    eventually(lambda: sandbox.ids(SECOND) == _ids())
    assert metric(streamer, "streamer_probes_total", result="works") == 1
    assert streamer.end() == 0


def test_a_test_by_hand_brings_a_pixel_back_on_every_replica(
    kafka: KafkaCluster, config: dict[str, Any], sandbox: SandboxProcess, start: Start
) -> None:
    sandbox.tokens(kill=[DEAD])
    streamer = _started(kafka, config, start)
    _produce(kafka, config)
    wait_until_committed(kafka, config)
    sandbox.tokens(revive=[DEAD])
    command = [sys.executable, "-m", "streamer", "pixels", "test", SECOND, "-c", str(streamer.config), "--probe"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "Token and pixel work" in done.stdout
    eventually(lambda: sandbox.ids(SECOND) == _ids())
    assert metric(streamer, "streamer_pixel_parked") == 0
    assert streamer.end() == 0


def test_what_grows_too_old_while_it_is_parked_is_dead_lettered_and_counted(
    kafka: KafkaCluster, config: dict[str, Any], sandbox: SandboxProcess, start: Start
) -> None:
    config["parking"] = {"sweep_hours": 2 / 3600, "pass_pause_seconds": 0.5}
    sandbox.tokens(kill=[DEAD])
    almost = time.time() - 7 * 86_400 + 3600 + 8  # an hour is the margin
    kafka.produce(_topic(config), [Outgoing(encode(tag_event(1, SECOND, event_time=int(almost * 1000))))])
    streamer = start(config)
    wait_until_committed(kafka, config)
    eventually(lambda: len(copies(kafka, config["kafka"]["dead_letter_topic"])) == 1)
    (letter,) = copies(kafka, config["kafka"]["dead_letter_topic"])
    said = (letter.said["pixel"], letter.said["reason"], letter.said["origin.topic"], letter.said["origin.offset"])
    assert said == (SECOND, "too_old", _topic(config), "0")
    assert len(_parked(kafka, config)) > 1, "no sweep came while it was still young enough"
    last = [one for one in receipts(kafka, config) if one["outcome"] == "dead_lettered"]
    assert [(one["pixel"], one["reason"], one["events"]) for one in last] == [(SECOND, "too_old", 1)]
    assert sandbox.ids(SECOND) == []
    assert streamer.end() == 0


def test_without_the_connections_topic_a_replica_parks_and_resumes_by_itself_and_says_what_is_missing(
    kafka: KafkaCluster, config: dict[str, Any], sandbox: SandboxProcess, start: Start
) -> None:
    kafka.delete_topic(config["kafka"]["connections_topic"])
    sandbox.tokens(kill=[DEAD])
    streamer = start(config)
    _produce(kafka, config)
    wait_until_committed(kafka, config)
    assert "--create-topics" in streamer.said()
    assert {copy.said["pixel"] for copy in _parked(kafka, config)} == {SECOND}
    _token(config, "invented-new-token")
    eventually(lambda: sandbox.ids(SECOND) == _ids())
    assert streamer.end() == 0


def test_the_group_of_the_parked_topic_gives_partitions_away_in_the_middle_of_a_pass(
    kafka: KafkaCluster, config: dict[str, Any], sandbox: SandboxProcess, start: Start
) -> None:
    config["window"] = {"seconds": 0.1, "max_events": 20}
    config["parking"] = {"pass_pause_seconds": 0.5}
    sandbox.tokens(kill=[DEAD])
    first = _started(kafka, config, start)
    _produce(kafka, config, 2000)
    wait_until_committed(kafka, config)
    sandbox.script([{"match": {"pixel": SECOND}, "then": {"latency": 0.3}}])
    _token(config, "invented-new-token")
    eventually(lambda: len(sandbox.ids(SECOND)) > 50)
    second = start(config)
    sandbox.script([])
    eventually(lambda: sandbox.ids(SECOND) == _ids(2000))
    eventually(lambda: _passes(kafka, config))
    assert sandbox.ledger()["total"]["conflicts"] == 0
    assert [first.end(), second.end()] == [0, 0]
