"""Scopes: what Meta limits beside a single pixel, which is a token or an app that many pixels share. Pure.

A scope is closed while Meta wants no calls (held), while its requests are spaced because a limit is nearly used up
(paced), and while as many of its requests are in flight as it may have. After a hold it comes back by one request, and
each that is not throttled again lets in one more: the pixels that waited do not return all at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from math import inf
from typing import NamedTuple

from streamer.pixels.pixel import Pixel


class Scope(StrEnum):
    """Whose limit a throttle is."""

    PIXEL = "pixel"
    TOKEN = "token"  # noqa: S105 - a scope, no token
    APP = "app"


Key = tuple[Scope, str]
"""A scope and which of its kind; it may hold a secret, so it is never shown."""


class Closed(NamedTuple):
    """A scope that lets nothing out at the moment."""

    key: Key
    opens_at: float
    """On the clock given; ``inf``: when one of its requests lands."""


HELD, PACED = "held", "paced"
PACED_FOR = 300.0
"""Seconds after which a usage that was not told again counts no more."""


def scopes_of(pixel: Pixel) -> tuple[Key, Key, Key]:
    """Return the scopes of a pixel: pixels with the platform's app secret share its app, others are their token's."""
    token = pixel.access_token or ""
    return (Scope.PIXEL, pixel.pixel_id), (Scope.TOKEN, token), (Scope.APP, pixel.app_secret or token)


class _Account:
    __slots__ = ("allowed", "gap", "held_until", "in_flight", "limit", "next_start", "paced_until", "throttles")

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.allowed = limit  # less after a hold
        self.in_flight = 0
        self.held_until = 0.0
        self.throttles = 0  # in a row: each by the first request after a hold
        self.gap = 0.0  # seconds between two starts
        self.next_start = 0.0
        self.paced_until = 0.0

    def opens_at(self, now: float) -> float:
        """Return when it lets something out: a moment up to now if it does so now."""
        if self.held_until > now:
            return self.held_until
        if self.in_flight >= self.allowed:
            return inf
        return self.next_start if self.paced_until > now else now

    def idle(self, now: float) -> bool:
        return not self.in_flight and self.held_until <= now and self.paced_until <= now


class Scopes:
    """All scopes of which something is to be known: of the others there is no trace."""

    def __init__(self, limits: Mapping[Scope, int]) -> None:
        """Let no more requests of a scope be in flight than ``limits`` says; one that it does not name has no limit."""
        self._limits = limits
        self._accounts: dict[Key, _Account] = {}

    def closed(self, keys: Iterable[Key], now: float) -> Closed | None:
        """Return the first of these that is closed, or None when a request of all of them may start."""
        for key in keys:
            account = self._accounts.get(key)
            if account is not None and (opens_at := account.opens_at(now)) > now:
                return Closed(key, opens_at)
        return None

    def enter(self, keys: Iterable[Key], now: float) -> None:
        """Count a request as started."""
        for key in keys:
            account = self._accounts.get(key)
            if key[0] in self._limits:
                account = account or self._account(key)
                account.in_flight += 1
            if account is not None and account.gap:
                account.next_start = max(account.next_start, now) + account.gap

    def leave(self, keys: Iterable[Key]) -> None:
        """Count a request that was started as landed."""
        for key in keys:
            if key[0] not in self._limits:
                continue
            account = self._accounts[key]
            account.in_flight -= 1
            if not account.in_flight and not account.gap and not account.held_until:
                del self._accounts[key]

    def not_throttled(self, keys: Iterable[Key], began: float) -> None:
        """Let in one more where a hold has ended, since a request that began after it was not throttled."""
        for key in keys:
            account = self._accounts.get(key)
            if account is not None and began >= account.held_until:
                account.throttles = 0
                account.allowed = min(account.limit, account.allowed + 1)

    def throttled(self, key: Key, began: float) -> int:
        """Note that a request was throttled; return how often that happened in a row.

        Requests that were in flight together count once: each time means that a hold was too short.
        """
        account = self._account(key)
        if began >= account.held_until:
            account.throttles += 1
        return account.throttles

    def hold(self, key: Key, until: float) -> None:
        """Let nothing out before ``until``. The longest of several holds counts."""
        account = self._account(key)
        account.held_until = max(account.held_until, until)
        if key[0] in self._limits:
            account.allowed = 1

    def pace(self, key: Key, gap: float, now: float) -> None:
        """Leave ``gap`` seconds between any two requests from now on; 0: none."""
        account = self._accounts.get(key)
        if account is None and not gap:
            return
        account = account or self._account(key)
        was_paced = account.paced_until > now
        account.gap = gap
        account.paced_until = now + PACED_FOR if gap else 0.0
        account.next_start = min(account.next_start, now + gap) if was_paced else now + gap

    def held_until(self, keys: Iterable[Key], now: float) -> float | None:
        """Return until when the longest hold of these lasts, or None."""
        found = [self._accounts[key].held_until for key in keys if key in self._accounts]
        until = max(found, default=0.0)
        return until if until > now else None

    def slowed(self, keys: Sequence[Key], now: float) -> bool:
        """Tell whether Meta asks one of these to send less: it is held, or paced."""
        accounts = [self._accounts[key] for key in keys if key in self._accounts]
        return any(account.held_until > now or account.paced_until > now for account in accounts)

    def count_slowed(self, now: float) -> dict[tuple[str, str], int]:
        """Return how many of each kind Meta asks to send less: nothing (``held``), or fewer requests (``paced``)."""
        found = dict.fromkeys(((scope.value, how) for scope in Scope for how in (HELD, PACED)), 0)
        for (scope, _), account in self._accounts.items():
            if account.held_until > now:
                found[scope.value, HELD] += 1
            elif account.paced_until > now:
                found[scope.value, PACED] += 1
        return found

    def sweep(self, now: float) -> None:
        """Forget what is over."""
        for key in [key for key, account in self._accounts.items() if account.idle(now)]:
            del self._accounts[key]

    def __len__(self) -> int:
        return len(self._accounts)

    def _account(self, key: Key) -> _Account:
        account = self._accounts.get(key)
        if account is None:
            account = self._accounts[key] = _Account(self._limits.get(key[0], inf))
        return account
