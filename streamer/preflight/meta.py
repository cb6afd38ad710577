"""Meta: does it answer at all, and, if asked to probe, does each pixel's token work."""

import asyncio
from collections.abc import Iterable

import aiohttp

from streamer.delivery.capi import AiohttpTransport
from streamer.delivery.probe import Shown, ask
from streamer.pixels.pixel import Pixel
from streamer.preflight.finding import Finding, Level, fault, ok, warning
from streamer.settings import DeliverySettings, MetaSettings

_LEVELS = {
    Shown.WORKS: Level.OK,
    Shown.REFUSED: Level.FAULT,
    Shown.OUR_FAULT: Level.FAULT,
    Shown.UNCLEAR: Level.WARNING,
}
_AT_ONCE = 8
_SHOWN = 5

PROBE = (
    "Send Meta one request a pixel, with the pixel's token and a single empty event. Meta refuses the event, so "
    "nothing is written; how it refuses tells whether token and pixel work. Meta does not document this."
)
"""What the probe does, for its help."""


async def check_reachable(meta: MetaSettings, delivery: DeliverySettings) -> Finding:
    """Ask the address of the Graph API for anything; no token goes with it, and no event."""
    timeout = aiohttp.ClientTimeout(total=delivery.timeout_seconds)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(meta.base_url, allow_redirects=False) as answer,
        ):
            return ok("meta", f"meta.base_url: {meta.base_url} answers (HTTP {answer.status}).")
    except TimeoutError:
        why = "timeout"
    except (aiohttp.ClientError, OSError, ValueError) as error:
        why = type(error).__name__
    return fault(
        "meta", f"meta.base_url: no answer from {meta.base_url} ({why}). Check the address, DNS and the proxy."
    )


def check_tokens(pixels: Iterable[Pixel]) -> Finding:
    """Check that each known pixel has a token; whether it works, only Meta can say."""
    known = list(pixels)
    without = [pixel.pixel_id for pixel in known if not pixel.access_token]
    if without:
        shown = ", ".join(without[:_SHOWN]) + (f" and {len(without) - _SHOWN} more" if len(without) > _SHOWN else "")
        return fault(
            "tokens",
            f"pixels.file: {len(without)} of {len(known)} pixels have no token that can be read: {shown}. Check the "
            "file or variable that is named there, or leave the key out and set meta.access_token.",
        )
    return ok("tokens", f"{len(known)} pixels, each with a token.")


def check_default_token(meta: MetaSettings) -> Finding:
    """Say what becomes of pixels that the pixels file does not name."""
    if meta.access_token is None:
        return warning(
            "default token",
            "meta.access_token is not set: events of a pixel without a token of its own will be parked.",
        )
    return ok("default token", "meta.access_token is set; pixels without a token of their own use it.")


async def probe(pixels: Iterable[Pixel], meta: MetaSettings, delivery: DeliverySettings) -> list[Finding]:
    """Do what :data:`PROBE` says, for each pixel that has a token."""
    transport = AiohttpTransport(delivery)
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def one(pixel: Pixel) -> Finding:
        async with at_once:
            return await _probe(transport, pixel, meta)

    try:
        return list(await asyncio.gather(*[one(pixel) for pixel in pixels if pixel.access_token]))
    finally:
        await transport.close()


async def _probe(transport: AiohttpTransport, pixel: Pixel, meta: MetaSettings) -> Finding:
    proof = await ask(transport, meta, pixel)
    level = Level.FAULT if proof.verdict is None else _LEVELS[proof.shown]
    return Finding(f"pixel {pixel.pixel_id}", level, proof.sentence)
