"""The memory budget."""

from streamer.memory import LOW_WATER, Budget


def test_reading_stops_when_the_budget_is_used_and_goes_on_only_well_below_it() -> None:
    budget = Budget(1000)
    budget.take(999)
    assert not budget.full
    budget.take(1)
    assert budget.full
    assert not budget.has_room
    budget.give(1000 - int(1000 * LOW_WATER))
    assert budget.has_room
