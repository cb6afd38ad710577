"""The memory budget."""

import pytest

from streamer.memory import LOW_WATER, Budget, divide


def test_reading_stops_when_the_budget_is_used_and_goes_on_only_well_below_it() -> None:
    budget = Budget(1000)
    budget.take(999)
    assert not budget.full
    budget.take(1)
    assert budget.full
    assert not budget.has_room
    budget.give(1000 - int(1000 * LOW_WATER))
    assert budget.has_room


@pytest.mark.parametrize("budget", [16 * 2**20, 256 * 2**20, 4 * 2**30])
def test_the_shares_make_up_the_whole_budget_so_that_it_can_be_set_from_a_containers_limit(budget: int) -> None:
    shares = divide(budget)
    assert sum(shares) == budget
    assert min(shares) >= 2**20
