"""Which tokens work, and for which pixels; and what Meta says of those that don't."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from streamer.sandbox.errors import Fault


class Death(Enum):
    """How a token can fail: Graph's code and subcode."""

    REVOKED = (190, None)
    APP_REMOVED = (190, 458)
    CHECKPOINT = (190, 459)
    PASSWORD_CHANGED = (190, 460)
    EXPIRED = (190, 463)
    UNCONFIRMED = (190, 464)
    INVALID = (190, 467)
    SESSION = (190, 492)
    SIGNATURE = (104, None)
    NOT_VISIBLE = (100, 33)
    NO_PERMISSION = (10, None)
    FORBIDDEN = (200, None)

    @property
    def fault(self) -> Fault:
        """The refusal that Meta answers with."""
        code, subcode = self.value
        return Fault(code, subcode, None, "the access token does not work for this")


@dataclass(frozen=True, slots=True)
class Grant:
    """A token that works."""

    token: str = field(repr=False)
    pixels: frozenset[str] | None = None
    """The pixels it may send to; ``None``: any."""
    app_secret: str | None = field(default=None, repr=False)
    """Of the app that issued it: each call must then carry the right ``appsecret_proof``. ``None``: of an app whose
    secret nobody here has, so that no proof can be right."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request brings to prove who it is."""

    token: str | None = field(default=None, repr=False)
    proof: str | None = field(default=None, repr=False)


def proof_of(token: str, app_secret: str) -> str:
    """Return the ``appsecret_proof`` of a token: hex HMAC-SHA256, keyed by the app's secret (Meta, secure requests)."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


class TokenBook:
    """The tokens that work now.

    With no grants, every token works for every pixel until it is killed, and ``app_secret`` is that of them all.
    """

    def __init__(self, grants: Iterable[Grant] = (), app_secret: str | None = None) -> None:
        self._grants = {grant.token: grant for grant in grants}
        self._open = not self._grants
        self._app_secret = app_secret
        self._dead: dict[str, Death] = {}

    def __repr__(self) -> str:
        return f"TokenBook({len(self._grants)} grants, {len(self._dead)} dead)"

    def grant(self, grant: Grant) -> None:
        """Let a token work, from now on."""
        self._grants[grant.token] = grant
        self._dead.pop(grant.token, None)

    def kill(self, token: str, death: Death = Death.REVOKED) -> None:
        """Let a token fail, from now on."""
        self._dead[token] = death

    def revive(self, token: str) -> None:
        """Let a token that was killed work again."""
        self._dead.pop(token, None)

    def check(self, credentials: Credentials, pixel_id: str) -> Fault | None:
        """Say what is wrong with a request's credentials for a pixel, if anything."""
        token = credentials.token
        if not token:
            return Fault(104, None, "access_token", "is required")
        death = self._dead.get(token)
        if death is not None:
            return death.fault
        grant = self._grants.get(token)
        if grant is None:
            if not self._open:
                return Death.REVOKED.fault
            grant = Grant(token, None, self._app_secret)
        if grant.pixels is not None and pixel_id not in grant.pixels:
            return Death.NOT_VISIBLE.fault
        return _check_proof(credentials, grant)


def _check_proof(credentials: Credentials, grant: Grant) -> Fault | None:
    if grant.app_secret is None:
        if credentials.proof is None:
            return None
        return Fault(104, None, "appsecret_proof", "does not belong to the app that issued this token")
    if credentials.proof is None:
        return Fault(104, None, "appsecret_proof", "is required by the app")
    if not hmac.compare_digest(credentials.proof.encode(), proof_of(grant.token, grant.app_secret).encode()):
        return Fault(104, None, "appsecret_proof", "does not match the token and the app's secret")
    return None
