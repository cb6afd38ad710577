"""Consumer groups: which replica reads which partition, through starts, stops, kills and losses."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from tests.simulation.kafka import Place
from tests.simulation.reader import Reader
from tests.simulation.replica import Replica

SESSION_SECONDS = 10.0
"""How long a group waits for a member that was killed."""


class Group:
    """The replicas, by number. What one of them goes through is over before the next thing begins."""

    def __init__(
        self, start: Callable[[str], Replica], places: Mapping[str, Sequence[Place]], revoke_seconds: float
    ) -> None:
        """Have no member yet.

        :param start: makes a replica of a name.
        :param places: the partitions by topic; each topic is read by a group of its own.
        """
        self._start = start
        self._places = places
        self._revoke_seconds = revoke_seconds
        self._turn = asyncio.Lock()
        self._names = 0
        self.members: dict[int, Replica] = {}
        self.past: list[Replica] = []

    async def start(self, number: int) -> None:
        """Let a replica join."""
        async with self._turn:
            if number in self.members:
                return
            self._names += 1
            self.members[number] = self._start(f"replica-{number}.{self._names}")
            await self._balance()

    async def stop(self, number: int) -> None:
        """Let a replica drain, commit and leave."""
        async with self._turn:
            replica = self.members.pop(number, None)
            if replica is None:
                return
            await replica.stop()
            self.past.append(replica)
            await self._balance()

    async def kill(self, number: int) -> None:
        """Kill a replica; its partitions are handed on when its session has run out."""
        async with self._turn:
            replica = self.members.pop(number, None)
            if replica is None:
                return
            await replica.kill()
            self.past.append(replica)
            await asyncio.sleep(SESSION_SECONDS)
            await self._balance()

    async def lose(self, number: int) -> None:
        """Let a replica's session run out: its partitions are others' at once, and it comes back later."""
        async with self._turn:
            replica = self.members.pop(number, None)
            if replica is None:
                return
            others = list(self.members.values()) or [replica]
            for topic, reader in replica.readers.items():
                lost = list(reader.owned)
                reader.lose(lost)
                for turn, place in enumerate(lost):
                    others[turn % len(others)].readers[topic].assign([place])
            await asyncio.sleep(SESSION_SECONDS)
            self.members[number] = replica
            await self._balance()

    async def revoke(self, number: int) -> None:
        """Take a replica's partitions from it politely, and deal them anew."""
        async with self._turn:
            if number not in self.members:
                return
            for reader in self.members[number].readers.values():
                await reader.revoke(list(reader.owned), self._revoke_seconds)
            await self._balance()

    async def _balance(self) -> None:
        for topic, places in self._places.items():
            await self._deal({number: replica.readers[topic] for number, replica in self.members.items()}, places)

    async def _deal(self, readers: Mapping[int, Reader], places: Sequence[Place]) -> None:
        """Deal the partitions of a topic in turn; what must move is drained first by the one that has it."""
        numbers = sorted(readers)
        if not numbers:
            return
        wanted = {place: numbers[turn % len(numbers)] for turn, place in enumerate(places)}
        for number, reader in readers.items():
            await reader.revoke([place for place in reader.owned if wanted[place] != number], self._revoke_seconds)
        for number, reader in readers.items():
            due = [place for place, owner in wanted.items() if owner == number]
            reader.assign([place for place in due if place not in reader.owned])
