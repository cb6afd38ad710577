"""One pixel, as delivery needs it."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Pixel:
    """A Meta Pixel (or dataset) and how to send to it at this moment."""

    pixel_id: str
    client: str | None = None
    """Whose it is, for people."""
    access_token: str | None = field(default=None, repr=False)
    """``None``: nothing can be sent now."""
    app_secret: str | None = field(default=None, repr=False)
    """Of the app that issued the token; ``None`` where the platform does not have it: no ``appsecret_proof`` then."""
    partner_agent: str | None = None
    test_event_code: str | None = None


class PixelBook(Protocol):
    """Who the pixels are, right now."""

    def get(self, pixel_id: str) -> Pixel:
        """Return the pixel, with the defaults where nothing is said of it; never raises."""
        ...
