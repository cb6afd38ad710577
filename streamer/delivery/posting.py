"""One request: made, sent, and its answer read."""

import asyncio
from collections.abc import Sequence

import structlog

from streamer.delivery.answers import Verdict, read_answer
from streamer.delivery.capi import NoAnswerError
from streamer.delivery.office import Office
from streamer.delivery.requests import Request, make_request
from streamer.pixels.pixel import Pixel
from streamer.settings import MetaSettings

_log = structlog.get_logger(__name__)

_LARGE = 64 * 1024


class Posting:
    """Posts events, and counts requests and their answers."""

    def __init__(self, office: Office, meta: MetaSettings, *, gzip: bool) -> None:
        """Post through the office's transport; compress bodies if asked to. Must be made on the loop."""
        self._office = office
        self._meta = meta
        self._gzip = gzip
        self._loop = asyncio.get_running_loop()

    async def post(self, pixel: Pixel, events: Sequence[bytes]) -> Verdict | None:
        """Return what the answer means, or None when there was none."""
        request = await self._request(pixel, events)
        self._office.events.sent(len(events), len(request.body))
        began = self._loop.time()
        try:
            response = await self._office.transport.post(request)
        except NoAnswerError as error:
            _log.info("no answer from Meta, will be tried again", pixel=pixel.pixel_id, reason=str(error))
            self._count(pixel, "no_answer", None, began)
            return None
        verdict = read_answer(response.status, response.headers, response.body, len(events))
        if not verdict.known:
            _log.warning(
                "an answer that is not understood", pixel=pixel.pixel_id, status=response.status, code=verdict.code
            )
        self._count(pixel, verdict.kind.value if verdict.known else "not_understood", verdict.code, began)
        return verdict

    def _count(self, pixel: Pixel, result: str, code: int | None, began: float) -> None:
        self._office.events.answered(pixel.pixel_id, result, code, self._loop.time() - began)

    async def _request(self, pixel: Pixel, events: Sequence[bytes]) -> Request:
        if self._gzip and sum(map(len, events)) > _LARGE:  # compressing a large body would hold up the loop
            return await asyncio.to_thread(make_request, self._meta, pixel, events, compress=True)
        return make_request(self._meta, pixel, events, compress=self._gzip)
