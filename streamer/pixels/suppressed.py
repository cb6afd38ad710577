"""Lists of people who asked to be forgotten: files of hashes, read at start and again when they change."""

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

import structlog

from streamer.errors import ConfigError
from streamer.pixels.policy import ListSource
from streamer.pixels.secrets import Stamp, stamp
from streamer.translate.suppression import read_lines

_log = structlog.get_logger(__name__)

_MOST_FAULTS = 10
_FAULT = "is no SHA-256 of 64 hex digits, alone or after em:, ph: or external_id:."
_HOW = (
    "In the list there are hashes only, never an address, a number or an id itself. One is made by "
    "printf %s jane@example.com | sha256sum | cut -c1-64, of the text as Meta normalises it (docs/policy.md)."
)

_EMPTIED = (
    "a list of suppressed people was emptied: that of before stays in force until the next start. To lift it, take the "
    "list out of the pixels file"
)


def read_list(path: Path) -> frozenset[bytes]:
    """Return the hashes of a file, 32 bytes each.

    :raises ConfigError: it cannot be read, or holds something else. The text names lines, and never what is in them.
    """
    faulty: list[int] = []
    try:
        with path.open("rb") as lines:
            people = frozenset(read_lines(lines, faulty))
    except OSError as error:
        raise ConfigError(f"{path}: the list of suppressed people cannot be read ({error.strerror}).") from None
    if not faulty:
        return people
    faults = [f"{path}:{line}: {_FAULT}" for line in islice(faulty, _MOST_FAULTS)]
    if len(faulty) > _MOST_FAULTS:
        faults.append(f"{path}: nor are {len(faulty) - _MOST_FAULTS} further lines.")
    raise ConfigError([*faults, f"{path}: {_HOW}"])


class SuppressionLists:
    """The lists in force, by path. A list that was read once stays in force until another version of it can be read."""

    def __init__(self) -> None:
        """Begin without any."""
        self._people: dict[str, frozenset[bytes]] = {}
        self._read: dict[str, Stamp | None] = {}  # what the file was when it was last tried to be read
        self._seen: dict[str, Stamp | None] = {}  # what it was at the last look
        self._faults: dict[str, tuple[str, ...]] = {}  # of lists that are not in force
        self._passed_over: set[str] = set()  # lists in force whose files are another by now, which cannot be used

    @property
    def passed_over(self) -> int:
        """How many lists in force have another file by now that cannot be used."""
        return len(self._passed_over)

    def get(self) -> Mapping[str, frozenset[bytes]]:
        """Return the lists in force, by the path that rules name."""
        return dict(self._people)

    def add(self, sources: Iterable[ListSource]) -> None:
        """Read the lists that are not in force yet.

        :raises ConfigError: with the faults of all that cannot be used.
        """
        faults: list[str] = []
        for source in sources:
            name = str(source.path)
            if name in self._people:
                continue
            if name not in self._faults or stamp(source.path) != self._read[name]:
                self._faults[name] = self._try(name)
            if self._faults[name]:
                faults += [f"{source.where}: suppression.file names a list that cannot be used:", *self._faults[name]]
        if faults:
            raise ConfigError(faults)

    def keep(self, sources: Iterable[ListSource]) -> None:
        """Let go of all other lists."""
        names = {str(source.path) for source in sources}
        for kept in (self._people, self._read, self._seen, self._faults):
            for name in kept.keys() - names:
                del kept[name]
        self._passed_over &= names

    def refresh(self) -> bool:
        """Read lists whose files have changed, and tell whether another one is in force now.

        A change is taken up when the file has been left alone from one look to the next: what is still being written
        would be a list with people missing. What cannot be used is logged once, and the list of before stays; so it
        does where the new one is empty, for who asked to be forgotten stays forgotten.
        """
        changed = False
        for name, before in list(self._people.items()):
            now = stamp(Path(name))
            left_alone = now == self._seen.get(name, self._read[name])
            self._seen[name] = now
            if now == self._read[name] or not left_alone:
                continue
            faults = self._try(name)
            self._passed_over.discard(name)
            if faults:
                self._passed_over.add(name)
                _log.error("the list of suppressed people cannot be used: that of before stays in force", faults=faults)
            elif self._people[name] == before:
                self._people[name] = before
            elif not self._people[name]:
                self._people[name] = before
                self._passed_over.add(name)
                _log.warning(_EMPTIED, file=name, before=len(before))
            else:
                changed = True
                people = len(self._people[name])
                _log.info("a list of suppressed people was taken up", file=name, before=len(before), now=people)
        return changed

    def _try(self, name: str) -> tuple[str, ...]:
        """Put a file's list in force, or return what is wrong with it."""
        path = Path(name)
        self._read[name] = stamp(path)
        try:
            self._people[name] = read_list(path)
        except ConfigError as error:
            return error.faults
        return ()
