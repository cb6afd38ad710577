# ruff: noqa: RUF001 -- the letters and digits of other scripts are what is tested
"""Cities, states, postcodes and countries."""

import phonenumbers
import pycountry
import pytest

from streamer.translate.normalise_place import city, country, state, zip_code
from streamer.translate.notes import Drop, NoteReason
from streamer.translate.tables import TABLES, word_key


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("New York", "newyork"),
        ("Saint-Étienne", "saintétienne"),
        ("'s-Hertogenbosch", "shertogenbosch"),
        ("東京", "東京"),
        ("São Paulo", "sãopaulo"),
        ("Paris 17e", "parise"),
        ("London (Greater)", "londongreater"),
        ("दिल्ली", "दिल्ली"),
    ],
)
def test_city_keeps_letters_of_any_script_and_nothing_else(value: str, expected: str) -> None:
    assert city(value) == expected


@pytest.mark.parametrize(
    ("value", "place", "expected"),
    [
        ("California", "us", "ca"),
        ("N.Y.", "us", "ny"),
        ("District of Columbia", "us", "dc"),
        ("Washington, D.C.", "us", "dc"),
        ("State of New York", "us", "ny"),
        ("US-TX", "us", "tx"),
        ("US-TX", None, "tx"),
        ("Québec", "ca", "qc"),
        ("Quebec", None, "qc"),
        ("Colombie-Britannique", "ca", "bc"),
        ("CA-ON", "ca", "on"),
        ("Georgia", "us", "ga"),
        ("Georgia", None, "ga"),
        ("Bayern", "de", "bayern"),
        ("Baden-Württemberg", "de", "badenwürttemberg"),
        ("California", "mx", "california"),
        ("NSW", "au", "nsw"),
        ("Ontario", "us", "ontario"),
        ("Cape", None, "cape"),
        ("東京都", "jp", "東京都"),
    ],
)
def test_state_is_a_code_in_north_america_and_a_whole_name_elsewhere(
    value: str, place: str | None, expected: str
) -> None:
    assert state(value, place) == expected


@pytest.mark.parametrize(
    ("value", "place", "expected"),
    [
        ("94035", "us", "94035"),
        ("94035-1234", "us", "94035"),
        ("940351234", "us", "94035"),
        ("94035\u20131234", "us", "94035"),
        ("94035-1234", None, "94035"),
        ("940351234", None, "940351234"),
        ("2134", "us", "02134"),
        ("601", "us", "00601"),
        ("2134", "au", "2134"),
        ("M1 1AE", "gb", "m11ae"),
        ("M1 1AE", None, "m11ae"),
        ("123-4567", "jp", "1234567"),
        ("〒123-4567", None, "1234567"),
        ("１２３－４５６７", "jp", "1234567"),
        ("01310-100", "br", "01310100"),
        ("K1A 0B1", "ca", "k1a0b1"),
        ("1234 AB", "nl", "1234ab"),
        ("00-950", None, "00950"),
        ("١٢٣٤٥", "sa", "12345"),
    ],
)
def test_postcode_is_cut_for_the_us_alone(value: str, place: str | None, expected: str) -> None:
    assert zip_code(value, place) == expected


@pytest.mark.parametrize("value", ["n/a", "0", "X", "undefined", "1234567890123", "-"])
def test_postcode_without_a_digit_or_of_no_length_is_dropped(value: str) -> None:
    assert zip_code(value, "us") == Drop(NoteReason.MALFORMED)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("US", "us"),
        (" us ", "us"),
        ("U.S.A.", "us"),
        ("United States", "us"),
        ("Vereinigte Staaten", "us"),
        ("UK", "gb"),
        ("England", "gb"),
        ("Great Britain", "gb"),
        ("GBR", "gb"),
        ("AUT", "at"),
        ("SWE", "se"),
        ("Österreich", "at"),
        ("Osterreich", "at"),
        ("Deutschland", "de"),
        ("Alemania", "de"),
        ("España", "es"),
        ("Espan\u0303a", "es"),
        ("Côte d’Ivoire", "ci"),
        ("Cote d'Ivoire", "ci"),
        ("South Korea", "kr"),
        ("Korea, Republic of", "kr"),
        ("대한민국", "kr"),
        ("日本", "jp"),
        ("Россия", "ru"),
        ("Türkiye", "tr"),
        ("Holland", "nl"),
        ("Georgia", "ge"),
        ("Niger", "ne"),
        ("Guinea-Bissau", "gw"),
        ("Kosovo", "xk"),
    ],
)
def test_country_is_found_by_code_and_by_name(value: str, expected: str) -> None:
    assert country(value) == expected


@pytest.mark.parametrize("value", ["xx", "zz", "Atlantis", "en_US", "12", "EU"])
def test_country_that_does_not_exist_is_not_cut_to_two_letters(value: str) -> None:
    found = country(value)
    assert type(found) is Drop


def test_every_code_and_english_name_of_iso_3166_is_known() -> None:
    for entry in pycountry.countries:
        names = {entry.alpha_2, entry.alpha_3, entry.name, getattr(entry, "common_name", entry.name)}
        assert {country(name) for name in names} == {entry.alpha_2.lower()}


def test_every_region_of_the_phone_library_is_a_country() -> None:
    missing = {region for region in phonenumbers.SUPPORTED_REGIONS if country(region) != region.lower()}
    assert missing == {"AC", "TA"}  # Ascension and Tristan da Cunha belong to SH in ISO 3166-1


def test_every_state_of_the_us_and_province_of_canada_is_known() -> None:
    for entry in pycountry.subdivisions:
        if entry.country_code in {"US", "CA"}:
            assert state(entry.name, entry.country_code.lower()) == entry.code[3:].lower()


def test_tables_hold_only_what_a_lookup_can_find() -> None:
    words = [*TABLES.countries, *TABLES.genders, *TABLES.states["us"], *TABLES.states["ca"]]
    assert [word for word in words if word_key(word) != word] == []
    assert all(len(code) == 2 and code.islower() for code in TABLES.countries.values())
    assert set(TABLES.genders.values()) == {"m", "f"}
