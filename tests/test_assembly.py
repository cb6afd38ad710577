"""Parts made from the settings alone."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from streamer.assembly import make_plan, make_translator, reader_schema
from streamer.errors import UserError
from streamer.outcomes import Outcome, Reason
from streamer.pixels.book import FilePixelBook
from streamer.records.sample import encode_tag_event
from streamer.records.schema import builtin_schema_path, crc_64_avro, parse_schema
from streamer.records.wire import frame
from streamer.settings import Settings
from streamer.translate.engine import Origin, Refusal, ServerEvent
from tests.support.tag_events import SCHEMA, encode, tag_event

PIXELS = """
pixels:
  "1000000000000001": {client: acme, containers: [GTM-1]}
  "1000000000000002": {client: bolt, containers: [GTM-1], enabled: false}
"""


def _parts(folder: Path, **records: object) -> tuple[Settings, FilePixelBook]:
    (folder / "pixels.yaml").write_text(PIXELS)
    settings = Settings.model_validate(
        {"records": {"format": "single-object", **records}, "pixels": {"file": folder / "pixels.yaml"}}
    )
    return settings, FilePixelBook(settings.pixels, settings.meta, {})


async def test_a_container_of_two_pixels_sends_to_the_one_and_skips_the_one_that_opted_out(tmp_path: Path) -> None:
    translator = make_translator(*_parts(tmp_path))
    event = tag_event(1, container_id="GTM-1") | {"pixel_id": None}
    named = tag_event(2, "1000000000000002")
    values = [encode(event), encode(named)]
    await translator.prepare(values)
    routed, direct = translator.translate(values, [Origin("t", 0, 0), Origin("t", 0, 1)], event["event_time"] // 1000)
    skipped, sent = sorted(routed, key=lambda one: isinstance(one, ServerEvent))
    assert isinstance(sent, ServerEvent)
    assert sent.pixel_id == "1000000000000001"
    for refusal in (skipped, *direct):
        assert isinstance(refusal, Refusal)
        assert (refusal.outcome, refusal.reason) == (Outcome.SKIPPED, Reason.PIXEL_OPTED_OUT)
        assert refusal.pixel_id == "1000000000000002"


def test_a_mapping_that_does_not_exist_is_named(tmp_path: Path) -> None:
    settings, book = _parts(tmp_path, mapping="segmnt")
    with pytest.raises(UserError, match=r"records\.mapping: there is no preset segmnt, and no file segmnt\."):
        make_plan(settings, book)


def test_a_mapping_that_is_held_against_the_tag_event_s_schema_for_want_of_another_says_so_first(
    tmp_path: Path,
) -> None:
    mine = tmp_path / "mine.yaml"
    head = "route: {pixel_id: pixel_id}\nevent_name: event_name\n"
    mine.write_text(f"{head}event_time: created\n")
    settings, book = _parts(tmp_path, mapping=str(mine))
    with pytest.raises(UserError) as caught:
        make_plan(settings, book)
    first, second = str(caught.value).splitlines()
    assert first == (
        "records.schema is not set: the paths were looked up in TagEvent, the tag event's own schema. "
        "Name yours, as in --set records.schema=FILE.avsc."
    )
    assert second.startswith(f"{mine}:3: event_time leads nowhere: there is no created.")
    for changes, text in (
        ({}, f"{head}event_time: event_time\nevent_nme: x\n"),  # a fault that has nothing to do with the schema
        ({"schema": builtin_schema_path()}, f"{head}event_time: created\n"),
    ):
        mine.write_text(text)
        settings, book = _parts(tmp_path, mapping=str(mine), **changes)
        with pytest.raises(UserError) as caught:
            make_plan(settings, book)
        assert "records.schema" not in str(caught.value)


@pytest.mark.parametrize(
    ("records", "name"),
    [
        ({}, "TagEvent"),
        ({"mapping": "tag-event"}, "TagEvent"),
        ({"mapping": "segment"}, "SegmentEvent"),
        ({"mapping": "segment", "schema": builtin_schema_path()}, "TagEvent"),
        ({"mapping": "mine.yaml"}, "TagEvent"),
    ],
)
def test_a_preset_brings_its_own_schema_where_none_is_named(records: dict[str, object], name: str) -> None:
    assert reader_schema(Settings.model_validate({"records": records})).name == f"tagmanager.{name}"


def test_a_reader_schema_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    settings, book = _parts(tmp_path, schema=tmp_path / "missing.avsc")
    with pytest.raises(UserError, match=r"records\.schema: .*missing\.avsc"):
        make_translator(settings, book)


def test_a_writers_schema_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.avsc").write_text("{")
    settings, book = _parts(tmp_path, writer_schemas=tmp_path)
    with pytest.raises(UserError, match=r"records\.writer_schemas: .*bad\.avsc"):
        make_translator(settings, book)


async def test_records_of_a_writers_schema_from_a_file_are_read(tmp_path: Path) -> None:
    theirs = parse_schema(json.dumps(SCHEMA.definition | {"doc": "x", "fields": SCHEMA.definition["fields"][:-1]}), "x")
    (tmp_path / "theirs.avsc").write_text(json.dumps(theirs.definition))
    translator = make_translator(*_parts(tmp_path, writer_schemas=tmp_path))
    event = tag_event(0)
    value = frame("single-object", crc_64_avro(theirs), encode_tag_event(event, theirs))
    await translator.prepare([value])
    ((sent,),) = translator.translate([value], [Origin("t", 0, 0)], event["event_time"] // 1000)
    assert isinstance(sent, ServerEvent)


async def test_a_list_of_people_that_changes_is_followed_from_the_next_plan_on_by_pixels_without_a_name_too(
    tmp_path: Path,
) -> None:
    settings, _ = _parts(tmp_path)
    event = tag_event(3, "1000000000000009")
    listed, other = (sha256(event["user"]["email"].encode()).hexdigest(), "0" * 64)
    (tmp_path / "people.txt").write_text(f"{other}\n")
    (tmp_path / "pixels.yaml").write_text(f"defaults: {{suppression: {{file: people.txt}}}}\n{PIXELS}")
    book = FilePixelBook(settings.pixels, settings.meta, {})
    translator = make_translator(settings, book)
    values = [encode(event)]
    await translator.prepare(values)

    def outcome() -> str:
        ((result,),) = translator.translate(values, [Origin("t", 0, 0)], event["event_time"] // 1000)
        return "sent" if isinstance(result, ServerEvent) else result.reason

    assert outcome() == "sent"
    (tmp_path / "people.txt").write_text(f"{other}\n{listed}\n")
    assert any([book.refresh(), book.refresh()])
    translator.replace_plan(make_plan(settings, book))
    assert outcome() == "suppressed"
