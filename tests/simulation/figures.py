"""The figures that a scenario's expectations name, each taken of some pixels and of a span of time."""

from collections import Counter
from collections.abc import Callable, Collection
from typing import NamedTuple

from streamer.outcomes import Outcome
from tests.simulation.meta import Post
from tests.simulation.records import Truth
from tests.simulation.scenario import Expectation, Measure, numbers, pixel_id
from tests.simulation.world import World


class View(NamedTuple):
    """A world after its run, seen through an expectation: some pixels, and a span of time."""

    world: World
    pixels: Collection[str]
    begins: float
    until: float

    def posts(self) -> list[Post]:
        """Return the requests that these pixels' events went out with in the span."""
        return [
            post for post in self.world.meta.posts if post.pixel in self.pixels and self.begins <= post.at < self.until
        ]

    def events(self) -> list[tuple[Truth, str]]:
        """Return the events of these pixels that were written in the span, but for those that policy holds back."""
        return [
            (truth, pixel)
            for truth in self.world.truths
            if self.begins <= truth.written < self.until and truth.kind != "no_consent"
            for pixel in truth.pixels
            if pixel in self.pixels
        ]

    def delays(self) -> list[float]:
        """Return how long each event took to Meta, rising."""
        taken = self.world.meta.taken
        found = [(taken.get((truth.number, pixel)), truth) for truth, pixel in self.events()]
        return sorted(at - truth.written for at, truth in found if at is not None)

    def outcomes(self, outcome: Outcome) -> int:
        """Return how many events of these pixels ended so, over the whole run."""
        counts = self.world.witness.outcomes
        return sum(n for (pixel, one, _), n in counts.items() if one is outcome and pixel in self.pixels)


def view_of(world: World, expectation: Expectation) -> View:
    """Return what an expectation looks at."""
    pixels = frozenset(map(pixel_id, numbers(expectation.pixels, world.scenario.pixels)))
    return View(world, pixels, expectation.begins, expectation.until)


def _share_delivered(view: View) -> float:
    good = [(truth.number, pixel) for truth, pixel in view.events() if truth.kind != "bad"]
    return sum(key in view.world.meta.taken for key in good) / len(good) if good else 1.0


def _quantile(view: View, share: float) -> float:
    delays = view.delays()
    return delays[min(len(delays) - 1, int(share * len(delays)))] if delays else 0.0


def _most_a_minute(view: View) -> float:
    return max(Counter(int(post.at // 60) for post in view.posts()).values(), default=0)


def _reposts(view: View) -> list[Post]:
    """Return requests that hold no event for the first time."""
    seen: set[tuple[int, str]] = set()
    found = []
    for post in view.posts():
        keys = {(number, post.pixel) for number in post.numbers}
        if keys <= seen:
            found.append(post)
        seen |= keys
    return found


def _posts_per_bad(view: View) -> float:
    bad = sum(truth.kind == "bad" for truth, _ in view.events())
    return 1 + len(_reposts(view)) / bad if bad else 0.0


def _dead_letters(view: View) -> float:
    """Those that got as far as a pixel, and, if all pixels are looked at, the others too."""
    all_pixels = len(view.pixels) == view.world.scenario.pixels
    return sum(pixel in view.pixels or (not pixel and all_pixels) for _, pixel in view.world.witness.dead)


def _doubled(view: View) -> float:
    return sum(count for (_, pixel), count in view.world.meta.doubled.items() if pixel in view.pixels)


def _last_taken(view: View) -> float:
    taken = view.world.meta.taken
    return max((taken.get((truth.number, pixel), 0.0) for truth, pixel in view.events()), default=0.0)


def _most_of(prefix: str) -> Callable[[View], float]:
    def most(view: View) -> float:
        counts = view.world.meta.most
        if prefix == "pixel ":
            return max((counts[prefix + pixel] for pixel in view.pixels), default=0)
        return max((count for name, count in counts.items() if name.startswith(prefix)), default=0)

    return most


FIGURES: dict[Measure, Callable[[View], float]] = {
    "delivered_share": _share_delivered,
    "delivered": lambda view: sum((t.number, pixel) in view.world.meta.taken for t, pixel in view.events()),
    "dead_letters": _dead_letters,
    "parkings": lambda view: view.outcomes(Outcome.PARKED),
    "delay_p50": lambda view: _quantile(view, 0.5),
    "delay_p99": lambda view: _quantile(view, 0.99),
    "delay_most": lambda view: _quantile(view, 1),
    "requests": lambda view: len(view.posts()),
    "requests_a_minute": _most_a_minute,
    "events_a_request": lambda view: sum(len(p.numbers) for p in view.posts()) / max(1, len(view.posts())),
    "posts_per_bad": _posts_per_bad,
    "taken_twice": _doubled,
    "sent_too_late": lambda view: view.world.meta.expired,
    "last_taken_at": _last_taken,
    "most_in_flight": lambda view: view.world.meta.most[""],
    "most_in_flight_of_a_pixel": _most_of("pixel "),
    "most_in_flight_of_a_token": _most_of("token "),
    "most_in_flight_of_an_app": _most_of("app "),
    "most_usage": lambda view: view.world.meta.most_usage,
    "calls_while_blocked": lambda view: view.world.meta.calls_blocked,
    "bytes_over_budget": lambda view: (
        max(one.budget.most for one in view.world.group.past) - view.world.scenario.budget
    ),
    "announcements": lambda view: len(view.world.log_of_connections()),
    "held_in_the_end": lambda view: view.world.samples.held,
    "most_tasks": lambda view: max(view.world.samples.tasks),
}
"""Every figure, by the name that a scenario gives it; docs/simulation.md says what each is."""
