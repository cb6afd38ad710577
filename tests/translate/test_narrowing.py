"""What becomes of a copy that was parked for one of its pixels."""

import pytest

from streamer.outcomes import Outcome, Reason
from streamer.translate.engine import Refusal, ServerEvent, Translation
from streamer.translate.narrowing import for_pixel

MINE, OTHER = "1000000000000001", "1000000000000002"


def _event(pixel_id: str) -> ServerEvent:
    return ServerEvent(pixel_id, b"{}", "Lead", "e-1", 1, 2)


def _refusal(pixel_id: str | None, reason: Reason = Reason.TOO_OLD) -> Refusal:
    return Refusal(Outcome.DEAD_LETTERED, reason, "event_time", pixel_id)


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ((_event(MINE),), _event(MINE)),
        ((_event(OTHER), _event(MINE)), _event(MINE)),
        ((_event(OTHER), _refusal(MINE)), _refusal(MINE)),
        ((_refusal(None, Reason.BAD_AVRO),), _refusal(MINE, Reason.BAD_AVRO)),
        ((_event(OTHER),), Refusal(Outcome.SKIPPED, Reason.NO_PIXEL, None, MINE)),
        ((_refusal(OTHER),), Refusal(Outcome.SKIPPED, Reason.NO_PIXEL, None, MINE)),
    ],
    ids=["sent", "sent, and to no other", "too old", "unreadable", "routed elsewhere", "refused elsewhere"],
)
def test_a_copy_ends_once_and_for_its_pixel_alone(answer: Translation, left: ServerEvent | Refusal) -> None:
    assert for_pixel(answer, MINE) == (left,)
