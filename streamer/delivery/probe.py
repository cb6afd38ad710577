"""One request to find out whether a pixel works: for checks, for tests by hand, and for parked pixels."""

from dataclasses import dataclass
from enum import StrEnum

from streamer.delivery.answers import Kind, Verdict, read_answer
from streamer.delivery.capi import NoAnswerError, Transport
from streamer.delivery.requests import make_request, usable
from streamer.outcomes import Reason
from streamer.pixels.connection import Connection, State
from streamer.pixels.pixel import Pixel
from streamer.settings import MetaSettings

EMPTY_EVENT = b"{}"
"""Meta refuses it, so that nothing is written; how it refuses tells whether token and pixel work. Meta does not
document this."""


class Shown(StrEnum):
    """What a request has shown of a pixel."""

    WORKS = "works"
    """Meta has taken the token and knows the pixel."""
    REFUSED = "refused"
    """It does not work, and will not until someone does something about it."""
    OUR_FAULT = "our_fault"
    """Our own configuration is at fault, and no pixel works."""
    UNCLEAR = "unclear"
    """Meta does not say now."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of the request."""

    shown: Shown
    sentence: str
    """For people; holds no token, and no text of Meta's."""
    verdict: Verdict | None = None
    """What the answer means; None: there was none."""

    def connection(self, since_unix: float) -> Connection:
        """Return the state of a pixel that was refused, as it is told to others."""
        verdict = self.verdict or Verdict(Kind.PARK, Reason.TOKEN_DEAD)
        return Connection(State.PARKED, since_unix, verdict.reason, verdict.code, verdict.subcode, verdict.fbtrace_id)


async def ask(transport: Transport, meta: MetaSettings, pixel: Pixel, event: bytes = EMPTY_EVENT) -> Proof:
    """Send one request with one event.

    :param event: JSON; an empty one writes nothing.
    """
    if pixel.access_token is None:
        return Proof(Shown.REFUSED, "It has no token.", Verdict(Kind.PARK, Reason.NO_TOKEN))
    if not usable(pixel.access_token):
        return Proof(Shown.REFUSED, "There is a line break or another control character in its token. Write it anew.")
    try:
        answer = await transport.post(make_request(meta, pixel, [event]))
    except NoAnswerError as error:
        return Proof(Shown.UNCLEAR, f"Meta gave no answer ({error}). Try again.")
    return _understood(read_answer(answer.status, answer.headers, answer.body, 1), empty=event == EMPTY_EVENT)


def _understood(verdict: Verdict, *, empty: bool) -> Proof:
    code = "no code" if verdict.code is None else f"code {verdict.code}"
    if verdict.kind is Kind.DELIVERED:
        return Proof(Shown.WORKS, "Token and pixel work: Meta took the event.", verdict)
    if verdict.looked_at_event and empty:
        return Proof(
            Shown.WORKS, "Token and pixel work: Meta looked at the event, and refused it as it should.", verdict
        )
    if verdict.looked_at_event:
        return Proof(
            Shown.WORKS, f"Token and pixel work, but Meta refused the event ({code}, {verdict.subcode}).", verdict
        )
    if verdict.kind is Kind.PARK:
        return Proof(
            Shown.REFUSED,
            f"Meta refuses: {verdict.reason} ({code}). Check the pixel's token and what it may do; where there is an "
            "app_secret, that it is of the app that issued the token.",
            verdict,
        )
    if verdict.kind is Kind.STOP:
        return Proof(
            Shown.OUR_FAULT,
            f"Meta does not know this path ({code}). Check meta.base_url and meta.api_version.",
            verdict,
        )
    return Proof(Shown.UNCLEAR, f"Meta does not say now ({code}). Try again later.", verdict)
