"""The pixels of the platform: those of pixels.yaml, and the defaults for all others."""

from collections.abc import Mapping

import structlog
from pydantic import SecretStr

from streamer.errors import ConfigError
from streamer.logs import hide
from streamer.pixels.file import PixelEntry, SecretSource, read_pixels
from streamer.pixels.pixel import Pixel
from streamer.pixels.secrets import Secrets, stamp
from streamer.settings import MetaSettings, PixelsSettings

_log = structlog.get_logger(__name__)


class FilePixelBook:
    """Who the pixels are, by a file that may change while the process runs. Implements PixelBook."""

    def __init__(self, settings: PixelsSettings, meta: MetaSettings, environ: Mapping[str, str]) -> None:
        """Read the file and the secrets that it names.

        A secret that is not there is no error: that pixel alone cannot be sent to, which is logged.

        :raises ConfigError: with a line for each fault of the file.
        """
        self._file = settings.file
        self._meta = meta
        self._secrets = Secrets(environ)
        self._stamp = stamp(self._file) if self._file else None
        self._entries = read_pixels(self._file) if self._file else {}
        self._missing: frozenset[str] = frozenset()
        self._pixels = self._make()

    def get(self, pixel_id: str) -> Pixel:
        """Return the pixel, with the defaults where nothing is said of it; never raises."""
        return self._pixels.get(pixel_id) or self._default(pixel_id)

    def pixels(self) -> list[Pixel]:
        """Return the pixels that the file names, in its order."""
        return list(self._pixels.values())

    def containers(self) -> Mapping[str, tuple[str, ...]]:
        """Return the pixels to which the events of each container go; translation skips those that are not enabled."""
        routed: dict[str, list[str]] = {}
        for pixel_id, entry in self._entries.items():
            for container in entry.containers:
                routed.setdefault(container, []).append(pixel_id)
        return {container: tuple(pixels) for container, pixels in routed.items()}

    def regions(self) -> Mapping[str, str]:
        """Return the region of phone numbers, ISO 3166-1 alpha-2 in lowercase, by pixel id where one is given."""
        return {pixel_id: entry.region for pixel_id, entry in self._entries.items() if entry.region}

    def enabled(self, pixel_id: str) -> bool:
        """Tell whether events may be sent to the pixel at all."""
        entry = self._entries.get(pixel_id)
        return entry is None or entry.enabled

    def refresh(self) -> bool:
        """Look whether the file or a secret that it names has changed, and tell whether anything is different now.

        A file that cannot be used is logged once, and what was known stays. A secret that is gone is gone: its pixel
        cannot be sent to.
        """
        entries = self._reread()
        before = self._entries, self._pixels
        self._entries = self._entries if entries is None else entries
        self._pixels = self._make()
        return before != (self._entries, self._pixels)

    def _reread(self) -> dict[str, PixelEntry] | None:
        if self._file is None or (now := stamp(self._file)) == self._stamp:
            return None
        self._stamp = now
        try:
            return read_pixels(self._file)
        except ConfigError as error:
            _log.error("the pixels file cannot be used: what it said before stays in force", faults=error.faults)
            return None

    def _make(self) -> dict[str, Pixel]:
        missing: dict[str, str] = {}
        found: list[str] = []
        pixels = {}
        for pixel_id, entry in self._entries.items():
            pixels[pixel_id] = self._pixel(pixel_id, entry)
            for key, source in (("token", entry.token), ("app_secret", entry.app_secret)):
                if source is None:
                    continue
                if secret := self._secrets.get(source):
                    found.append(secret)
                else:
                    missing[f"{pixel_id}.{key}"] = _where(source)
        hide(found)
        for name in missing.keys() - self._missing:
            _log.error("a secret that the pixels file names is not there", name=name, at=missing[name])
        self._missing = frozenset(missing)
        return pixels

    def _pixel(self, pixel_id: str, entry: PixelEntry) -> Pixel:
        default = self._default(pixel_id)
        token, app_secret = default.access_token, default.app_secret
        if entry.token is not None:  # the platform's secret proves nothing of a token that another app issued
            token = self._secrets.get(entry.token)
            app_secret = self._secrets.get(entry.app_secret) if entry.app_secret else None
        return Pixel(
            pixel_id,
            client=entry.client,
            access_token=token if entry.enabled else None,
            app_secret=app_secret,
            partner_agent=entry.partner_agent or default.partner_agent,
            test_event_code=entry.test_event_code or default.test_event_code,
        )

    def _default(self, pixel_id: str) -> Pixel:
        meta = self._meta
        return Pixel(
            pixel_id,
            access_token=_reveal(meta.access_token),
            app_secret=_reveal(meta.app_secret) if meta.access_token else None,
            partner_agent=meta.partner_agent,
            test_event_code=meta.test_event_code,
        )


def _reveal(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _where(source: SecretSource) -> str:
    return f"{source.where}: " + (f"file {source.file}" if source.file else f"environment variable {source.env}")
