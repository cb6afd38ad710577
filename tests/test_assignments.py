"""The loop's side of a crossing: what one consumer has under way is its own matter."""

import asyncio

from streamer.assignments import Assignments
from streamer.kafka.crossing import BACKLOG_LIMIT, MODEST, Crossing
from streamer.kafka.progress import Progress
from tests.support.pipelines import Stage, play
from tests.support.tag_events import tag_events


def test_what_one_consumer_has_handed_over_does_not_hold_up_another_nor_hide_its_backlog() -> None:
    async def story(stage: Stage) -> None:
        loop = asyncio.get_running_loop()
        other = Assignments(stage.pipeline)
        one, two = Crossing(loop, stage.assignments, stage.budget), Crossing(loop, other, stage.budget)
        progress = stage.assign()
        stage.feed(progress, list(tag_events(3)))
        await asyncio.sleep(1)
        assert (stage.assignments.carried, other.carried) == (3, 0)

        one._handed += 3 + BACKLOG_LIMIT
        assert (one.may_read, two.may_read) == (False, True)
        one._handed -= 1
        assert one.may_read

    play(story)


def test_drains_of_two_consumers_at_the_same_time_both_end_as_soon_as_they_can() -> None:
    async def story(stage: Stage) -> None:
        loop = asyncio.get_running_loop()
        other = Assignments(stage.pipeline)
        ours = stage.assign()
        theirs = Progress("other-topic", 0, 1, 0)
        other.assigned([theirs])
        stage.feed(ours, list(tag_events(5)))
        began = loop.time()
        drains = (
            stage.assignments.drain([ours], began + 25),
            other.drain([theirs], began + 25),
        )
        first, second = await asyncio.gather(*drains)
        assert loop.time() - began < 1
        assert (first[ours].offset, second[theirs].offset) == (5, 0)

    play(story)


def test_copies_of_parked_records_leave_half_of_the_memory_to_the_live_topics_and_still_move() -> None:
    async def story(stage: Stage) -> None:
        loop = asyncio.get_running_loop()
        live = Crossing(loop, stage.assignments, stage.budget)
        parked = Crossing(loop, Assignments(stage.pipeline), stage.budget, share=0.5)
        parked._handed = MODEST + 5  # a pass of which nothing is settled yet
        stage.budget.take(stage.budget.limit // 2)
        assert (live.may_read, parked.may_read) == (True, False)
        stage.budget.give(1)
        assert (parked.may_read, parked.has_room) == (True, False)

        stage.budget.take(stage.budget.limit // 4)  # others hold it
        parked._handed = MODEST - 1
        assert parked.may_read
        stage.budget.take(stage.budget.limit)
        assert (live.may_read, parked.may_read) == (False, False)
        stage.budget.give(stage.budget.used)

    play(story)
