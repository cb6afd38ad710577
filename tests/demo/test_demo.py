"""The demo, as a newcomer runs it."""

import subprocess
import sys

import pytest

from streamer.demo.show import tell_ledger
from streamer.ledger import Ledger
from streamer.outcomes import Outcome, Reason
from streamer.sandbox.store import Ledger as Arrivals
from streamer.sandbox.store import PixelCounts


def _arrivals(distinct: int) -> Arrivals:
    total = PixelCounts(requests=1, events=distinct, distinct=distinct)
    return Arrivals(total=total, pixels={}, errors={}, unanswered=0, query_tokens=0, faults={})


def test_the_demo_ends_by_itself_with_a_ledger_that_balances() -> None:
    command = [sys.executable, "-m", "streamer", "demo", "--seconds", "3", "--rate", "200", "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "balanced: 6" in done.stdout or "balanced: 5" in done.stdout
    for line in ("status page", "read", "translated", "delivered", "skipped", "dead-lettered", "parked", "in flight"):
        assert line in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("produced", "arrived", "fault"),
    [(3, 2, "1 events were delivered, 2 arrived"), (4, 1, "4 events were produced, 3 were read")],
)
def test_a_demo_that_lost_or_doubled_something_says_so(
    produced: int, arrived: int, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = Ledger()
    ledger.read(3)
    ledger.translated("1", 3)
    ledger.settled("1", Outcome.DELIVERED, None, 1)
    ledger.settled("1", Outcome.SKIPPED, Reason.NO_CONSENT, 2)
    assert not tell_ledger(ledger.snapshot(), produced, _arrivals(arrived))
    assert fault in capsys.readouterr().out


def test_a_demo_that_left_events_without_an_outcome_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    ledger = Ledger()
    ledger.read(3)
    ledger.translated("1", 3)
    ledger.settled("1", Outcome.DELIVERED, None, 1)
    assert not tell_ledger(ledger.snapshot(), 3, _arrivals(1))
    assert "2 events have no outcome" in capsys.readouterr().out
