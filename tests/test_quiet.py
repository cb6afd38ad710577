"""Pixels that went quiet are forgotten everywhere, and nothing that counts with them."""

import asyncio

from streamer.delivery.courier import Courier
from streamer.ledger import OTHERS, Ledger
from streamer.metrics import Metrics
from streamer.outcomes import Outcome, Reason
from streamer.quiet import QUIET_SECONDS, Quiet
from streamer.translate.engine import Note
from tests.support.deliveries import Service, batch, error
from tests.support.scene import Scene


class Books:
    """A ledger and metrics in which each pixel that sends leaves its traces, as the pipeline would."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.metrics = Metrics()

    def send(self, courier: Courier, pixel_id: str, number: int) -> None:
        self.ledger.translated(pixel_id, 1)
        self.metrics.noted(pixel_id, [Note("user_data.em", "malformed")])
        courier.send(batch(1, pixel_id, first=number))

    def quiet(self, courier: Courier) -> Quiet:
        return Quiet(self.ledger, self.metrics, courier)

    def settle(self, scene: Scene) -> None:
        """Count what the courier has settled since."""
        for one in scene.outcomes.settlements:
            self.ledger.settled(one.pixel_id, one.outcome, one.reason, len(one.entries))
        scene.outcomes.settlements.clear()


def pixels(ledger: Ledger) -> set[str]:
    return {row.pixel_id for row in ledger.snapshot().pixels}


def test_what_was_known_of_a_thousand_pixels_is_gone_two_hours_later_and_the_sums_are_not() -> None:
    books = Books()

    async def story(scene: Scene) -> None:
        quiet = books.quiet(scene.courier)
        running = asyncio.create_task(quiet.run())
        for number in range(1000):
            books.send(scene.courier, str(number), number)
        await asyncio.sleep(QUIET_SECONDS / 2)
        books.settle(scene)
        assert b'pixel="7"' in books.metrics.text()
        before = books.ledger.snapshot()
        await asyncio.sleep(2 * QUIET_SECONDS)
        running.cancel()
        after = books.ledger.snapshot()
        assert (after.delivered, after.translated, after.in_flight, after.read) == (1000, 1000, 0, before.read)
        assert pixels(books.ledger) == {OTHERS}
        assert quiet._before == {}
        assert len(scene.courier._desk.limits) == len(scene.courier._standing._seen) == 0
        assert b'pixel="7"' not in books.metrics.text()

    scene = Scene(Service())
    scene.events = books.metrics
    scene.play(story)


def test_a_pixel_of_which_something_came_since_the_last_look_or_is_in_flight_is_kept() -> None:
    books = Books()

    async def story(scene: Scene) -> None:
        quiet = books.quiet(scene.courier)
        books.send(scene.courier, "busy", 1)
        books.send(scene.courier, "held", 2)
        books.send(scene.courier, "quiet", 3)
        for number in range(4, 7):
            await asyncio.sleep(1)
            books.settle(scene)
            quiet.sweep()
            books.send(scene.courier, "busy", number)
        assert pixels(books.ledger) == {"busy", "held", OTHERS}
        assert scene.courier.seen("busy").last_success is not None
        assert scene.courier.seen("quiet").last_success is None

    service = Service(lambda pixel, _: error(4)._replace(headers={"Retry-After": "999"}) if pixel == "held" else None)
    scene = Scene(service)
    scene.book.tokens["held"] = "its own"
    scene.play(story)


def test_a_parked_pixel_is_kept_until_it_works_again() -> None:
    books = Books()
    service = Service()
    service.script = lambda *_: error(190) if service.at[-1] < 5 else None

    async def story(scene: Scene) -> None:
        quiet = books.quiet(scene.courier)
        books.send(scene.courier, "1", 1)
        for _ in range(3):
            await asyncio.sleep(400)
            books.settle(scene)
            quiet.sweep()
        assert scene.courier.state("1") == ("parked", Reason.TOKEN_DEAD)
        assert b'streamer_pixel_parked{pixel="1",reason="token_dead"} 1.0' in books.metrics.text()
        books.send(scene.courier, "1", 2)
        for _ in range(3):
            await asyncio.sleep(1)
            books.settle(scene)
            quiet.sweep()
        assert pixels(books.ledger) == {OTHERS}

    scene = Scene(service)
    scene.events = books.metrics
    scene.play(story)
    assert scene.outcomes.of(Outcome.DELIVERED) == {"2"}


def test_a_pixel_that_comes_back_begins_anew() -> None:
    ledger = Ledger()
    for _ in range(2):
        ledger.translated("1", 3)
        ledger.settled("1", Outcome.DELIVERED, None, 2)
        ledger.settled("1", Outcome.PARKED, Reason.BACKLOG, 1)
        assert ledger.at_rest() == {"1": 3}
        ledger.fold(["1", "never seen"])
        assert ledger.at_rest() == {}
    (row,) = ledger.snapshot().pixels
    assert (row.pixel_id, row.translated, row.delivered, row.parked, row.in_flight) == (OTHERS, 6, 4, 2, 0)
    assert ledger.snapshot().reasons == {(Outcome.PARKED, Reason.BACKLOG): 2}
