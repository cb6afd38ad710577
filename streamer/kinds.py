"""Kinds of values that settings have beyond Python's own: a size, a topic, an address; what each of them takes."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SIZE = re.compile(r"\s*(\d{1,15}(?:\.\d{1,15})?)\s*([a-zA-Z]*)\s*")
_TOPIC = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,249}")
_ADDRESS = re.compile(r"https?://[^\s/?#@,]+(?:/[^\s?#,]*)?")
_LONGEST_AGENT = 22
_LEAST_LETTERS = 2


def parse_bytes(value: object) -> object:
    """Read a size: a whole number of bytes, or a number with B, kB, MB, GB, KiB, MiB or GiB, such as ``256MiB``."""
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value)
    if match is None or match[2].lower() not in _UNITS:
        raise ValueError("is no size; write bytes or a unit, such as 256MiB")
    return int(float(match[1]) * _UNITS[match[2].lower()])


def check_agent(agent: str) -> str:
    """Return a ``partner_agent`` that has what Meta asks of one (Meta, platform guide).

    :raises ValueError: if it has not. The text is the end of a sentence.
    """
    if len(agent) > _LONGEST_AGENT or sum(map(str.isalpha, agent)) < _LEAST_LETTERS:
        raise ValueError(f"must have at most {_LONGEST_AGENT} characters, at least {_LEAST_LETTERS} of them letters")
    return agent


def check_filled(text: str) -> str:
    """Return a text in which something stands.

    :raises ValueError: if nothing does. The text is the end of a sentence, as in all of these.
    """
    if not text.strip():
        raise ValueError("is empty. Give it a value, or leave it out")
    return text


def check_topic(name: str) -> str:
    """Return a topic's name that brokers take."""
    if not _TOPIC.fullmatch(check_filled(name)):
        raise ValueError("is no topic's name: 1 to 249 letters, digits, dots, underscores and hyphens")
    return name


def check_source(name: str) -> str:
    """Return a topic's name, or a regular expression that begins with ``^``."""
    if not name.startswith("^"):
        return check_topic(name)
    try:
        re.compile(name)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error.msg}") from None
    return name


def check_address(url: str) -> str:
    """Return a base address, to which paths are added."""
    if not _ADDRESS.fullmatch(check_filled(url)):
        raise ValueError("must be an address such as https://example.com, without user, password, ? and #")
    return url


def check_addresses(urls: str) -> str:
    """Return base addresses with commas between them."""
    for url in urls.split(","):
        check_address(url.strip())
    return urls


def write_out(value: object) -> object:
    """Turn the values of a map into the text that they were written as: librdkafka takes nothing but text."""
    if not isinstance(value, Mapping):
        return value
    return {str(key): _written(each) for key, each in value.items()}


def _written(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


ByteSize = Annotated[int, BeforeValidator(parse_bytes)]
Text = Annotated[str, AfterValidator(check_filled)]
Topic = Annotated[str, AfterValidator(check_topic)]
Source = Annotated[str, AfterValidator(check_source)]
Address = Annotated[str, AfterValidator(check_address)]
Addresses = Annotated[str, AfterValidator(check_addresses)]
PartnerAgent = Annotated[str, AfterValidator(check_agent)]
Properties = Annotated[dict[str, str], BeforeValidator(write_out)]
