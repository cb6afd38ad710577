"""Meta as it is seen before anything is sent: does it answer, do tokens and pixels work."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from streamer.pixels.pixel import Pixel
from streamer.preflight.finding import Level
from streamer.preflight.meta import check_default_token, check_reachable, check_tokens, probe
from streamer.sandbox.faults import parse_script
from streamer.sandbox.sandbox import Options, Sandbox
from streamer.sandbox.server import SandboxServer
from streamer.sandbox.tokens import Grant
from streamer.settings import DeliverySettings, MetaSettings
from tests.support.ports import free_ports

GOOD = Pixel("1001", access_token="invented-good")
DELIVERY = DeliverySettings(timeout_seconds=2)


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxServer]:
    grants = (Grant("invented-good"), Grant("invented-narrow", frozenset({"1001"})))
    server = SandboxServer(Sandbox(options=Options(grants=grants, pixels=frozenset({"1001", "1002"}))))
    await server.start()
    yield server
    await server.stop()


async def test_an_address_that_answers_is_fine_and_no_event_is_sent(sandbox: SandboxServer) -> None:
    found = await check_reachable(MetaSettings(base_url=sandbox.url), DELIVERY)
    assert found.level is Level.OK
    assert sandbox.sandbox.requests() == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "https://graph.invalid", "http://127.0.0.1:99999"])
async def test_an_address_that_does_not_answer_is_told(url: str) -> None:
    (port,) = free_ports(1)
    found = await check_reachable(MetaSettings(base_url=url.format(port=port)), DELIVERY)
    assert found.level is Level.FAULT
    assert found.sentence.startswith("meta.base_url: no answer from")


@pytest.mark.parametrize(
    ("pixel", "level", "words"),
    [
        (GOOD, Level.OK, "Token and pixel work"),
        (Pixel("1001", access_token="invented-dead"), Level.FAULT, "token_dead (code 190)"),
        (Pixel("1002", access_token="invented-narrow"), Level.FAULT, "Check the pixel's token and what it may do"),
        (Pixel("9999", access_token="invented-good"), Level.FAULT, "pixel_not_found (code 100)"),
        (Pixel("1001", access_token="invented\ngood"), Level.FAULT, "There is a line break"),
    ],
    ids=["good", "dead token", "token of another pixel", "no such pixel", "two lines"],
)
async def test_a_probe_tells_whether_token_and_pixel_work(
    sandbox: SandboxServer, pixel: Pixel, level: Level, words: str
) -> None:
    (found,) = await probe([pixel], MetaSettings(base_url=sandbox.url), DELIVERY)
    assert (found.name, found.level) == (f"pixel {pixel.pixel_id}", level)
    assert words in found.sentence
    assert "invented" not in found.sentence


async def test_a_probe_writes_nothing(sandbox: SandboxServer) -> None:
    await probe([GOOD, Pixel("1002", access_token="invented-good")], MetaSettings(base_url=sandbox.url), DELIVERY)
    assert len(sandbox.sandbox.requests()) == 2
    assert sandbox.sandbox.events("1001") == sandbox.sandbox.events("1002") == []


@pytest.mark.parametrize(
    ("code", "level"), [(1, Level.WARNING), (4, Level.WARNING), (100, Level.WARNING), (2635, Level.FAULT)]
)
async def test_an_answer_that_says_nothing_of_the_token_is_not_taken_for_a_good_one(
    sandbox: SandboxServer, code: int, level: Level
) -> None:
    sandbox.sandbox.faults = parse_script([{"then": {"code": code}}], "test")
    (found,) = await probe([GOOD], MetaSettings(base_url=sandbox.url), DELIVERY)
    assert found.level is level
    assert f"code {code}" in found.sentence


async def test_silence_is_a_fault_and_a_pixel_without_token_is_not_asked_for() -> None:
    (port,) = free_ports(1)
    meta = MetaSettings(base_url=f"http://127.0.0.1:{port}")
    (found,) = await probe([GOOD, Pixel("1002")], meta, DELIVERY)
    assert (found.level, "Meta gave no answer (no_connection)" in found.sentence) == (Level.FAULT, True)


def test_pixels_without_a_token_are_named_but_not_by_the_thousand() -> None:
    many = [GOOD, *(Pixel(str(2000 + number)) for number in range(1000))]
    found = check_tokens(many)
    assert found.level is Level.FAULT
    assert (
        "1000 of 1001 pixels have no token that can be read: 2000, 2001, 2002, 2003, 2004 and 995 more."
        in found.sentence
    )
    assert check_tokens([GOOD]).level is Level.OK


def test_a_platform_without_a_token_of_its_own_is_warned() -> None:
    assert check_default_token(MetaSettings()).level is Level.WARNING
    assert check_default_token(MetaSettings(access_token=SecretStr("invented"))).level is Level.OK
