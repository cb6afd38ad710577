from typing import Any

import pytest

from streamer.sandbox.user_data import check_user_data
from tests.sandbox.examples import ABSENT, sha256, user

HASH = sha256("mary")
HASHED = ["em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country"]
SINGLE = ["f5first", "f5last", "fi", "dobd", "dobm", "doby"]
VERBATIM = ["client_user_agent", "subscription_id", "fb_login_id", "anon_id", "madid", "page_id", "ctwa_clid", "ig_sid"]


def verdict(**changes: Any) -> tuple[str | None, int | None] | None:
    fault = check_user_data(user(**changes))
    if fault is None:
        return None
    assert fault.code == 100
    return fault.field, fault.subcode


@pytest.mark.parametrize("key", HASHED)
@pytest.mark.parametrize("value", [HASH, [HASH], [HASH, sha256("ann")], f"{HASH}.AQICAQMC"])
def test_a_hash_or_a_list_of_hashes_is_taken(key: str, value: Any) -> None:
    assert verdict(**{key: value}) is None


@pytest.mark.parametrize("key", HASHED + SINGLE)
@pytest.mark.parametrize(
    "value",
    [
        "ann@example.com",
        ["ann@example.com"],
        [HASH, "ann@example.com"],
        HASH.upper(),
        HASH[:-1],
        HASH + "0",
        f" {HASH}",
        f"{HASH}\n",
        f"{HASH}.AQ",
        "d41d8cd98f00b204e9800998ecf8427e",
        sha256(""),
        [sha256("")],
        "",
        [],
        None,
        7,
        {"v": HASH},
        [[HASH]],
    ],
)
def test_a_raw_or_misshapen_value_where_a_hash_belongs_is_refused(key: str, value: Any) -> None:
    assert verdict(**{key: value}) == (f"user_data.{key}", None)


@pytest.mark.parametrize("key", SINGLE)
def test_a_key_that_takes_one_hash_refuses_a_list(key: str) -> None:
    assert verdict(**{key: HASH}) is None
    assert verdict(**{key: [HASH]}) == (f"user_data.{key}", None)


@pytest.mark.parametrize("value", ["u-17", [HASH], ["u-17", "u-18"]])
def test_an_external_id_may_be_opaque_or_hashed(value: Any) -> None:
    assert verdict(external_id=value) is None


@pytest.mark.parametrize("value", ["ann@example.com", ["u-17", "ann@example.com"], "", " ", [], 17, None])
def test_an_external_id_that_is_an_address_or_nothing_is_refused(value: Any) -> None:
    assert verdict(external_id=value) == ("user_data.external_id", None)


@pytest.mark.parametrize("key", VERBATIM)
@pytest.mark.parametrize("value", [HASH, HASH.upper(), "", " ", ["x"], None, 5])
def test_a_value_that_is_never_hashed_is_refused_when_it_is_hashed_or_no_string(key: str, value: Any) -> None:
    assert verdict(**{key: "as collected"}) is None
    assert verdict(**{key: value}) == (f"user_data.{key}", None)


@pytest.mark.parametrize(
    "ip", ["203.0.113.7", "9.0.0.0", "255.255.255.255", "2001:db8::1", "::1", "::ffff:203.0.113.7"]
)
def test_a_valid_ip_is_taken(ip: str) -> None:
    assert verdict(client_ip_address=ip) is None


@pytest.mark.parametrize(
    "ip",
    [
        "203.0.113.256",
        "203.0.113",
        "203.0.113.7.",
        "203.0.113.7.9",
        "0203.0.113.7",
        "203.0.113.7:443",
        "203.0.113.7, 203.0.113.8",
        " 203.0.113.7",
        "203.0.113.7\n",
        "[2001:db8::1]",
        "fe80::1%eth0",
        "2001:db8:::1",
        "2001:db8::1\n",
        "",
        HASH,
        ["203.0.113.7"],
        None,
        3405803783,
    ],
)
def test_an_ip_with_anything_wrong_or_beside_it_is_refused(ip: Any) -> None:
    assert verdict(client_ip_address=ip) == ("user_data.client_ip_address", None)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fbc", "fb.1.1554763741205.IwAR2F4-dbP0l7Mn1IawQQGCINEz7PYXQvwjNwB_qa2ofrHyiLjcbCRxTDMgk"),
        ("fbc", "fb.2.1554763741205.AbCdEf.AQICAQMC"),
        ("fbc", "fb.0.1554763741205.AbCdEf.Bg"),
        ("fbp", "fb.1.1596403881668.1116446470"),
        ("fbp", "fb.1.1596403881668.1116446470.AQ"),
        ("fbp", "fb.1.1596403881668.1116446470.AQIAAQMC"),
    ],
)
def test_click_and_browser_ids_of_four_or_five_parts_are_taken(key: str, value: str) -> None:
    assert verdict(**{key: value}) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fbc", "AbCdEf"),
        ("fbc", "fb.1.1554763741.AbCdEf"),
        ("fbc", "fb.1.1554763741205."),
        ("fbc", "fb.1.1554763741205"),
        ("fbc", "fb.1.1554763741205.Ab Cd"),
        ("fbc", "fb.1.1554763741205.AbCdEf.ZZ"),
        ("fbc", "FB.1.1554763741205.AbCdEf"),
        ("fbc", HASH),
        ("fbc", ["fb.1.1554763741205.AbCdEf"]),
        ("fbc", None),
        ("fbp", "fb.1.1596403881668.AbCdEf"),
        ("fbp", "fb.1.x"),
        ("fbp", HASH),
        ("fbp", "fb.1.1596403881668.1116446470.AQ.AQ"),
    ],
)
def test_click_and_browser_ids_of_the_wrong_form_are_refused(key: str, value: Any) -> None:
    assert verdict(**{key: value}) == (f"user_data.{key}", None)


@pytest.mark.parametrize("value", ["525645896321548", 525645896321548, "5256458963215481"])
def test_a_lead_id_of_15_or_16_digits_is_taken(value: Any) -> None:
    assert verdict(lead_id=value) is None


@pytest.mark.parametrize("value", ["52564589632154", "52564589632154811", "abc", 1.5, True, None, ["525645896321548"]])
def test_another_lead_id_is_refused_with_its_subcode(value: Any) -> None:
    assert verdict(lead_id=value) == ("user_data.lead_id", 2804036)


ONLY_TOO_LITTLE = [
    {},
    {"ge": HASH},
    {"client_user_agent": "UA"},
    {"ct": HASH, "country": HASH, "st": HASH, "zp": HASH, "ge": HASH, "client_user_agent": "UA"},
    {"db": HASH, "client_user_agent": "UA"},
    {"fn": HASH, "ge": HASH},
    {"ln": HASH, "ge": HASH},
]


@pytest.mark.parametrize("value", [*ONLY_TOO_LITTLE, None])
def test_an_event_that_says_too_little_of_a_person_is_refused(value: Any) -> None:
    fault = check_user_data(value)
    assert fault is not None
    assert (fault.code, fault.subcode) == (100, 2804050)


@pytest.mark.parametrize("value", ONLY_TOO_LITTLE)
@pytest.mark.parametrize("extra", [{"em": HASH}, {"external_id": "u-17"}, {"client_ip_address": "203.0.113.7"}])
def test_one_key_more_is_enough(value: dict[str, Any], extra: dict[str, Any]) -> None:
    assert check_user_data({**value, **extra}) is None


def test_first_and_last_name_together_are_enough() -> None:
    assert check_user_data({"fn": HASH, "ln": HASH}) is None


@pytest.mark.parametrize("value", [[], "x", 3])
def test_user_data_that_is_no_object_is_refused(value: Any) -> None:
    fault = check_user_data(value)
    assert fault is not None
    assert (fault.code, fault.subcode, fault.field) == (100, None, "user_data")


@pytest.mark.parametrize("key", ["email", "phone", "EM", "zip", "emails"])
def test_a_key_that_is_not_metas_is_refused_and_named(key: str) -> None:
    assert verdict(**{key: HASH}) == (f"user_data.{key}", None)


def test_a_key_that_may_be_personal_itself_is_not_shown() -> None:
    fault = check_user_data({**user(), "ann@example.com": "x"})
    assert fault is not None
    assert fault.field == "user_data.(a key)"


def test_absent_is_not_null() -> None:
    assert verdict(fbc=ABSENT) is None
