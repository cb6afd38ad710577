from typing import Any

import pytest

from streamer.sandbox.sandbox import Options, Sandbox
from streamer.sandbox.server import SandboxServer
from tests.sandbox.conftest import Peer
from tests.sandbox.examples import NOW, PIXEL, TOKEN, event


async def ask(peer: Peer, method: str, path: str, **options: Any) -> tuple[int, Any]:
    async with peer.client.request(method, f"{peer.server.url}/sandbox/{path}", **options) as answer:
        return answer.status, await answer.json()


async def test_the_ledger_tells_what_arrived_by_pixel(peer: Peer) -> None:
    for events in ([event()], [event()], [event(event_name="")]):
        await (await peer.post(json={"data": events})).read()
    status, ledger = await ask(peer, "GET", "ledger")
    assert status == 200
    assert ledger["pixels"][PIXEL] == ledger["total"]
    assert ledger["total"] == {
        "requests": 3,
        "refused": 1,
        "events": 2,
        "distinct": 1,
        "doubles": 1,
        "conflicts": 0,
        "time_conflicts": 0,
        "without_id": 0,
    }
    assert ledger["errors"] == {"100/2804019": 1}
    assert (ledger["unanswered"], ledger["query_tokens"], ledger["faults"]) == (0, 0, {})


async def test_events_ids_and_requests_can_be_read_back(peer: Peer) -> None:
    await (await peer.post()).read()
    assert await ask(peer, "GET", f"events?pixel={PIXEL}") == (200, [event()])
    assert await ask(peer, "GET", f"ids?pixel={PIXEL}") == (200, [["Purchase", "o-981"]])
    status, (seen,) = await ask(peer, "GET", "requests")
    assert status == 200
    assert (seen["pixel_id"], seen["events"], seen["status"], seen["code"], seen["at"]) == (PIXEL, 1, 200, None, NOW)


@pytest.mark.parametrize("path", ["events", "ids"])
async def test_a_question_without_a_pixel_says_what_is_missing(peer: Peer, path: str) -> None:
    status, body = await ask(peer, "GET", path)
    assert status == 400
    assert f"/sandbox/{path}?pixel=" in body["error"]


@pytest.mark.parametrize(("path", "keep"), [("events", "--keep bodies"), ("ids", "--keep ids")])
async def test_what_is_not_kept_is_said_to_be_so(peer: Peer, path: str, keep: str) -> None:
    server = SandboxServer(Sandbox(options=Options(keep="none")))
    await server.start()
    async with peer.client.get(f"{server.url}/sandbox/{path}?pixel={PIXEL}") as answer:
        assert answer.status == 400
        assert keep in (await answer.json())["error"]
    await server.stop()


async def test_a_script_can_be_replaced_while_it_runs(peer: Peer) -> None:
    assert await ask(peer, "PUT", "faults", data="- then: {code: 2}\n  times: 1\n") == (200, {"rules": 1})
    assert [(await peer.post()).status for _ in range(2)] == [503, 200]
    assert (await ask(peer, "GET", "ledger"))[1]["faults"] == {"1": 1}
    assert await ask(peer, "PUT", "faults", json=[]) == (200, {"rules": 0})


async def test_a_wrong_script_is_refused_and_the_old_one_stays(peer: Peer) -> None:
    await ask(peer, "PUT", "faults", json=[{"then": {"code": 2}}])
    status, body = await ask(peer, "PUT", "faults", json=[{"then": {"cod": 2}}])
    assert (status, body) == (400, {"error": "the request's body: rule 1, then.cod: there is no such key."})
    assert (await peer.post()).status == 503


async def test_tokens_can_be_killed_and_revived(peer: Peer) -> None:
    assert await ask(peer, "POST", "tokens", json={"kill": [TOKEN], "as": "expired"}) == (
        200,
        {"killed": 1, "revived": 0},
    )
    async with peer.post() as answer:
        error = (await answer.json())["error"]
    assert (error["code"], error["error_subcode"]) == (190, 463)
    await ask(peer, "POST", "tokens", json={"revive": [TOKEN]})
    assert (await peer.post()).status == 200


@pytest.mark.parametrize("order", [{"kil": [TOKEN]}, {"kill": TOKEN}, {"kill": [TOKEN], "as": "tired"}, []])
async def test_a_wrong_token_order_is_refused_and_shows_no_token(peer: Peer, order: Any) -> None:
    status, body = await ask(peer, "POST", "tokens", json=order)
    assert status == 400
    assert "expired" in body["error"]
    assert TOKEN not in str(body)


async def test_reset_forgets_what_arrived(peer: Peer) -> None:
    await (await peer.post()).read()
    assert await ask(peer, "POST", "reset") == (200, {})
    assert (await ask(peer, "GET", "ledger"))[1]["pixels"] == {}
