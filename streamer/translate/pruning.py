"""Leaving out of a mapping what a writer's records can never hold: most have a part of the fields that are read.

A record then pays only for places where something may be. Engines are made by writer, so this costs nothing later.
"""

from collections.abc import Iterable
from dataclasses import replace

from streamer.records.schema import AvroSchema, Json
from streamer.translate.paths import Field, parse_path
from streamer.translate.plan import Rule, Source, TranslationMap


def prune_mapping(mapping: TranslationMap, writer: AvroSchema) -> TranslationMap:
    """Return a mapping with the sources alone that records of this writer may have a value for.

    To be used only where records are read by the writer's schema alone: a reader's defaults count otherwise.
    """
    purposes = tuple((purpose, _kept(sources, writer)) for purpose, sources in mapping.consent.purposes)
    return replace(
        mapping,
        rules=tuple(kept for rule in mapping.rules if (kept := _pruned(rule, writer)).sources or _is_by_parts(kept)),
        container_id=_kept(mapping.container_id, writer),
        origin=_kept(mapping.origin, writer),
        consent=replace(mapping.consent, purposes=purposes),
    )


def _kept(sources: Iterable[Source], writer: AvroSchema) -> tuple[Source, ...]:
    """Constants are always kept."""
    return tuple(source for source in sources if not source.path or may_hold(writer, source.path))


def _is_by_parts(rule: Rule) -> bool:
    return rule.rule == "extinfo" and bool(rule.fields)


def may_hold(writer: AvroSchema, path: str) -> bool:
    """Tell whether a record may have something at a path, by the named fields that the path begins with."""
    found = [writer.parsed]
    for step in parse_path(path):
        if not isinstance(step, Field):
            return True  # lists and texts of JSON are not looked into
        found = [inner for schema in found for inner in _below(schema, step.name, writer)]
        if not found:
            return False
    return True


def _pruned(rule: Rule, writer: AvroSchema) -> Rule:
    fields = rule.fields
    if rule.rule == "extinfo":
        kept = (replace(part, sources=_kept(part.sources, writer)) for part in fields)
        fields = tuple(part for part in kept if part.sources)
    return replace(rule, sources=_kept(rule.sources, writer), fields=fields)


def _below(schema: Json, name: str, writer: AvroSchema) -> list[Json]:
    """Return what may stand in a field of that name, in any branch."""
    schema = writer.named.get(schema, schema) if isinstance(schema, str) else schema
    if isinstance(schema, list):
        return [inner for branch in schema for inner in _below(branch, name, writer)]
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind == "map":
        return [schema["values"]]
    if kind in {"record", "error"}:
        return [field["type"] for field in schema["fields"] if field["name"] == name]
    return []
