import json

import orjson

from streamer.admin.status import as_json, in_order
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
    assert told["partitions"] == [
        {"topic": "tag-events", "partition": 2, "committed": None, "lag": 5},
        {"topic": "tag-events", "partition": 10, "committed": 40, "lag": None},
    ]
