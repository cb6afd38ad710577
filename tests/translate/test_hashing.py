"""Hashes, and values that were hashed before they came."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.translate.hashing import prehashed, sha256_hex
from streamer.translate.notes import Drop, NoteReason
from streamer.translate.userdata import HASHERS

SHA256 = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"


def test_hash_is_the_one_in_metas_documentation() -> None:
    assert sha256_hex("john_smith@gmail.com") == SHA256


@pytest.mark.parametrize(
    "value",
    [SHA256, SHA256.upper(), f"  {SHA256}\n", f"{SHA256}.AQQCAQMC", f"{SHA256.upper()}.AQ_-aQMC", f"{SHA256}.AQ"],
)
@pytest.mark.parametrize("key", HASHERS)
def test_value_that_is_hashed_already_is_never_hashed_again(key: str, value: str) -> None:
    assert prehashed(value) == SHA256
    assert HASHERS[key](value, "us") == SHA256


@pytest.mark.parametrize("value", [sha256_hex(""), sha256_hex("").upper(), f"{sha256_hex('')}.AQQCAQMC"])
@pytest.mark.parametrize("key", HASHERS)
def test_hash_of_nothing_is_dropped_because_it_would_make_one_person_of_many(key: str, value: str) -> None:
    assert HASHERS[key](value, "us") == Drop(NoteReason.EMPTY)


@pytest.mark.parametrize("value", ["098f6bcd4621d373cade4e832627b4f6", "098F6BCD4621D373CADE4E832627B4F6.AQQCAQMC"])
@pytest.mark.parametrize("key", [key for key in HASHERS if key != "external_id"])
def test_md5_is_dropped_because_meta_does_not_match_it(key: str, value: str) -> None:
    assert prehashed(value) == Drop(NoteReason.NOT_SHA256)
    assert HASHERS[key](value, "us") == Drop(NoteReason.NOT_SHA256)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "mary",
        SHA256[:-1],
        SHA256 + "0",
        SHA256[:-1] + "g",
        f"{SHA256}.AQQC",
        "0123456789abcdef" * 2 + "g",
        "x" * 64,
    ],
)
def test_text_that_only_looks_like_a_hash_is_text(value: str) -> None:
    assert prehashed(value) is None


@pytest.mark.parametrize("key", HASHERS)
def test_value_of_absurd_length_costs_no_memory(key: str) -> None:
    assert HASHERS[key]("9" * 100_000, None) == Drop(NoteReason.TOO_LONG)


@given(st.binary(min_size=1))
def test_every_sha256_is_recognised(data: bytes) -> None:
    digest = hashlib.sha256(data).hexdigest()
    assert prehashed(digest) == prehashed(digest.upper()) == digest


@pytest.mark.parametrize(
    ("key", "place", "value", "text"),
    [
        ("em", None, " Ana@Example.com", "ana@example.com"),
        ("ph", "gb", "020 7946 0958", "442079460958"),
        ("fn", None, "Mary-Ann", "maryann"),
        ("ln", None, "O'Connor", "oconnor"),
        ("ge", None, "Female", "f"),
        ("db", None, "2/16/1997", "19970216"),
        ("ct", None, "New York", "newyork"),
        ("st", "us", "New York", "ny"),
        ("zp", "us", "10001-1234", "10001"),
        ("country", None, "USA", "us"),
        ("external_id", None, " User-42 ", "User-42"),
    ],
)
def test_hasher_normalises_before_it_hashes_the_first_time_and_the_next(
    key: str, place: str | None, value: str, text: str
) -> None:
    assert HASHERS[key](value, place) == sha256_hex(text)
    assert HASHERS[key](value, place) == sha256_hex(text)


def test_same_state_and_postcode_differ_by_country() -> None:
    assert HASHERS["st"]("Ontario", "ca") == sha256_hex("on")
    assert HASHERS["st"]("Ontario", "us") == sha256_hex("ontario")
    assert HASHERS["zp"]("2134", "us") == sha256_hex("02134")
    assert HASHERS["zp"]("2134", "au") == sha256_hex("2134")


def test_name_too_long_for_the_cache_is_hashed_all_the_same() -> None:
    assert HASHERS["fn"]("Ana-" * 20, None) == sha256_hex("ana" * 20)
