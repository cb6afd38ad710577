"""Kafka away, Meta away: the process lives on, holds no more memory than it may, and loses nothing."""

import os
import time
from pathlib import Path

from tests.support.evidence import fates, receipts
from tests.support.kafka_cluster import KafkaCluster, Outgoing, eventually
from tests.support.kafka_server import KafkaServer
from tests.support.product import SandboxProcess, Start, StreamerProcess, get_json, prepare
from tests.support.tag_events import PIXELS, tag_events
from tests.support.watching import assert_all_arrived, catch_up, metric, steps_back

MIB = 2**20


def _live(streamer: StreamerProcess) -> bool:
    answer: dict[str, bool] = get_json(f"{streamer.url}/healthz/live")
    return answer == {"live": True}


def test_a_broker_that_restarts_and_one_that_is_killed_cost_nothing_and_the_process_lives_on(
    own_kafka: KafkaServer, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    config = prepare(own_kafka, topic)
    sandbox.script([{"then": {"latency": 0.3}}])
    streamer = start(config)
    with steps_back(own_kafka, config) as gone_back:
        own_kafka.produce(topic, [*map(Outgoing, tag_events(1000)), Outgoing(b"junk")])
        eventually(lambda: sandbox.ledger()["total"]["events"] > 0)
        own_kafka.restart()
        own_kafka.produce(topic, [*map(Outgoing, tag_events(1000, first=1000)), Outgoing(b"junk")])
        catch_up(own_kafka, config)
        own_kafka.produce(topic, [*map(Outgoing, tag_events(1000, first=2000)), Outgoing(b"junk")])
        own_kafka.kill()
        time.sleep(2)  # long enough for what was read to be delivered, with nobody to take its receipt
        assert _live(streamer)
        own_kafka.start()
        own_kafka.produce(topic, [*map(Outgoing, tag_events(1000, first=3000)), Outgoing(b"junk")])
        catch_up(own_kafka, config)
    assert gone_back == []
    assert_all_arrived(sandbox, 4000)
    assert len(fates(receipts(own_kafka, config))) == 4004
    ledger = streamer.status()["ledger"]
    assert (ledger["balanced"], ledger["in_flight"]) == (True, 0)
    assert streamer.end() == 0


def test_a_broker_that_is_away_does_not_hold_up_a_stop_and_what_could_not_be_committed_is_sent_again(
    own_kafka: KafkaServer, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    config = prepare(own_kafka, topic) | {"stop": {"drain_seconds": 1}}
    never = {**config, "kafka": {**config["kafka"], "commit_interval_seconds": 300}}
    first = start(never)
    own_kafka.produce(topic, map(Outgoing, tag_events(500)))
    eventually(lambda: first.status()["ledger"]["delivered"] == 500)
    sandbox.script([{"then": {"latency": 1}}])
    own_kafka.produce(topic, map(Outgoing, tag_events(500, first=500)))
    eventually(lambda: first.status()["load"]["requests_in_flight"] > 0)
    own_kafka.kill()
    began = time.monotonic()
    assert first.end(60) == 0
    assert time.monotonic() - began < 1 + 20, "librdkafka's session time-out was waited for"
    own_kafka.start()
    start(config)
    catch_up(own_kafka, config)
    assert_all_arrived(sandbox, 1000)


def test_a_long_outage_of_meta_costs_no_more_memory_than_the_budget_and_no_membership(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    count = 60_000
    config = prepare(kafka, topic) | {"memory": {"budget": "16MiB"}, "delivery": {"backoff_max_seconds": 1}}
    config["kafka"]["client"] = {"max.poll.interval.ms": 2000}  # one that does not poll is soon thrown out
    sandbox.script([{"match": {"pixel": PIXELS[:2]}, "then": {"close": True}}, {"then": {"status": 503}}])
    streamer = start(config)
    kafka.produce(topic, [Outgoing(value, partition=at % 3) for at, value in enumerate(tag_events(count))])
    eventually(lambda: metric(streamer, "streamer_reading_paused") == 1)
    read = streamer.status()["ledger"]["read"]
    assert read < count / 2, "there are too few events to fill the budget"
    held = []
    for _ in range(10):
        held.append(_resident(streamer))
        time.sleep(0.5)
    assert max(held) < (16 + 150) * MIB
    assert max(held[5:]) - max(held[:5]) < 4 * MIB, "it grows"
    assert metric(streamer, "streamer_memory_used_bytes") < 16.5 * MIB
    assert streamer.status()["ledger"]["read"] == read
    assert _live(streamer)
    assert metric(streamer, "streamer_partitions_owned") == 3
    assert metric(streamer, "streamer_rebalances_total", kind="lost") == 0
    assert len(kafka.group(topic).members) == 1

    sandbox.script([])
    catch_up(kafka, config)
    assert_all_arrived(sandbox, count)
    assert sandbox.ledger()["total"]["doubles"] == 0
    assert _resident(streamer) < (16 + 150) * MIB
    assert metric(streamer, "streamer_memory_used_bytes") == 0


def _resident(streamer: StreamerProcess) -> int:
    """Return the memory that the process holds, in bytes."""
    pages = Path(f"/proc/{streamer.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
