"""fbc, fbp, IP addresses and lead ids: to the letter, or not at all."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.translate.identifiers import client_ip, fbc, fbp, lead_id
from streamer.translate.notes import Drop, NoteReason

NOW = 1_790_000_000_123
COOKIE = "fb.1.1554763741205.AbCdEf"
BROWSER = "fb.1.1596403881668.1116446470"
FIVE_PARTS = [f"{COOKIE}.{token}" for token in ("AQ", "Ag", "Aw", "BA", "BQ", "Bg", "AQICAQMC", "AQ_-Z0aB")]
MALFORMED = Drop(NoteReason.MALFORMED)
PRIVATE = Drop(NoteReason.PRIVATE_ADDRESS)


@pytest.mark.parametrize("cookie", [COOKIE, "fb.2.1554763741205.IwAR3-_x", *FIVE_PARTS])
def test_cookie_of_four_or_five_parts_is_kept_to_the_letter(cookie: str) -> None:
    assert fbc(cookie, None, None, NOW) == cookie
    assert fbc(cookie, "https://example.com/?a=1", "https://example.com/", NOW) == cookie


@pytest.mark.parametrize("cookie", [BROWSER, "fb.0.1554763741205.9", f"{BROWSER}.AQ", f"{BROWSER}.AQICAQMC"])
def test_browser_id_of_four_or_five_parts_is_kept_to_the_letter(cookie: str) -> None:
    assert fbp(cookie) == cookie
    assert fbp(f" {cookie} ") == cookie


@pytest.mark.parametrize(
    "cookie", [COOKIE, "fb.1.1554763741205.12a", "fb.1.1554763741205.-1", "fb.1.1554763741205.\u0661\u0662"]
)
def test_browser_id_whose_random_part_is_no_number_costs_the_field(cookie: str) -> None:
    assert fbp(cookie) == MALFORMED


@pytest.mark.parametrize(
    "cookie",
    [
        "garbage",
        "fb.1.x",
        "fb.1.1554763741205.",
        "fb.1.x.AbC",
        f"{COOKIE}.ZZ",
        f"{COOKIE}.AQ.AQ",
        "fb.1.1554763741205.a b",
        "fb.1.1554763741.1234",
        "fb.1.1554763741205000.1234",
        "fb.12.1554763741205.1234",
        "fb.1.\u0661554763741205.1234",
        "1.1.1.1",
    ],
)
def test_cookie_of_another_form_costs_the_field(cookie: str) -> None:
    assert fbc(cookie, None, None, NOW) == MALFORMED
    assert fbp(cookie) == MALFORMED


@pytest.mark.parametrize("cookie", [None, "", " "])
def test_nothing_is_invented_where_there_is_no_cookie_and_no_click(cookie: str | None) -> None:
    assert fbc(cookie, "https://example.com/", None, NOW) is None
    assert fbp(cookie) is None


@pytest.mark.parametrize(
    ("page", "referrer", "payload"),
    [
        ("https://example.com/?fbclid=AbC-123_x", None, "AbC-123_x"),
        ("https://example.com/p?utm=1&fbclid=AbC#top", None, "AbC"),
        ("https://example.com/?fbclid=Page", "https://example.com/?fbclid=Referrer", "Page"),
        ("https://example.com/", "https://example.com/?fbclid=Referrer", "Referrer"),
        ("https://example.com/?fbclid=", "https://example.com/?fbclid=Referrer", "Referrer"),
        (None, "https://example.com/?fbclid=Referrer", "Referrer"),
        ("https://example.com/?fbclid=One&fbclid=Two", None, "One"),
        ("https://example.com/?fbclid=a%2Bb%2Fc", None, "a+b/c"),
        ("https://example.com/?fbclid=a%252Bb", None, "a%2Bb"),
        ("https://example.com/?fbclid=AbC.AQICAQMC", None, "AbC"),
        ("http://[broken/?fbclid=AbC", None, "AbC"),
    ],
)
def test_click_of_the_page_then_of_the_referrer_makes_the_id(
    page: str | None, referrer: str | None, payload: str
) -> None:
    assert fbc(None, page, referrer, NOW) == f"fb.1.{NOW}.{payload}"
    assert fbc("garbage", page, referrer, NOW) == f"fb.1.{NOW}.{payload}"


def test_newer_click_in_the_url_wins_over_the_cookie_with_a_new_time() -> None:
    assert fbc(COOKIE, "https://example.com/?fbclid=New", None, NOW) == f"fb.1.{NOW}.New"


@pytest.mark.parametrize("cookie", [COOKIE, *FIVE_PARTS])
def test_same_click_in_the_url_leaves_the_cookie_its_time(cookie: str) -> None:
    assert fbc(cookie, "https://example.com/?fbclid=AbCdEf", None, NOW) == cookie


@pytest.mark.parametrize(
    "page", ["https://example.com/?FBCLID=AbC", "https://example.com/?xfbclid=AbC", "https://e.com/#fbclid=AbC"]
)
def test_other_parameters_are_no_click(page: str) -> None:
    assert fbc(None, page, None, NOW) is None


@pytest.mark.parametrize("click", ["dot.ted", "a%00b", "a%20b", "a+b", "caf%C3%A9", "%F0%9F%98%80"])
def test_click_that_would_make_an_id_of_the_wrong_form_is_left_out(click: str) -> None:
    page = f"https://example.com/?fbclid={click}"
    assert fbc(None, page, None, NOW) == MALFORMED
    assert fbc(COOKIE, page, None, NOW) == COOKIE


@given(st.none() | st.text(), st.none() | st.text().map("https://example.com/?fbclid={}".format), st.none() | st.text())
def test_any_text_gives_an_id_of_four_or_five_parts_or_none(
    cookie: str | None, page: str | None, referrer: str | None
) -> None:
    found = fbc(cookie, page, referrer, NOW)
    if type(found) is str:
        assert found.startswith("fb.")
        assert found.count(".") in {3, 4}
        found.encode()
    assert fbc(cookie, page, referrer, NOW) == found


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.7:51234", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:DB8::1", "2001:DB8::1"),
        ("2001:db8::1%eth0", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, 198.51.100.9", "203.0.113.7"),
        ("10.0.0.1, 203.0.113.7", "203.0.113.7"),
        ("unknown, 203.0.113.7", "203.0.113.7"),
        ("203.0.113.7.AQICAQMC", "203.0.113.7"),
        ("2001:db8::1.AQICAQMC", "2001:db8::1"),
        ('"203.0.113.7"', "203.0.113.7"),
    ],
)
def test_address_is_the_browsers_without_what_proxies_wrote_around_it(value: str, expected: str) -> None:
    assert client_ip(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "10.1.2.3",
        "127.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "172.31.255.255",
        "100.64.0.1",
        "169.254.1.1",
        "0.0.0.0",  # noqa: S104 -- an address in a header, nothing is bound to it
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "unknown, 10.0.0.1",
    ],
)
def test_address_inside_a_network_is_no_browsers(value: str) -> None:
    assert client_ip(value) == PRIVATE


@pytest.mark.parametrize(
    "value", ["999.1.1.1", "1.2.3", "localhost", "1.2.3.4.5", "2001:db8:::1", "[203.0.113.7", "01.2.3.4"]
)
def test_text_that_is_no_address_costs_the_field(value: str) -> None:
    assert client_ip(value) == MALFORMED


def test_blank_address_is_empty() -> None:
    assert client_ip(" , ") == Drop(NoteReason.EMPTY)


@given(st.ip_addresses())
def test_public_address_comes_through_as_it_is(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    inner = getattr(address, "ipv4_mapped", None) or address
    found = client_ip(str(address))
    # Python calls the site-local addresses that were given up (fec0::/10) global; no browser has one.
    if inner.is_global and not inner.is_multicast and not getattr(inner, "is_site_local", False):
        assert found == str(inner)
    else:
        assert found in {str(inner), PRIVATE}


@given(st.text())
def test_any_text_gives_an_address_or_a_reason(value: str) -> None:
    found = client_ip(value)
    if type(found) is str:
        ipaddress.ip_address(found)


@pytest.mark.parametrize("value", ["123456789012345", " 1234567890123456 "])
def test_lead_id_is_its_digits(value: str) -> None:
    assert lead_id(value) == value.strip()


@pytest.mark.parametrize("value", ["l:123456789012345", "12345678901234", "12345678901234567", "lead", "\u0661" * 15])
def test_lead_id_that_meta_would_refuse_the_request_for_is_dropped(value: str) -> None:
    assert lead_id(value) == MALFORMED
