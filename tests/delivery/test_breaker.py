"""The breaker of one pixel: a dead service is asked seldom, and a healthy one is not held up."""

from hypothesis import given
from hypothesis import strategies as st

from streamer.delivery.breaker import Breaker


def test_after_a_failure_one_request_at_a_time_goes_out_until_one_succeeds() -> None:
    breaker = Breaker()
    assert breaker.limit(16) == 16
    breaker.failed(10.0)
    breaker.failed(7.0)
    assert (breaker.limit(16), breaker.rests_until, breaker.failures, breaker.closed) == (1, 10.0, 2, False)
    breaker.close()
    assert (breaker.limit(16), breaker.rests_until, breaker.failures, breaker.closed) == (16, 0.0, 0, True)


@given(st.lists(st.none() | st.floats(0, 1000)), st.integers(1, 64))
def test_it_is_closed_exactly_if_nothing_failed_since_the_last_success_and_never_rests_shorter_than_told(
    story: list[float | None], most: int
) -> None:
    breaker = Breaker()
    since: list[float] = []
    for rest in story:
        if rest is None:
            breaker.close()
            since = []
        else:
            breaker.failed(rest)
            since.append(rest)
        assert breaker.closed == (not since)
        assert breaker.limit(most) == (1 if since else most)
        assert breaker.failures == len(since)
        assert breaker.rests_until == max(since, default=0.0)
