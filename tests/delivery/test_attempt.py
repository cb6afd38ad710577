"""The search for the event at fault in a refused request: nobody is condemned who was not refused alone."""

import asyncio
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.delivery.answers import Kind, Verdict
from streamer.delivery.attempt import Attempt, after_delivery, after_refusal, without_batch
from streamer.delivery.events import Uncounted
from streamer.outcomes import Reason
from tests.support.deliveries import Service, batch, error
from tests.support.scene import Scene

BAD = Verdict(Kind.SPLIT, Reason.REFUSED_BY_META, code=100, subcode=2_804_050)
TOO_LARGE = Verdict(Kind.SPLIT, Reason.TOO_LARGE)
SHORT = Verdict(Kind.SPLIT, Reason.REFUSED_BY_META)


Refuses = Callable[[Sequence[int]], Verdict | None]


class Search:
    """Plays a search to its end against a service that answers by event numbers."""

    def __init__(self, size: int, refuses: Refuses) -> None:
        self.delivered: list[int] = []
        self.condemned: list[int] = []
        self.refused_alone: set[int] = set()
        self.posts = 0
        queue = [Attempt(batch(size))]
        while queue:
            attempt = queue.pop(0)
            numbers = [int(one.event.event_id) for one in attempt.batch.entries]
            assert numbers, "a request without events"
            self.posts += 1
            refusal = refuses(numbers)
            if refusal is None:
                self.delivered += numbers
                found = after_delivery(attempt)
            else:
                self.refused_alone |= set(numbers) if len(numbers) == 1 else set()
                found = after_refusal(attempt, refusal)
            self.condemned += [int(found.culprit.event.event_id)] if found.culprit else []
            queue = found.next + queue
        assert sorted(self.delivered + self.condemned) == list(range(size)), "an event was lost or doubled"
        assert set(self.condemned) <= self.refused_alone, "an event was condemned that was not refused by itself"


@pytest.mark.parametrize("size", [*range(1, 70), 129, 257, 513, 725, 1000])
def test_one_bad_event_among_n_costs_at_most_two_log_n_and_two_posts(size: int) -> None:
    for culprit in {0, 1 % size, size // 3, size // 2, size - 1} if size > 70 else range(size):
        search = Search(size, lambda found, culprit=culprit: BAD if culprit in found else None)  # type: ignore[misc]
        assert search.condemned == [culprit]
        assert search.posts <= 2 * math.log2(size) + 2


THOUSAND = batch(1100).entries


def posts_for(size: int, culprit: int) -> int:
    """Count posts alone, which is quick enough for every size there is."""
    queue, posts = [Attempt(replace(batch(0), entries=THOUSAND[:size]))], 0
    while queue:
        attempt = queue.pop(0)
        posts += 1
        refused = THOUSAND[culprit] in attempt.batch.entries
        queue = (after_refusal(attempt, BAD) if refused else after_delivery(attempt)).next + queue
    return posts


@pytest.mark.parametrize("first", range(1, 1101, 100))
def test_no_size_of_a_request_makes_one_bad_event_dearer(first: int) -> None:
    draw = random.Random(first)
    for size in range(first, first + 100):
        for culprit in {0, size // 3, size // 2, size - 1, draw.randrange(size)}:
            assert posts_for(size, culprit) <= 2 * math.log2(size) + 2, f"{culprit} of {size}"


def test_a_thousand_bad_events_cost_about_two_posts_each() -> None:
    search = Search(1000, lambda _: BAD)
    assert len(search.condemned) == 1000
    assert search.posts <= 2 * 1000 + 12


class Splits(Uncounted):
    def __init__(self) -> None:
        self.counted = 0

    def split(self, pixel_id: str) -> None:
        self.counted += 1


def test_what_is_counted_as_split_is_refused_requests_and_not_every_step_of_the_search() -> None:
    splits = Splits()
    service = Service(lambda _, found: error(100, 2804050) if "7" in found else None)

    async def story(scene: Scene) -> None:
        scene.courier.send(batch(1000))
        await asyncio.sleep(1)

    scene = Scene(service)
    scene.events = splits
    scene.play(story)
    assert splits.counted == sum("7" in found and len(found) > 1 for _, found in service.posts)


@given(st.integers(1, 120), st.sets(st.integers(0, 119), max_size=120))
def test_exactly_the_bad_events_are_condemned_however_many_there_are(size: int, bad: set[int]) -> None:
    search = Search(size, lambda found: BAD if bad & set(found) else None)
    assert set(search.condemned) == {number for number in bad if number < size}
    assert search.posts <= 3 * size


@given(st.integers(1, 200), st.integers(1, 60))
def test_no_event_is_condemned_because_too_many_were_sent_at_once(size: int, most: int) -> None:
    search = Search(size, lambda found: TOO_LARGE if len(found) > most else None)
    assert search.condemned == []
    assert search.posts <= 4 * size / most + 4


@given(st.integers(2, 64), st.integers(0, 2**32))
def test_a_fault_that_passes_condemns_only_whom_it_met_alone(size: int, seed: int) -> None:
    draw = random.Random(seed)
    kinds = [BAD, SHORT, TOO_LARGE]
    Search(size, lambda _: draw.choice(kinds) if draw.random() < 0.4 else None)


@pytest.mark.parametrize("verdict", [BAD, SHORT, TOO_LARGE])
def test_a_fault_that_does_not_repeat_condemns_nobody(verdict: Verdict) -> None:
    answers = iter([verdict])
    assert Search(8, lambda _: next(answers, None)).condemned == []


def blaming(bad: set[int], *, lie: bool) -> Refuses:
    def answer(found: Sequence[int]) -> Verdict | None:
        culprits = [index for index, number in enumerate(found) if number in bad]
        if not culprits:
            return None
        return Verdict(Kind.SPLIT, Reason.REFUSED_BY_META, code=100, blamed=0 if lie else culprits[0])

    return answer


def test_a_culprit_that_meta_names_is_found_in_three_posts() -> None:
    search = Search(1000, blaming({700}, lie=False))
    assert (search.condemned, search.posts) == ([700], 3)


def test_a_wrong_name_costs_few_posts_and_no_event() -> None:
    search = Search(1000, blaming({999}, lie=True))
    assert search.condemned == [999]
    assert search.posts <= 40


def test_an_index_beyond_the_request_is_not_followed() -> None:
    search = Search(4, lambda found: Verdict(Kind.SPLIT, code=100, blamed=9) if 2 in found else None)
    assert search.condemned == [2]


def test_what_hangs_on_a_half_that_expired_goes_on_without_it() -> None:
    (half,) = after_refusal(Attempt(batch(4)), BAD).next
    (rest,) = without_batch(half.with_entries([]))
    assert [one.event.event_id for one in rest.entries] == ["2", "3"]
    assert without_batch(Attempt(batch(1)).with_entries([])) == []
