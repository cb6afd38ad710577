"""Limited Data Use: for whose events Meta is asked to process less (Meta, data processing options).

Where a user lives is read from the hashes of country and state, so that it does not matter whether they came raw.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from streamer.translate.draft import Draft
from streamer.translate.hashing import sha256_hex
from streamer.translate.notes import NoteReason
from streamer.translate.plan import Limited
from streamer.translate.tables import TABLES

Event = dict[str, Any]
"""A server event that is not yet JSON."""

US: Final = "us"
STATES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "ca": 1000,
        "co": 1001,
        "ct": 1002,
        "fl": 1003,
        "or": 1004,
        "tx": 1005,
        "mt": 1006,
        "de": 1007,
        "ne": 1008,
        "nh": 1009,
        "nj": 1010,
        "mn": 1011,
        "md": 1012,
        "ri": 1013,
    }
)
"""Meta's codes of the states that have such a law, by their two letters (Meta, data processing options)."""
REGIONS: Final = (US, *(f"{US}-{state}" for state in STATES))
"""All that a policy can name."""

_OPTIONS: Final = "data_processing_options"
_ASK_META: Final = 0
_UNITED_STATES: Final = 1
_COUNTRIES: Final = MappingProxyType({sha256_hex(code): code for code in set(TABLES.countries.values())})
_US_STATES: Final = MappingProxyType({sha256_hex(code): code for code in set(TABLES.states[US].values())})


def limiter(policy: Limited) -> Callable[[Event, Draft], None] | None:
    """Bind what asks for Limited Data Use where the event itself does not say whether; None: it is never asked for.

    docs/policy.md has the table of who lives where and what is asked then.
    """
    if not policy.regions:
        return None
    whole, ask = US in policy.regions, policy.unknown == "ask_meta"
    codes = {state: code for state, code in STATES.items() if whole or f"{US}-{state}" in policy.regions}

    def limit(event: Event, draft: Draft) -> None:
        if _OPTIONS in event:
            return
        user = event["user_data"]
        countries = [draft.place] if draft.place else _known(user.get("country", ()), _COUNTRIES)
        if not countries:
            if ask and "client_ip_address" in user:
                _ask(event, _ASK_META, _ASK_META)
            elif ask:
                draft.note(_OPTIONS, NoteReason.INCOMPLETE)
        elif US in countries:
            states = _known(user.get("st", ()), _US_STATES)
            code = next((codes[state] for state in states if state in codes), _ASK_META)
            if code or whole or (ask and not states):
                _ask(event, _UNITED_STATES, code)

    return limit


def _known(hashes: Sequence[str], table: Mapping[str, str]) -> list[str]:
    return [table[each] for each in hashes if each in table]


def _ask(event: Event, country: int, state: int) -> None:
    event[_OPTIONS] = ["LDU"]
    event["data_processing_options_country"] = country
    event["data_processing_options_state"] = state
