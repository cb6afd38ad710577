"""The secrets that pixels.yaml names: read again only when their file has changed."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from streamer.pixels.file import SecretSource


class Stamp(NamedTuple):
    """Tells one content of a file from another without reading it; a mounted Kubernetes secret changes its inode."""

    inode: int
    size: int
    modified: int
    changed: int


def stamp(path: Path) -> Stamp | None:
    """Return the stamp of a file as it is now; None when there is none, or none that may be looked at."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Stamp(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


class Secrets:
    """Reads secrets, and remembers those of files for as long as the file stays as it is."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Take variables from ``environ``."""
        self._environ = environ
        self._read: dict[Path, tuple[Stamp | None, str | None]] = {}

    def get(self, source: SecretSource) -> str | None:
        """Return the secret without white space around it; None when it is not there, or empty."""
        if source.file is None:
            return self._environ.get(source.env or "", "").strip() or None
        now = stamp(source.file)
        known = self._read.get(source.file)
        if known is None or known[0] != now:
            known = self._read[source.file] = (now, _content(source.file))
        return known[1]


def _content(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
