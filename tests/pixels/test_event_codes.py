"""A pixel's test_event_code is of a request: whose events travel with which."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
from pydantic import SecretStr

from streamer.delivery.capi import NoAnswerError
from streamer.pixels.book import FilePixelBook
from streamer.settings import MetaSettings, PixelsSettings
from tests.support.deliveries import Service, batch
from tests.support.scene import Scene, ids

META = MetaSettings(access_token=SecretStr("invented"))


class _Shop(Scene):
    """A courier whose pixels are those of a file."""

    def __init__(self, service: Service, folder: Path, pixels: str) -> None:
        super().__init__(service, backoff_base_seconds=1, backoff_max_seconds=1)
        self.file = folder / "pixels.yaml"
        self.write(pixels)
        self.pixels = FilePixelBook(PixelsSettings(file=self.file), META, {})
        self.book.get = self.pixels.get  # type: ignore[method-assign]

    def write(self, pixels: str) -> None:
        self.file.write_text(f"pixels:\n{pixels}")


def _requests(service: Service) -> list[tuple[str, str | None, set[str]]]:
    """Return pixel, code and event ids of each request."""
    bodies: list[dict[str, Any]] = [orjson.loads(request.body) for request in service.requests]
    return [
        (pixel_id, body.get("test_event_code"), {event["event_id"] for event in body["data"]})
        for (pixel_id, _), body in zip(service.posts, bodies, strict=True)
    ]


def test_events_of_pixels_with_different_codes_never_share_a_request(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        for number, pixel_id in enumerate(("1001", "1002", "1003", "1001")):
            scene.courier.send(batch(2, pixel_id, first=10 * number))
        await asyncio.sleep(10)

    shop = _Shop(Service(), tmp_path, "  1001: {test_event_code: TEST1}\n  1002: {test_event_code: TEST2}\n  1003:\n")
    shop.play(story)
    assert _requests(shop.service) == [
        ("1001", "TEST1", {"0", "1"}),
        ("1002", "TEST2", {"10", "11"}),
        ("1003", None, {"20", "21"}),
        ("1001", "TEST1", {"30", "31"}),
    ]


def test_a_code_that_is_taken_away_is_not_sent_any_more_be_it_with_what_was_waiting_or_tried_before(
    tmp_path: Path,
) -> None:
    """A request has the code of the moment it is sent in, for all of its events."""
    away = [True]
    service = Service(lambda _pixel, _ids: NoAnswerError("away") if away[0] else None)
    shop = _Shop(service, tmp_path, "  1001: {test_event_code: TEST1}\n")

    async def story(scene: Scene) -> None:
        scene.courier.send(batch(2, "1001"))
        await asyncio.sleep(0.01)
        shop.write("  1001: {}\n")
        assert any([shop.pixels.refresh(), shop.pixels.refresh()])
        away[0] = False
        scene.courier.send(batch(2, "1001", first=10))
        await asyncio.sleep(60)

    shop.play(story)
    first, *others = _requests(service)
    assert first == ("1001", "TEST1", {"0", "1"})
    assert [code for _, code, _ in others] == [None] * len(others)
    assert set(service.taken) == ids([0, 1, 10, 11])
