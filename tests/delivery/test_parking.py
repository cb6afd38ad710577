"""Which pixels are parked, and how they come back."""

from streamer.delivery.parking import Parking
from streamer.outcomes import Reason


def parked() -> Parking:
    parking = Parking(probe_seconds=300)
    assert parking.park("1", Reason.TOKEN_DEAD, "old", 10.0)
    return parking


def test_a_parked_pixel_blocks_itself_and_no_other() -> None:
    parking = parked()
    assert parking.blocks("1", "old", 11.0) is Reason.TOKEN_DEAD
    assert parking.blocks("2", "old", 11.0) is None


def test_one_request_passes_in_each_interval_to_see_whether_the_pixel_works_again() -> None:
    parking = parked()
    passed = [now for now in range(10, 1000, 10) if parking.blocks("1", "old", float(now)) is None]
    assert passed == [310, 610, 910]


def test_another_token_passes_at_once() -> None:
    assert parked().blocks("1", "new", 11.0) is None


def test_a_probe_that_fails_keeps_the_time_since_when_the_pixel_is_parked() -> None:
    parking = parked()
    assert not parking.park("1", Reason.NO_PERMISSION, "old", 310.0)
    state = parking.get("1")
    assert state is not None
    assert (state.since, state.reason) == (10.0, Reason.NO_PERMISSION)
    assert "old" not in repr(state), "a token must not get into logs"


def test_a_request_from_before_the_token_died_does_not_bring_its_pixel_back() -> None:
    parking = parked()
    assert not parking.works("1", began=9.0)
    assert parking.blocks("1", "old", 12.0) is Reason.TOKEN_DEAD
    assert parking.works("1", began=310.0)
    assert parking.blocks("1", "old", 311.0) is None
    assert len(parking) == 0
