"""The whole of delivery against the sandbox, over real connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from streamer.delivery.backoff import Backoff
from streamer.delivery.batch import Batch, Entry, Settlement
from streamer.delivery.capi import AiohttpTransport
from streamer.delivery.courier import Courier, Office
from streamer.delivery.usage import gap
from streamer.outcomes import Outcome, Reason
from streamer.sandbox.faults import parse_script
from streamer.sandbox.sandbox import Sandbox
from streamer.sandbox.server import SandboxServer
from streamer.settings import DeliverySettings, MetaSettings
from streamer.translate.engine import ServerEvent
from tests.sandbox.examples import ABSENT, NOW, PIXEL, event
from tests.support.deliveries import FAR, Book, Outcomes, entry
from tests.support.scene import ids

PURCHASE = {"currency": "USD", "value": 1.0}
QUICK = {"timeout_seconds": 1, "backoff_base_seconds": 0.01, "backoff_max_seconds": 0.05, "probe_seconds": 0.1}


class Place:
    """A courier, and the sandbox it sends to."""

    def __init__(self, sandbox: Sandbox, courier: Courier, outcomes: Outcomes, settled: asyncio.Event) -> None:
        self.sandbox = sandbox
        self.courier = courier
        self.outcomes = outcomes
        self._settled = settled

    def arrived(self) -> set[str]:
        return {event_id for _, event_id in self.sandbox.ids(PIXEL)}

    async def all_settled(self, events: int) -> None:
        async with asyncio.timeout(20):
            while len(self.outcomes.by_id) < events:
                self._settled.clear()
                await self._settled.wait()


@asynccontextmanager
async def place(*faults: dict[str, Any], **delivery: Any) -> AsyncIterator[Place]:
    sandbox = Sandbox(lambda: float(NOW))
    sandbox.faults = parse_script(list(faults), "test")
    server = SandboxServer(sandbox)
    await server.start()
    settings = DeliverySettings(**(QUICK | delivery))
    outcomes, settled = Outcomes(), asyncio.Event()
    transport = AiohttpTransport(settings)

    def settle(settlement: Settlement) -> None:
        outcomes.settle(settlement)
        settled.set()

    office = Office(transport, Book(), settle, outcomes.forget, outcomes.failures.append)
    meta = MetaSettings(base_url=server.url)
    backoff = Backoff(settings.backoff_base_seconds, settings.backoff_max_seconds)
    courier = Courier(office, meta, settings, backoff)
    try:
        yield Place(sandbox, courier, outcomes, settled)
    finally:
        await courier.close()
        await transport.close()
        await server.stop()
    assert not outcomes.twice()


def real(number: int, **changes: Any) -> Entry:
    body = orjson.dumps(event(event_id=str(number), **changes))
    return Entry(ServerEvent(PIXEL, body, "Purchase", str(number), NOW - 5, FAR), entry(number).record)


def real_batch(count: int, bad: int | None = None) -> Batch:
    entries = [real(n, custom_data=PURCHASE if n != bad else {"value": 1.0}) for n in range(count)]
    return Batch(PIXEL, entries, 0.0)


async def test_one_purchase_without_a_currency_costs_itself_and_the_999_beside_it_arrive() -> None:
    async with place() as here:
        here.courier.send(real_batch(1000, bad=321))
        await here.all_settled(1000)
        assert here.outcomes.of(Outcome.DEAD_LETTERED) == {"321"}
        assert (here.outcomes.by_id["321"][0].code, here.outcomes.by_id["321"][0].subcode) == (100, 2804010)
        assert here.arrived() == ids(range(1000)) - {"321"}
        assert len(here.sandbox.requests()) <= 21


async def test_a_revoked_token_parks_the_pixel_and_a_probe_brings_it_back() -> None:
    async with place() as here:
        here.sandbox.kill_token("invented")
        here.courier.send(Batch(PIXEL, [real(1)], 0.0))
        await here.all_settled(1)
        assert here.outcomes.by_id["1"][0].reason is Reason.TOKEN_DEAD
        assert here.courier.state(PIXEL) == ("parked", Reason.TOKEN_DEAD)
        here.sandbox.revive_token("invented")
        await asyncio.sleep(0.11)
        here.courier.send(Batch(PIXEL, [real(2)], 0.0))
        await here.all_settled(2)
        assert here.courier.state(PIXEL) == ("works", None)
        assert here.arrived() == {"2"}


async def test_events_arrive_through_closed_connections_hangs_pages_and_half_answers() -> None:
    faults: list[dict[str, Any]] = [
        {"match": {"share": 0.3}, "then": {"close": True}},
        {"match": {"share": 0.3}, "then": {"truncate": True}},
        {"match": {"share": 0.2}, "then": {"html200": True}},
        {"match": {"share": 0.2}, "then": {"close_after_body": True}},
        {"match": {"nth": 7}, "then": {"hang": True}},
        {"match": {}, "then": {"close_after_answer": True}},
    ]
    async with place(*faults) as here:
        for number in range(60):
            here.courier.send(Batch(PIXEL, [real(number)], 0.0))
        await here.all_settled(60)
        assert here.outcomes.of(Outcome.DELIVERED) == ids(range(60)) == here.arrived()


async def test_an_event_without_user_data_is_refused_alone() -> None:
    async with place() as here:
        here.courier.send(Batch(PIXEL, [real(1), real(2, user_data=ABSENT), real(3)], 0.0))
        await here.all_settled(3)
        assert here.outcomes.of(Outcome.DEAD_LETTERED) == {"2"}


async def test_requests_are_spaced_when_the_answers_say_that_a_limit_is_nearly_used_up() -> None:
    async with place({"then": {"headers": {"X-App-Usage": {"call_count": 85}}}}) as here:
        loop = asyncio.get_running_loop()
        here.courier.send(Batch(PIXEL, [real(0)], 0.0))
        await here.all_settled(1)
        began = loop.time()
        for number in range(1, 5):
            here.courier.send(Batch(PIXEL, [real(number)], 0.0))
        await here.all_settled(5)
        assert loop.time() - began >= 3 * gap(85)
        assert here.arrived() == ids(range(5))
