"""Hostile variants of records: still of their schema, and full of what people, programs and attackers write."""

from random import Random
from typing import Any

from streamer.records.schema import AvroSchema, Json

_TEXTS = (
    "",
    " ",
    "\t\n",
    "\x00",
    "null",
    "undefined",
    "(not set)",
    "[object Object]",
    "0",
    "-1",
    "1e999",
    "NaN",
    "Infinity",
    "12,50",
    "$ 12.50",
    "9" * 400,
    "A" * 5000,
    "a" * 64,
    "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
    "d41d8cd98f00b204e9800998ecf8427e",
    "a" * 64 + ".AQICAQMC",
    "shopper@example.com",
    "mailto:shopper@example.com",
    "a b@example..com",
    "\u202eshopper@example.com",
    "+1 (415) 555-2671 ext. 5",
    "0049 (0)30 123456",
    "١٢٣٤٥٦٧٨٩",
    "東京",
    "İstanbul",
    "e\u0301",
    "\ufdfa" * 30,
    "🛒",
    "1997-02-31",
    "31.12.99",
    "0000-00-00",
    "99999-01-01T00:00:00Z",
    "2026-11-24T12:00:00+99:99",
    "EURO",
    "eur",
    "US",
    "Deutschland",
    "http://",
    "javascript:alert(1)",
    "https://user:pass@shop.example.com/?a=b c",
    "https://shop.example.com/?fbclid=Ab%00Cd",
    "https://shop.example.com/?fbclid=" + "x" * 3000,
    "fb.1.1554763741205.AbCdEf",
    "fb.1.1554763741205.AbCdEf.AQICAQMC",
    "fb.1.1554763741.x",
    "fb.9.9999999999999.-1",
    "10.0.0.1, 203.0.113.9:443",
    "[2001:db8::1]:443",
    "::ffff:203.0.113.9",
    "%%%",
    "{",
    '{"data": []}',
    '{"data": [{"schema": 1}, null, "x"]}',
    "[[[[[[[[[[]]]]]]]]]]",
    '{"a": 1e400}',
    "granted",
    "DENIED",
    "G111",
    "website",
    "physical_store",
    "business_messaging",
    "app",
    "Purchase",
    "InitiateCheckout",
    "1234567890123456",
    "12345678901234567890123",
)
_WHOLE = (0, 1, -1, 2, 7, 1000, 10**9, 1_790_000_000, 2**31 - 1, -(2**31))
_LONG = (*_WHOLE, 2**63 - 1, -(2**63), 1_790_000_000_000, 1_790_000_000_000_000, 10**18)
_DOUBLE = (0.0, -0.0, 1.0, -1.5, 19.99, 1e300, -1e300, 5e-324, 2.0**63, float("nan"), float("inf"), float("-inf"))
_NAMES = ("", " ", "value", "currency", "contents", "em", "margin", "a.b", "_fbp", "_fbc", "ad_storage", "x" * 300)
_PRIMITIVES: dict[str, tuple[Json, ...]] = {
    "null": (None,),
    "boolean": (True, False),
    "int": _WHOLE,
    "long": _LONG,
    "float": (0.0, 1.5, float("nan"), float("inf")),
    "double": _DOUBLE,
    "string": _TEXTS,
}


class Mutator:
    """Changes some values of records of one schema to others that the schema allows."""

    def __init__(self, schema: AvroSchema, rng: Random) -> None:
        self._schema = schema
        self._rng = rng

    def mutated(self, record: dict[str, Json]) -> dict[str, Json]:
        """Return a copy with about two values changed, often fewer or more."""
        changes = self._rng.choice((1, 1, 2, 2, 3, 5, 12))
        for _ in range(changes):
            record = self._change(self._schema.parsed, record, depth=0)
        return record

    def value(self, schema: Json, depth: int) -> Json:
        """Make any value of a schema."""
        rng = self._rng
        schema = self._resolved(schema)
        if isinstance(schema, list):
            branch = rng.choice(schema)
            return self.value(branch, depth) if depth < _DEEPEST or "null" not in schema else None
        kind = schema["type"] if isinstance(schema, dict) else schema
        match kind:
            case "record" | "error":
                made: Json = {field["name"]: self.value(field["type"], depth + 1) for field in schema["fields"]}
            case "array":
                made = [self.value(schema["items"], depth + 1) for _ in range(self._few(depth))]
            case "map":
                made = {rng.choice(_NAMES): self.value(schema["values"], depth + 1) for _ in range(self._few(depth))}
            case "enum":
                made = rng.choice(schema["symbols"])
            case "fixed":
                made = rng.randbytes(schema["size"])
            case _:
                made = self._primitive(kind)
        return made

    def _few(self, depth: int) -> int:
        return 0 if depth >= _DEEPEST else self._rng.choice((0, 1, 1, 2, 3))

    def _primitive(self, kind: str) -> Json:
        if kind == "bytes":
            return self._rng.randbytes(self._rng.choice((0, 1, 8, 40)))
        return self._rng.choice(_PRIMITIVES[kind])

    def _change(self, schema: Json, value: Json, depth: int) -> Json:
        """Go down at random, and make a value of its own there."""
        schema = self._resolved(schema)
        if isinstance(schema, list):
            branch = next((each for each in map(self._resolved, schema) if _fits(each, value)), None)
            stop = branch is None or self._rng.random() < _STOP
            return self.value(schema, depth) if stop else self._change(branch, value, depth)
        kind = schema["type"] if isinstance(schema, dict) else schema
        if kind == "record" and isinstance(value, dict):
            field = self._rng.choice(schema["fields"])
            inner = value.get(field["name"], field.get("default"))
            return {**value, field["name"]: self._change(field["type"], inner, depth + 1)}
        if kind == "array" and value and self._rng.random() > _STOP:
            at = self._rng.randrange(len(value))
            return [*value[:at], self._change(schema["items"], value[at], depth + 1), *value[at + 1 :]]
        if kind == "map" and value and self._rng.random() > _STOP:
            key = self._rng.choice(list(value))
            return {**value, key: self._change(schema["values"], value[key], depth + 1)}
        return self.value(schema, depth)

    def _resolved(self, schema: Json) -> Any:
        return self._schema.named.get(schema, schema) if isinstance(schema, str) else schema


_DEEPEST = 6
_STOP = 0.3


def _fits(schema: Json, value: Json) -> bool:
    kind = schema["type"] if isinstance(schema, dict) else schema
    holds = {"record": dict, "map": dict, "array": list, "string": str, "boolean": bool}.get(kind)
    return value is not None and holds is not None and isinstance(value, holds)


def damaged(body: bytes, rng: Random) -> bytes:
    """Return bytes of which a few were changed, left out or added."""
    data = bytearray(body)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(4):
            case 0 if at < len(data):
                data[at] = rng.randrange(256)
            case 1:
                del data[at:]
            case 2:
                data[at:at] = rng.randbytes(rng.randrange(1, 4))
            case _:
                del data[at : at + rng.randrange(1, 9)]
        if not data:
            break
    return bytes(data)
