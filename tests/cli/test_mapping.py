"""``streamer mapping``: what ships, the plan of a mapping, and a draft for a schema."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from streamer.assembly import make_plan
from streamer.config import load_settings
from streamer.pixels.book import FilePixelBook
from streamer.records.schema import load_schema
from streamer.settings import Settings
from streamer.translate.mapping import TAG_EVENT, compile_mapping, parse_mapping, preset_names
from streamer.translate.plan import Plan
from streamer.translate.plan_json import plan_from_json

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "EAAB-geheim"
LITTLE = """
route: {pixel_id: shop.pixel}
event_name: {constant: Purchase}
event_time: at
"""
SHOP = {
    "type": "record",
    "name": "Order",
    "fields": [
        {"name": "shop", "type": {"type": "record", "name": "Shop", "fields": [{"name": "pixel", "type": "string"}]}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ],
}


def _run(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streamer", "mapping", *arguments]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=folder, env=environ)


def _printed(*arguments: str, folder: Path = ROOT) -> str:
    done = _run(*arguments, folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Give a folder with a shop's schema, its mapping, its configuration and its pixels."""
    (tmp_path / "shop.avsc").write_text(json.dumps(SHOP))
    (tmp_path / "shop.yaml").write_text(LITTLE)
    (tmp_path / "people.txt").write_text(sha256(b"maria@example.com").hexdigest())
    (tmp_path / "pixels.yaml").write_text(
        yaml.safe_dump(
            {
                "defaults": {"region": "at"},
                "pixels": {"11": {"containers": ["GTM-1"], "region": "de", "suppression": {"file": "people.txt"}}},
            }
        )
    )
    (tmp_path / "streamer.yaml").write_text(
        yaml.safe_dump(
            {
                "records": {"schema": "shop.avsc", "mapping": "shop.yaml"},
                "pixels": {"file": "pixels.yaml"},
                "meta": {"access_token": TOKEN},
            }
        )
    )
    return tmp_path


def test_every_preset_is_listed_with_a_sentence() -> None:
    lines = _printed().splitlines()
    assert [line.split()[0] for line in lines] == list(preset_names())
    assert all(line.endswith(".") and len(line.split()) > 4 for line in lines)
    assert json.loads(_printed("--json")) == [
        {"name": line.split()[0], "sentence": line.split(maxsplit=1)[1]} for line in lines
    ]


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_that_is_printed_is_a_start_for_ones_own(name: str) -> None:
    text = _printed(name)
    parse_mapping(text, Path("mine.yaml"))
    assert json.loads(_printed(name, "--json")) == {"name": name, "text": text}


@pytest.mark.parametrize("name", preset_names())
def test_the_plan_of_a_preset_can_be_read_by_another_engine(name: str) -> None:
    settings = Settings.model_validate({"records": {"mapping": name}})
    plan = make_plan(settings, FilePixelBook(settings.pixels, settings.meta, {}))
    assert plan_from_json(json.loads(_printed("--plan", name))) == plan


def test_the_plan_without_a_name_is_that_of_the_tag_event_with_no_pixels() -> None:
    assert plan_from_json(json.loads(_printed("--plan"))) == Plan(TAG_EVENT)


def test_the_plan_is_what_run_would_use_without_the_token_and_without_people(shop: Path) -> None:
    text = _printed("--plan", "-c", str(shop / "streamer.yaml"))
    settings = load_settings(shop / "streamer.yaml")
    plan = make_plan(settings, FilePixelBook(settings.pixels, settings.meta, {}))
    assert plan_from_json(json.loads(text), plan.suppressed) == plan
    written: dict[str, Any] = json.loads(text)
    assert written["containers"] == {"GTM-1": ["11"]}
    assert written["pixels"]["11"]["phone_region"] == "de"
    assert list(written["suppressed"].values()) == [{"count": 1}]
    assert TOKEN not in text
    assert sha256(b"maria@example.com").hexdigest() not in text


def test_the_plan_of_a_file_is_found_from_the_folder_one_is_in(shop: Path) -> None:
    text = _printed("--plan", "shop.yaml", "--set", "records.schema=shop.avsc", folder=shop)
    assert json.loads(text)["mapping"]["pixel_id"] == [{"path": "shop.pixel"}]


def test_a_draft_is_a_mapping_for_the_schema_it_was_made_for(tmp_path: Path) -> None:
    done = _run("--draft", "schemas/tag_event.avsc")
    assert done.returncode == 0
    assert "see what stands behind check:" in done.stderr
    assert compile_mapping(parse_mapping(done.stdout, tmp_path), load_schema()).mapping.rules
    shown = json.loads(_printed("--draft", "schemas/tag_event.avsc", "--json"))
    assert (shown["text"], shown["missing"]) == (done.stdout, [])


def test_what_a_draft_lacks_is_said_beside_it(shop: Path) -> None:
    done = _run("--draft", str(shop / "shop.avsc"))
    assert done.returncode == 0
    assert "shop.avsc: nothing was found for event_name. Fill it in" in done.stderr
    assert "# event_name: FILL IN" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["tagevent"], "There is no preset tagevent. Did you mean tag-event?"),
        (["GA4"], "There is no preset GA4. Did you mean ga4?"),
        (["--plan", "nothing"], "records.mapping: there is no preset nothing"),
        (["--plan", "nothing.yaml"], "no file nothing.yaml"),
        (["--plan", "-c", "nowhere.yaml"], "nowhere.yaml"),
        (["--plan", "--set", "records.schema=nowhere.avsc"], "records.schema: nowhere.avsc: cannot be read"),
        (["--draft", "nowhere.avsc"], "nowhere.avsc: cannot be read: No such file or directory. Check the path."),
        (["--draft", "README.md"], "README.md: is not JSON"),
        (["--draft", "schemas/tag_event.avsc", "--plan"], "--draft goes with neither NAME nor --plan."),
        (["-c", "examples/streamer.yaml"], "-c and --set go with --plan."),
    ],
)
def test_a_mistake_is_told_in_a_sentence(arguments: list[str], sentence: str) -> None:
    done = _run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_mapping_that_does_not_hold_for_its_schema_is_told_by_file_and_line(shop: Path) -> None:
    (shop / "shop.yaml").write_text(LITTLE.replace("shop.pixel", "shop.pixl"))
    done = _run("--plan", "-c", str(shop / "streamer.yaml"))
    assert done.returncode == 2
    assert "shop.yaml:2: route.pixel_id leads nowhere: there is no shop.pixl. Did you mean shop.pixel?" in done.stderr


def test_whoever_has_seen_enough_gets_no_complaint() -> None:
    command = f"({sys.executable} -m streamer mapping --plan ga4; echo $? >&2) | true"
    done = subprocess.run(command, shell=True, capture_output=True, check=False, timeout=60, cwd=ROOT)  # noqa: S602 - a pipe
    assert done.stderr == b"0\n"
