"""What a replay shows: not too many lines, and a summary that can be relied on."""

from typing import Any

import orjson
import structlog.testing

from streamer.kafka.assigning import Start
from streamer.kafka.ends import Extent
from streamer.ledger import Ledger
from streamer.outcomes import Outcome, Reason
from streamer.replay.parts import Ages, Part, Survey
from streamer.replay.replay import Result
from streamer.replay.show import LINE_SECONDS, LogShow, as_json, summary
from streamer.replay.watch import Standing


def _result(done: int, *, dry_run: bool = False) -> Result:
    ledger = Ledger()
    ledger.read(1500)
    ledger.already_settled(20)
    ledger.translated("1001", 1500)
    ledger.settled("1001", Outcome.DELIVERED, None, 1200)
    ledger.settled("1001", Outcome.SKIPPED, Reason.NOT_CHOSEN, 250)
    ledger.settled("1001", Outcome.DEAD_LETTERED, Reason.TOO_OLD, 40)
    ledger.settled("1001", Outcome.PARKED, Reason.TOKEN_DEAD, 10)
    part = Part(Extent(100, 2000, "ab"), Start("tag-events", 4, 500, [], None))
    survey = Survey("streamer.replay.x", [part], Ages(3, 2, 1), ())
    return Result(survey, ledger.snapshot(), done, 90.0, dry_run)


def test_the_summary_counts_by_outcome_and_reason() -> None:
    lines = list(summary(_result(1500)))
    assert lines[0] == "Finished: 1,500 of 1,500 offsets in 2 min (group streamer.replay.x)"
    said = [line.split() for line in lines[1:]]
    assert said == [
        ["read", "1,500"],
        ["done", "before", "20"],
        ["delivered", "1,200"],
        ["skipped", "250", "not_chosen", "250"],
        ["dead-lettered", "40", "too_old", "40"],
        ["parked", "10", "token_dead", "10"],
    ]


def test_a_replay_that_was_stopped_says_what_is_left_and_how_to_go_on() -> None:
    lines = list(summary(_result(600)))
    assert lines[0].startswith("Stopped: 600 of 1,500 offsets")
    assert lines[-1] == "Not finished: 900 offsets are left. Give the same command to go on."


def test_a_dry_run_says_that_nothing_was_sent() -> None:
    assert next(summary(_result(1500, dry_run=True))).startswith("Dry run, nothing was sent: 1,500")


def test_the_same_as_data() -> None:
    data = orjson.loads(orjson.dumps(as_json(_result(600))))
    assert data == {
        "finished": False,
        "dry_run": False,
        "group": "streamer.replay.x",
        "offsets": 1900,
        "left_at_start": 1500,
        "done": 600,
        "seconds": 90.0,
        "read": 1500,
        "done_before": 20,
        "outcomes": {"delivered": 1200, "skipped": 250, "dead_lettered": 40, "parked": 10},
        "reasons": {"skipped": {"not_chosen": 250}, "dead_lettered": {"too_old": 40}, "parked": {"token_dead": 10}},
        "older_than": {"48_hours": 3, "7_days": 2, "62_days": 1},
        "partitions": [{"topic": "tag-events", "partition": 4, "from": 100, "to": 2000, "began_at": 500}],
    }


def test_the_log_has_a_line_now_and_then_and_not_one_for_each_look() -> None:
    now = [0.0]
    show = LogShow(lambda: now[0])
    with structlog.testing.capture_logs() as lines:
        for look in range(500):
            now[0] = look / 5
            show.update(Standing(look, 1000, 50.0, 61.0))
    assert len(lines) == 100 / LINE_SECONDS - 1
    first: Any = lines[0]
    assert (first["done"], first["of"], first["percent"], first["time_left"]) == (50, 1000, 5.0, "1 min")
