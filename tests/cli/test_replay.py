"""``streamer replay`` on the command line: what it refuses at once, and when it asks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
import structlog.testing
from click.testing import CliRunner

from streamer.cli import replay as module
from streamer.cli.replay import _Manner, _may_begin, replay
from streamer.errors import UserError
from streamer.kafka.assigning import Start
from streamer.kafka.ends import Extent
from streamer.replay.parts import Ages, Part, Survey
from streamer.replay.replay import Order
from streamer.replay.span import Bound, Span

ORDER = Order(Span(("tag-events",)))
TERMINAL = _Manner(on_terminal=True, yes=False, as_json=False)

Orders = Callable[..., Order]


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Orders:
    """Give what reads a command line, and returns what was ordered."""
    ordered: list[Order] = []
    monkeypatch.setattr(module, "configure_logs", lambda *_: None)
    monkeypatch.setattr(module, "_replay", lambda _settings, order, _manner: ordered.append(order))
    monkeypatch.delenv("JOB_COMPLETION_INDEX", raising=False)

    def read(*options: str, **env: str) -> Order:
        done = CliRunner(env=env).invoke(replay, options)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return ordered[-1]

    return read


def test_without_options_all_of_the_configured_topics_is_replayed_by_one_worker(order: Orders) -> None:
    assert order("--set", "kafka.topics=[a, b]") == Order(Span(("a", "b")))


def test_every_option_is_taken_as_it_was_given(order: Orders) -> None:
    given = order(
        *("--topic", "a", "--from-offset", "0:5", "--to", "2026-11-01T00:00Z", "--pixel", "11", "--container", "C"),
        *("--event", "Lead", "--event", "Contact", "--name", "n", "--rate", "2.5", "--workers", "3", "--worker", "2"),
        *("--dry-run", "--accept-gone", "--serve"),
    )
    assert (given.span.topics, given.span.start) == (("a",), Bound(by_partition={0: 5}))
    assert given.span.end == Bound(at_ms=1_793_491_200_000)
    assert given.span.only.events == ("Lead", "Contact")
    assert (given.name, given.rate, given.workers, given.worker) == ("n", 2.5, 3, 2)
    assert (given.dry_run, given.accept_gone, given.serve) == (True, True, True)


def test_a_pod_of_an_indexed_job_knows_its_part_by_itself(order: Orders) -> None:
    assert order("--workers", "4", JOB_COMPLETION_INDEX="3").worker == 3
    assert order("--workers", "4", "--worker", "1", JOB_COMPLETION_INDEX="3").worker == 1


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (("--workers", "2"), "--worker: say which of the workers this is"),
        (("--workers", "2", "--worker", "2"), "--worker: is 2, and must be less than --workers, 2"),
        (("--worker", "1"), "must be less than --workers, 1"),
        (("--from", "2026-11-01T00:00"), "--from: has no zone"),
        (("--from-offset", "x"), "--from-offset: write an offset"),
        (("--to-offset", "5", "--to", "2026-11-01T00:00Z"), "give one of the two"),
        (("--from-offset", "5", "--to-offset", "5"), "is not greater"),
        (("--pixel", "abc"), "--pixel"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence_before_anything_is_asked_of_kafka(
    order: Orders, options: tuple[str, ...], fault: str
) -> None:
    with pytest.raises(UserError, match=fault) as refused:
        order(*options)
    assert refused.value.exit_status == 2


def _survey(left: int, folding: int = 0, limit: int = 0) -> Survey:
    part = Part(Extent(0, left, "ab"), Start("tag-events", 0, 0, [], None))
    return Survey("streamer.replay.x", [part], Ages(folding, limit, 0), ())


def _answer(monkeypatch: pytest.MonkeyPatch, answer: bool | None) -> list[str]:  # noqa: FBT001 - what is answered
    """Answer the question so; None: it must not be asked. Return what is asked."""
    asked: list[str] = []

    def confirm(text: str, **_: Any) -> bool:
        assert answer is not None, "nothing was to be asked"
        asked.append(text)
        return answer

    monkeypatch.setattr(click, "confirm", confirm)
    return asked


@pytest.mark.parametrize("answer", [True, False])
def test_a_terminal_is_asked_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: bool,  # noqa: FBT001 - what is answered
) -> None:
    asked = _answer(monkeypatch, answer)
    assert _may_begin(_survey(1000, 900, 800), ORDER, TERMINAL) is answer
    assert asked == ["Go on?"]
    said = capsys.readouterr().err
    assert "To do: 1,000 of 1,000 offsets, in 1 partitions." in said
    assert "About 800 of 1,000 records are older than 7 days" in said
    assert "counted twice" in said


@pytest.mark.parametrize(
    ("manner", "order", "left"),
    [
        (TERMINAL._replace(yes=True), ORDER, 10),
        (TERMINAL, Order(ORDER.span, dry_run=True), 10),
        (TERMINAL, ORDER, 0),
    ],
    ids=["yes", "dry run", "nothing to do"],
)
def test_a_terminal_is_not_asked_without_need(
    monkeypatch: pytest.MonkeyPatch, manner: _Manner, order: Order, left: int
) -> None:
    _answer(monkeypatch, None)
    assert _may_begin(_survey(left), order, manner)


def test_where_nobody_can_answer_it_goes_on_and_the_warnings_stand_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, None)
    with structlog.testing.capture_logs() as lines:
        assert _may_begin(_survey(1000, 900, 800), ORDER, TERMINAL._replace(on_terminal=False))
    assert [line["log_level"] for line in lines] == ["warning", "warning"]
    assert "older than 7 days" in lines[0]["event"]
    assert "older than 48 hours" in lines[1]["event"]
