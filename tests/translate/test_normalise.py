# ruff: noqa: RUF001 -- the letters and digits of other scripts are what is tested
"""E-mail, names, gender, birth date, external id and currency; and what holds for every key."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.translate import normalise
from streamer.translate.hashing import prehashed
from streamer.translate.notes import Drop, NoteReason
from streamer.translate.userdata import HASHERS, PART_HASHERS

PLACES = [None, "us", "de", "ca", "gb", "jp", "zz"]

# Key -> normaliser with a place.
NORMALISERS: dict[str, Callable[[str, str | None], str | Drop]] = {
    "em": lambda value, _: normalise.email(value),
    "fn": lambda value, _: normalise.first_name(value),
    "ln": lambda value, _: normalise.last_name(value),
    "ge": lambda value, _: normalise.gender(value),
    "db": lambda value, _: normalise.birthdate(value),
    "ct": lambda value, _: normalise.city(value),
    "st": normalise.state,
    "zp": normalise.zip_code,
    "country": lambda value, _: normalise.country(value),
    "external_id": lambda value, _: normalise.external_id(value),
    "currency": lambda value, _: normalise.currency(value),
}

# Any text, lone surrogates included, and texts near what people write.
ANY_TEXT = (
    st.text(max_size=80)
    | st.text(st.characters(), max_size=40)
    | st.text(
        st.sampled_from("aAéÉßİıſẞΣςÅ\u0301\u0308\u00ad\u200b\ufeff\ud800'’ -._@+/:,()0123456789٠１½〒東정ि"),
        max_size=40,
    )
    | st.from_regex(r"\s?[0-9A-Fa-f]{64}(\.[A-Za-z0-9_-]{8})?\s?", fullmatch=True)
    | st.from_regex(r"[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}", fullmatch=True)
    | st.emails()
)


def hashed(key: str, value: str, place: str | None = None) -> str | Drop:
    return HASHERS[key](value, place)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  John_Smith@Gmail.com\n", "john_smith@gmail.com"),
        ("john.smith+news@gmail.com", "john.smith+news@gmail.com"),
        ("a@b.co", "a@b.co"),
        ("o'neil@example.co.uk", "o'neil@example.co.uk"),
        ("\ufeffana@example.com\u200b", "ana@example.com"),
        ("JOSÉ@EXAMPLE.COM", "josé@example.com"),
        ("İnci@example.com", "inci@example.com"),
        ("उपयोगकर्ता@उदाहरण.भारत", "उपयोगकर्ता@उदाहरण.भारत"),
    ],
)
def test_email_is_trimmed_and_lowercased_and_nothing_else(value: str, expected: str) -> None:
    assert normalise.email(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "n/a",
        "user",
        "user@example",
        "@example.com",
        "a@.com",
        "a@b..com",
        "a@b.com.",
        "a b@c.de",
        "a@b@c.de",
        "a@b.c d",
        "John <john@example.com>",
        "mailto:john@example.com",
        "a@exam_ple,com",
        "john@exa\x00mple.com",
    ],
)
def test_text_that_is_no_address_costs_the_email(value: str) -> None:
    assert normalise.email(value) == Drop(NoteReason.MALFORMED)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Mary", "mary"),
        (" Mary-Ann ", "maryann"),
        ("Jean\u00a0Luc", "jeanluc"),
        ("O\u2019Connor", "oconnor"),
        ("O\u00b4Connor", "oconnor"),
        ("Valéry", "valéry"),
        ("Vale\u0301ry", "valéry"),
        ("STRAẞE", "straße"),
        ("정", "정"),
        ("マリア・クララ", "マリアクララ"),
        ("अनिता", "अनिता"),
        ("مريم", "مريم"),
        ("anna2", "anna2"),
        ("a-\u0301", "á"),
    ],
)
def test_name_loses_case_spaces_and_punctuation_and_keeps_its_letters(value: str, expected: str) -> None:
    assert normalise.first_name(value) == expected
    assert normalise.last_name(value) == expected


@pytest.mark.parametrize("value", ["", " ", "-", "...", "\u200b", "\ud800", "'’´"])
def test_name_without_a_letter_is_dropped_and_not_hashed_as_nothing(value: str) -> None:
    assert normalise.first_name(value) == Drop(NoteReason.EMPTY)
    assert normalise.city(value) == Drop(NoteReason.EMPTY)


@pytest.mark.parametrize("value", ["undefined", "(not set)", "[object Object]"])
def test_stand_in_of_a_tag_manager_is_nobodys_name_or_city(value: str) -> None:
    assert normalise.last_name(value) == Drop(NoteReason.PLACEHOLDER)
    assert normalise.city(value) == Drop(NoteReason.PLACEHOLDER)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("F", "f"),
        ("m", "m"),
        (" Female ", "f"),
        ("MR.", "m"),
        ("ma'am", "f"),
        ("Weiblich", "f"),
        ("homme", "m"),
        ("Señora", "f"),
        ("女性", "f"),
        ("мужской", "m"),
        ("w", "f"),
        ("herself", "f"),
    ],
)
def test_gender_words_become_one_letter(value: str, expected: str) -> None:
    assert normalise.gender(value) == expected


@pytest.mark.parametrize("value", ["other", "divers", "x", "1", "0", "unknown", "non-binary"])
def test_gender_that_is_neither_is_not_sent_as_one(value: str) -> None:
    assert normalise.gender(value) == Drop(NoteReason.UNKNOWN)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1997-02-16", "19970216"),
        ("19970216", "19970216"),
        ("2/16/1997", "19970216"),
        ("16.2.1997", "19970216"),
        ("02/03/1990", "19900203"),
        ("1997/2/6", "19970206"),
        ("1997-02-16 23:59:59+01:00", "19970216"),
        ("02161997", "19970216"),
        ("16021997", "19970216"),
        ("2000-02-29", "20000229"),
        ("１９９７-０２-１６", "19970216"),
    ],
)
def test_birthdate_is_written_year_month_day(value: str, expected: str) -> None:
    assert normalise.birthdate(value) == expected


@pytest.mark.parametrize(
    "value", ["1997-02-30", "1900-02-29", "31/04/1990", "00000000", "0000-00-00", "16/02/97", "1700-01-01"]
)
def test_day_that_never_was_is_not_hashed(value: str) -> None:
    assert normalise.birthdate(value) == Drop(NoteReason.IMPOSSIBLE)


@pytest.mark.parametrize("value", ["1997", "February 1997", "856051200", "1997-02", "19970216120000", "12345-01-01"])
def test_text_without_a_full_date_is_dropped(value: str) -> None:
    assert normalise.birthdate(value) == Drop(NoteReason.MALFORMED)


def test_external_id_keeps_its_case_because_the_pixel_sends_it_so() -> None:
    assert normalise.external_id(" User-42 ") == "User-42"
    assert hashed("external_id", "User-42") != hashed("external_id", "user-42")


@pytest.mark.parametrize("value", ["null", "undefined", "None", "NaN", "(not set)"])
def test_external_id_that_everybody_shares_merges_nobody(value: str) -> None:
    assert normalise.external_id(value) == Drop(NoteReason.PLACEHOLDER)


def test_external_id_of_32_hex_digits_is_an_id_and_not_md5() -> None:
    uuid = "0b5e3f8e7c7b4c0e9d3fd1a2b3c4d5e6"
    assert type(hashed("external_id", uuid)) is str
    assert hashed("fn", uuid) == Drop(NoteReason.NOT_SHA256)


@pytest.mark.parametrize(("value", "expected"), [("usd", "USD"), (" EUR ", "EUR"), ("jpy", "JPY"), ("XOF", "XOF")])
def test_currency_is_written_in_capitals(value: str, expected: str) -> None:
    assert normalise.currency(value) == expected


@pytest.mark.parametrize("value", ["XYZ", "MRU", "XAU", "XXX", "$", "dollars", "US"])
def test_currency_that_meta_would_refuse_the_request_for_is_dropped(value: str) -> None:
    assert normalise.currency(value) == Drop(NoteReason.UNKNOWN)


@pytest.mark.parametrize("key", NORMALISERS)
@given(value=ANY_TEXT, place=st.sampled_from(PLACES))
@settings(deadline=None)
def test_normalising_twice_changes_nothing(key: str, value: str, place: str | None) -> None:
    text = NORMALISERS[key](value, place)
    if type(text) is not str:
        return
    assert text
    assert NORMALISERS[key](text, place) == text
    assert unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize("key", NORMALISERS)
@given(value=ANY_TEXT, place=st.sampled_from(PLACES))
@settings(deadline=None)
def test_composed_and_decomposed_text_give_the_same_hash(key: str, value: str, place: str | None) -> None:
    composed, decomposed = unicodedata.normalize("NFC", value), unicodedata.normalize("NFD", value)
    assert NORMALISERS[key](composed, place) == NORMALISERS[key](decomposed, place)


@pytest.mark.parametrize("key", [*HASHERS, *PART_HASHERS])
@given(value=ANY_TEXT, place=st.sampled_from(PLACES))
@settings(deadline=None)
def test_any_text_gives_64_hex_digits_or_a_reason(key: str, value: str, place: str | None) -> None:
    found = (HASHERS | PART_HASHERS)[key](value, place)
    if type(found) is str:
        assert prehashed(found) == found
    else:
        assert type(found) is Drop
        assert isinstance(found.reason, NoteReason)
