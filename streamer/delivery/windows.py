"""Windows: server events grouped by pixel, across partitions, until a window is full or of age. Pure."""

from streamer.delivery.batch import Batch, Entry
from streamer.settings import WindowSettings


class _Window:
    __slots__ = ("entries", "opened_at", "size")

    def __init__(self, opened_at: float) -> None:
        self.opened_at = opened_at
        self.entries: list[Entry] = []
        self.size = 0  # bytes of JSON, commas included


class Windows:
    """The open windows, at most one a pixel. A pixel without events has none, and costs nothing."""

    def __init__(self, settings: WindowSettings) -> None:
        """Seal by whichever of the settings' bounds is met first."""
        self._seconds = settings.seconds
        self._max_events = settings.max_events
        self._max_bytes = settings.max_bytes
        self._open: dict[str, _Window] = {}  # in the order in which they were opened, so the oldest is the first

    def add(self, entry: Entry, now: float) -> Batch | None:
        """Put an event into its pixel's window.

        :param now: seconds, on any clock that does not run backwards.
        :return: the batch that this sealed, if any: never more than the bounds allow, but for a single event that is
            larger by itself and travels alone.
        """
        pixel_id = entry.event.pixel_id
        size = len(entry.event.body) + 1
        window = self._open.get(pixel_id)
        sealed = None
        if window is not None and window.size + size > self._max_bytes:
            sealed = self._seal(pixel_id)
            window = None
        if window is None:
            window = self._open[pixel_id] = _Window(now)
        window.entries.append(entry)
        window.size += size
        if sealed is None and (len(window.entries) >= self._max_events or window.size >= self._max_bytes):
            return self._seal(pixel_id)
        return sealed

    def due(self, now: float) -> list[Batch]:
        """Seal and return the windows that are of age."""
        of_age: list[str] = []
        for pixel_id, window in self._open.items():
            if now - window.opened_at < self._seconds:
                break
            of_age.append(pixel_id)
        return [self._seal(pixel_id) for pixel_id in of_age]

    def flush(self) -> list[Batch]:
        """Seal and return all windows."""
        return [self._seal(pixel_id) for pixel_id in list(self._open)]

    @property
    def oldest(self) -> float | None:
        """When the oldest event in an open window came; None when there is none."""
        return next((window.opened_at for window in self._open.values()), None)

    @property
    def waiting(self) -> int:
        """Events in open windows."""
        return sum(len(window.entries) for window in self._open.values())

    def _seal(self, pixel_id: str) -> Batch:
        window = self._open.pop(pixel_id)
        return Batch(pixel_id, window.entries, window.opened_at)
