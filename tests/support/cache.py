"""Where programs of others are kept that the tests run: each is fetched once, and appears whole or not at all."""

import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class MissingToolError(RuntimeError):
    """Something that the tests need is not on this machine; the message says what to install."""


def kept(name: str, fetch: Callable[[Path], None]) -> Path:
    """Return what the cache holds under a name, fetched where it does not hold it yet.

    The cache is ``.cache``, or ``STREAMER_TEST_CACHE``. Two test runs in one checkout fetch once.

    Raises MissingToolError as ``fetch`` does, which is called with the path to make.
    """
    cache = Path(os.environ.get("STREAMER_TEST_CACHE") or ROOT / ".cache")
    target = cache / name
    if target.exists():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / f"{name}.lock"):
        if not target.exists():
            fetch(target)
    return target


def told(*works: Callable[[], object]) -> int:
    """Do these; the exit status is 1, with a sentence on standard error, when something is missing."""
    try:
        for work in works:
            work()
    except MissingToolError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
