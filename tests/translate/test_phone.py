"""Phone numbers: what libphonenumber says, and a quick path that says the same."""

from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType

from streamer.translate import phone as module
from streamer.translate.notes import Drop, NoteReason
from streamer.translate.phone import phone, phone_note

REGIONS = sorted(region.lower() for region in phonenumbers.SUPPORTED_REGIONS)
SHARE_THAT_MUST_BE_QUICK = 0.9
LARGE_COUNTRIES = ("us", "gb", "de", "fr", "br", "in", "it", "es", "nl", "pl", "jp", "au", "ca", "tr", "se", "ch", "id")
FORMS = (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL)


@pytest.mark.parametrize(
    ("value", "region", "expected"),
    [
        ("US phone number (650)555-1212", "us", "16505551212"),
        ("(650) 555-1212", "us", "16505551212"),
        ("1 650 555 1212", "us", "16505551212"),
        ("+1 650 555 1212", "de", "16505551212"),
        ("001 650 555 1212", None, "16505551212"),
        ("0044 20 7946 0958", "us", "442079460958"),
        ("011 44 20 7946 0958", "us", "442079460958"),
        ("020 7946 0958", "gb", "442079460958"),
        ("+44 (0)20 7946 0958", None, "442079460958"),
        ("+49 (0)30 123456", "fr", "4930123456"),
        ("030/123456", "de", "4930123456"),
        ("06 12 34 56 78", "fr", "33612345678"),
        ("+39 06 698 12345", None, "390669812345"),
        ("06 698 12345", "it", "390669812345"),
        ("tel:+1-650-555-1212", None, "16505551212"),
        ("1 650 555 1212 ext. 99", "us", "16505551212"),
        ("1-800-FLOWERS", "us", "18003569377"),
        ("\uff0b\uff14\uff19 30 123456", None, "4930123456"),
        ("٠٥٠١٢٣٤٥٦٧", "sa", "966501234567"),
        ("5511912345678", "br", "5511912345678"),
        ("(11) 91234-5678", "br", "5511912345678"),
        ("4917612345678", "us", "4917612345678"),
    ],
)
def test_number_gets_the_country_code_and_loses_everything_else(value: str, region: str | None, expected: str) -> None:
    assert phone(value, region) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("020 7946 0958", "2079460958"),
        ("01 23 45 67 89", "123456789"),
        ("(650) 555-1212", "6505551212"),
        ("650 555 1212 ext. 99", "6505551212"),
        ("16505551212", "16505551212"),
    ],
)
def test_number_of_no_known_country_keeps_its_digits_rather_than_be_lost(value: str, expected: str) -> None:
    assert phone(value, None) == expected
    assert phone(value, "aq") == expected  # a country without a numbering plan


def test_number_kept_without_its_country_is_noted_and_no_other() -> None:
    assert phone_note("020 7946 0958", None) is NoteReason.NO_COUNTRY_CODE
    assert phone_note("020 7946 0958", "gb") is None
    assert phone_note("+44 20 7946 0958", None) is None
    assert phone_note("0044 20 7946 0958", None) is None
    assert phone_note("442079460958", None) is None
    assert phone_note("n/a", None) is None


def test_number_of_the_right_length_is_kept_even_if_its_range_is_new_to_the_library() -> None:
    assert phone("+1 555 123 4567", None) == "15551234567"
    assert phone("(555) 123-4567", "us") == "15551234567"


@pytest.mark.parametrize(
    ("value", "region"),
    [
        ("123", None),
        ("123", "us"),
        ("00000", None),
        ("+1 650", None),
        ("+999 123 456 789", None),
        ("555-1212", "us"),
        ("+44 20 7946 0958 12345678", None),
        ("1234567890123456", None),
    ],
)
def test_number_that_no_country_can_have_is_dropped(value: str, region: str | None) -> None:
    assert phone(value, region) == Drop(NoteReason.IMPOSSIBLE)


@pytest.mark.parametrize("value", ["n/a", "none", "-", "+"])
def test_text_without_digits_is_no_number(value: str) -> None:
    assert phone(value, "us") == Drop(NoteReason.MALFORMED)


def test_blank_is_empty_and_a_page_of_text_is_too_long() -> None:
    assert phone(" ", "us") == Drop(NoteReason.EMPTY)
    assert phone("1" * 5000, "us") == Drop(NoteReason.TOO_LONG)


def examples() -> Iterator[tuple[str, str, str]]:
    """Every kind of number of every region as people write it: text, region, the digits of E.164."""
    for region in REGIONS:
        trunk = PhoneMetadata.metadata_for_region(region.upper(), None).national_prefix or ""  # type: ignore[union-attr]
        for kind in PhoneNumberType.values():
            number = phonenumbers.example_number_for_type(region.upper(), kind)
            if number is None:
                continue
            national = phonenumbers.national_significant_number(number)
            digits = f"{number.country_code}{national}"
            for text in (
                phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
                phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL),
                f"+{digits}",
                f"00{digits}",
                digits,
                national,
                trunk + national,
            ):
                yield text, region, digits


EXAMPLES = list(examples())


def test_quick_path_agrees_with_the_library_on_every_kind_of_number_of_every_region() -> None:
    quick = 0
    for text, region, _ in EXAMPLES:
        for place in (region, None, "us", "de"):
            found = module._quick(text, place)
            quick += found is not None
            assert found in {None, module._careful(text, place)}, (text, place)
    assert quick > len(EXAMPLES) * 2  # of four; the rest is what only the library can tell


def test_international_form_of_every_number_gives_its_digits() -> None:
    for text, region, digits in EXAMPLES:
        if text.startswith("+"):
            assert phone(text, None) == digits
            assert phone(text, region) == digits


def test_mobile_numbers_of_large_countries_take_the_quick_path() -> None:
    found: list[str | None] = []
    for region in LARGE_COUNTRIES:
        number = phonenumbers.example_number_for_type(region.upper(), PhoneNumberType.MOBILE)
        assert number is not None
        found.extend(module._quick(phonenumbers.format_number(number, form), region) for form in FORMS)
    assert sum(map(bool, found)) / len(found) > SHARE_THAT_MUST_BE_QUICK


def test_the_first_number_of_a_country_reads_no_file() -> None:
    loaders = [*PhoneMetadata._region_available.values(), *PhoneMetadata._country_code_available.values()]
    assert len(loaders) > 200
    assert set(loaders) == {None}


REGION_OR_NONE = st.sampled_from([None, *REGIONS])
NUMBERS = st.builds(
    lambda start, rest: start + rest,
    st.sampled_from(
        ["", "+", "00", "0", "8", "+1", "+44", "+49", "49", "+39", "+52", "+54", "54", "+7", "7", "+81", "1"]
    ),
    st.text("0123456789", min_size=1, max_size=15) | st.text("0123456789 -.()/+x", min_size=1, max_size=20),
)


@given(value=NUMBERS, region=REGION_OR_NONE)
@settings(deadline=None, max_examples=2000)
def test_quick_path_agrees_with_the_library_on_random_digits(value: str, region: str | None) -> None:
    assert module._quick(value, region) in {None, module._careful(value, region)}


@given(example=st.sampled_from(EXAMPLES), position=st.integers(0, 30), digit=st.sampled_from("0123456789 "))
@settings(deadline=None, max_examples=1000)
def test_quick_path_agrees_with_the_library_on_mistyped_numbers(
    example: tuple[str, str, str], position: int, digit: str
) -> None:
    text, region, _ = example
    mistyped = text[:position] + digit + text[position + 1 :]
    assert module._quick(mistyped, region) in {None, module._careful(mistyped, region)}


@given(value=st.text(max_size=60) | NUMBERS, region=REGION_OR_NONE)
@settings(deadline=None)
def test_any_text_gives_digits_or_a_reason(value: str, region: str | None) -> None:
    digits = phone(value, region)
    if type(digits) is str:
        assert digits.isascii()
        assert digits.isdigit()
        assert digits[0] != "0"
    else:
        assert type(digits) is Drop


@given(example=st.sampled_from(EXAMPLES), place=REGION_OR_NONE)
@settings(deadline=None)
def test_digits_with_a_plus_are_the_same_number_wherever_the_event_comes_from(
    example: tuple[str, str, str], place: str | None
) -> None:
    text, region, _ = example
    digits = phone(text, region)
    assume(type(digits) is str)  # a trunk prefix before three of Israel's special numbers makes them impossible
    assert phone(f"+{digits}", place) == digits
