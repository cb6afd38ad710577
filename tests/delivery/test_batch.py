"""What delivery carries may be printed: in a traceback, a log, a failing test."""

import pytest

from streamer.delivery.attempt import Attempt
from streamer.delivery.batch import Batch, Entry, Settlement
from streamer.outcomes import Outcome, Reason
from streamer.translate.engine import ServerEvent
from tests.support.deliveries import FAR, entry

BODY = b'{"event_id":"order-7","user_data":{"client_ip_address":"203.0.113.7"}}'
PRIVATE = Entry(ServerEvent("123", BODY, "Lead", "order-7", 1, FAR), entry(7).record)
CARRIED = Batch("123", [PRIVATE], 0.0)


@pytest.mark.parametrize(
    "carrier",
    [PRIVATE, CARRIED, Attempt(CARRIED), Settlement(Outcome.DEAD_LETTERED, "123", [PRIVATE], Reason.TOO_OLD)],
    ids=lambda carrier: type(carrier).__name__,
)
def test_what_is_printed_of_an_event_names_its_place_in_kafka_and_nothing_of_its_person(carrier: object) -> None:
    printed = repr(carrier)
    assert "tag-events/0/7" in printed
    assert "203.0.113" not in printed
    assert "order-7" not in printed
