import asyncio
from io import BytesIO
from typing import Any

import aiohttp
import orjson
import pytest

from streamer.sandbox.faults import parse_script
from streamer.sandbox.sandbox import Call, Reply, Sandbox
from streamer.sandbox.server import SandboxServer
from tests.sandbox.conftest import Peer
from tests.sandbox.examples import BEARER, NOW, PIXEL, event

pytestmark = pytest.mark.timeout(30)


def fault(peer: Peer, **then: Any) -> None:
    peer.sandbox.faults = parse_script([{"then": then}], "test")


async def test_a_good_request_is_answered_with_its_count_and_trace(peer: Peer) -> None:
    async with peer.post() as answer:
        body = await answer.json()
    assert answer.status == 200
    assert body["events_received"] == 1
    assert body["fbtrace_id"]


async def test_1000_big_events_fit_in_a_request(peer: Peer) -> None:
    big = event(custom_data={"currency": "USD", "value": 1, "our_note": "x" * 20_000})
    body = BytesIO(orjson.dumps({"data": [big] * 1000}))
    async with peer.post(data=body, headers=BEARER | {"Content-Type": "application/json"}) as answer:
        assert (await answer.json())["events_received"] == 1000


async def test_a_scripted_error_comes_with_status_and_headers(peer: Peer) -> None:
    fault(peer, code=80004, subcode=2446079, headers={"X-App-Usage": {"call_count": 100}})
    async with peer.post() as answer:
        assert answer.status == 400
        assert answer.headers["X-App-Usage"] == '{"call_count":100}'
        assert (await answer.json())["error"]["code"] == 80004


async def test_latency_holds_the_answer_back(peer: Peer) -> None:
    fault(peer, latency=0.2)
    began = asyncio.get_running_loop().time()
    async with peer.post() as answer:
        assert answer.status == 200
    assert asyncio.get_running_loop().time() - began >= 0.2


@pytest.mark.parametrize("status", [413, 500, 502, 503])
async def test_a_status_alone_brings_a_page_of_html(peer: Peer, status: int) -> None:
    fault(peer, status=status)
    async with peer.post() as answer:
        assert (answer.status, answer.content_type) == (status, "text/html")


async def test_a_200_may_be_a_page_of_html(peer: Peer) -> None:
    fault(peer, html200=True)
    async with peer.post() as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")
        assert "Service Unavailable" in await answer.text()
    assert peer.sandbox.events(PIXEL) == []


async def test_a_redirect_names_its_goal(peer: Peer) -> None:
    fault(peer, redirect="https://example.com/elsewhere", status=307)
    async with peer.post() as answer:
        assert (answer.status, answer.headers["Location"]) == (307, "https://example.com/elsewhere")


async def test_an_answer_may_lack_its_trace(peer: Peer) -> None:
    fault(peer, no_trace=True)
    async with peer.post() as answer:
        assert "fbtrace_id" not in await answer.json()


async def test_fewer_events_received_than_sent(peer: Peer) -> None:
    fault(peer, received=1)
    async with peer.post(json={"data": [event(), event(event_id="o-982")]}) as answer:
        assert (await answer.json())["events_received"] == 1


@pytest.mark.parametrize(("then", "taken"), [("close", 0), ("close_after_body", 1)])
async def test_a_connection_closed_with_no_answer(peer: Peer, then: str, taken: int) -> None:
    fault(peer, **{then: True})
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await peer.post()
    assert len(peer.sandbox.events(PIXEL)) == taken


async def test_a_body_that_is_cut_off(peer: Peer) -> None:
    fault(peer, truncate=True)
    answer = await peer.post()
    assert answer.status == 200
    with pytest.raises(aiohttp.ClientPayloadError):
        await answer.read()
    assert len(peer.sandbox.events(PIXEL)) == 1


async def test_a_connection_closed_after_the_answer_is_not_announced(peer: Peer) -> None:
    fault(peer, close_after_answer=True)
    reader, writer = await asyncio.open_connection(*peer.server.url.removeprefix("http://").split(":"))
    head = (
        f"POST /v26.0/{PIXEL}/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
    )
    writer.write(head.encode() + b"{}")
    whole = (await reader.read()).lower()
    writer.close()
    assert whole.startswith(b"http/1.1 400")
    assert whole.endswith(b"}")
    assert b"connection: close" not in whole


async def test_a_hanging_peer_never_answers(peer: Peer) -> None:
    fault(peer, hang=True)
    with pytest.raises(TimeoutError):
        await peer.post(timeout=aiohttp.ClientTimeout(total=0.2))
    assert peer.sandbox.ledger().unanswered == 1


async def test_stopping_lets_hanging_and_slow_requests_go_at_once(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    peer.sandbox.faults = parse_script([{"then": {"hang": True}, "times": 1}, {"then": {"latency": 60}}], "test")
    arrived = asyncio.Semaphore(0)
    receive = peer.sandbox.receive

    def receive_and_tell(call: Call) -> Reply:
        arrived.release()
        return receive(call)

    monkeypatch.setattr(peer.sandbox, "receive", receive_and_tell)
    asked = [asyncio.ensure_future(peer.post()) for _ in range(2)]
    for _ in asked:
        await arrived.acquire()
    async with asyncio.timeout(5):
        await peer.server.stop()
        results = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(result, aiohttp.ServerDisconnectedError) for result in results)


async def test_an_outage_ends_when_the_server_returns_to_its_port() -> None:
    server = SandboxServer(Sandbox(lambda: float(NOW)))
    await server.start()
    url, port = server.url, int(server.url.rpartition(":")[2])
    await server.stop()
    async with aiohttp.ClientSession() as client:
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get(f"{url}/sandbox/ledger")
        await server.start(port=port)
        async with client.get(f"{url}/sandbox/ledger") as answer:
            assert answer.status == 200
    await server.stop()


async def test_a_port_in_use_is_an_os_error_and_leaves_nothing_behind(peer: Peer) -> None:
    server = SandboxServer(Sandbox())
    with pytest.raises(OSError, match="address already in use"):
        await server.start(port=int(peer.server.url.rpartition(":")[2]))
    await server.stop()


async def test_an_address_asked_for_before_the_start_is_our_own_mistake() -> None:
    with pytest.raises(RuntimeError):
        _ = SandboxServer(Sandbox()).url


@pytest.mark.parametrize(("method", "path"), [("GET", f"v26.0/{PIXEL}/events"), ("POST", "v26.0/me"), ("GET", "")])
async def test_any_other_path_is_refused_in_graphs_way(peer: Peer, method: str, path: str) -> None:
    async with peer.client.request(method, f"{peer.server.url}/{path}") as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["code"] == 2500


async def test_a_client_that_leaves_in_the_middle_of_a_body_costs_nothing(peer: Peer) -> None:
    _, writer = await asyncio.open_connection(*peer.server.url.removeprefix("http://").split(":"))
    writer.write(f"POST /v26.0/{PIXEL}/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf".encode())
    await writer.drain()
    writer.close()
    async with peer.post() as answer:
        assert answer.status == 200
    assert len(peer.sandbox.requests()) == 1
