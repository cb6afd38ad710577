from typing import Any

import orjson
import pytest

from streamer.sandbox.errors import Fault
from streamer.sandbox.faults import parse_script
from streamer.sandbox.sandbox import Call, Manner, Options, Reply, Sandbox
from streamer.sandbox.tokens import Credentials, Death
from tests.sandbox.examples import NOW, PIXEL, TOKEN, call, event


def sandbox(*rules: dict[str, Any], **options: Any) -> Sandbox:
    made = Sandbox(lambda: float(NOW), Options(**options))
    made.faults = parse_script(list(rules), "test")
    return made


def body(reply: Reply) -> Any:
    return orjson.loads(reply.body)


def error(reply: Reply) -> tuple[int, int | None, int]:
    found = body(reply)["error"]
    return found["code"], found.get("error_subcode"), reply.status


def test_a_good_request_is_answered_as_meta_does_and_kept() -> None:
    meta = sandbox()
    reply = meta.receive(call(event(), event(event_id="o-982")))
    answer = body(reply)
    assert reply.status == 200
    assert answer == {"events_received": 2, "messages": [], "fbtrace_id": answer["fbtrace_id"]}
    assert meta.events(PIXEL) == [event(), event(event_id="o-982")]
    assert meta.ids(PIXEL) == {("Purchase", "o-981"), ("Purchase", "o-982")}


def test_one_bad_event_refuses_the_whole_request_and_nothing_of_it_is_kept() -> None:
    meta = sandbox()
    reply = meta.receive(call(*[event()] * 999, event(event_time=1)))
    assert error(reply) == (100, 2804003, 400)
    assert meta.events(PIXEL) == []
    ledger = meta.ledger()
    assert (ledger.total.events, ledger.total.requests, ledger.total.refused) == (0, 1, 1)
    assert ledger.errors == {"100/2804003": 1}


def test_an_error_has_the_whole_shape_of_graphs() -> None:
    found = body(sandbox().receive(call(event(event_name=""))))["error"]
    assert list(found) == [
        "message",
        "type",
        "code",
        "error_subcode",
        "is_transient",
        "error_user_title",
        "error_user_msg",
        "fbtrace_id",
    ]
    assert found["type"] == "OAuthException"
    assert found["is_transient"] is False


def test_the_event_at_fault_is_named_only_when_asked_for() -> None:
    bad = call(event(), event(user_data={"em": "x"}))
    assert "error_data" not in body(sandbox().receive(bad))["error"]
    blamed = body(sandbox(blame=True).receive(bad))["error"]
    assert blamed["error_data"] == {"blame_field_specs": [["data[1].user_data.em"]]}


@pytest.mark.parametrize(
    ("version", "pixel", "expected"),
    [
        ("v26.0", "abc", (803, None, 400)),
        ("v26.0", "99", (100, 33, 400)),
        ("v27.0", PIXEL, (2500, None, 400)),
        ("26.0", PIXEL, (2500, None, 400)),
        ("v20.0", PIXEL, (2635, None, 400)),
        ("v21.0", PIXEL, None),
    ],
)
def test_a_wrong_path_is_refused_before_anything_else(
    version: str, pixel: str, expected: tuple[int, int | None, int] | None
) -> None:
    reply = sandbox(pixels=frozenset({PIXEL})).receive(Call(version, pixel, {"data": [event()]}, Credentials(TOKEN)))
    assert (error(reply) if reply.status != 200 else None) == expected


def test_a_killed_token_refuses_until_revived() -> None:
    meta = sandbox()
    meta.kill_token(TOKEN, Death.EXPIRED)
    assert error(meta.receive(call(event()))) == (190, 463, 400)
    meta.revive_token(TOKEN)
    assert meta.receive(call(event())).status == 200


def test_a_body_that_could_not_be_read_is_refused() -> None:
    reply = sandbox().receive(Call("v26.0", PIXEL, Fault(100, None, None, "the body is no JSON"), Credentials(TOKEN)))
    assert error(reply) == (100, None, 400)


def test_a_token_in_the_url_is_counted() -> None:
    meta = sandbox()
    meta.receive(Call("v26.0", PIXEL, {"data": [event()]}, Credentials(TOKEN), token_in_query=True))
    meta.receive(call(event()))
    assert meta.ledger().query_tokens == 1


@pytest.mark.parametrize(
    ("then", "taken", "manner", "status"),
    [
        ({"code": 2}, 0, Manner.ANSWER, 503),
        ({"code": 2, "accepts": True}, 3, Manner.ANSWER, 503),
        ({"status": 502}, 0, Manner.ANSWER, 502),
        ({"html200": True}, 0, Manner.ANSWER, 200),
        ({"html200": True, "accepts": True}, 3, Manner.ANSWER, 200),
        ({"redirect": "https://example.com/"}, 0, Manner.ANSWER, 302),
        ({"hang": True}, 0, Manner.HANG, None),
        ({"hang": True, "accepts": True}, 3, Manner.HANG, None),
        ({"close": True}, 0, Manner.CLOSE, None),
        ({"close_after_body": True}, 3, Manner.CLOSE, None),
        ({"close_after_body": True, "accepts": False}, 0, Manner.CLOSE, None),
        ({"close_after_answer": True}, 3, Manner.ANSWER_THEN_CLOSE, 200),
        ({"truncate": True}, 3, Manner.HALF, None),
        ({"truncate": True, "accepts": False}, 0, Manner.HALF, None),
        ({"received": 2}, 2, Manner.ANSWER, 200),
        ({"received": 0}, 0, Manner.ANSWER, 200),
        ({"latency": 3}, 3, Manner.ANSWER, 200),
    ],
)
def test_each_fault_takes_what_it_says_and_is_counted(
    then: dict[str, Any], taken: int, manner: Manner, status: int | None
) -> None:
    meta = sandbox({"then": then})
    reply = meta.receive(call(*(event(event_id=str(number)) for number in range(3))))
    assert reply.manner is manner
    assert len(meta.events(PIXEL)) == taken
    seen = meta.requests()[0]
    assert (seen.status, seen.events, seen.pixel_id) == (status, 3, PIXEL)
    assert seen.rule == (None if "latency" in then else 1)
    ledger = meta.ledger()
    assert ledger.total.events == taken
    assert ledger.unanswered == (status is None)
    assert ledger.faults == {1: 1}


def test_a_scripted_error_is_written_as_told() -> None:
    then = {"code": 4, "subcode": 7, "status": 403, "is_transient": False, "message": "slow down", "no_trace": True}
    reply = sandbox({"then": then}).receive(call(event()))
    found = body(reply)["error"]
    assert error(reply) == (4, 7, 403)
    assert (found["is_transient"], found["message"]) == (False, "slow down")
    assert "fbtrace_id" not in found


def test_poison_is_blamed_when_the_script_says_so() -> None:
    meta = sandbox({"match": {"event_id": "o-2"}, "then": {"code": 100, "subcode": 2804003, "blame": True}})
    reply = meta.receive(call(event(), event(event_id="o-2")))
    assert body(reply)["error"]["error_data"] == {"blame_field_specs": [["data[1]"]]}


def test_usage_headers_are_written_as_json() -> None:
    meta = sandbox({"then": {"headers": {"X-App-Usage": {"call_count": 97}, "Retry-After": 30}}})
    assert dict(meta.receive(call(event())).headers) == {"X-App-Usage": '{"call_count":97}', "Retry-After": "30"}


def test_partly_received_events_are_the_first_ones() -> None:
    meta = sandbox({"then": {"received": 1}})
    reply = meta.receive(call(event(event_id="a"), event(event_id="b")))
    assert body(reply)["events_received"] == 1
    assert meta.ids(PIXEL) == {("Purchase", "a")}


def test_what_meta_would_refuse_is_refused_even_where_a_fault_would_take_it() -> None:
    meta = sandbox({"then": {"close_after_body": True}})
    meta.receive(call(event(event_name="")))
    assert meta.events(PIXEL) == []


def test_setting_a_script_starts_it_anew() -> None:
    meta = sandbox({"then": {"code": 2}, "times": 1})
    assert [meta.receive(call(event())).status for _ in range(2)] == [503, 200]
    meta.faults = meta.faults
    assert meta.receive(call(event())).status == 503


def test_reset_forgets_everything() -> None:
    meta = sandbox()
    meta.kill_token("other")
    meta.receive(call(event()))
    meta.reset()
    assert meta.ledger().pixels == {}
    assert meta.requests() == []
    assert meta.receive(Call("v26.0", PIXEL, {"data": [event()]}, Credentials("other"))).status == 200


def test_a_light_check_counts_all_and_checks_as_many_as_it_says() -> None:
    meta = sandbox(checked_per_mille=250, keep="ids")
    bad = event(user_data={"em": "not hashed"})
    assert [meta.receive(call(bad)).status for _ in range(8)] == [200, 200, 200, 400, 200, 200, 200, 400]
    assert meta.ledger().total.events == 6


@pytest.mark.parametrize(
    "junk",
    [None, [], {"event_name": []}, {"event_name": "a", "event_time": "b"}, event(event_id=3), event(event_id=None)],
)
def test_a_light_check_still_refuses_what_cannot_be_counted(junk: Any) -> None:
    assert error(sandbox(checked_per_mille=0).receive(call(junk)))[0] == 100


def test_no_token_or_value_shows_in_what_can_be_printed() -> None:
    meta = sandbox({"match": {"token": "secret-token"}, "then": {"code": 2}})
    shown = repr([meta.faults, call(event()), meta.options, meta.tokens])
    assert "secret-token" not in shown
    assert TOKEN not in shown
    assert "o-981" not in shown
