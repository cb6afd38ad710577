"""The country an event's user lives in: by it states, postcodes and phone numbers are read."""

from collections.abc import Callable, Iterable
from functools import lru_cache

from streamer.records.decode import Decoded
from streamer.translate.normalise import country
from streamer.translate.plan import Rule
from streamer.translate.sources import read_source

_LONGEST = 64
"""Characters of a value that may be kept in the cache; no country's name has more."""

_cached_country = lru_cache(maxsize=1024)(country)


def place_finder(rules: Iterable[Rule]) -> Callable[[Decoded], str | None]:
    """Bind where the country is.

    :return: a record in; ISO 3166-1 alpha-2 in lowercase out, or ``None``.
    """
    reads = [read_source(each) for rule in rules if rule.key == "user_data.country" for each in rule.sources]

    def place(record: Decoded) -> str | None:
        for read in reads:
            value = read(record)
            if value.__class__ is str and len(value) <= _LONGEST:
                known = _cached_country(value)
                if known.__class__ is str:
                    return known
        return None

    return place
