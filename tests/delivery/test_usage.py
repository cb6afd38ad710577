"""Meta's usage headers: what is slowed down before a limit is reached, and by how much."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.delivery.scopes import Scope
from streamer.delivery.usage import FULL, LONGEST_GAP, PACED_ABOVE, Usage, gap, read_usage

PAGE = Path(__file__).resolve().parents[2] / "docs" / "delivery.md"


def usage(**headers: Any) -> tuple[Usage, ...]:
    return read_usage({name.replace("_", "-"): orjson.dumps(value).decode() for name, value in headers.items()})


def test_the_fullest_of_an_apps_three_measures_counts() -> None:
    found = usage(x_app_usage={"call_count": 28, "total_time": 91, "total_cputime": 25})
    assert found == (Usage(Scope.APP, 91),)


def test_the_fullest_use_of_all_businesses_is_its_tokens_and_its_minutes_are_seconds() -> None:
    uses = {
        "1": [{"type": "ads_management", "call_count": 82, "total_time": 3, "estimated_time_to_regain_access": 0}],
        "2": [{"type": "ads_insights", "call_count": 4}, {"type": "custom_audience", "total_cputime": 90}],
    }
    assert usage(x_business_use_case_usage=uses) == (Usage(Scope.TOKEN, 90),)
    uses["2"].append({"type": "pages", "call_count": 60, "estimated_time_to_regain_access": 19})
    assert usage(x_business_use_case_usage=uses) == (Usage(Scope.TOKEN, FULL, 19 * 60),)


def test_an_ad_accounts_limit_is_its_tokens_and_the_fuller_of_two_counts() -> None:
    account = {"acc_id_util_pct": 77.5, "reset_time_duration": 300}
    assert usage(x_ad_account_usage=account) == (Usage(Scope.TOKEN, 77.5, 300),)
    both = usage(x_ad_account_usage=account, x_business_use_case_usage={"1": [{"call_count": 80}]})
    assert both == (Usage(Scope.TOKEN, 80, 300),)


@pytest.mark.parametrize("header", [{}, {"1": "no list"}, {"1": ["no object", {"call_count": "much"}]}, [1], None, 7])
@pytest.mark.parametrize("name", ["x_app_usage", "x_ad_account_usage", "x_business_use_case_usage"])
def test_a_header_that_says_nothing_slows_nothing(name: str, header: Any) -> None:
    assert usage(**{name: header}) == ()


def test_requests_are_spaced_above_three_quarters_late_and_then_ever_more() -> None:
    assert [gap(percent) for percent in (0, 50, PACED_ABOVE)] == [0, 0, 0]
    assert gap(80) == pytest.approx(0.016)
    assert gap(90) == pytest.approx(1.296)
    assert gap(FULL) == gap(140) == LONGEST_GAP
    assert all(before < after for before, after in pairwise(map(gap, range(75, 101))))


def test_the_page_on_delivery_shows_the_spaces_that_are_left() -> None:
    shown = re.findall(r"^\| (\d+) % \| ([\d.]+) s \|$", PAGE.read_text(), re.MULTILINE)
    assert len(shown) >= 5
    assert [(percent, f"{gap(int(percent)):.2g}") for percent, _ in shown] == shown


numbers = st.none() | st.integers() | st.floats() | st.text(max_size=4)
uses = st.dictionaries(
    st.sampled_from(["call_count", "total_time", "estimated_time_to_regain_access", "acc_id_util_pct", "1"]),
    numbers | st.lists(numbers | st.dictionaries(st.sampled_from(["call_count", "total_time"]), numbers), max_size=3),
)


@given(
    st.dictionaries(
        st.sampled_from(["x-app-usage", "x-ad-account-usage", "x-business-use-case-usage"]),
        uses.map(str) | uses.map(json.dumps),
    )
)
def test_no_header_at_all_breaks_the_reading(headers: dict[str, str]) -> None:
    found = read_usage(headers)
    assert len({one.scope for one in found}) == len(found)
    assert all(0 <= gap(one.percent) <= LONGEST_GAP and (one.wait is None or one.wait > 0) for one in found)
