"""What everything around the record path costs: Kafka, offsets, windows, joining, HTTP, receipts, commits.

Real Kafka on this machine and the sandbox, each a process of its own; the consumer's CPU time, all its threads
included, less what the record path took inside it, by event. Windows are sealed by count, so that a request carries
equally many events whatever the number of pixels. The simplest honest consumer runs beside it, on the same records.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from streamer.records.sample import encode_tag_event, sample_tag_events
from streamer.records.schema import crc_64_avro, load_schema
from streamer.records.wire import frame
from streamer.translate.engine import Origin, Translation
from tests.support.kafka_cluster import KafkaCluster, Outgoing
from tests.support.kafka_server import KafkaServer
from tests.support.product import SandboxProcess, prepare

PARTITIONS = 8


def records(count: int, pixels: int) -> Iterator[Outgoing]:
    """Yield ``count`` records of distinct users, evenly over the pixels and the partitions."""
    schema = load_schema()
    fingerprint = crc_64_avro(schema)
    names = [str(10**15 + number) for number in range(pixels)]
    for number, event in enumerate(sample_tag_events(1, names[:1], int(time.time() * 1000))):
        if number == count:
            return
        event["pixel_id"] = names[number % pixels]
        value = frame("single-object", fingerprint, encode_tag_event(event, schema))
        yield Outgoing(value, partition=number // 7 % PARTITIONS)


def measure(kafka: KafkaCluster, folder: Path, pixels: int, events: int, batch: int) -> dict[str, float]:
    """Run ours and the simple one over the same topic, and return µs an event of CPU."""
    topic = f"around-{pixels}-{batch}-{os.getpid()}"
    config = prepare(kafka, topic, PARTITIONS)
    kafka.produce(topic, records(events, pixels))
    sandbox = SandboxProcess(folder)
    sandbox.run("--keep", "none", "--checked-per-mille", "0")
    try:
        config["meta"]["base_url"] = sandbox.url
        config["window"] = {"seconds": 600, "max_events": batch}
        config["log"] = {"level": "warning"}
        config["memory"] = {"budget": "4GiB"}  # windows that wait for their number of events are not to run short of it
        ours = _child("ours", json.dumps(config), str(events))
        arrived = sandbox.ledger()["total"]["events"]
        if arrived != events:
            raise SystemExit(f"{arrived} of {events} events arrived: this run measures nothing.")
        simple = _script("simple_consumer.py", kafka.bootstrap, topic, sandbox.url, str(events), str(batch))
    finally:
        sandbox.stop()
    return {
        "record path": ours["record_path"] * 1e6,
        "around it": (ours["cpu"] - ours["record_path"]) * 1e6,
        "events/s": 1 / ours["wall"],
        "simple consumer": simple["cpu"] * 1e6 / events,
    }


async def consume(config: dict[str, Any], events: int) -> dict[str, float]:
    """Run the consumer until all events were read, then stop it politely, and return CPU and wall seconds an event."""
    from streamer.service import Service  # noqa: PLC0415 - only the child process pays for it
    from streamer.settings import Settings  # noqa: PLC0415 - the same

    settings = Settings.model_validate({**config, "admin": {"port": 0}})
    service = Service(settings)
    spent = 0.0
    translate = service.translator.translate

    def timed(values: Sequence[bytes | None], origins: Sequence[Origin], now: int) -> list[Translation]:
        nonlocal spent
        began = time.thread_time()
        answers = translate(values, origins, now)
        spent += time.thread_time() - began
        return answers

    setattr(service.translator, "translate", timed)  # noqa: B010 - a method, measured for this run alone
    stop = asyncio.Event()
    running = asyncio.create_task(service.run(stop))
    while not service.ledger.read_so_far:  # noqa: ASYNC110 - starting up is paid once, not by event
        await asyncio.sleep(0.01)  # looked at from outside, as a user would
    before, began, cpu, path = service.ledger.read_so_far, time.monotonic(), time.process_time(), spent
    while service.ledger.read_so_far < events and not running.done():  # noqa: ASYNC110 - the same
        await asyncio.sleep(0.05)
    stop.set()
    await running
    counted = events - before
    seconds = {"cpu": time.process_time() - cpu, "wall": time.monotonic() - began, "record_path": spent - path}
    return {name: value / counted for name, value in seconds.items()}


def _child(*arguments: str) -> dict[str, float]:
    return _script("around.py", *arguments)


def _script(name: str, *arguments: str) -> dict[str, float]:
    command: Sequence[str] = [sys.executable, str(Path(__file__).with_name(name)), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603 - our own script
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _ours(arguments: Sequence[str]) -> None:
    import uvloop  # noqa: PLC0415 - only the child process pays for it

    from streamer.logs import configure_logs  # noqa: PLC0415 - the same
    from streamer.settings import LogSettings  # noqa: PLC0415 - the same

    configure_logs(LogSettings(level="warning"))
    config, events = arguments
    sys.stdout.write(json.dumps(uvloop.run(consume(json.loads(config), int(events)))) + "\n")


def main() -> None:
    """Measure each combination asked for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--events", type=int, default=200_000, help="events a run (default 200000)")
    parser.add_argument("--pixels", type=int, nargs="+", default=[40, 10_000], help="numbers of pixels")
    parser.add_argument("--batch", type=int, nargs="+", default=[20, 500], help="events a request")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = KafkaServer(folder)
        server.start()
        try:
            print("pixels  events/request   record path    around it  events/s  simple consumer")
            for batch in options.batch:
                for pixels in options.pixels:
                    if pixels * batch > options.events:
                        continue
                    found = measure(server, folder, pixels, options.events, batch)
                    print(
                        f"{pixels:>6} {batch:>15} {found['record path']:>9.1f} µs {found['around it']:>7.1f} µs "
                        f"{found['events/s']:>9.0f} {found['simple consumer']:>13.1f} µs"
                    )
        finally:
            server.stop()


if __name__ == "__main__":
    if sys.argv[1:2] == ["ours"]:
        _ours(sys.argv[2:])
    else:
        main()
