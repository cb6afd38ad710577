"""People who asked to be forgotten: how they are known again, and what a list of them may look like."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.translate.engine import ServerEvent
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import PixelRules, Plan
from streamer.translate.policy import make_policy
from streamer.translate.suppression import read_lines
from tests.translate.events import PIXEL, refusal, sent, tag_event, translate


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


FORGOTTEN = frozenset(map(_digest, ("forgotten@example.com", "4915112345678", "crm-1", "crm-lower", "Crm-2")))


def _plan(**rules: Any) -> Plan:
    return Plan(TAG_EVENT, pixels={PIXEL: PixelRules(suppression="acme", **rules)}, suppressed={"acme": FORGOTTEN})


@pytest.mark.parametrize(
    ("user", "field"),
    [
        ({"email": "forgotten@example.com"}, "em"),
        ({"email": " Forgotten@Example.COM "}, "em"),
        ({"email": _digest("forgotten@example.com").hex().upper()}, "em"),
        ({"email": "a@example.com", "more": {"emails": ["b@example.com", "forgotten@example.com"]}}, "em"),
        ({"email": "a@example.com", "phone": "+49 151 12345678"}, "ph"),
        ({"email": "a@example.com", "phone": "0151 12345678", "country": "DE"}, "ph"),
        ({"email": "a@example.com", "external_id": "crm-1"}, "external_id"),
        ({"email": "a@example.com", "external_id": _digest("crm-1").hex()}, "external_id"),
    ],
)
@pytest.mark.parametrize("mode", ["hashed", "plain"])
def test_an_event_of_somebody_on_the_list_is_skipped_however_the_person_is_written(
    user: dict[str, Any], field: str, mode: Any
) -> None:
    assert refusal(tag_event(user=user), _plan(external_id=mode)) == ("skipped", "suppressed", f"user_data.{field}")


@pytest.mark.parametrize(
    ("mode", "external_id", "skipped"),
    [
        ("hashed", "CRM-LOWER", False),
        ("hashed_lowercase", "CRM-LOWER", True),
        ("plain", "CRM-LOWER", False),
        ("plain", "Crm-2", True),
        ("hashed", "Crm-2", True),
        ("plain", "x" * 64, False),
    ],
)
def test_an_external_id_is_known_by_the_text_that_meta_gets(mode: Any, external_id: str, *, skipped: bool) -> None:
    event = tag_event(user={"email": "a@example.com", "external_id": external_id})
    (result,) = translate(event, _plan(external_id=mode))
    assert isinstance(result, ServerEvent) is not skipped


def test_others_are_sent_and_so_are_events_of_pixels_without_a_list() -> None:
    assert sent(tag_event(user={"email": "other@example.com", "first_name": "forgotten@example.com"}), _plan())
    assert sent(tag_event(user={"email": "forgotten@example.com"}), Plan(TAG_EVENT, suppressed={"acme": FORGOTTEN}))


def test_rules_with_a_list_that_is_not_there_are_no_rules_at_all() -> None:
    with pytest.raises(KeyError):
        make_policy(PixelRules(suppression="bolt"), _plan())


JANE = _digest("jane@example.com")


@pytest.mark.parametrize(
    "line",
    [
        JANE.hex(),
        JANE.hex().upper(),
        f"em:{JANE.hex()}",
        f"  ph: {JANE.hex()}  # request of 2026-10-01",
        f"external_id:\t{JANE.hex()}\r",
        f"PH:{JANE.hex()}",
        f"Em: {JANE.hex().upper()}",
        f"EXTERNAL_ID:{JANE.hex()}",
        f"\ufeff{JANE.hex()}",
        f"\ufeffem:{JANE.hex()}",
        f"\ufeff# people\n{JANE.hex()}",
    ],
)
def test_a_hash_is_read_as_it_is_usually_written(line: str) -> None:
    faulty: list[int] = []
    assert list(read_lines([*line.encode().split(b"\n"), b"\n", b"# a remark\n"], faulty)) == [JANE]
    assert faulty == []


@pytest.mark.parametrize(
    "line",
    [
        "jane@example.com",
        "em:jane@example.com",
        JANE.hex()[:-1],
        JANE.hex() + "0",
        JANE.hex() * 2,
        JANE.hex()[:-1] + "g",
        f"fn:{JANE.hex()}",
        f"email:{JANE.hex()}",
        f"{JANE.hex()} {JANE.hex()}",
        "ß" * 32,
        "em:",
        ":",
    ],
)
def test_a_line_that_is_no_hash_is_told_by_its_number(line: str) -> None:
    faulty: list[int] = []
    assert list(read_lines([b"\n", JANE.hex().encode(), line.encode()], faulty)) == [JANE]
    assert faulty == [3]


@given(
    people=st.lists(st.binary(min_size=32, max_size=32)),
    prefix=st.sampled_from(["", "em:", "ph: ", "external_id:"]),
    capitals=st.booleans(),
)
def test_every_hash_that_is_written_is_read_again(*, people: list[bytes], prefix: str, capitals: bool) -> None:
    lines = [prefix + (each.hex().upper() if capitals else each.hex()) for each in people]
    faulty: list[int] = []
    assert list(read_lines([f"{line}\n".encode() for line in lines], faulty)) == people
    assert faulty == []


@given(st.lists(st.binary(max_size=90)))
def test_no_bytes_at_all_make_reading_fail(lines: list[bytes]) -> None:
    faulty: list[int] = []
    assert all(len(digest) == 32 for digest in read_lines(lines, faulty))
    assert len(set(faulty)) == len(faulty) <= len(lines)
