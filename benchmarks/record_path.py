"""The record path on one core, beside Meta's own Python SDK: Avro bytes to event JSON.

Both get the same events of distinct users, with all eleven hashed keys. Ours: slices of Avro bodies through the engine
(decode, route, map, normalise, hash, check, JSON). The SDK's (facebook-business): fastavro, then UserData, Content,
CustomData, Event and ``normalize()``, then JSON as its EventRequest makes it. The SDK knows no rules of phone numbers,
names or places, and hashes no external id.

CPU time in interleaved rounds of one run; the ratio is the median of the rounds' ratios, because machines differ, and
one machine from minute to minute.

    python benchmarks/record_path.py [--events 20000] [--rounds 7] [--json]
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from typing import Any, NamedTuple

import orjson
from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.content import Content
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.gender import Gender
from facebook_business.adobjects.serverside.user_data import UserData
from fastavro import schemaless_reader

from streamer.records.sample import distinct_tag_events, encode_tag_event, first_version
from streamer.records.schema import AvroSchema, load_schema
from streamer.translate.engine import Origin
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import Plan
from streamer.translate.python_engine import PythonEngine

PIXELS = ("1234567890123456", "2345678901234567")
SLICE = 200
GOAL = 2.2


class Load(NamedTuple):
    """The same events in the forms that are measured."""

    decoded: list[dict[str, Any]]
    bodies: list[bytes]
    slices: list[tuple[list[bytes], list[Origin]]]


def load_of(events: Sequence[dict[str, Any]], schema: AvroSchema) -> Load:
    """Encode events and cut them into slices, as the pipeline does."""
    bodies = [encode_tag_event(event, schema) for event in events]
    origins = [Origin("tag-events", 0, offset) for offset in range(len(bodies))]
    slices = [(bodies[at : at + SLICE], origins[at : at + SLICE]) for at in range(0, len(bodies), SLICE)]
    return Load(list(events), bodies, slices)


def through_sdk(event: dict[str, Any]) -> dict[str, Any]:
    """Make a server event with Meta's SDK, as its documentation shows."""
    user, properties, cookies = event["user"], event["properties"], event["cookies"]
    user_data = UserData(
        email=user["email"],
        phone=user["phone"],
        first_name=user["first_name"],
        last_name=user["last_name"],
        city=user["city"],
        state=user["state"],
        zip_code=user["zip"],
        country_code=user["country"],
        external_id=user["external_id"],
        date_of_birth=user["birthdate"],
        gender=Gender.FEMALE if user["gender"].startswith("f") else Gender.MALE,
        client_ip_address=event["client_ip"],
        client_user_agent=event["user_agent"],
        fbc=cookies["_fbc"],
        fbp=cookies["_fbp"],
    )
    custom_data = properties and CustomData(
        currency=properties["currency"],
        value=properties["value"],
        order_id=properties["order_id"],
        contents=[
            Content(product_id=item["id"], quantity=item["quantity"], item_price=item["price"])
            for item in properties["items"]
        ],
    )
    server_event = Event(
        event_name=event["event_name"],
        event_time=event["event_time"] // 1000,
        event_id=event["event_id"],
        event_source_url=event["page_url"],
        referrer_url=event["referrer"],
        action_source=ActionSource.WEBSITE,
        user_data=user_data,
        custom_data=custom_data,
    )
    return server_event.normalize()  # type: ignore[no-any-return]


def microseconds(work: Callable[[], object], events: int) -> float:
    """Return the CPU time of an event."""
    started = time.process_time()
    work()
    return (time.process_time() - started) / events * 1e6


class Round(NamedTuple):
    """µs of CPU an event."""

    streamer: float
    """Avro bytes to JSON."""
    sdk: float
    """Decoded event to the SDK's normalised dict."""
    decode: float
    """fastavro alone."""
    encode: float
    """orjson alone."""
    sdk_encode: float
    """json.dumps, which is how the SDK's EventRequest makes JSON of an event."""

    @property
    def translate(self) -> float:
        """All of ours between decoding and JSON: routing, mapping, normalising, hashing, checks."""
        return self.streamer - self.decode - self.encode

    @property
    def sdk_path(self) -> float:
        """Avro bytes to JSON with the SDK in the middle."""
        return self.decode + self.sdk + self.sdk_encode

    @property
    def ratio(self) -> float:
        """How many times as fast we are, Avro bytes to JSON."""
        return self.sdk_path / self.streamer

    @property
    def ratio_of_sdk_alone(self) -> float:
        """The same when the SDK gets its events decoded, and owes no JSON."""
        return self.sdk / self.streamer


class Measured(NamedTuple):
    """Medians of the rounds."""

    times: Round
    ratio: float
    ratio_of_sdk_alone: float


def measure(load: Load, schema: AvroSchema, rounds: int, now: int) -> Measured:
    """Run both sides in turn."""
    events = len(load.bodies)
    engine = PythonEngine(schema, load_schema(), Plan(TAG_EVENT))
    ready = [orjson.loads(body) for body in server_events(engine, load, now)]

    def ours() -> None:
        for bodies, origins in load.slices:
            engine.translate(bodies, origins, now)

    def theirs() -> None:
        for event in load.decoded:
            through_sdk(event)

    def decode() -> None:
        for body in load.bodies:
            schemaless_reader(BytesIO(body), schema.parsed, None)

    def encode() -> None:
        for event in ready:
            orjson.dumps(event)

    def sdk_encode() -> None:
        for event in ready:
            json.dumps(event)

    sides = (ours, theirs, decode, encode, sdk_encode)
    rounds_ = [Round(*(microseconds(side, events) for side in sides)) for _ in range(rounds)]
    medians = Round(*map(statistics.median, zip(*rounds_, strict=True)))
    return Measured(medians, statistics.median(each.ratio for each in rounds_), statistics.median(each.ratio_of_sdk_alone for each in rounds_))


def server_events(engine: PythonEngine, load: Load, now: int) -> Iterator[bytes]:
    """Translate all, and see that each became a server event."""
    for bodies, origins in load.slices:
        for translation in engine.translate(bodies, origins, now):
            yield translation[0].body  # type: ignore[union-attr]


def main() -> None:
    """Print the figures, and say whether the goal is met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    now = int(time.time())
    events = distinct_tag_events(7, PIXELS, now * 1000, options.events)
    reader = load_schema()
    writers = {"the whole tag event": reader, "the fields every tag event has": first_version(reader)}
    results = {name: measure(load_of(events, writer), writer, options.rounds, now) for name, writer in writers.items()}
    if options.json:
        print(json.dumps({name: {**each.times._asdict(), "ratio": each.ratio} for name, each in results.items()}))
        return
    for name, (times, ratio, ratio_of_sdk_alone) in results.items():
        print(f"Written with {name}:")
        print(_line("streamer", times.streamer))
        print(f"    decode {times.decode:.1f}, map, normalise and hash {times.translate:.1f}, JSON {times.encode:.1f}")
        print(_line("facebook-business", times.sdk_path))
        print(f"    decode {times.decode:.1f}, the SDK {times.sdk:.1f}, JSON {times.sdk_encode:.1f}")
        print(f"  ratio {ratio:.2f}× (goal {GOAL}×: {'met' if ratio >= GOAL else 'MISSED'}); "
              f"against the SDK alone, without Avro and JSON: {ratio_of_sdk_alone:.2f}×")


def _line(name: str, micros: float) -> str:
    return f"  {name:18}{micros:6.1f} µs an event {1e6 / micros:8,.0f} events/s"


if __name__ == "__main__":
    main()
