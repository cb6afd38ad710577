"""Translates mutated records of every preset: none may make the engine fail, and all it sends must pass the sandbox.

    python -m tests.fuzz [--records 1000000] [--seed N]

Each record of the examples is changed at random within its schema, some also in their bytes, and goes through the
engine with pixels' rules at random. What may come of it: server events that the sandbox's strict check takes, or a
refusal with a reason; never ``untranslatable``, which stands for an exception inside.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import orjson
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from streamer.outcomes import Reason
from streamer.records.json_record import WrongValue, record_from_json
from streamer.records.schema import AvroSchema, encode
from streamer.sandbox.rules import check_event
from streamer.translate.engine import Engine, Origin, Refusal, ServerEvent, Translation
from streamer.translate.plan import (
    ConsentPolicy,
    EventPolicy,
    Limited,
    PixelRules,
    Plan,
    PropertyPolicy,
    TranslationMap,
)
from streamer.translate.python_engine import PythonEngine
from tests.support.mutations import Mutator, damaged

NOW = 1_795_521_600
PIXEL = "1234567890123456"
SLICE = 100
_DAMAGED_SHARE = 0.1
_EXAMPLES = Path(__file__).parent.parent / "examples"


class Subject(NamedTuple):
    """A mapping under test: its schema, and good records to begin with."""

    name: str
    schema: AvroSchema
    mapping: TranslationMap
    records: list[dict[str, Any]]


class Fault(Exception):  # noqa: N818 - what was found
    """A record was translated wrongly; the message says how to see it again."""


def examples(path: Path, schema: AvroSchema) -> list[dict[str, Any]]:
    """Read the records of a file of JSON lines, but for those that are wrong on purpose."""
    records = []
    for line in path.read_bytes().splitlines():
        with suppress(orjson.JSONDecodeError, WrongValue):
            records.append(record_from_json(schema, orjson.loads(line))[0])
    return records


def run(subject: Subject, records: int, seed: int) -> Iterator[Counter[str]]:
    """Translate so many mutated records, and yield what came of each slice, counted.

    :raise Fault: of the first record that went wrong.
    """
    rng = Random(seed)
    mutator = Mutator(subject.schema, rng)
    engine: Engine = PythonEngine(subject.schema, subject.schema, Plan(subject.mapping))
    for start in range(0, records, SLICE):
        if start % (SLICE * 20) == 0:
            engine = PythonEngine(subject.schema, subject.schema, _plan(subject.mapping, rng))
        mutated = [mutator.mutated(rng.choice(subject.records)) for _ in range(min(SLICE, records - start))]
        bodies = [encode(record, subject.schema) for record in mutated]
        bodies = [damaged(body, rng) if rng.random() < _DAMAGED_SHARE else body for body in bodies]
        origins = [Origin("fuzz", 0, start + at) for at in range(len(bodies))]
        answers = engine.translate(bodies, origins, NOW)
        where = f"{subject.name}, seed {seed}, slice from {start}"
        yield Counter(_outcomes(answers, where))


def _outcomes(answers: Iterable[Translation], where: str) -> Iterator[str]:
    for at, answer in enumerate(answers):
        if not answer:
            raise Fault(f"{where}, record {at}: nothing came of it")
        for each in answer:
            if isinstance(each, ServerEvent):
                _check(each, f"{where}, record {at}")
                yield "sent"
            else:
                yield _refused(each, f"{where}, record {at}")


def _check(event: ServerEvent, where: str) -> None:
    fault = check_event(orjson.loads(event.body), NOW)
    if fault is not None:
        raise Fault(f"{where}: Meta would refuse {fault.field}, which {fault.rule} ({fault.subcode})")


def _refused(refusal: Refusal, where: str) -> str:
    if refusal.reason is Reason.UNTRANSLATABLE:
        raise Fault(f"{where}: the engine failed")
    return refusal.reason.value


def _plan(mapping: TranslationMap, rng: Random) -> Plan:
    """Return a plan with a pixel's rules at random; the first one sends all."""
    rules = PixelRules(
        phone_region=rng.choice((None, "de", "us")),
        external_id=rng.choice(("hashed", "hashed_lowercase", "plain")),
        opt_out=rng.random() < 0.2,
        consent=rng.choice((*[ConsentPolicy(())] * 6, ConsentPolicy(), ConsentPolicy(missing="denied"))),
        limited=rng.choice((Limited(), Limited(("us-ca", "us-co")), Limited(("us",), "off"))),
        events=rng.choice((EventPolicy(), EventPolicy(deny=("Lead",), rename=(("AddToCart", "InitiateCheckout"),)))),
        properties=rng.choice((PropertyPolicy(), PropertyPolicy(allow=(), deny=("content_ids",)))),
    )
    containers = {"GTM-ACME1": (PIXEL, "2345678901234567")}
    return Plan(mapping, containers, {PIXEL: rules}, PixelRules(consent=ConsentPolicy(())))


def main() -> None:
    """Fuzz every preset, with a bar on a terminal."""
    from tests.support.presets import subjects  # noqa: PLC0415 - they are compiled when they are wanted

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    everyone = subjects()
    each = -(-options.records // len(everyone))
    columns = (TextColumn("{task.description:12}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, disable=not sys.stderr.isatty()) as progress:
        for subject in everyone:
            counts: Counter[str] = Counter()
            task = progress.add_task(subject.name, total=each)
            for part in run(subject, each, options.seed):
                counts += part
                progress.advance(task, SLICE)
            progress.console.print(f"{subject.name}: {each:,} records, {dict(counts.most_common())}", soft_wrap=True)
        progress.console.print(f"seed {options.seed}: no fault")


if __name__ == "__main__":
    try:
        main()
    except Fault as fault:
        sys.exit(f"FAULT {fault}")
