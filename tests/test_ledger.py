from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from streamer.ledger import NO_PIXEL, Ledger, plain_ledger, render_ledger
from streamer.outcomes import Outcome, Reason

PIXELS = st.sampled_from(["1001", "1002", NO_PIXEL])
OUTCOMES = st.sampled_from(
    [
        (Outcome.DELIVERED, None),
        (Outcome.SKIPPED, Reason.NO_CONSENT),
        (Outcome.DEAD_LETTERED, Reason.TOO_OLD),
        (Outcome.DEAD_LETTERED, Reason.BAD_AVRO),
        (Outcome.PARKED, Reason.NO_TOKEN),
    ]
)


def _busy() -> Ledger:
    ledger = Ledger()
    ledger.read(10)
    ledger.already_settled()
    ledger.translated("1001", 9)
    ledger.translated(NO_PIXEL, 2)
    ledger.settled("1001", Outcome.DELIVERED, None, 5)
    ledger.settled("1001", Outcome.PARKED, Reason.TOKEN_DEAD, 1)
    ledger.settled(NO_PIXEL, Outcome.DEAD_LETTERED, Reason.BAD_AVRO, 1)
    ledger.forgotten("1001", 2)
    return ledger


@given(st.lists(st.tuples(PIXELS, OUTCOMES, st.integers(1, 1000), st.integers(0, 1000))))
def test_whatever_happens_every_event_is_in_exactly_one_column(
    steps: list[tuple[str, tuple[Outcome, Reason | None], int, int]],
) -> None:
    ledger = Ledger()
    for pixel_id, (outcome, reason), translated, settled in steps:
        ledger.translated(pixel_id, translated)
        ledger.settled(pixel_id, outcome, reason, min(settled, translated))
    now = ledger.snapshot()
    assert now.balanced
    settled_all = now.delivered + now.skipped + now.dead_lettered + now.parked
    assert now.translated - now.forgotten == settled_all + now.in_flight
    assert settled_all - now.delivered == sum(now.reasons.values())
    assert now.in_flight == sum(translated - min(settled, translated) for _, _, translated, settled in steps)


def test_an_outcome_of_something_never_translated_is_seen_even_when_another_pixel_makes_up_for_it() -> None:
    ledger = Ledger()
    ledger.translated("1001", 5)
    ledger.settled("1002", Outcome.DELIVERED, None, 3)
    now = ledger.snapshot()
    assert now.in_flight == 2
    assert not now.balanced
    assert not now.settled_whole


def test_a_run_that_ended_with_something_in_flight_is_not_settled_whole() -> None:
    ledger = _busy()
    assert ledger.snapshot().balanced
    assert not ledger.snapshot().settled_whole
    ledger.settled("1001", Outcome.DELIVERED, None, 1)
    ledger.settled(NO_PIXEL, Outcome.SKIPPED, Reason.TOMBSTONE, 1)
    assert ledger.snapshot().settled_whole


def test_what_goes_to_the_next_owner_is_neither_lost_nor_in_flight() -> None:
    ledger = Ledger()
    ledger.translated("1001", 4)
    ledger.forgotten("1001", 4)
    assert ledger.snapshot().settled_whole
    assert ledger.snapshot().forgotten == 4


def test_a_snapshot_stays_as_it_was_while_counting_goes_on() -> None:
    ledger = _busy()
    before = ledger.snapshot()
    ledger.read(5)
    ledger.settled("1001", Outcome.PARKED, Reason.TOKEN_DEAD, 1)
    assert (before.read, before.parked, before.reasons[Outcome.PARKED, Reason.TOKEN_DEAD]) == (10, 1, 1)


def test_the_line_for_the_logs_has_each_count_under_its_name() -> None:
    assert plain_ledger(_busy().snapshot()) == (
        "read 10, settled before a restart 1, translated 11, left to the next owner 2, delivered 5, skipped 0, "
        "dead-lettered 1, parked 1, in flight 2"
    )


def test_the_table_for_the_terminal_gives_the_reasons() -> None:
    console = Console(width=80)
    with console.capture() as captured:
        console.print(render_ledger(_busy().snapshot()))
    words = [" ".join(line.strip("│┃ ").split()) for line in captured.get().splitlines()]
    assert [word for word in words if "token dead" in word or "bad avro" in word] == ["bad avro │ 1", "token dead │ 1"]
