"""What tells that a query asks for something that is not there."""

import pytest

from tests.support.vocabulary import faults


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("rate(streamer_outcome_total[5m])", "there is no metric streamer_outcome_total"),
        ("streamer_request_seconds", "there is no metric streamer_request_seconds"),
        ('streamer_outcomes_total{client="acme"}', "streamer_outcomes_total has no label client"),
        ('streamer_outcomes_total{outcome="dead-lettered"}', "outcome is never dead-lettered"),
        ('streamer_requests_total{result=~"delivered|lost"}', "result is never lost"),
        ('streamer_event_age_seconds_bucket{le="3600"}', "le is never 3600"),
    ],
)
def test_a_metric_label_or_value_that_is_not_there_is_found(expression: str, fault: str) -> None:
    assert list(faults(expression)) == [fault]


def test_what_is_there_is_left_alone() -> None:
    expression = 'up and streamer_event_age_seconds_bucket{job=~"$job",pixel="$pixel",le=~"3600.0|[+]Inf"} > 0'
    assert list(faults(expression)) == []
