# ruff: noqa: RUF001 -- a script, and words in many scripts
"""Writes streamer/translate/tables.json: the words that normalising looks up. Run it when ISO or CLDR have news.

    PYTHONPATH=. uv run --with babel tools/make_tables.py

Codes and English names are ISO's, from pycountry; names in other languages are Unicode's CLDR, from Babel.

Importing pycountry costs a process 40 ms and reading its subdivisions 25 ms more; the file is read in 2 ms. It is plain
data, so that an engine in another language can use the same tables.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pycountry
from babel import Locale

from streamer.translate.tables import fold, word_key

TARGET = Path(__file__).parent.parent / "streamer" / "translate" / "tables.json"

# The languages whose country names are looked up: those of most web shops. In order: where two languages give one
# name to two countries, neither gets it.
LANGUAGES = (
    "en",
    *("de", "fr", "es", "it", "pt", "pt_PT", "nl", "pl", "sv", "da", "nb_NO", "fi", "cs", "sk", "hu", "ro", "bg", "el"),
    *("hr", "sr", "sl", "lt", "lv", "et", "ru", "uk", "tr", "ar", "he", "fa", "hi", "bn", "th", "vi", "id", "ms"),
    *("zh_Hans", "zh_Hant", "ja", "ko", "ca"),
)

# What people write and ISO 3166-1 does not: codes of other standards, parts of countries, common short names.
COUNTRY_WORDS = {
    "gb": "uk|great britain|britain|england|scotland|wales|northern ireland|großbritannien|grande-bretagne|gran bretaña"
    "|inglaterra|royaume-uni|reino unido|gran bretagna|inghilterra|angleterre|groot-brittannië|英国|イギリス|영국",
    "gr": "el",
    "us": "america, united states of|united states|the united states|the united states of america|u.s. of a"
    "|estados unidos|estados unidos de américa|eua|eeuu|ee.uu.|vereinigte staaten|vereinigte staaten von amerika"
    "|états-unis|états-unis d'amérique|stati uniti|stati uniti d'america|verenigde staten"
    "|美国|美國|アメリカ|アメリカ合衆国"
    "|미국|сша",
    "ae": "uae|emirates|объединённые арабские эмираты|объединенные арабские эмираты|阿联酋|阿聯酋",
    "au": "澳大利亞|澳洲",
    "bn": "brunei",
    "bo": "bolivia",
    "cd": "drc|dr congo|congo-kinshasa|congo kinshasa|democratic republic of congo",
    "cg": "congo-brazzaville|republic of the congo",
    "ci": "ivory coast",
    "cn": "mainland china|prc|中国|中國",
    "cv": "cape verde",
    "cz": "czech republic|česká republika",
    "fk": "falkland islands",
    "fm": "micronesia",
    "ir": "iran",
    "jp": "日本|日本国",
    "kp": "north korea",
    "kr": "south korea|korea|republic of korea|한국|대한민국|남한",
    "la": "laos",
    "md": "moldova",
    "mk": "macedonia|north macedonia",
    "mm": "burma",
    "mo": "macau",
    "nl": "holland|the netherlands",
    "ps": "palestine",
    "ru": "russia|россия",
    "sh": "saint helena",
    "sy": "syria",
    "sz": "swaziland",
    "th": "ประเทศไทย|ไทย",
    "tl": "east timor",
    "tr": "turkey|türkiye|turkiye",
    "tw": "taiwan|台灣|台湾",
    "tz": "tanzania",
    "va": "vatican|vatican city",
    "ve": "venezuela",
    "vg": "british virgin islands",
    "vi": "us virgin islands",
    "vn": "vietnam|viet nam|việt nam",
    "xk": "xk|xkx|kosovo|kosova|kosovë|косово",
}

# Words for a person's gender; the first group of each is the English of Meta's parameter builder, with its titles and
# family words, the second the same in other languages.
GENDERS = {
    "m": "m male man boy gentleman guy sir mister mr son father dad daddy papa uncle nephew brother husband boyfriend "
    "groom widower king prince duke count emperor god lord lad fellow chap bloke dude he him his himself "
    "masculine männlich mann herr homme masculin monsieur garçon hombre masculino varón señor niño maschio uomo "
    "maschile signore homem senhor mannelijk heer mężczyzna pan muž muž férfi bărbat мужской мужчина мужской чоловік "
    "чоловіча erkek bay ذكر رجل גבר זכר पुरुष ชาย nam 男 男性 남 남성 남자 mies mand άνδρας",
    "f": "f female woman girl lady miss ms mrs madam ma'am daughter mother mom mama mommy aunt niece sister wife "
    "girlfriend bride widow queen princess duchess countess empress goddess maiden lass gal chick dame belle she her "
    "hers herself w feminine weiblich frau femme féminin madame mademoiselle fille mujer femenino femenina señora "
    "señorita niña femmina donna femminile signora mulher feminino feminina senhora vrouw vrouwelijk mevrouw kobieta "
    "pani žena nő femeie женский женщина жінка жіноча kadın bayan أنثى امرأة אישה נקבה महिला หญิง nữ 女 女性 여 여성 "
    "여자 nainen kvinna kvinde γυναίκα",
}

US_EXTRA = {"dc": "district of columbia|washington dc|washington, d.c.|d.c."}
CA_EXTRA = {
    "ab": "alberta",
    "bc": "colombie-britannique",
    "mb": "manitoba",
    "nb": "nouveau-brunswick",
    "nl": "newfoundland|newfoundland and labrador|newfoundland & labrador|terre-neuve-et-labrador",
    "ns": "nouvelle-écosse",
    "nt": "territoires du nord-ouest|northwest territories",
    "on": "ontario",
    "pe": "prince edward island|île-du-prince-édouard|pei",
    "qc": "québec",
    "yt": "yukon|yukon territory|territoire du yukon",
}

# ISO 4217 has codes for funds, metals and tests beside the world's money; of the X codes these are money.
MONEY_X = {"XAF", "XCD", "XCG", "XOF", "XPF"}
FUNDS = {"BOV", "CHE", "CHW", "CLF", "COU", "MXV", "USN", "UYI", "UYW"}
# Valid in ISO 4217, and yet a request with it was refused (100/2804011).
REFUSED_BY_META = {"MRU"}


def split_words(text: str) -> Iterator[str]:
    """Yield the keys of ``a|b|c``, as they are and without accents."""
    for word in text.split("|"):
        yield from {word_key(word), fold(word_key(word))}


def unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Pairs of word and code as a dict, without the words that stand for two codes."""
    codes: dict[str, set[str]] = {}
    for word, code in pairs:
        codes.setdefault(word, set()).add(code)
    return {word: next(iter(found)) for word, found in codes.items() if word and len(found) == 1}


def country_names(country: Any) -> list[str]:  # noqa: ANN401 -- pycountry's classes are made at run time
    """List a country's English names: ISO's, the official and the common one, and the inverted ones set right."""
    names = [getattr(country, attribute, "") for attribute in ("name", "official_name", "common_name")]
    inverted = [" ".join(reversed(name.split(", "))) for name in names if ", " in name]
    short = [name.split(",")[0].split("(")[0] for name in names[:1] if country.alpha_2 not in {"KR", "KP", "CD", "CG"}]
    return [name for name in names + inverted + short if name]


def countries() -> dict[str, str]:
    """Every word for a country: codes first, then English names, then the names in other languages."""
    entries = list(pycountry.countries)
    codes = {code.lower(): c.alpha_2.lower() for c in entries for code in (c.alpha_2, c.alpha_3)}
    words = unambiguous((key, code) for code, text in COUNTRY_WORDS.items() for key in split_words(text))
    words |= {"uk": "gb", "gbr": "gb"}
    english = unambiguous(
        (key, c.alpha_2.lower()) for c in entries for name in country_names(c) for key in split_words(name)
    )
    translated = unambiguous(
        (key, code)
        for language in LANGUAGES
        for code, name in translations(language)
        for key in split_words(name)
        if len(key) > 3 or not key.isascii()  # noqa: PLR2004 -- short Latin words are read as codes
    )
    return translated | english | words | codes


def translations(language: str) -> Iterator[tuple[str, str]]:
    """Yield each name of a country in a language, with the country's code."""
    for code, name in Locale.parse(language).territories.items():
        if pycountry.countries.get(alpha_2=code) is not None:
            yield code.lower(), name


def states(country: str, extra: dict[str, str]) -> dict[str, str]:
    """Names of a country's states to two lowercase letters."""
    found: dict[str, str] = {}
    for subdivision in [entry for entry in pycountry.subdivisions if entry.country_code == country]:
        found |= dict.fromkeys(split_words(subdivision.name), subdivision.code.split("-")[1].lower())
    return found | {key: code for code, text in extra.items() for key in split_words(text)}


def main() -> None:
    """Write the file."""
    currencies = {currency.alpha_3 for currency in pycountry.currencies}
    money = {code for code in currencies if not code.startswith("X") or code in MONEY_X} - FUNDS - REFUSED_BY_META
    words: dict[str, list[str]] = {}
    for word, code in sorted(countries().items()):
        words.setdefault(code, []).append(word)
    tables = {
        "countries": {code: " ".join(found) for code, found in words.items()},
        "states": {"us": states("US", US_EXTRA), "ca": states("CA", CA_EXTRA)},
        "genders": {word_key(word): code for code, words in GENDERS.items() for word in words.split()},
        "currencies": sorted(money),
    }
    text = json.dumps(tables, ensure_ascii=False, sort_keys=True, indent=0)
    TARGET.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
