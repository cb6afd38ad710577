import json
from dataclasses import replace

import orjson

from streamer.admin.status import ConnectionStatus, as_json, in_order
from streamer.quality import PixelQuality
from streamer.translate.engine import MATCH_KEYS, Note
from tests.support.statuses import pixel, status


def test_pixels_in_trouble_come_first_and_then_the_busiest() -> None:
    pixels = [
        pixel("1", delivered=10),
        pixel("2", delivered=99),
        pixel("3", state="throttled", delivered=1),
        pixel("4", state="parked", delivered=0),
        pixel("5", state="parked", in_flight=3),
        pixel("6", delivered=10),
    ]
    assert [one.pixel_id for one in in_order(pixels)] == ["5", "4", "3", "2", "1", "6"]


def test_scripts_find_every_figure_of_the_page_in_its_json() -> None:
    told = json.loads(orjson.dumps(as_json(status(not_ready_because=["it is early"]))))
    assert (told["ready"], told["not_ready_because"]) == (False, ["it is early"])
    assert told["rates"] == {"read": 12.0, "delivered": 10.0}
    assert told["load"]["memory_budget"] == 1000
    assert told["ledger"] == {
        "read": 10,
        "already_settled": 1,
        "translated": 10,
        "forgotten": 1,
        "delivered": 5,
        "skipped": 0,
        "dead_lettered": 1,
        "parked": 2,
        "in_flight": 1,
        "balanced": True,
        "reasons": [
            {"outcome": "parked", "reason": "token_dead", "count": 2},
            {"outcome": "dead_lettered", "reason": "too_old", "count": 1},
        ],
    }
    assert [one["pixel_id"] for one in told["pixels"]] == ["1002", "1001"]
    assert told["pixels"][0]["reason"] == "token_dead"
    assert told["quality_seconds"] == 0
    assert told["pixels"][0]["quality"]["events"] == 0
    assert told["partitions"] == [
        {"topic": "tag-events", "partition": 2, "committed": None, "lag": 5},
        {"topic": "tag-events", "partition": 10, "committed": 40, "lag": None},
    ]


def test_scripts_find_the_quality_of_each_pixels_data_as_shares() -> None:
    seen = PixelQuality(
        events=4,
        keys={"em": 1, "event_id": 4},
        faulty=2,
        fields={Note("user_data.em", "empty"): 1, Note("user_data.ph", "malformed"): 2},
        ages=(1, 2, 0, 0, 1),
        age_seconds=100,
    )
    shown = replace(status(pixels=[replace(pixel("1001"), quality=seen)]), quality_seconds=60.0)
    told = json.loads(orjson.dumps(as_json(shown)))
    assert told["quality_seconds"] == 60
    quality = told["pixels"][0]["quality"]
    assert quality.pop("coverage") == dict.fromkeys(MATCH_KEYS, 0) | {"em": 0.25, "event_id": 1}
    assert quality == {
        "events": 4,
        "faulty_share": 0.5,
        "fields": [
            {"field": "user_data.ph", "reason": "malformed", "count": 2},
            {"field": "user_data.em", "reason": "empty", "count": 1},
        ],
        "delivered": 4,
        "mean_age_seconds": 25,
        "share_within_seconds": {"300": 0.25, "3600": 0.75, "7200": 0.75, "86400": 0.75},
    }


def test_scripts_find_how_the_pixels_of_the_whole_platform_stand_those_in_trouble_first() -> None:
    works = ConnectionStatus("1001", "acme", "works", None, 1_790_000_000.0, None, None, None, "replica-1")
    parked = ConnectionStatus("1002", None, "parked", "token_dead", 1_790_000_000.0, 190, 463, "Abc", "replica-2")
    told = json.loads(orjson.dumps(as_json(replace(status(), connections=[works, parked]))))
    assert [one["pixel_id"] for one in told["connections"]] == ["1002", "1001"]
    assert told["connections"][0] == {
        "pixel_id": "1002",
        "client": None,
        "state": "parked",
        "reason": "token_dead",
        "since": 1_790_000_000.0,
        "code": 190,
        "subcode": 463,
        "fbtrace_id": "Abc",
        "told_by": "replica-2",
    }
