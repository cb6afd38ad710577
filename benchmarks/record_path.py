"""The record path on one core, beside Meta's own Python SDK: Avro bytes to the JSON of events.

Both get the same Avro bodies of distinct users, with all eleven hashed keys, and make requests of 1000 events of them.
Ours: slices through the engine (decode, route, map, normalise, hash, check, JSON), joined. The SDK's
(facebook-business), as its documentation shows: fastavro, then UserData, Content, CustomData and Event, then
EventRequest's ``normalize()``, which makes the JSON. Both make the same events with the same keys, which is checked
first. The SDK's rules of phone numbers, names and places are simpler, it checks little, and it derives no
``content_ids``. To send its events it goes on to write them as JSON once more and to encode them for a URL: that is
shown beside, and left out of the ratio, because a body of plain JSON does without.

CPU time in interleaved rounds of one run; the ratio is the median of the rounds' ratios, because machines differ, and
one machine from minute to minute.

    python -m benchmarks.record_path [--events 20000] [--rounds 7] [--json]
"""

import argparse
import gc
import json
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from io import BytesIO
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urlencode

import fastavro
import orjson
from facebook_business.adobjects.serverside.action_source import ActionSource  # type: ignore[import-untyped]
from facebook_business.adobjects.serverside.content import Content  # type: ignore[import-untyped]
from facebook_business.adobjects.serverside.custom_data import CustomData  # type: ignore[import-untyped]
from facebook_business.adobjects.serverside.event import Event  # type: ignore[import-untyped]
from facebook_business.adobjects.serverside.event_request import EventRequest  # type: ignore[import-untyped]
from facebook_business.adobjects.serverside.gender import Gender  # type: ignore[import-untyped]
from facebook_business.adobjects.serverside.user_data import UserData  # type: ignore[import-untyped]

from streamer.records.decode import decoder
from streamer.records.sample import distinct_tag_events, encode_tag_event, first_version
from streamer.records.schema import AvroSchema, Json, load_schema
from streamer.translate.engine import Origin, ServerEvent
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import Plan
from streamer.translate.python_engine import PythonEngine

PIXELS = ("1234567890123456", "2345678901234567")
SLICE = 200
REQUEST = 1000
GOAL = 2.2

ADDED = {"content_ids", "num_items"}
"""What only we derive."""
SAME_HASH = ("em", "ge", "ct", "country", "external_id", "fbc", "fbp", "client_ip_address", "client_user_agent")
"""Keys for which both have the same rule, as far as these events go."""

Slice = tuple[list[bytes], list[Origin]]


def sdk_event(event: dict[str, Any]) -> Event:
    """Make an event of Meta's SDK from one that fastavro decoded."""
    user, properties, cookies = event["user"], event["properties"], event["cookies"]
    return Event(
        event_name=event["event_name"],
        event_time=int(event["event_time"].timestamp()),
        event_id=event["event_id"],
        event_source_url=event["page_url"],
        referrer_url=event["referrer"],
        action_source=ActionSource.WEBSITE,
        user_data=UserData(
            emails=[user["email"]],
            phones=[user["phone"]],
            first_names=[user["first_name"]],
            last_names=[user["last_name"]],
            cities=[user["city"]],
            states=[user["state"]],
            zip_codes=[user["zip"]],
            country_codes=[user["country"]],
            external_ids=[sha256(user["external_id"].encode()).hexdigest()],
            dates_of_birth=[user["birthdate"]],
            genders=[Gender.FEMALE if user["gender"].startswith("f") else Gender.MALE],
            client_ip_address=event["client_ip"],
            client_user_agent=event["user_agent"],
            fbc=cookies["_fbc"],
            fbp=cookies["_fbp"],
        ),
        custom_data=CustomData(
            currency=properties["currency"],
            value=properties["value"],
            order_id=properties["order_id"],
            contents=[
                Content(product_id=item["id"], quantity=item["quantity"], item_price=item["price"])
                for item in properties["items"]
            ],
        ),
    )


def sdk_requests(bodies: Sequence[bytes], schema: AvroSchema) -> Iterator[list[str]]:
    """Make requests with Meta's SDK: each event's JSON."""
    parsed = fastavro.parse_schema(schema.definition)
    remaining = iter(bodies)
    while several := list(islice(remaining, REQUEST)):
        events = [sdk_event(decoded) for decoded in fastavro_decoded(several, parsed)]
        yield EventRequest(pixel_id=PIXELS[0], events=events).normalize()


def fastavro_decoded(bodies: Sequence[bytes], parsed: Json) -> Iterator[Json]:
    """Decode as one does who has a schema and fastavro: timestamps become datetimes."""
    for body in bodies:
        yield fastavro.schemaless_reader(BytesIO(body), parsed, None)


def our_requests(slices: Sequence[Slice], engine: PythonEngine, now: int) -> Iterator[bytes]:
    """Make requests with the engine: all events' JSON, joined."""
    remaining = iter(slices)
    while several := list(islice(remaining, REQUEST // SLICE)):
        answers = [answer for bodies, origins in several for answer in engine.translate(bodies, origins, now)]
        yield b",".join([event.body for answer in answers for event in answer if isinstance(event, ServerEvent)])


def sdk_form(request: list[str]) -> bytes:
    """Write the body of a request as the SDK sends it (its api.py, and requests)."""
    return urlencode({"data": json.dumps(request, sort_keys=True, separators=(",", ":"))}).encode()


def check_alike(ours: Sequence[Json], theirs: Sequence[Json]) -> None:
    """See that both sides did the same work.

    :raise SystemExit: an event is missing, or has other keys than on the other side.
    """
    if len(ours) != len(theirs):
        raise SystemExit(f"{len(ours)} events came through, and {len(theirs)} of the SDK's.")
    for our, their in zip(ours, theirs, strict=True):
        added = our["custom_data"].keys() - their["custom_data"].keys()
        same = all(our[part].keys() >= their[part].keys() for part in ("custom_data", "user_data"))
        if not (same and added <= ADDED and _known(our) == _known(their)):
            raise SystemExit(f"The events {our['event_id']} and {their['event_id']} are not alike.")


def _known(event: Json) -> Json:
    """Return what has to be equal: where the SDK applies fewer rules, hashes differ."""
    user = event["user_data"]
    plain = {key: value for key, value in event.items() if key not in {"user_data", "custom_data"}}
    return plain, user.keys(), [user.get(key) for key in SAME_HASH], event["custom_data"]["contents"]


def microseconds(work: Callable[[], object], events: int) -> float:
    """Return the CPU time of an event."""
    started = time.process_time()
    work()
    return (time.process_time() - started) / events * 1e6


class Times(NamedTuple):
    """µs of CPU an event, one round."""

    streamer: float
    sdk: float
    decode: float
    """Our decoding alone."""
    encode: float
    """Our JSON alone."""
    form: float
    """What the SDK's request takes beside."""

    @property
    def ratio(self) -> float:
        """How many times as fast we are."""
        return self.sdk / self.streamer


class Measured(NamedTuple):
    """All rounds: medians."""

    times: Times
    ratio: float


def measure(events: Sequence[dict[str, Any]], writer: AvroSchema, rounds: int, now: int) -> Measured:
    """Run both sides in turn."""
    bodies = [encode_tag_event(event, writer) for event in events]
    origins = [Origin("tag-events", 0, offset) for offset in range(len(bodies))]
    slices = [(bodies[at : at + SLICE], origins[at : at + SLICE]) for at in range(0, len(bodies), SLICE)]
    reader = load_schema()
    engine, decode = PythonEngine(writer, reader, Plan(TAG_EVENT)), decoder(writer, reader)
    ready = [event for request in our_requests(slices, engine, now) for event in orjson.loads(b"[" + request + b"]")]
    forms = list(sdk_requests(bodies, writer))
    check_alike(ready, [json.loads(event) for request in forms for event in request])

    def decode_all() -> None:
        for body in bodies:
            decode(body)

    def encode_all() -> None:
        for event in ready:
            orjson.dumps(event)

    gc.collect()
    gc.freeze()  # what only the benchmark holds is not to be searched in either side's time
    sides = (
        lambda: deque(our_requests(slices, engine, now), maxlen=0),
        lambda: deque(sdk_requests(bodies, writer), maxlen=0),
        decode_all,
        encode_all,
        lambda: deque(map(sdk_form, forms), maxlen=0),
    )
    all_times = [Times(*(microseconds(side, len(bodies)) for side in sides)) for _ in range(rounds)]
    medians = Times(*map(statistics.median, zip(*all_times, strict=True)))
    return Measured(medians, statistics.median(each.ratio for each in all_times))


def main() -> None:
    """Print the figures, and say whether the goal is met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    now = int(time.time())
    events = distinct_tag_events(7, PIXELS, now * 1000, options.events)
    whole = load_schema()
    writers = {"the whole tag event": whole, "the fields that every tag event has": first_version(whole)}
    results = {name: measure(events, writer, options.rounds, now) for name, writer in writers.items()}
    if options.json:
        print(json.dumps({name: {**each.times._asdict(), "ratio": each.ratio} for name, each in results.items()}))
        return
    for name, (times, ratio) in results.items():
        rest = times.streamer - times.decode - times.encode
        print(f"Records with {name}:")
        print(_line("streamer", times.streamer))
        print(
            f"    decode {times.decode:.1f}, route, map, normalise, hash and check {rest:.1f}, JSON {times.encode:.1f}"
        )
        print(_line("facebook-business", times.sdk))
        print(f"    and {times.form:.1f} for the body of the request, not counted")
        print(f"  ratio {ratio:.2f}x (goal {GOAL}x: {'met' if ratio >= GOAL else 'MISSED'})")


def _line(name: str, micros: float) -> str:
    return f"  {name:18}{micros:6.1f} µs an event {1e6 / micros:8,.0f} events/s"


if __name__ == "__main__":
    main()
