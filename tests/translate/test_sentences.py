"""What is said of a record that cannot be sent: enough to know what to do."""

import pytest

from streamer.outcomes import Reason
from streamer.translate.sentences import sentence


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("field", ["event_time", None])
def test_every_reason_is_a_sentence(reason: Reason, field: str | None) -> None:
    said = sentence(reason, field)
    assert said.endswith(".")
    assert not {"{", "}"} & set(said)


def test_whoever_has_no_time_is_told_which_times_are_read() -> None:
    said = sentence(Reason.NO_EVENT_TIME, "event_time")
    assert said.startswith("event_time is missing, or no time")
    assert "ISO 8601" in said
    assert "unit" in said


def test_a_time_far_away_may_be_one_of_another_unit() -> None:
    assert "check its unit in the mapping: seconds that are read as milliseconds lie in 1970." in sentence(
        Reason.TOO_OLD, "event_time"
    )
    assert "check its unit in the mapping" in sentence(Reason.IN_FUTURE, "event_time")


def test_limited_data_use_without_a_state_can_do_with_the_address() -> None:
    said = sentence(Reason.MISSING_FIELD, "data_processing_options_state")
    assert "Or send user_data.client_ip_address" in said
    assert "client_ip_address" not in sentence(Reason.MISSING_FIELD, "event_source_url")
