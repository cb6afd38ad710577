"""What must be true when a run is over: the promises of every run, and the expectations of a scenario."""

from collections.abc import Iterator

from streamer.kafka.consumer import SLICE
from streamer.memory import RECORD_OVERHEAD
from streamer.outcomes import Outcome
from tests.simulation.figures import FIGURES, view_of
from tests.simulation.records import TOPIC
from tests.simulation.replica import Replica
from tests.simulation.scenario import Expectation, MetaModel, Scenario, numbers
from tests.simulation.witness import BrokenPromiseError
from tests.simulation.world import World

_OF_DELIVERY = (Outcome.DELIVERED, Outcome.PARKED)
"""Outcomes that only delivery decides on."""
_POLLS = 2  # of the live topic, and of the parked one
_EVENT_BYTES = 1500  # an event without what pads it


def judge(world: World) -> None:
    """Check a world after its run.

    :raises BrokenPromiseError: with all that is wrong, a line each.
    """
    wrong = [*_promises(world), *(text for one in world.scenario.expect if (text := _unmet(world, one)))]
    if wrong:
        raise BrokenPromiseError("\n".join(wrong))


def play(scenario: Scenario, seed: int = 1) -> World:
    """Run a scenario and judge it."""
    world = World(scenario, seed).run()
    judge(world)
    return world


def _promises(world: World) -> list[str]:
    wrong = [f"the process failed: {type(failure).__name__}: {failure}" for failure in world.failures]
    for replica in world.group.past:
        if not replica.ledger.snapshot().balanced:
            wrong.append(f"the ledger of {replica.name} does not balance")
        wrong += _beyond_limits(world, replica)
    wrong += [text for replica in world.last if (text := _miscounted(world, replica))]
    if len({frozenset(parked) for parked in world.samples.parked}) > 1:
        wrong.append(f"the replicas do not agree on what is parked: {world.samples.parked}")
    if world.scenario.ends != "with_rest":
        wrong += _left(world)
    return wrong


def _beyond_limits(world: World, replica: Replica) -> Iterator[str]:
    """Say which limits a replica did not keep; memory may be above its own by what one poll of each reader brings."""
    delivery = world.settings.delivery
    limits = {
        "": delivery.max_in_flight,
        "pixel ": delivery.max_in_flight_per_pixel,
        "token ": delivery.max_in_flight_per_token,
        "app ": delivery.max_in_flight_per_app,
    }
    for name, most in world.meta.most.items():
        of, _, scope = name.partition(" ")
        limit = limits[scope[: scope.find(" ") + 1]] if of == replica.name else most
        if most > limit:
            yield f"{replica.name} had {most} requests in flight of {scope or 'all'}, and may have {limit}"
    most_over = _POLLS * SLICE * (RECORD_OVERHEAD + _EVENT_BYTES + 2 * world.records.largest)
    if replica.budget.most > world.scenario.budget + most_over:
        yield f"{replica.name} held {replica.budget.most} bytes, with a budget of {world.scenario.budget}"


def _miscounted(world: World, replica: Replica) -> str | None:
    """Compare the ledger of a replica that has nothing in flight with what it was seen to settle."""
    ledger, seen = replica.ledger.snapshot(), world.witness.of_replica
    pairs = {outcome: (getattr(ledger, outcome.value), seen[replica.name, outcome]) for outcome in _OF_DELIVERY}
    wrong = [f"{outcome.value} {told} instead of {was}" for outcome, (told, was) in pairs.items() if told != was]
    return None if not wrong or ledger.in_flight else f"the ledger of {replica.name} says {', '.join(wrong)}"


def _left(world: World) -> list[str]:
    """Say what was not finished although it could have been."""
    wrong, parked_topic = [], world.settings.kafka.parked_topic
    may_be_parked = world.scenario.ends == "parked"
    if behind := world.behind(TOPIC):
        wrong.append(f"records that are not committed, by partition: {behind}")
    if not may_be_parked and (behind := world.behind(parked_topic)):
        wrong.append(f"copies that are still parked, by partition: {behind}")
    lost = [key for key in world.unfinished() if not may_be_parked or key not in world.witness.parked]
    if lost:
        wrong.append(f"{len(lost)} events have no outcome, such as {lost[:5]}")
    if not world.behind(parked_topic, all_copies=True):  # else the end may have come in the middle of a pass
        wrong += [text for replica in world.last if (text := _held_by(replica))]
    return wrong


def _held_by(replica: Replica) -> str | None:
    in_flight = replica.ledger.snapshot().in_flight
    if not in_flight and not replica.budget.used:
        return None
    return f"{replica.name} ended with {in_flight} events and {replica.budget.used} bytes"


def _unmet(world: World, expected: Expectation) -> str | None:
    figure = FIGURES[expected.measure](view_of(world, expected))
    most = expected.at_most
    if expected.of_alone is not None:
        alone = FIGURES[expected.measure](view_of(_alone(world.scenario, expected.pixels), expected))
        most = alone * expected.of_alone
    bounds = {"exactly": expected.exactly, "at least": expected.at_least, "at most": most}
    met = (
        (expected.exactly is None or figure == expected.exactly)
        and (expected.at_least is None or figure >= expected.at_least)
        and (most is None or figure <= most)
    )
    wanted = ", ".join(f"{name} {bound:g}" for name, bound in bounds.items() if bound is not None)
    span = f", seconds {expected.begins:g} to {expected.until:g}" if expected.begins or expected.until < 1e9 else ""
    return None if met else f"{expected.measure} of {expected.pixels}{span} is {figure:g}: {wanted} was expected"


_ALONE: dict[str, World] = {}


def _alone(scenario: Scenario, pixels: str) -> World:
    """Play the same load of these pixels alone, with Meta well."""
    wanted = set(numbers(pixels, scenario.pixels))
    load = [
        one.model_copy(update={"pixels": ", ".join(f"p{n}" for n in common)})
        for one in scenario.load
        if (common := sorted(wanted & set(numbers(one.pixels, scenario.pixels))))
    ]
    meta = MetaModel(latency=scenario.meta.latency, jitter=scenario.meta.jitter)
    quiet = scenario.model_copy(update={"load": load, "meta": meta, "changes": [], "expect": []})
    key = quiet.model_dump_json()
    if key not in _ALONE:
        _ALONE.clear()
        _ALONE[key] = World(quiet, 1).run()
    return _ALONE[key]
