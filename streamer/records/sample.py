"""Invented tag events, for the demo and for benchmarks: the same seed gives the same events."""

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from streamer.records.schema import AvroSchema, Json, encode, parse_schema

USERS = 20_000
"""Distinct users: more than any cache of the record path holds."""

_DAY_MS = 86_400_000

# The fields under which every producer writes; all others came later or are for few.
_FIRST_FIELDS = {
    "TagEvent": (
        "pixel_id container_id event_name event_id event_time page_url referrer client_ip user_agent cookies user "
        "properties"
    ),
    "User": "email phone first_name last_name city state zip country external_id birthdate gender",
    "Properties": "currency value order_id items",
    "Item": "id quantity price",
}


class _Country(NamedTuple):
    """What a user of a country is like."""

    code: str
    calling_code: str
    mobile_prefix: str
    """First digits of the national significant number."""
    digits: int
    """Digits that follow the prefix."""
    trunk: str
    """What stands before the national significant number within the country."""
    currency: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    second_halves: tuple[str, ...]
    """A name and one of these make a double name, so that there are as many as people have."""
    places: tuple[tuple[str, str, str], ...]
    """City, state, first digits of the postcode."""


_COUNTRIES = (
    _Country(
        *("US", "1", "212555", 4, "", "USD"),
        ("James", "Maria", "Ethan", "Olivia", "Mary-Ann", "Noah"),
        ("Smith", "O'Connor", "Nguyen", "Garcia", "Johnson"),
        ("son", "well", "ton", "ford", "man", "berg", "wood", "field", "stone", "worth", "ley", "by", "er"),
        (("New York", "NY", "100"), ("Los Angeles", "California", "900"), ("St. Louis", "MO", "631")),
    ),
    _Country(
        *("DE", "49", "15228", 6, "0", "EUR"),
        ("Jürgen", "Anna", "Max", "Sophie", "Björn"),
        ("Müller", "Schmidt", "Weiß", "von der Heide", "Groß"),
        ("-Bähr", "mann", "-Klein", "bauer", "hofer", "-Jäger", "stein", "meier", "-König", "lein", "ke"),
        (("München", "Bayern", "803"), ("Berlin", "Berlin", "101"), ("Köln", "Nordrhein-Westfalen", "506")),
    ),
    _Country(
        *("GB", "44", "7400", 6, "0", "GBP"),
        ("Oliver", "Amelia", "George", "Isla", "Harry"),
        ("Taylor", "Brown", "Evans", "Smythe-Jones", "Walker"),
        ("-Hughes", "ham", "-Clarke", "ington", "more", "-Reid", "well", "-Ross", "ley", "thorpe", "-Wood"),
        (("London", "England", "EC1A "), ("Edinburgh", "Scotland", "EH1 "), ("Bristol", "England", "BS1 ")),
    ),
    _Country(
        *("FR", "33", "639", 6, "0", "EUR"),
        ("Zoé", "Lucas", "Chloé", "Valéry", "Anaïs"),
        ("Lefèvre", "Martin", "D'Arc", "Petit", "Moreau"),
        ("-Bérénger", "eau", "-Roux", "ière", "-Noël", "ault", "-Gérard", "et", "-Blanc", "oux", "-Fabre"),
        (("Paris", "Île-de-France", "750"), ("Saint-Étienne", "Loire", "420"), ("Nîmes", "Gard", "300")),
    ),
    _Country(
        *("BR", "55", "119", 8, "", "BRL"),
        ("João", "Beatriz", "Luís", "Camila", "Antônio"),
        ("Silva", "dos Santos", "Gonçalves", "Souza", "Araújo"),
        (" Conceição", " Lima", " Brandão", " Costa", " Falcão", " Rocha", " Simões", " Melo", " Magalhães"),
        (("São Paulo", "SP", "010"), ("Campinas", "São Paulo", "130"), ("Santos", "SP", "110")),
    ),
    _Country(
        *("JP", "81", "90", 8, "0", "JPY"),
        ("太郎", "花子", "Yuki", "健", "Sakura"),
        ("山田", "佐藤", "Suzuki", "高橋", "Tanaka"),
        ("川", "本", "崎", "野", "村", "井", "原", "島", "沢", "木", "口"),
        (("東京", "東京都", "100-"), ("Osaka", "Osaka", "530-"), ("京都", "京都府", "600-")),
    ),
)

_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
)
_EVENT_NAMES = ("PageView", "ViewContent", "AddToCart", "InitiateCheckout", "Purchase", "Lead")
_EVENT_WEIGHTS = (40, 25, 14, 8, 9, 4)


def sample_tag_events(
    seed: int, pixels: Sequence[str], now_ms: int, *, skipped: float = 0.0, faulty: float = 0.0
) -> Iterator[dict[str, Any]]:
    """Yield tag events without end, as dicts of the built-in schema's fields.

    Each names its pixel and has a user with all eleven hashed keys, one of :data:`USERS`, phones in national and in
    international form.

    :param now_ms: events happened within five seconds before it; a caller that runs on sets ``event_time`` itself.
    :param skipped: share of events without consent or without a pixel.
    :param faulty: share of events that can never be sent: too old, too little user data, no page, a pixel id that is
        none, a purchase without a currency.
    """
    rng = random.Random(seed)  # noqa: S311 - invented data needs no cryptographic randomness
    while True:
        event = _event(rng, rng.randrange(USERS), rng.choice(pixels), now_ms)
        fate = rng.random()
        if fate < skipped:
            rng.choice(_SKIPPED)(event)
        elif fate < skipped + faulty:
            rng.choice(_FAULTY)(event)
        yield event


def distinct_tag_events(seed: int, pixels: Sequence[str], now_ms: int, count: int) -> list[dict[str, Any]]:
    """Return events of a shop that can all be sent, each with items and no two of the same user."""
    rng = random.Random(seed)  # noqa: S311 - the same
    events = (_event(rng, number, rng.choice(pixels), now_ms) for number in itertools.count())
    return list(itertools.islice((event for event in events if event["properties"]), count))


def first_version(schema: AvroSchema) -> AvroSchema:
    """Return the tag event's schema as a producer has it that writes only the fields every tag event has."""
    return parse_schema(json.dumps(_first_fields(schema.definition)), "the tag event's first version")


def encode_tag_event(event: dict[str, Any], schema: AvroSchema) -> bytes:
    """Return an event's Avro body, without framing; fields that are left out take the schema's defaults."""
    return encode(event, schema)


def _first_fields(node: Json) -> Json:
    if isinstance(node, list):
        return [_first_fields(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = _FIRST_FIELDS.get(str(node.get("name")), "").split()
    if "fields" in node:
        node = {**node, "fields": [each for each in node["fields"] if each["name"] in kept]}
    return {key: _first_fields(value) for key, value in node.items() if key != "default"}


def _event(rng: random.Random, number: int, pixel_id: str, now_ms: int) -> dict[str, Any]:
    country = _COUNTRIES[number % len(_COUNTRIES)]
    name = rng.choices(_EVENT_NAMES, _EVENT_WEIGHTS)[0]
    click = f"IwAR{rng.getrandbits(256):064x}"
    path = f"/{name.lower()}/{rng.randrange(5000)}"
    return {
        "pixel_id": pixel_id,
        "container_id": f"GTM-{pixel_id[-6:]}",
        "event_name": name,
        "event_id": f"{rng.getrandbits(128):032x}",
        "event_time": now_ms - rng.randrange(5000),
        "page_url": f"https://shop.example.com{path}?utm_source=social&fbclid={click}",
        "referrer": "https://www.example.com/",
        "client_ip": f"2001:db8::{number:x}" if number % 3 else f"203.0.113.{number % 254 + 1}",
        "user_agent": _AGENTS[number % len(_AGENTS)],
        "cookies": {
            "_fbp": f"fb.1.{now_ms - _DAY_MS}.{1_000_000_000 + number}",
            "_fbc": f"fb.1.{now_ms - 60_000}.{click}",
        },
        "user": _user(number, country),
        "properties": _properties(rng, country, name),
    }


def _user(number: int, country: _Country) -> dict[str, str]:
    at = number // len(_COUNTRIES)
    city, state, zip_start = country.places[at % len(country.places)]
    return {
        "email": f"Shopper.{number}@Example.com" if number % 4 else f" shopper.{number}@example.com ",
        "phone": _phone(number, country),
        "first_name": _double(country.first_names, country.second_halves, at),
        "last_name": _double(country.last_names, country.second_halves, at // 7),
        "city": city,
        "state": state,
        "zip": f"{zip_start}{at % 90 + 10}" if not zip_start.endswith(" ") else f"{zip_start}{at % 9 + 1}AB",
        "country": country.code,
        "external_id": f"customer-{number}",
        "birthdate": f"{1940 + number % 65}-{number % 12 + 1:02}-{number % 28 + 1:02}",
        "gender": ("f", "m", "female", "male")[number % 4],
    }


def _double(names: Sequence[str], halves: Sequence[str], at: int) -> str:
    """Choose a name, and after it no other half (for the first few), one, or two."""
    name = names[at % len(names)]
    for _ in range(2):
        at //= len(halves)
        name += halves[at % len(halves)] if at else ""
    return name


def _phone(number: int, country: _Country) -> str:
    rest = f"{number * 7919 % 10**country.digits:0{country.digits}}"
    national = country.mobile_prefix + rest
    written = f"{national[:3]} {national[3:6]} {national[6:]}"
    if number % 2:
        return f"+{country.calling_code} {written}"
    return f"{country.trunk}{written}"


def _properties(rng: random.Random, country: _Country, name: str) -> dict[str, Any] | None:
    if name in {"PageView", "Lead"}:
        return None
    items: list[dict[str, Any]] = [
        {
            "id": f"sku-{rng.randrange(10_000)}",
            "quantity": rng.randrange(1, 4),
            "price": round(rng.uniform(1, 300), 2),
        }
        for _ in range(rng.randrange(1, 4))
    ]
    return {
        "currency": country.currency,
        "value": round(sum(item["quantity"] * item["price"] for item in items), 2),
        "order_id": f"order-{rng.randrange(10**9)}" if name == "Purchase" else None,
        "items": items,
    }


def _without_consent(event: dict[str, Any]) -> None:
    event["consent"] = {"ad_storage": "denied"}


def _without_pixel(event: dict[str, Any]) -> None:
    event["pixel_id"] = None


def _long_ago(event: dict[str, Any]) -> None:
    event["event_time"] -= 9 * _DAY_MS


def _nobody(event: dict[str, Any]) -> None:
    event.update(user=None, cookies={}, client_ip=None, page_url="https://shop.example.com/")


def _nowhere(event: dict[str, Any]) -> None:
    event["page_url"] = None


def _no_such_pixel(event: dict[str, Any]) -> None:
    event["pixel_id"] = "not-a-pixel"


def _worth_nothing_certain(event: dict[str, Any]) -> None:
    event.update(event_name="Purchase", properties={"currency": None, "value": 1.0, "order_id": None, "items": []})


_SKIPPED = (_without_consent, _without_pixel)
_FAULTY = (_long_ago, _nobody, _nowhere, _no_such_pixel, _worth_nothing_certain)
