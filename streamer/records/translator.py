"""From Kafka's bytes to server events, a slice at a time: finds each record's schema and hands it to an engine."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streamer.outcomes import Outcome, Reason
from streamer.records.compat import differing_units
from streamer.records.schema import AvroSchema, SchemaError
from streamer.records.sources import SchemaSource
from streamer.records.wire import HEADER_LENGTH, SchemaKey, WireFormat, schema_key
from streamer.translate.engine import Engine, Origin, Refusal, Translation
from streamer.translate.plan import Plan
from streamer.translate.python_engine import PythonEngine

EngineFactory = Callable[[AvroSchema, AvroSchema, Plan], Engine]
"""Makes an engine of a writer's schema, the reader's schema and a plan."""

UNKNOWN_SECONDS = 30.0
"""How long it is remembered that a schema is not there, before its source is asked again."""

_UNKNOWN_KEPT = 10_000
_LOOKUPS_AT_ONCE = 8
_TOMBSTONE: Translation = (Refusal(Outcome.SKIPPED, Reason.TOMBSTONE),)
_BAD_FRAMING: Translation = (Refusal(Outcome.DEAD_LETTERED, Reason.BAD_FRAMING),)
_UNKNOWN_SCHEMA: Translation = (Refusal(Outcome.DEAD_LETTERED, Reason.UNKNOWN_SCHEMA),)


@dataclass(frozen=True, slots=True)
class Reading:
    """How records are read: their framing, where their writers' schemas are, and the schema they are read by."""

    wire_format: WireFormat
    source: SchemaSource
    reader: AvroSchema


class Translator:
    """Translates records of any writer's schema. Records are told apart by their header, the framing's first bytes.

    :meth:`prepare` and :meth:`replace_plan` belong to one thread; :meth:`translate` may run in another.
    """

    def __init__(
        self,
        reading: Reading,
        plan: Plan,
        make_engine: EngineFactory = PythonEngine,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start without any engine: :meth:`prepare` makes them.

        :param clock: seconds, for how long a missing schema is remembered.
        """
        self._reading = reading
        self._plan = plan
        self._make_engine = make_engine
        self._clock = clock
        self._header_length = HEADER_LENGTH[reading.wire_format]
        self._writers: dict[bytes, AvroSchema] = {}
        self._engines: dict[bytes, Engine] = {}
        self._refused: dict[bytes, Translation] = {}
        self._unknown_until: dict[bytes, float] = {}

    @property
    def plan(self) -> Plan:
        """By which records are translated now."""
        return self._plan

    @property
    def engine_name(self) -> str:
        """Which engine runs: ``python`` or ``compiled``."""
        return self._make_engine(self._reading.reader, self._reading.reader, self._plan).name

    async def prepare(self, values: Sequence[bytes | None]) -> None:
        """Make sure that each record's writer schema has its engine, or is known to be missing: the only input here.

        :raise SchemaSourceUnavailable: a schema can't be had now. Wait, and call again with the same slice.
        """
        length = self._header_length
        headers = {value[:length] for value in values if value is not None}
        if headers <= self._engines.keys():
            return
        self._forget_unknown()
        now = self._clock()
        missing = [
            (header, key)
            for header in headers
            if header not in self._engines
            and self._unknown_until.get(header, now) <= now
            and not isinstance(key := schema_key(self._reading.wire_format, header), Refusal)
        ]
        await self._look_up(missing)

    def translate(self, values: Sequence[bytes | None], origins: Sequence[Origin], now: int) -> list[Translation]:
        """Translate a slice that was prepared.

        :param values: what stands in Kafka, framing included; ``None`` is a tombstone.
        :param origins: where each record first stood, in the same order.
        :param now: Unix seconds, for age limits.
        :return: one :data:`Translation` a record, in order. Never raises for what a record holds.
        :raise LookupError: a record's schema was not prepared.
        """
        answers: list[Translation] = [_TOMBSTONE] * len(values)
        length = self._header_length
        places: dict[bytes, list[int]] = {}
        for place, value in enumerate(values):
            if value is not None:
                places.setdefault(value[:length], []).append(place)
        for header, group in places.items():
            self._translate_group(header, group, (values, origins, now), answers)
        return answers

    def replace_plan(self, plan: Plan) -> None:
        """Translate by another plan from the next call of :meth:`translate` on."""
        make, reader = self._make_engine, self._reading.reader
        self._engines = {header: make(writer, reader, plan) for header, writer in self._writers.items()}
        self._plan = plan

    async def close(self) -> None:
        """Let go of the schema source's connections."""
        await self._reading.source.close()

    def _translate_group(
        self,
        header: bytes,
        group: Sequence[int],
        given: tuple[Sequence[bytes | None], Sequence[Origin], int],
        answers: list[Translation],
    ) -> None:
        values, origins, now = given
        engine = self._engines.get(header)
        if engine is None:
            refused = self._refusal(header)
            for place in group:
                answers[place] = refused
            return
        length = self._header_length
        bodies = [(values[place] or b"")[length:] for place in group]
        translations = engine.translate(bodies, [origins[place] for place in group], now)
        for place, translation in zip(group, translations, strict=True):
            answers[place] = translation

    def _refusal(self, header: bytes) -> Translation:
        if isinstance(schema_key(self._reading.wire_format, header), Refusal):
            return _BAD_FRAMING
        return self._refused[header]

    async def _look_up(self, headers: Sequence[tuple[bytes, SchemaKey]]) -> None:
        at_once = asyncio.Semaphore(_LOOKUPS_AT_ONCE)

        async def one(header: bytes, key: SchemaKey) -> None:
            async with at_once:
                await self._learn(header, key)

        results = await asyncio.gather(*[one(header, key) for header, key in headers], return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _learn(self, header: bytes, key: SchemaKey) -> None:
        try:
            writer = await self._reading.source.find(key)
        except SchemaError:
            self._remember(header, _incompatible(None))
            return
        if writer is None:
            self._remember(header, _UNKNOWN_SCHEMA)
        elif path := differing_units(writer, self._reading.reader):
            self._remember(header, _incompatible(path))
        else:
            self._writers[header] = writer
            self._engines[header] = self._make_engine(writer, self._reading.reader, self._plan)

    def _remember(self, header: bytes, answer: Translation) -> None:
        self._refused[header] = answer
        self._unknown_until[header] = self._clock() + UNKNOWN_SECONDS

    def _forget_unknown(self) -> None:
        """Junk brings any number of headers: what is remembered of them has an end."""
        if len(self._refused) > _UNKNOWN_KEPT:
            self._refused.clear()
            self._unknown_until.clear()


def _incompatible(field: str | None) -> Translation:
    return (Refusal(Outcome.DEAD_LETTERED, Reason.INCOMPATIBLE_SCHEMA, field),)
