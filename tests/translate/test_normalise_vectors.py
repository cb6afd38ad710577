# ruff: noqa: RUF001 -- the letters and digits of other scripts are what is tested
"""What Meta's own sources make of an input, beside what we make of it.

data/vectors.jsonl holds, by key and input, the text and the hash of Meta's documentation ("docs"), its Python SDK
("py"), its parameter builder for Node ("pb") and its Node SDK ("bz"). Where all that say something agree, so do we,
but for the inputs of DEPARTURES; where they differ, CHOICES says what we do and why. docs/normalising.md tells the same
in prose.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from streamer.translate import identifiers, normalise, normalise_parts
from streamer.translate.hashing import prehashed, sha256_hex
from streamer.translate.notes import Drop, NoteReason
from streamer.translate.userdata import HASHERS, PART_HASHERS

VECTORS = Path(__file__).parent / "data" / "vectors.jsonl"
HASH_OF_NOTHING = sha256_hex("")
MALFORMED, IMPOSSIBLE, UNKNOWN = NoteReason.MALFORMED, NoteReason.IMPOSSIBLE, NoteReason.UNKNOWN


def without_place(function: Callable[[str, str | None], str | Drop]) -> Callable[[str], str | Drop]:
    return lambda value: function(value, None)


NORMALISERS: dict[str, Callable[[str], str | Drop]] = {
    "em": normalise.email,
    "ph": without_place(normalise.phone),
    "fn": normalise.first_name,
    "ln": normalise.last_name,
    "ge": normalise.gender,
    "db": normalise.birthdate,
    "ct": normalise.city,
    "st": without_place(normalise.state),
    "zp": without_place(normalise.zip_code),
    "country": normalise.country,
    "external_id": normalise.external_id,
    "f5first": normalise_parts.first_five,
    "f5last": normalise_parts.first_five,
    "fi": normalise_parts.first_initial,
    "dobd": normalise_parts.birth_day,
    "dobm": normalise_parts.birth_month,
    "doby": normalise_parts.birth_year,
}
ALL_HASHERS = HASHERS | PART_HASHERS

NO_ADDRESS = "nobody has such an address"
OTHER_SCRIPT = "docs only trim and lowercase: addresses in other scripts exist, pb knows ASCII alone"
NAME_PUNCTUATION = "docs: no punctuation, and pb does so; the SDKs keep it"
GENDER_WORD = "docs: f or m; pb's words, the SDKs do not map them or refuse them"
NO_GENDER = "docs: f or m; there is nothing to send"
DATE = "pb reads dates, the SDKs do not"
NO_DATE = "pb reads no full date in it; hashing the text, as the SDKs do, matches nobody"
CITY_LETTERS = "docs: UTF-8 for special letters; pb cuts them out"
CITY_PUNCTUATION = "docs: no punctuation; the SDKs keep it"
US_STATE = "docs: two letters for the US; pb knows the names, the SDKs do not"
WHOLE_STATE = "docs: the name in lowercase; pb cuts it to two letters"
COUNTRY_NAME = "pb knows English names; the SDKs refuse all names"
COUNTRY_CUT = "pb cuts to the first two letters, which are another country or none"
ONE_CHARACTER = "no postcode has one character; pb and bz drop it too"
OTHER_DIGITS = "libphonenumber reads digits of all scripts; the sources do not, or hash them as they are"

# Where the sources differ: what we make of it, and why.
CHOICES: dict[tuple[str, str], tuple[str | NoteReason, str]] = {
    ("em", "john smith@gmail.com"): (MALFORMED, NO_ADDRESS),
    ("em", "münchen@example.de"): ("münchen@example.de", OTHER_SCRIPT),
    ("em", "info@münchen.de"): ("info@münchen.de", OTHER_SCRIPT),
    ("em", "user@@example.com"): (MALFORMED, NO_ADDRESS),
    ("em", "mailto:john@example.com"): (MALFORMED, NO_ADDRESS),
    ("em", "john@example.com."): (MALFORMED, NO_ADDRESS),
    ("em", "İSTANBUL@EXAMPLE.COM"): ("istanbul@example.com", "the capital of i on a Turkish keyboard"),
    ("ph", "01 23 45 67 89"): ("123456789", "no country known: pb's digits without leading zeros"),
    ("ph", "1 650 555 1212 ext. 99"): ("16505551212", "libphonenumber takes the extension off; pb glues it on"),
    ("ph", "９０１２３４５６７８"): ("9012345678", OTHER_DIGITS),
    ("ph", "٠٩٦٦٥٠١٢٣٤٥٦٧"): ("966501234567", OTHER_DIGITS),
    ("ph", "123"): (IMPOSSIBLE, "no country has such a number; py and bz refuse it too"),
    ("fn", "Mary Ann"): ("maryann", NAME_PUNCTUATION),
    ("fn", "O'Connor"): ("oconnor", NAME_PUNCTUATION),
    ("fn", "Dr. John"): ("drjohn", NAME_PUNCTUATION),
    ("fn", "山田 太郎"): ("山田太郎", NAME_PUNCTUATION),
    ("fn", "😀 Ana"): ("😀ana", NAME_PUNCTUATION),
    ("ln", "Smith, Jr."): ("smithjr", NAME_PUNCTUATION),
    ("ge", "male"): ("m", GENDER_WORD),
    ("ge", "woman"): ("f", GENDER_WORD),
    ("ge", "man"): ("m", GENDER_WORD),
    ("ge", "he"): ("m", GENDER_WORD),
    ("ge", "Mr"): ("m", GENDER_WORD),
    ("ge", "mrs."): ("f", "the word is pb's; a full stop after it changes nothing"),
    ("ge", "other"): (UNKNOWN, NO_GENDER),
    ("ge", "unknown"): (UNKNOWN, NO_GENDER),
    ("ge", "0"): (UNKNOWN, NO_GENDER),
    ("db", "16.02.1997"): ("19970216", DATE),
    ("db", "1997-13-01"): ("19970113", DATE),
    ("db", "1997-02-16T00:00:00Z"): ("19970216", DATE),
    ("db", "31/12/1990"): ("19901231", DATE),
    ("db", "12/31/1990"): ("19901231", DATE),
    ("db", "03/04/1990"): ("19900304", "docs' sample is month first, and so is pb where both are possible"),
    ("db", "  1990-01-01 "): ("19900101", DATE),
    ("db", "1997-02-31"): (IMPOSSIBLE, "no such day; pb passes it"),
    ("db", "02-16-97"): (IMPOSSIBLE, NO_DATE),
    ("db", "Feb 16, 1997"): (MALFORMED, NO_DATE),
    ("db", "1 Jan 1990"): (MALFORMED, NO_DATE),
    ("db", "1997"): (MALFORMED, NO_DATE),
    ("ct", "Saint-Étienne"): ("saintétienne", CITY_LETTERS),
    ("ct", "München"): ("münchen", CITY_LETTERS),
    ("ct", "東京"): ("東京", CITY_LETTERS),
    ("ct", "Москва"): ("москва", CITY_LETTERS),
    ("ct", "São Paulo"): ("sãopaulo", CITY_LETTERS),
    ("ct", "大阪市"): ("大阪市", CITY_LETTERS),
    ("ct", "10th of Ramadan City"): ("thoframadancity", "the SDKs take digits out; pb drops what starts with one"),
    ("ct", "Coeur d'Alene"): ("coeurdalene", CITY_PUNCTUATION),
    ("st", "California"): ("ca", US_STATE),
    ("st", "california"): ("ca", US_STATE),
    ("st", "West Virginia"): ("wv", US_STATE),
    ("st", "Ontario"): ("on", "pb has the provinces of Canada too"),
    ("st", "Alberta"): ("ab", "pb has the provinces of Canada too"),
    ("st", "Bayern"): ("bayern", WHOLE_STATE),
    ("st", "Bavaria"): ("bavaria", WHOLE_STATE),
    ("st", "New South Wales"): ("newsouthwales", WHOLE_STATE),
    ("st", "Île-de-France"): ("îledefrance", WHOLE_STATE),
    ("st", "Nuevo León"): ("nuevoleón", WHOLE_STATE),
    ("zp", "94035 1234"): ("94035", "docs: five digits for the US; no other country writes five and four with a gap"),
    ("zp", "0"): (MALFORMED, ONE_CHARACTER),
    ("zp", "A"): (MALFORMED, ONE_CHARACTER),
    ("country", "United States of America"): ("us", COUNTRY_NAME),
    ("country", "Germany"): ("de", COUNTRY_NAME),
    ("country", "U.S."): ("us", "py and pb read it; bz refuses it"),
    ("country", "SWE"): ("se", COUNTRY_CUT),
    ("country", "CHE"): ("ch", COUNTRY_NAME),
    ("country", "Österreich"): ("at", COUNTRY_CUT),
    ("country", "Schweiz"): ("ch", COUNTRY_CUT),
    ("fi", "😀Ana"): ("😀", "py; bz takes half of a character that UTF-16 writes in two"),
}

DASH = "docs say without dashes; the sources cut at the dash, which only US codes can bear"
# Where all that say something agree and match no real person: what we make of it, and why.
DEPARTURES: dict[tuple[str, str], tuple[str | NoteReason, str]] = {
    ("ph", "+49 (0)30 123456"): ("4930123456", "libphonenumber: the (0) is never dialled from abroad"),
    ("fn", "098f6bcd4621d373cade4e832627b4f6"): (NoteReason.NOT_SHA256, "docs name SHA-256 alone; this is MD5"),
    ("db", "19971301"): (IMPOSSIBLE, "no such day"),
    ("db", "99999999"): (IMPOSSIBLE, "no such day"),
    ("db", "16021997"): ("19970216", "as year, month, day it is no date; as day, month, year it is"),
    ("zp", "100-0001"): ("1000001", DASH),
    ("zp", "〒100-0001"): ("1000001", DASH),
    ("zp", "EC1A-1BB"): ("ec1a1bb", DASH),
}


class Vector(NamedTuple):
    key: str
    value: Any
    text: str | None
    sha256: str | None
    source: str


def load() -> list[Vector]:
    rows = map(json.loads, VECTORS.read_text(encoding="utf-8").splitlines())
    return [
        Vector(row["field"], row["input"], row["expected_normalized"], row["expected_sha256"], row["source"])
        for row in rows
    ]


def by_input(vectors: list[Vector]) -> dict[tuple[str, str], list[Vector]]:
    grouped: dict[tuple[str, str], list[Vector]] = {}
    for vector in vectors:
        grouped.setdefault((vector.key, vector.value), []).append(vector)
    return grouped


def region_of(value: str) -> str | None:
    return "us" if value.startswith("US phone number") else None


def answer_of(vector: Vector) -> str | None:
    """A source's hash; the hash of an empty text is a fault of the SDKs and counts as nothing."""
    if vector.key == "external_id" and vector.sha256 is None and vector.text is not None:
        return prehashed_text(vector.text)
    return None if vector.sha256 == HASH_OF_NOTHING else vector.sha256


def prehashed_text(text: str) -> str:
    known = prehashed(text)
    return known if type(known) is str else sha256_hex(text)


EVERYTHING = load()
GROUPS = by_input([v for v in EVERYTHING if v.key in NORMALISERS and v.value is not None])
FORMS = [v for v in EVERYTHING if v.value is None]
TABLE = CHOICES | DEPARTURES
AGREED = [pair for pair, found in GROUPS.items() if len({answer_of(v) for v in found}) == 1 and pair not in DEPARTURES]


@pytest.mark.parametrize("pair", AGREED, ids=" ".join)
def test_hash_is_the_one_all_of_metas_sources_give(pair: tuple[str, str]) -> None:
    key, value = pair
    hashed = ALL_HASHERS[key](value, region_of(value))
    assert (hashed if type(hashed) is str else None) == answer_of(GROUPS[pair][0])


@pytest.mark.parametrize(("pair", "choice"), list(TABLE.items()), ids=[" ".join(pair) for pair in TABLE])
def test_choice_between_the_sources_is_kept(pair: tuple[str, str], choice: tuple[str | NoteReason, str]) -> None:
    key, value = pair
    expected, _ = choice
    hashed = ALL_HASHERS[key](value, None)
    if isinstance(expected, NoteReason):
        assert hashed == Drop(expected)
        return
    assert NORMALISERS[key](value) == expected
    assert hashed == sha256_hex(expected)


def test_every_input_on_which_the_sources_differ_has_a_choice_and_no_other_has() -> None:
    differing = {pair for pair, found in GROUPS.items() if len({answer_of(v) for v in found}) > 1}
    assert set(CHOICES) == differing


def test_every_departure_is_from_sources_that_agree() -> None:
    for pair, (expected, _) in DEPARTURES.items():
        answers = {answer_of(vector) for vector in GROUPS[pair]}
        assert len(answers) == 1
        assert answers != {None if isinstance(expected, NoteReason) else sha256_hex(expected)}


def test_most_inputs_need_no_choice() -> None:
    assert len(AGREED) + len(TABLE) == len(GROUPS)
    assert len(AGREED) > len(TABLE)


@pytest.mark.parametrize("vector", FORMS, ids=[f"{v.key} {v.text}" for v in FORMS])
def test_form_that_the_documentation_prints_is_hashed_as_it_is(vector: Vector) -> None:
    assert vector.text is not None
    assert NORMALISERS[vector.key](vector.text) == vector.text
    assert ALL_HASHERS[vector.key](vector.text, None) == vector.sha256


CURRENCIES = [v for v in EVERYTHING if v.key == "currency"]


@pytest.mark.parametrize(
    ("vector", "expected"),
    list(zip(CURRENCIES, ("USD", UNKNOWN, UNKNOWN, NoteReason.EMPTY, UNKNOWN), strict=True)),
    ids=[v.value for v in CURRENCIES],
)
def test_currency_is_one_that_meta_takes_in_capitals(vector: Vector, expected: str | NoteReason) -> None:
    """The SDK lowercases and takes any three letters; Meta refuses the request for XYZ, and for MRU."""
    found = normalise.currency(vector.value)
    assert (found if type(found) is str else found[0]) == expected


COOKIES = [v for v in EVERYTHING if v.key in {"fbc", "fbp"}]


def in_our_form(text: str | None) -> str | None:
    """The builder's value without the eight-character appendix it adds, made with our subdomain index."""
    if text is None:
        return None
    parts = text.split(".")
    kept = parts[:4] if len(parts[-1]) == len("AQICAQMC") else parts
    return ".".join([kept[0], "1", *kept[2:]])


@pytest.mark.parametrize("vector", COOKIES, ids=[f"{v.key} {i}" for i, v in enumerate(COOKIES)])
def test_click_and_browser_ids_are_the_parameter_builders(vector: Vector) -> None:
    """But for the appendix, which says who made a value, and a browser id without a cookie: that is never invented."""
    page, cookies, now = vector.value["url"], vector.value["cookies"], vector.value["now_ms"]
    if vector.key == "fbc":
        found = identifiers.fbc(cookies.get("_fbc"), page, vector.value["referer"], now)
        assert (found if type(found) is str else None) == in_our_form(vector.text)
        return
    known = identifiers.fbp(cookies.get("_fbp"))
    assert (known if type(known) is str else None) in {None, in_our_form(vector.text)}
    assert (type(known) is str) == (cookies.get("_fbp", "").count(".") > 2)
