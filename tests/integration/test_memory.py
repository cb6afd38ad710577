"""Memory while Meta is down and far more waits than fits: bounded, flat, and nothing is lost for it."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.kafka_cluster import KafkaCluster, Outgoing, eventually
from tests.support.product import SandboxProcess, Start, StreamerProcess, prepare, sandbox_in
from tests.support.tag_events import PIXELS, encode, tag_event
from tests.support.watching import catch_up, metric

MIB = 2**20
BUDGET = 64 * MIB
COUNT = 300_000
SANDBOX = ("--keep", "ids", "--checked-per-mille", "50")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    """Give a sandbox of this module's own: one that keeps up with many events, and that a test may stop."""
    with sandbox_in(tmp_path, *SANDBOX) as sandbox:
        yield sandbox


class Sample(NamedTuple):
    """The memory that a process held at one moment."""

    at: float
    """Seconds of the monotonic clock."""
    size: int
    """Bytes."""


def _resident(streamer: StreamerProcess) -> int:
    """Return the memory that the process holds, in bytes."""
    pages = Path(f"/proc/{streamer.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def _sampled(streamer: StreamerProcess) -> Iterator[list[Sample]]:
    """Look at its memory ten times a second meanwhile."""
    samples: list[Sample] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            samples.append(Sample(time.monotonic(), _resident(streamer)))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()


def _largest(samples: list[Sample], begin: float = 0, end: float = float("inf")) -> int:
    return max(sample.size for sample in samples if begin <= sample.at < end)


def _events(count: int) -> Iterator[Outgoing]:
    """Yield distinct events in turn for all pixels, as :func:`tag_event` makes them but many times faster."""
    mark = 9_000_000
    templates = [encode(tag_event(mark, pixel_id)) for pixel_id in PIXELS]
    for number in range(count):
        value = templates[number % len(PIXELS)].replace(b"%d" % mark, b"%d" % (mark + number))
        yield Outgoing(value, partition=number % 3)


def test_meta_down_with_300_000_events_waiting_costs_a_bounded_and_flat_memory_and_no_event_and_no_membership(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    config = prepare(kafka, topic) | {"memory": {"budget": BUDGET}, "delivery": {"backoff_max_seconds": 1}}
    config["kafka"]["client"] = {"max.poll.interval.ms": 6000}  # one that does not poll is thrown out
    sandbox.script([{"match": {"pixel": PIXELS[0]}, "then": {"hang": True}}, {"then": {"status": 503}}])
    streamer = start(config)
    (member,) = kafka.group(topic).members
    at_first = _resident(streamer)
    with _sampled(streamer) as samples:
        began = time.monotonic()
        kafka.produce(topic, _events(COUNT))
        eventually(lambda: metric(streamer, "streamer_reading_paused") == 1)
        third = max(time.monotonic() - began, 5)
        read = streamer.status()["ledger"]["read"]
        assert read < COUNT / 2, "there are too few events to fill the budget"
        time.sleep(began + 2 * third - time.monotonic())
        sandbox.stop()  # from now on nobody listens
        time.sleep(began + 3 * third - time.monotonic())
        back = time.monotonic()
        assert metric(streamer, "streamer_reading_paused") == 1
        assert metric(streamer, "streamer_memory_used_bytes") < BUDGET
        assert streamer.status()["ledger"]["read"] == read
        assert [each.member_id for each in kafka.group(topic).members] == [member.member_id]
        sandbox.run(*SANDBOX)
        catch_up(kafka, config, 120)

    grown = _largest(samples, began + third, back) - _largest(samples, end=began + third)
    assert grown < 30 * MIB, "it grows while Meta is down"
    assert _largest(samples) - at_first < BUDGET + 100 * MIB
    arrived = sandbox.ledger()
    assert (arrived["total"]["distinct"], arrived["total"]["doubles"]) == (COUNT, 0)
    assert {arrived["pixels"][pixel_id]["distinct"] for pixel_id in PIXELS} == {COUNT // len(PIXELS)}
    ledger = streamer.status()["ledger"]
    assert (ledger["read"], ledger["translated"], ledger["delivered"]) == (COUNT, COUNT, COUNT)
    assert (ledger["balanced"], ledger["in_flight"]) == (True, 0)
    assert metric(streamer, "streamer_memory_used_bytes") == 0
    assert metric(streamer, "streamer_rebalances_total", kind="lost") == 0
    assert [each.member_id for each in kafka.group(topic).members] == [member.member_id]
