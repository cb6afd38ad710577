"""``streamer translate``: a line out for each record in, and an exit status that scripts can trust."""

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import pytest
import yaml

from streamer.records.sample import distinct_tag_events, first_version
from streamer.records.schema import load_schema
from streamer.translate.mapping import preset_names
from tests.translate.events import NOW, PIXEL, tag_event

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def _run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "streamer", "translate", *arguments]
    return subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)


def _translate(given: bytes, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    done = _run("-", "--now", str(NOW), *arguments, given=given)
    assert done.stderr == b""
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def _lines(*events: object) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def test_an_event_is_shown_as_meta_would_see_it() -> None:
    status, (line,) = _translate(_lines(tag_event()))
    assert status == 0
    assert line.keys() == {"line", "events", "notes"}
    assert (line["line"], line["notes"]) == (1, [])
    (shown,) = line["events"]
    assert shown["pixel_id"] == PIXEL
    assert shown["event"]["event_source_url"] == "https://shop.example.com/"


def test_each_record_has_one_line_and_errors_set_the_exit_status() -> None:
    status, lines = _translate(
        _lines(tag_event(), tag_event(consent={"ad_storage": "denied"}), tag_event(page_url=None))
        + b"nonsense\n"
        + _lines(tag_event(event_name=5))
    )
    assert status == 1
    assert [line["line"] for line in lines] == [1, 2, 3, 4, 5]
    assert lines[1] == {"line": 2, "skipped": "no_consent", "field": "consent.ad_storage"}
    assert [line["error"]["reason"] for line in lines[2:]] == ["missing_field", "bad_json", "wrong_value"]
    assert "event_source_url" in lines[2]["error"]["message"]
    assert lines[4]["error"]["message"] == "event_name must be text."


def test_what_is_skipped_is_no_error() -> None:
    assert _translate(_lines(tag_event(pixel_id=None))) == (0, [{"line": 1, "skipped": "no_pixel"}])


def test_notes_tell_what_was_left_out_and_what_the_schema_does_not_have() -> None:
    _, (line,) = _translate(_lines(tag_event(client_ip="10.0.0.1", evnt_name="x")))
    assert line["notes"] == [
        {"field": "user_data.client_ip_address", "reason": "private_address"},
        {"field": "evnt_name", "reason": "unknown_field"},
    ]


def test_a_container_file_is_read_by_its_own_schema(tmp_path: Path) -> None:
    out = BytesIO()
    events = distinct_tag_events(1, [PIXEL], NOW * 1000, 450)
    fastavro.writer(out, first_version(load_schema()).definition, events, codec="deflate")
    path = tmp_path / "events.avro"
    path.write_bytes(out.getvalue())
    done = _run(str(path), "--now", str(NOW))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [line["line"] for line in lines] == list(range(1, 451))
    assert [line["events"][0]["event"]["event_id"] for line in lines] == [event["event_id"] for event in events]


def test_the_configuration_routes_containers_to_their_pixels(tmp_path: Path) -> None:
    (tmp_path / "pixels.yaml").write_text(
        yaml.safe_dump({"pixels": {"11": {"containers": ["GTM-1"]}, "12": {"containers": ["GTM-1"]}}})
    )
    config = tmp_path / "streamer.yaml"
    config.write_text(yaml.safe_dump({"pixels": {"file": "pixels.yaml"}}))
    _, (line,) = _translate(_lines(tag_event(pixel_id=None, container_id="GTM-1")), "-c", str(config))
    assert [event["pixel_id"] for event in line["events"]] == ["11", "12"]


_FOUR_PIXELS: dict[str, dict[str, Any]] = {
    "11": {},
    "12": {"consent": {"require": {"ad_storage": "granted"}}},
    "13": {"events": {"rename": {"Lead": "Purchase"}}},
    "14": {"enabled": False},
}


def _of_pixels(folder: Path, event: dict[str, Any], *pixels: str) -> tuple[int, dict[str, Any]]:
    """Translate an event of a container that these pixels have."""
    entries = {pixel: {"containers": ["GTM-1"], **_FOUR_PIXELS[pixel]} for pixel in pixels}
    (folder / "pixels.yaml").write_text(yaml.safe_dump({"defaults": {"consent": {"require": {}}}, "pixels": entries}))
    (folder / "streamer.yaml").write_text("pixels: {file: pixels.yaml}\n")
    given = _lines({**event, "pixel_id": None, "container_id": "GTM-1"})
    status, (line,) = _translate(given, "-c", str(folder / "streamer.yaml"))
    return status, line


def test_what_becomes_of_an_event_is_told_by_pixel_where_pixels_differ(tmp_path: Path) -> None:
    lead = tag_event(event_name="Lead", consent={"ad_storage": "denied"}, properties=None)
    status, line = _of_pixels(tmp_path, lead, "12", "13", "14")
    assert line.keys() == {"line", "refused"}
    held, off, wrong = line["refused"]
    assert held == {"pixel_id": "12", "skipped": "no_consent", "field": "consent.ad_storage"}
    assert off == {"pixel_id": "14", "skipped": "pixel_opted_out"}
    assert (wrong["pixel_id"], wrong["error"]["reason"]) == ("13", "missing_field")
    assert status == 1, "an error of one pixel counts, whatever became of the event for those before it"
    status, line = _of_pixels(tmp_path, lead, "11", "12", "14")
    assert [event["pixel_id"] for event in line["events"]] == ["11"]
    assert [each["pixel_id"] for each in line["refused"]] == ["12", "14"]
    assert status == 0


def test_what_is_the_same_for_all_pixels_is_said_once(tmp_path: Path) -> None:
    assert _of_pixels(tmp_path, tag_event(), "14") == (0, {"line": 1, "skipped": "pixel_opted_out"})
    status, line = _of_pixels(tmp_path, tag_event(page_url=None), "11", "12")
    assert line.keys() == {"line", "error"}
    assert (status, line["error"]["reason"]) == (1, "missing_field")


def test_an_id_that_was_made_is_the_same_in_every_run() -> None:
    given = _lines(tag_event(event_id=None), tag_event(event_id=None))
    (_, first), (_, second) = _translate(given), _translate(given)
    assert first == second
    ids = [line["events"][0]["event"]["event_id"] for line in first]
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.jsonl"], "nowhere.jsonl"),
        (["-", "--mapping", "nothing"], "records.mapping: there is no preset nothing, and no file nothing."),
        (["-", "--now", "yesterday"], "--now"),
        (["-", "--set", "records.schema=nowhere.avsc"], "nowhere.avsc"),
        (["-", "-c", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_a_mistake_on_the_command_line_is_told_in_a_sentence(arguments: list[str], sentence: str) -> None:
    done = _run(*arguments)
    assert done.returncode != 0
    assert sentence in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_a_file_that_only_begins_as_a_container_is_told() -> None:
    done = _run("-", given=b"Obj\x01nothing")
    assert done.returncode != 0
    assert b"begins as an Avro container" in done.stderr
    assert b"Traceback" not in done.stderr


def test_the_time_can_be_given_as_people_write_it() -> None:
    given = _lines(tag_event())
    assert _run("-", "--now", "2026-09-21T14:13:20Z", given=given).returncode == 0
    assert b"too_old" in _run("-", "--now", "2026-10-21", given=given).stdout


def test_whoever_reads_only_the_first_lines_gets_no_complaint() -> None:
    command = f"{sys.executable} -m streamer translate - --now {NOW} | head -n 1"
    given = _lines(*[tag_event(event_id=f"e-{number}") for number in range(20_000)])
    done = subprocess.run(command, shell=True, input=given, capture_output=True, check=False, timeout=60)  # noqa: S602 - a pipe
    assert (done.stdout.count(b"\n"), done.stderr) == (1, b"")


def test_every_example_of_a_tag_event_does_what_its_name_says() -> None:
    done = _run(str(EXAMPLES / "tag-events.jsonl"), "--now", "2026-11-24T12:00:00Z")
    expected = (Path(__file__).parent / "data" / "tag-events.expected.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in done.stdout.splitlines()] == [json.loads(line) for line in expected]
    assert done.returncode == 1  # one of them is faulty, as its name says


@pytest.mark.parametrize("preset", [name for name in preset_names() if name != "tag-event"])
def test_the_name_of_a_preset_is_all_it_takes_to_translate_its_examples(preset: str) -> None:
    done = _run(str(EXAMPLES / f"{preset}.jsonl"), "--mapping", preset, "--now", "2026-11-24T12:00:00Z")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, b"")
    assert sum("events" in line for line in lines) > len(lines) / 2
    assert b"unknown_field" not in done.stdout


def test_a_mapping_of_ones_own_is_found_from_the_folder_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLES.parent))
    fields = [{"name": "shop", "type": "string"}, {"name": "at", "type": "long"}, {"name": "mail", "type": "string"}]
    Path("shop.avsc").write_text(json.dumps({"type": "record", "name": "Order", "fields": fields}))
    Path("shop.yaml").write_text(
        "route: {pixel_id: shop}\nevent_name: {constant: Lead}\nevent_time: {path: at, unit: seconds}\n"
        "action_source: {constant: email}\nuser_data: {em: mail}\n"
    )
    given = _lines({"shop": PIXEL, "at": NOW, "mail": "maria@example.com"})
    _, (line,) = _translate(given, "--mapping", "shop.yaml", "--set", "records.schema=shop.avsc")
    (shown,) = line["events"]
    assert (shown["pixel_id"], shown["event"]["event_name"], shown["event"]["event_time"]) == (PIXEL, "Lead", NOW)
