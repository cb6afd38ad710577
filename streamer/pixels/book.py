"""The pixels of the platform: those of pixels.yaml, and the defaults for all others."""

from collections.abc import Mapping

import structlog
from pydantic import SecretStr

from streamer.errors import ConfigError
from streamer.logs import hide
from streamer.pixels.file import NOTHING, PixelEntry, PixelsFile, SecretSource, read_pixels
from streamer.pixels.pixel import Pixel
from streamer.pixels.secrets import Secrets, stamp
from streamer.pixels.suppressed import SuppressionLists
from streamer.settings import MetaSettings, PixelsSettings
from streamer.translate.plan import PixelRules

_log = structlog.get_logger(__name__)


class FilePixelBook:
    """Who the pixels are, by a file that may change while the process runs. Implements PixelBook."""

    def __init__(self, settings: PixelsSettings, meta: MetaSettings, environ: Mapping[str, str]) -> None:
        """Read the file, and the lists and secrets that it names.

        A secret that is not there is no error: that pixel alone cannot be sent to, which is logged.

        :raises ConfigError: with a line for each fault of the file, or of a list of suppressed people.
        """
        self._path = settings.file
        self._meta = meta
        self._secrets = Secrets(environ)
        self._lists = SuppressionLists()
        self._stamp = self._seen = stamp(self._path) if self._path else None
        self._file = read_pixels(self._path) if self._path else NOTHING
        self._lists.add(self._file.lists)
        self._next: PixelsFile | None = None  # was read, and waits for a list that it names
        self._told: tuple[str, ...] = ()
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
        for pixel_id, entry in self._file.pixels.items():
            for container in entry.containers:
                routed.setdefault(container, []).append(pixel_id)
        return {container: tuple(pixels) for container, pixels in routed.items()}

    def rules(self) -> tuple[PixelRules, Mapping[str, PixelRules]]:
        """Return what is done with the events of a pixel: by default, and by pixel id for those that the file names."""
        return self._file.defaults, {pixel_id: entry.rules for pixel_id, entry in self._file.pixels.items()}

    def suppressed(self) -> Mapping[str, frozenset[bytes]]:
        """Return the lists of people who asked to be forgotten, SHA-256 in 32 bytes, by the name that rules have."""
        return self._lists.get()

    def enabled(self, pixel_id: str) -> bool:
        """Tell whether events may be sent to the pixel at all."""
        entry = self._file.pixels.get(pixel_id)
        return (entry.rules if entry is not None else self._file.defaults).enabled

    @property
    def faults(self) -> int:
        """How many faults keep the file, or a list that it names, from being taken up as they are now."""
        return len(self._told) + self._lists.passed_over

    @property
    def missing(self) -> int:
        """How many secrets that the file names are not there."""
        return len(self._missing)

    def refresh(self) -> bool:
        """Look whether the file, a list or a secret that it names has changed; tell whether anything is different now.

        A file or list that cannot be used is logged once, and what was known stays. A secret that is gone is gone: its
        pixel cannot be sent to.
        """
        before = self._file, self._pixels
        relisted = self._lists.refresh()
        self._reread()
        self._take_up()
        self._pixels = self._make()
        return relisted or before != (self._file, self._pixels)

    def _reread(self) -> None:
        """Read a file that has changed, once it was left alone from one look to the next.

        What is still being written would be a file with pixels, and what is forbidden to them, missing.
        """
        if self._path is None:
            return
        now, before = stamp(self._path), self._seen
        self._seen = now
        if now == self._stamp or now != before:
            return
        self._stamp = now
        self._next = None
        try:
            read = read_pixels(self._path)
        except ConfigError as error:
            self._tell(error)
            return
        if read == NOTHING and self._file != NOTHING:
            self._tell(ConfigError(f"{self._path}: is empty. To send nothing, set enabled: false under defaults."))
            return
        self._next = read

    def _take_up(self) -> None:
        """Let what was read count, as soon as the lists that it names can be used."""
        if self._next is None:
            return
        try:
            self._lists.add(self._next.lists)
        except ConfigError as error:
            self._tell(error)
            return
        self._file, self._next, self._told = self._next, None, ()
        self._lists.keep(self._file.lists)

    def _tell(self, error: ConfigError) -> None:
        if error.faults != self._told:
            _log.error("the pixels file cannot be used: what it said before stays in force", faults=error.faults)
        self._told = error.faults

    def _make(self) -> dict[str, Pixel]:
        missing: dict[str, str] = {}
        found: list[str] = []
        pixels = {}
        for pixel_id, entry in self._file.pixels.items():
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
        token, app_secret = _reveal(self._meta.access_token), default.app_secret
        if entry.token is not None:  # the platform's secret proves nothing of a token that another app issued
            token = self._secrets.get(entry.token)
            app_secret = self._secrets.get(entry.app_secret) if entry.app_secret else None
        return Pixel(
            pixel_id,
            client=entry.client,
            access_token=token if entry.rules.enabled else None,
            app_secret=app_secret,
            partner_agent=entry.partner_agent or default.partner_agent,
            test_event_code=entry.test_event_code or default.test_event_code,
        )

    def _default(self, pixel_id: str) -> Pixel:
        meta = self._meta
        return Pixel(
            pixel_id,
            access_token=_reveal(meta.access_token) if self._file.defaults.enabled else None,
            app_secret=_reveal(meta.app_secret) if meta.access_token else None,
            partner_agent=meta.partner_agent,
            test_event_code=meta.test_event_code,
        )


def _reveal(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _where(source: SecretSource) -> str:
    return f"{source.where}: " + (f"file {source.file}" if source.file else f"environment variable {source.env}")
