"""Room for so much at a time."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from streamer.room import Room
from tests.support.paused import run_paused


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 5)), max_size=40), st.integers(1, 20))
def test_never_more_is_let_in_than_there_is_room_for_and_nobody_is_forgotten(
    works: list[tuple[int, int]], size: int
) -> None:
    async def story() -> None:
        room, inside, most, done = Room(size), 0, 0, []

        async def work(number: int, weight: int, seconds: int) -> None:
            nonlocal inside, most
            async with room.take(weight):
                inside += min(weight, size)
                most = max(most, inside)
                await asyncio.sleep(seconds)
                inside -= min(weight, size)
            done.append(number)

        tasks = [asyncio.create_task(work(at, weight, seconds)) for at, (weight, seconds) in enumerate(works)]
        await asyncio.gather(*tasks)
        assert sorted(done) == list(range(len(works)))
        assert most <= size
        async with asyncio.timeout(1), room.take(size):
            pass

    run_paused(story())


def test_what_is_given_up_while_it_waits_leaves_its_room_to_the_others() -> None:
    async def story() -> None:
        room = Room(2)
        order: list[str] = []

        async def work(name: str) -> None:
            async with room.take(2):
                order.append(name)
                await asyncio.sleep(1)

        first, second, third = (asyncio.create_task(work(name)) for name in ("first", "second", "third"))
        await asyncio.sleep(0.5)
        second.cancel()
        await asyncio.gather(first, second, third, return_exceptions=True)
        assert order == ["first", "third"]
        last = asyncio.create_task(work("last"))
        waiting = asyncio.create_task(work("waiting"))
        await asyncio.sleep(0)
        await last
        waiting.cancel()  # at the moment at which its turn has come
        await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(1), room.take(2):
            pass

    run_paused(story())
