"""Meta: does it answer at all, and, if asked to probe, does each pixel's token work."""

import asyncio
from collections.abc import Iterable

import aiohttp

from streamer.delivery.answers import Kind, Verdict, read_answer
from streamer.delivery.capi import AiohttpTransport, NoAnswerError
from streamer.delivery.requests import make_request, usable
from streamer.pixels.pixel import Pixel
from streamer.preflight.finding import Finding, fault, ok, warning
from streamer.settings import DeliverySettings, MetaSettings

BAD_EVENT = range(2_804_000, 2_805_000)
"""Subcodes by which Meta says that it looked at the event itself."""
_EMPTY_EVENT = b"{}"
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
    name = f"pixel {pixel.pixel_id}"
    if not usable(pixel.access_token or ""):
        return fault(name, "There is a line break or another control character in its token. Write it anew.")
    try:
        answer = await transport.post(make_request(meta, pixel, [_EMPTY_EVENT]))
    except NoAnswerError as error:
        return fault(name, f"Meta gave no answer ({error}). Try again.")
    return _understood(name, read_answer(answer.status, answer.headers, answer.body, 1))


def _understood(name: str, verdict: Verdict) -> Finding:
    if verdict.subcode in BAD_EVENT:
        return ok(name, "Token and pixel work: Meta looked at the event, and refused it as it should.")
    code = f"code {verdict.code}" if verdict.code is not None else "no code"
    if verdict.kind is Kind.PARK:
        return fault(
            name,
            f"Meta refuses: {verdict.reason} ({code}). Check the pixel's token and what it may do; where there is an "
            "app_secret, that it is of the app that issued the token.",
        )
    if verdict.kind is Kind.STOP:
        return fault(name, f"Meta does not know this path ({code}). Check meta.base_url and meta.api_version.")
    return warning(name, f"Meta does not say now ({code}). Try again later.")
