"""Meta's usage headers: how much of a limit is used, and what to do before it is reached. Pure.

Meta, Graph API: rate limiting (``X-App-Usage``, ``X-Business-Use-Case-Usage``); Marketing API: rate limiting
(``X-Ad-Account-Usage``).
"""

from collections.abc import Mapping
from typing import NamedTuple

from streamer.delivery.lenient import to_object, to_positive
from streamer.delivery.scopes import Scope

FULL = 100.0
"""Percent at which Meta throttles."""
PACED_ABOVE = 75.0
"""Percent from which on requests are spaced."""
LONGEST_GAP = 10.0
"""Seconds that the space between two requests comes to, just below :data:`FULL`."""

LONGEST_SECONDS = 86_400.0
"""After that we ask again, whatever a header says."""

_APP = "x-app-usage"
_ACCOUNT = "x-ad-account-usage"
_BUSINESS = "x-business-use-case-usage"
_MEASURES = ("call_count", "total_cputime", "total_time")


class Usage(NamedTuple):
    """How much of a limit is used."""

    scope: Scope
    percent: float
    wait: float | None = None
    """Seconds until the limit is free again, where Meta says it."""


def gap(percent: float) -> float:
    """Return the seconds to leave between two requests of whoever has used so much of a limit.

    It is nothing up to 75 %, and grows by the fourth power to 10 s: late, since a steady use of 80 % of a limit is
    nothing to be slowed down, and then fast. (80 %: 16 ms; 85 %: 0.26 s; 90 %: 1.3 s; 95 %: 4.1 s.)
    """
    over = (min(percent, FULL) - PACED_ABOVE) / (FULL - PACED_ABOVE)
    return LONGEST_GAP * over**4 if over > 0 else 0.0


def read_usage(headers: Mapping[str, str]) -> tuple[Usage, ...]:
    """Return what the headers of any answer say, the fullest limit for each scope.

    The limits of an ad account and of a business are its token's: which pixels share them, the headers do not say.

    :param headers: their names in lowercase.
    """
    found: dict[Scope, Usage] = {}
    for name, read in _READERS.items():
        if name in headers:
            usage = read(headers[name])
            found[usage.scope] = _fuller(usage, found.get(usage.scope, usage))
    return tuple(usage for usage in found.values() if usage.percent or usage.wait)


def _fuller(one: Usage, other: Usage) -> Usage:
    return Usage(one.scope, max(one.percent, other.percent), max(one.wait or 0, other.wait or 0) or None)


def _app(header: str) -> Usage:
    return Usage(Scope.APP, _most(to_object(header)))


def _account(header: str) -> Usage:
    usage = to_object(header)
    return Usage(
        Scope.TOKEN, to_positive(usage.get("acc_id_util_pct")) or 0.0, to_positive(usage.get("reset_time_duration"))
    )


def _business(header: str) -> Usage:
    """Take the fullest of all uses: up to 32 businesses, several uses each."""
    uses = [use for several in to_object(header).values() if isinstance(several, list) for use in several]
    percent, wait = 0.0, 0.0
    for use in uses:
        if isinstance(use, dict):
            percent = max(percent, _most(use))
            wait = max(wait, (to_positive(use.get("estimated_time_to_regain_access")) or 0.0) * 60)  # minutes
    return Usage(Scope.TOKEN, FULL if wait else percent, wait or None)


def _most(use: Mapping[str, object]) -> float:
    return max(to_positive(use.get(measure)) or 0.0 for measure in _MEASURES)


_READERS = {_APP: _app, _ACCOUNT: _account, _BUSINESS: _business}
