"""Meta's answers: what each of them means for the events in the request."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.delivery.answers import _TABLE, Kind, Verdict, read_answer
from streamer.delivery.scopes import Scope
from streamer.delivery.usage import LONGEST_SECONDS
from streamer.outcomes import Reason


def refused(code: object, subcode: object = None, *, status: int = 400, headers: Any = None, **more: Any) -> Verdict:
    fault = {"message": "quotes jo@example.com", "code": code, "error_subcode": subcode, "fbtrace_id": "AbC"} | more
    return read_answer(status, headers or {}, orjson.dumps({"error": fault}), 2)


RETRIED = [(1, None), (2, None), (1, 99), (2, 2_804_003)]
PARKED = [
    (190, None, Reason.TOKEN_DEAD),
    *((190, subcode, Reason.TOKEN_DEAD) for subcode in (458, 459, 460, 463, 464, 467, 492, 77_777)),
    (102, None, Reason.TOKEN_DEAD),
    (104, None, Reason.TOKEN_DEAD),
    (3, None, Reason.NO_PERMISSION),
    (10, None, Reason.NO_PERMISSION),
    (200, None, Reason.NO_PERMISSION),
    (270, None, Reason.NO_PERMISSION),
    (294, None, Reason.NO_PERMISSION),
    (299, None, Reason.NO_PERMISSION),
    (100, 33, Reason.PIXEL_NOT_FOUND),
    (803, None, Reason.PIXEL_NOT_FOUND),
    (368, None, Reason.BLOCKED),
]
THROTTLED = [
    (4, None, Scope.APP),
    (17, 2_446_079, Scope.TOKEN),
    (32, None, Scope.APP),
    (341, None, Scope.APP),
    (613, None, Scope.PIXEL),
    (613, 1_487_742, Scope.PIXEL),
    (613, 1996, Scope.PIXEL),
    (613, 5_044_001, Scope.PIXEL),
    *((code, None, Scope.TOKEN) for code in (80_000, 80_001, 80_002, 80_003, 80_004, 80_005, 80_006, 80_008)),
    (80_009, None, Scope.TOKEN),
    (80_014, None, Scope.TOKEN),
]
BAD_EVENTS = [None, 2_804_001, 2_804_003, 2_804_004, 2_804_010, 2_804_019, 2_804_050, 2_804_132, 2_804_999]
STATUSES = [200, 400, 401, 403, 429, 500, 503]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(("code", "subcode"), RETRIED)
def test_a_fault_of_metas_own_is_tried_again(code: int, subcode: int | None, status: int) -> None:
    assert refused(code, subcode, status=status).kind is Kind.RETRY


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(("code", "subcode", "reason"), PARKED)
def test_what_is_the_pixels_or_tokens_fault_parks_and_never_costs_an_event(
    code: int, subcode: int | None, reason: Reason, status: int
) -> None:
    verdict = refused(code, subcode, status=status)
    assert (verdict.kind, verdict.reason, verdict.known) == (Kind.PARK, reason, True)


@pytest.mark.parametrize("more", [{}, {"is_transient": True}, {"is_transient": False}])
@pytest.mark.parametrize(("code", "subcode", "scope"), THROTTLED)
def test_a_throttle_is_one_whatever_the_status_and_however_transient(
    code: int, subcode: int | None, scope: Scope, more: dict[str, Any]
) -> None:
    for status in STATUSES:
        verdict = refused(code, subcode, status=status, **more)
        assert (verdict.kind, verdict.scope) == (Kind.THROTTLE, scope)


@pytest.mark.parametrize("subcode", BAD_EVENTS)
def test_a_bad_event_is_searched_for(subcode: int | None) -> None:
    verdict = refused(100, subcode)
    assert (verdict.kind, verdict.reason) == (Kind.SPLIT, Reason.REFUSED_BY_META)
    assert (verdict.code, verdict.subcode, verdict.fbtrace_id) == (100, subcode, "AbC")


@pytest.mark.parametrize("code", [1, 100, 190, 200, 2635, 999])
def test_what_meta_calls_transient_is_tried_again(code: int) -> None:
    assert refused(code, is_transient=True).kind is Kind.RETRY


@pytest.mark.parametrize("code", [2635, 2500])
def test_our_own_configuration_stops_the_process(code: int) -> None:
    assert refused(code).kind is Kind.STOP


@pytest.mark.parametrize("code", [0, -1, 12, 999, 123_456, None, "no number", True, 1.5, "9" * 5000, [], {}])
def test_a_code_that_nobody_knows_is_tried_again_and_counted_and_costs_no_event(code: object) -> None:
    verdict = refused(code)
    assert (verdict.kind, verdict.known) == (Kind.RETRY, False)


@pytest.mark.parametrize(
    ("received", "sent", "kind"),
    [
        (2, 2, Kind.DELIVERED),
        (3, 2, Kind.DELIVERED),
        (1, 2, Kind.SPLIT),
        (0, 1, Kind.SPLIT),
        (True, 1, Kind.RETRY),
        ("2", 2, Kind.RETRY),
        (None, 2, Kind.RETRY),
    ],
)
def test_only_a_count_that_covers_the_request_is_a_delivery(received: object, sent: int, kind: Kind) -> None:
    assert read_answer(200, {}, orjson.dumps({"events_received": received}), sent).kind is kind


def test_a_delivery_without_a_trace_id_is_one_all_the_same() -> None:
    assert read_answer(200, {}, b'{"events_received":2}', 2) == Verdict(Kind.DELIVERED)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>Service Unavailable</html>"),
        (200, b""),
        (200, b"null"),
        (200, b'{"events_received":'),
        (200, b'{"error":"a text"}'),
        (301, b'{"events_received":2}'),
        (302, b""),
        (400, b"<html>400 Bad Request</html>"),
        (404, b"Not Found"),
        (500, b'{"events_received":2}'),
        (503, b"\xff\xfe"),
        (200, b"[" * 100_000),
    ],
)
def test_an_answer_that_is_not_metas_is_tried_again_and_never_costs_an_event(status: int, body: bytes) -> None:
    verdict = read_answer(status, {}, body, 2)
    assert (verdict.kind, verdict.known) == (Kind.RETRY, False)


def test_a_request_that_is_too_large_is_halved() -> None:
    verdict = read_answer(413, {}, b"<html>Request Entity Too Large</html>", 2)
    assert (verdict.kind, verdict.reason) == (Kind.SPLIT, Reason.TOO_LARGE)


BUSINESS = orjson.dumps(
    {
        "1": [{"type": "ads_management", "call_count": 100, "estimated_time_to_regain_access": 19}],
        "2": [{"type": "ads_insights", "estimated_time_to_regain_access": 0}, "no object"],
        "3": "no list",
    }
).decode()


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"Retry-After": "3600"}, 3600),
        ({"RETRY-AFTER": "1.5"}, 1.5),
        ({"retry-after": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "1e999"}, None),
        ({"Retry-After": "1000000000"}, LONGEST_SECONDS),
        ({"Retry-After": "Tue, 24 Nov 2026 16:00:00 GMT", "Date": "Tue, 24 Nov 2026 15:00:00 GMT"}, 3600),
        ({"Retry-After": "Tue, 24 Nov 2026 14:00:00 GMT", "Date": "Tue, 24 Nov 2026 15:00:00 GMT"}, None),
        ({"Retry-After": "Tue, 24 Nov 2026 16:00:00 GMT"}, None),
        ({"Retry-After": "Tue, 24 Nov 99999999999 16:00:00 GMT", "Date": "Tue, 24 Nov 2026 15:00:00 GMT"}, None),
        ({"Retry-After": "Tue, 24 Nov 2026 16:00:00 +99999999999999999999", "Date": "x"}, None),
        ({"X-Ad-Account-Usage": '{"acc_id_util_pct":100,"reset_time_duration":300}'}, 300),
        ({"X-Business-Use-Case-Usage": BUSINESS}, 19 * 60),
        ({"X-Business-Use-Case-Usage": BUSINESS, "Retry-After": "2000"}, 2000),
        ({"X-Business-Use-Case-Usage": "{cut off"}, None),
        ({"X-Business-Use-Case-Usage": "\udcff"}, None),
    ],
)
def test_a_throttle_waits_as_long_as_the_longest_header_says(headers: dict[str, str], wait: float | None) -> None:
    assert refused(4, headers=headers).wait == wait


def test_usage_headers_hold_up_nothing_but_throttles() -> None:
    assert refused(2, headers={"X-Business-Use-Case-Usage": BUSINESS}).wait is None
    assert refused(190, headers={"Retry-After": "60"}).wait is None


@pytest.mark.parametrize("status", [429, 503])
def test_a_proxy_that_asks_for_time_gets_it(status: int) -> None:
    verdict = read_answer(status, {"Retry-After": "120"}, b"<html>slow down</html>", 2)
    assert (verdict.kind, verdict.wait) == (Kind.RETRY, 120)


@pytest.mark.parametrize(
    ("more", "blamed"),
    [
        ({"error_data": {"blame_field_specs": [["data", 1, "event_time"]]}}, 1),
        ({"error_data": {"blame_field_specs": [["data", "1", "event_time"]]}}, 1),
        ({"error_data": {"blame_field_specs": [["data[1][event_time]"]]}}, 1),
        ({"error_data": {"blame_field_specs": ["data[1].event_time"]}}, 1),
        ({"error_data": '{"blame_field_specs":[["data",1]]}'}, 1),
        ({"error_data": {"event_index": 1}}, 1),
        ({"event_index": 1}, 1),
        ({"error_data": {"blame_field_specs": [["data", 0], ["data", 1]]}}, None),
        ({"error_data": {"blame_field_specs": [["data"]]}}, None),
        ({"error_data": {"blame_field_specs": [["access_token"]]}}, None),
        ({"error_data": {"blame_field_specs": "data"}}, None),
        ({"error_data": {"event_index": -1}}, None),
        ({"error_data": [1]}, None),
        ({"error_data": "no JSON"}, None),
    ],
)
def test_the_event_that_meta_names_is_understood_if_it_names_one(more: dict[str, Any], blamed: int | None) -> None:
    assert refused(100, 2_804_003, **more).blamed == blamed


@pytest.mark.parametrize("trace", ["a b@example.com", "x" * 101, "", 7, None, "line\n"])
def test_nothing_but_a_trace_id_gets_into_receipts_in_its_place(trace: object) -> None:
    assert refused(1, fbtrace_id=trace).fbtrace_id is None
    assert read_answer(200, {}, orjson.dumps({"events_received": 2, "fbtrace_id": trace}), 2).fbtrace_id is None


@pytest.mark.parametrize("text", ["Missing Permission", "Ungültiges Zugriffstoken", "(#4) Application request limit"])
def test_a_text_decides_nothing(text: str) -> None:
    told = refused(100, 2_804_003, message=text, error_user_title=text, error_user_msg=text, type="OAuthException")
    assert told == refused(100, 2_804_003)


def test_no_text_of_metas_is_carried_further() -> None:
    verdict = refused(100, 2_804_003, error_user_msg="jo@example.com is no e-mail", error_user_title="jo@example.com")
    assert "example" not in repr(verdict)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
fault = st.fixed_dictionaries(
    {},
    optional={
        "code": anything,
        "error_subcode": anything,
        "is_transient": anything,
        "fbtrace_id": anything,
        "event_index": anything,
        "error_data": anything | st.fixed_dictionaries({"blame_field_specs": anything}),
    },
)
answer = anything | st.fixed_dictionaries({}, optional={"error": anything | fault, "events_received": anything})
date = st.builds(
    "{}, {} {} {} {}:{}:{} {}{}".format,
    st.sampled_from(["Tue", "x"]),
    st.integers(0, 40),
    st.sampled_from(["Nov", "Jan", "13"]),
    *[st.integers(0, 9999) | st.integers(0, 10**20)] * 4,
    st.sampled_from(["GMT", "-0000", "+", "-"]),
    st.sampled_from(["", "0100", "9" * 20]),
)
header = date | st.text(max_size=20) | anything.map(lambda value: orjson.dumps(value).decode())


@given(
    st.integers(100, 599),
    st.dictionaries(
        st.sampled_from(["Retry-After", "Date", "X-Ad-Account-Usage", "X-Business-Use-Case-Usage"]), header
    ),
    answer.map(orjson.dumps) | st.binary(max_size=50),
)
def test_no_answer_at_all_breaks_the_reading(status: int, headers: dict[str, str], body: bytes) -> None:
    verdict = read_answer(status, headers, body, 2)
    assert verdict.wait is None or 0 < verdict.wait <= LONGEST_SECONDS


PAGE = Path(__file__).resolve().parents[2] / "docs" / "delivery.md"


def runs(numbers: tuple[int, ...]) -> str:
    """Write 1, 2 and 80000-80014 as a person would."""
    breaks = [0, *(at for at, (a, b) in enumerate(pairwise(numbers), 1) if b != a + 1), len(numbers)]
    parts = [numbers[first:last] for first, last in pairwise(breaks)]
    return ", ".join("-".join(map(str, dict.fromkeys((part[0], part[-1])))) for part in parts)


def done(verdict: Verdict) -> str:
    """Say what a verdict has done, as the page says it."""
    if verdict.kind is Kind.THROTTLE:
        return f"wait: the {verdict.scope}"
    return f"{verdict.kind}: `{verdict.reason}`" if verdict.reason else str(verdict.kind)


def test_the_page_on_delivery_shows_the_table_that_decides() -> None:
    rows = [
        f"| {runs(row.codes)} | {runs(row.subcodes) if row.subcodes else 'any'} | {row.meaning} | {done(row.verdict)} |"
        for row in _TABLE
    ]
    shown = PAGE.read_text().split("| code | subcode | it means | what is done |\n|---|---|---|---|\n")[1]
    assert shown.split("\n\n")[0].splitlines() == rows
