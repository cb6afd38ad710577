"""Compiling a mapping: held against the reader schema, and made into the frozen data that engines take."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from streamer.errors import ConfigError
from streamer.records.schema import AvroSchema
from streamer.translate.mapping.file import survey
from streamer.translate.mapping.fits import MisfitError, condition_fault, item_types, settle, unheard
from streamer.translate.mapping.parsed import Entry, Fault, Given, Holds, Mapped, Test, fault_at
from streamer.translate.mapping.schema_paths import NowhereError, follow
from streamer.translate.mapping.schema_types import SchemaTypes, Types
from streamer.translate.plan import ConsentMap, Rule, RuleName, Source, TranslationMap
from streamer.yamlfile import YamlFile

_MOST_FAULTS: Final = 20
_OWN_MAPPING: Final = "Write a mapping for them: `streamer mapping --draft` makes a start."


class Compiled(NamedTuple):
    """A mapping for one schema."""

    mapping: TranslationMap
    left_out: tuple[tuple[str, str], ...]
    """Keys and paths that are not in the schema, where that is allowed."""


def compile_mapping(mapped: Mapped, schema: AvroSchema, *, strict: bool = True) -> Compiled:
    """Hold a mapping against a reader schema, and fill in the units and scales that it says.

    :param strict: every path must lead somewhere. Else those that do not are left out, as long as an event keeps a
        name, a time and a place to go to.
    :raises ConfigError: with a line for each fault.
    """
    compiler = _Compiler(mapped, schema, strict=strict)
    compiled = compiler.compile()
    _raise(compiler.faults)
    return compiled


def compile_file(file: YamlFile, schema: AvroSchema, *, strict: bool = True, about_schema: str = "") -> Compiled:
    """Do what :func:`compile_mapping` does, and tell the faults of the file itself together with the others.

    :param about_schema: what is to be said first of the schema where the mapping does not hold for it.
    """
    mapped, faults = survey(file)
    compiler = _Compiler(mapped, schema, strict=strict)
    compiled = compiler.compile()
    _raise(faults + compiler.faults, about_schema if compiler.faults else "")
    return compiled


def _raise(faults: Iterable[Fault], before: str = "") -> None:
    """Raise what is wrong, if something is: of a wall of faults, the first."""
    texts = list(dict.fromkeys(fault.text for fault in sorted(faults)))
    if not texts:
        return
    shown, more = texts[:_MOST_FAULTS], len(texts) - _MOST_FAULTS
    if more > 0:
        shown.append(f"There are {more} more.")
    raise ConfigError([before, *shown] if before else shown)


class _Compiler:
    def __init__(self, mapped: Mapped, schema: AvroSchema, *, strict: bool) -> None:
        self.faults: list[Fault] = []
        self._left_out: list[tuple[str, str]] = []
        self._mapped = mapped
        self._schema = schema
        self._types = SchemaTypes(schema)
        self._strict = strict

    def compile(self) -> Compiled:
        mapped, top = self._mapped, self._types.top
        rules = tuple(rule for entry in mapped.entries if (rule := self._rule(entry)) is not None)
        made = TranslationMap(
            rules=rules,
            pixel_id=self._sources(mapped.pixel_id, top),
            container_id=self._sources(mapped.container_id, top),
            origin=self._sources(mapped.origin, top),
            consent=self._consent(),
            when=tuple(test.condition for test in mapped.when if self._holds(test)),
            follow=mapped.follow,
        )
        self._see_what_is_left(made)
        return Compiled(made, tuple(self._left_out))

    def _rule(self, entry: Entry) -> Rule | None:
        if entry.holds == "contents":
            return self._contents(entry)
        if entry.holds == "extinfo":
            return self._extinfo(entry)
        sources = self._sources(entry, self._types.top)
        if not sources:
            return None
        only = self._names(sources) if entry.holds == "properties" else ()
        return Rule(entry.key, _rule_name(entry.holds), sources, every=entry.every, without=entry.without, only=only)

    def _names(self, sources: Iterable[Source]) -> tuple[str, ...]:
        """Return the fields of the records that become properties; none where one is a map, whose keys are its own."""
        types = [one for source in sources for one in self._follow(source.path) if one.kind in {"record", "map"}]
        if any(one.kind == "map" for one in types):
            return ()
        return tuple(dict.fromkeys(name for one in types for name in one.names))

    def _contents(self, entry: Entry) -> Rule | None:
        sources = self._sources(entry, self._types.top)
        start = [one for source in sources for one in item_types(self._follow(source.path), self._types)]
        fields = self._parts(entry, tuple(start)) if start else ()
        if not sources or not {"id", "quantity"} <= {rule.key for rule in fields}:
            return None
        return Rule(entry.key, "contents", sources, fields)

    def _extinfo(self, entry: Entry) -> Rule | None:
        fields = self._parts(entry, self._types.top)
        if not {"platform", "os_version"} <= {rule.key for rule in fields}:
            return None
        return Rule(entry.key, "extinfo", fields=fields)

    def _parts(self, entry: Entry, start: Types) -> tuple[Rule, ...]:
        made = [(part, self._sources(part, start)) for part in entry.parts]
        return tuple(Rule(part.name, _rule_name(part.holds), sources) for part, sources in made if sources)

    def _consent(self) -> ConsentMap:
        mapped, top = self._mapped, self._types.top
        choices = self._sources(mapped.choices, top)
        purposes = [(name, self._sources(entry, top)) for name, entry in mapped.purposes]
        return ConsentMap(
            choices[0].path if choices else None, tuple((name, sources) for name, sources in purposes if sources)
        )

    def _sources(self, entry: Entry | None, start: Types) -> tuple[Source, ...]:
        """Return the sources that lead somewhere, with their units; note the others."""
        if entry is None:
            return ()
        made = (self._source(entry, given, start) for given in entry.given)
        return tuple(source for source in made if source is not None)

    def _source(self, entry: Entry, given: Given, start: Types) -> Source | None:
        source = given.source
        if not source.path:
            return source
        try:
            types = follow(source.path, start, self._types)
        except NowhereError as error:
            if self._strict:
                self._fault(given.line, entry.key, f"leads nowhere: {error}")
            else:
                self._left_out.append((entry.key, source.path))
            return None
        try:
            settled = settle(entry, source, types, self._types)
        except MisfitError as error:
            self._fault(given.line, entry.key, str(error))
            return None
        if self._strict:
            self._look_for_slips(entry, given, types)
        return settled

    def _look_for_slips(self, entry: Entry, given: Given, types: Types) -> None:
        """See that every value of a table, and every name that is left out, can be there at all."""
        table, path = given.source.table, given.source.path
        if table is not None and (fault := unheard([value for value, _ in table.values], types, path, cased=False)):
            self._fault(given.line, entry.key, fault)
        names = [name for one in types for name in one.names]
        if entry.without and all(one.kind == "record" for one in types):
            for name in entry.without:
                if name not in names:
                    self._fault(entry.line, entry.key, f"leaves out {name}, which {path} does not have.")

    def _holds(self, test: Test) -> bool:
        """Check a condition; say whether it is kept."""
        condition = test.condition
        try:
            types = self._follow(condition.path)
        except NowhereError as error:
            if self._strict or condition.test in {"in", "present"}:  # which would then hold for no record
                self._fault(test.line, "when", f"leads nowhere: {error}")
            else:
                self._left_out.append(("when", condition.path))
            return False
        if fault := condition_fault(condition, types, self._types):
            self._fault(test.line, "when", fault)
        return True

    def _follow(self, path: str) -> Types:
        return follow(path, self._types.top, self._types)

    def _see_what_is_left(self, made: TranslationMap) -> None:
        """See that an event can be made still, where paths may be left out."""
        kept = {rule.key for rule in made.rules}
        needed = [entry for entry in self._mapped.entries if entry.key in {"event_name", "event_time"}]
        routes = [entry for entry in (self._mapped.pixel_id, self._mapped.container_id) if entry is not None]
        lost = [entry for entry in needed if entry.key not in kept]
        lost += [] if made.pixel_id or made.container_id else routes
        for entry in lost:
            paths = [path for key, path in self._left_out if key == entry.key]
            if paths and len(paths) == len(entry.given):
                nowhere = f"cannot be read from records of {self._schema.name}: there is no {' and no '.join(paths)}."
                self._fault(entry.line, entry.key, f"{nowhere} {_OWN_MAPPING}")

    def _fault(self, line: int, key: str, what: str) -> None:
        self.faults.append(fault_at(self._mapped.path, line, f"{key} {what}"))


def _rule_name(holds: Holds) -> RuleName:
    """Take what a key of Meta's holds as the rule that it is."""
    return holds  # type: ignore[return-value]
