"""Phone numbers as Meta hashes them: all digits with the country code, nothing before them.

libphonenumber decides. A quick path before it answers the plain cases from libphonenumber's own metadata, and gives the
same digits; a full parse takes some 20 µs, the quick path one or two.
"""

import re
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, ValidationResult
from phonenumbers.phonemetadata import PhoneNumberDesc

from streamer.translate.notes import Drop, NoteReason

# All countries now: one that is loaded with its first number reads a file in the middle of the record path, and if that
# fails, the library never gives its lock back.
PhoneMetadata.load_all()

_FORMATTING = str.maketrans("", "", " -.()/\u00a0")
_INTERNATIONAL = re.compile(r"(?:tel:)?[\s(\[]*(?:[+\uff0b][\s(]*0*|00+)[\s(]*", re.IGNORECASE)
_BEFORE_DIGITS = re.compile(r"[^0-9]*0*[^0-9]*")
_UP_TO_EXTENSION = re.compile(r"[^0-9]*([^A-Za-z;,#]*)")
_QUICK_LENGTH = 40
_LONGEST = 250
# Without any country: the length of a number that could be somebody's.
_PLAUSIBLE = range(7, 16)


class _Plan(NamedTuple):
    """What the quick path needs of a region's numbering plan."""

    code: str
    lengths: frozenset[int]
    trunk: re.Pattern[str] | None
    """What libphonenumber may take off the front of a national number."""
    exit_code: re.Pattern[str] | None
    general: re.Pattern[str]
    valid: re.Pattern[str]
    """Numbers of any kind in use, mobile and so on; they match ``general`` too, as libphonenumber asks."""

    def stays_whole(self, national: str) -> bool:
        """Whether nothing would be taken off the front of this national number."""
        return self.trunk is None or (match := self.trunk.match(national)) is None or match.end() == 0


def phone(value: str, region: str | None = None) -> str | Drop:
    """Return the digits of E.164, without the plus.

    :param region: ISO 3166-1 alpha-2 in lowercase, of the event or the pixel's default: what a number without a country
        code is read by. ``None``, and no country code either: the digits as they are without leading zeros, as Meta's
        parameter builder has them (:func:`phone_note` says so).
    """
    return _quick(value, region) or _careful(value, region)


def phone_note(value: str, region: str | None = None) -> NoteReason | None:
    """Say ``NO_COUNTRY_CODE`` of a number that :func:`phone` keeps without knowing its country."""
    if _plan(region) is not None or _INTERNATIONAL.match(value):
        return None
    kept = phone(value)
    if type(kept) is not str:
        return None
    number = _parse("+" + kept, None)
    return None if number and phonenumbers.is_valid_number(number) else NoteReason.NO_COUNTRY_CODE


def _quick(value: str, region: str | None) -> str | None:
    if len(value) > _QUICK_LENGTH:
        return None
    digits = _bare(value)
    marked = digits[:1] == "+"
    if marked:
        digits = digits[1:]
    if not (digits.isascii() and digits.isdigit()):
        return None
    if marked:
        return _quick_international(digits)
    if digits[:2] == "00":
        return _quick_international(digits[2:]) if value[:2] == "00" else None
    plan = _plan(region)
    if plan is not None:
        return _quick_national(digits, plan)
    digits = digits.lstrip("0")
    return _quick_international(digits) if len(digits) in _PLAUSIBLE else None


def _bare(value: str) -> str:
    """Take the formatting out; most numbers have spaces at most, which go quicker."""
    bare = value.replace(" ", "")
    return bare if bare.lstrip("+").isdigit() else value.translate(_FORMATTING)


def _quick_international(digits: str) -> str | None:
    for length in (1, 2, 3):
        plan = _plan_of_code(digits[:length])
        if plan is not None:
            national = digits[length:]
            return digits if len(national) in plan.lengths and plan.stays_whole(national) else None
    return None


def _quick_national(digits: str, plan: _Plan) -> str | None:
    if plan.exit_code is not None and plan.exit_code.match(digits):
        return None
    if plan.valid.fullmatch(digits):
        return plan.code + digits if plan.stays_whole(digits) else None
    national = _without_trunk(digits, plan) or _without_own_code(digits, plan)
    return plan.code + national if national and plan.valid.fullmatch(national) and plan.stays_whole(national) else None


def _without_trunk(digits: str, plan: _Plan) -> str | None:
    prefix = plan.trunk.match(digits) if plan.trunk is not None else None
    if prefix is None or prefix.lastindex is not None or not prefix.end():
        return None
    return digits[prefix.end() :] if prefix[0] == plan.code or not digits.startswith(plan.code) else None


def _without_own_code(digits: str, plan: _Plan) -> str | None:
    own = digits.startswith(plan.code) and not plan.general.fullmatch(digits)
    return digits[len(plan.code) :] if own else None


def _careful(value: str, region: str | None) -> str | Drop:
    if len(value) > _LONGEST:
        return Drop(NoteReason.TOO_LONG)
    text = phonenumbers.normalize_digits_only(value.strip(), keep_non_digits=True)
    if not any(map(str.isdigit, text)):
        return Drop(NoteReason.MALFORMED if text else NoteReason.EMPTY)
    known = region if _plan(region) is not None else None
    if marked := _INTERNATIONAL.match(text):
        found = _digits_if_possible(_parse("+" + text[marked.end() :], None))
        if found or known is None or not marked[0].startswith("00"):
            return found or Drop(NoteReason.IMPOSSIBLE)
    return _without_plus(text, known)


def _without_plus(text: str, region: str | None) -> str | Drop:
    national = _parse(text, region) if region else None
    if national and phonenumbers.is_valid_number(national):
        return _digits(national)
    international = _parse("+" + _BEFORE_DIGITS.sub("", text, count=1), None)
    if international and phonenumbers.is_valid_number(international):
        return _digits(international)
    if region:
        return _digits_if_possible(national) or Drop(NoteReason.IMPOSSIBLE)
    kept = _UP_TO_EXTENSION.match(text)
    digits = phonenumbers.normalize_digits_only(kept[1] if kept else "").lstrip("0")
    return digits if len(digits) in _PLAUSIBLE else Drop(NoteReason.IMPOSSIBLE)


def _parse(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region.upper() if region else None)
    except phonenumbers.NumberParseException:
        return None


def _digits(number: PhoneNumber) -> str:
    return f"{number.country_code}{phonenumbers.national_significant_number(number)}"


def _digits_if_possible(number: PhoneNumber | None) -> str | None:
    """Give the digits of a number whose length its country has.

    Not only of valid ones: new ranges are in use before they are in the metadata.
    """
    if number is None:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return _digits(number) if possible or phonenumbers.is_valid_number(number) else None


@lru_cache(maxsize=512)
def _plan(region: str | None) -> _Plan | None:
    metadata = PhoneMetadata.metadata_for_region(region.upper()) if region else None
    return None if metadata is None else _plan_from(metadata)


@lru_cache(maxsize=2048)
def _plan_of_code(code: str) -> _Plan | None:
    number = int(code) if code and code[0] != "0" else 0
    if number not in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        return None
    region = phonenumbers.region_code_for_country_code(number)
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(number, region)
    return None if metadata is None else _plan_from(metadata)


def _plan_from(metadata: PhoneMetadata) -> _Plan:
    kinds = (
        "fixed_line",
        "mobile",
        "toll_free",
        "premium_rate",
        "shared_cost",
        "personal_number",
        "voip",
        "pager",
        "uan",
    )
    patterns = [_pattern(getattr(metadata, kind)) for kind in (*kinds, "voicemail")]
    trunk, exit_code = metadata.national_prefix_for_parsing, metadata.international_prefix
    general = _pattern(metadata.general_desc) or "(?!)"
    kind = "|".join(f"(?:{pattern})" for pattern in patterns if pattern) or "(?!)"
    return _Plan(
        code=str(metadata.country_code),
        lengths=frozenset(metadata.general_desc.possible_length if metadata.general_desc else ()),
        trunk=re.compile(trunk) if trunk else None,
        exit_code=re.compile(exit_code) if exit_code else None,
        general=re.compile(general),
        valid=re.compile(rf"(?=(?:{general})\Z)(?:{kind})"),
    )


def _pattern(desc: PhoneNumberDesc | None) -> str | None:
    return desc.national_number_pattern if desc is not None else None
